import Foundation
import RDB
import RDBFormat
import RDBSupport
import TestSupport

/// The keys of a snapshot with everything that their records say, but without the order of set members and fields.
struct SnapshotContents: Equatable {
  /// The events of each key, one per line, by the key's name and database.
  private(set) var keys: [String: [String]] = [:]
  /// The function libraries, one per line, sorted.
  private(set) var libraries: [String] = []
  /// Hashes with fields that have lapsed, which a server deletes at some time after it loaded them.
  private var lapsing: Set<String> = []
  /// Whether the contents tell how values are stored.
  private(set) var hasStoredForms = true

  init(_ source: any ByteSource) throws {
    var sink = RecordingSink()
    var reader = RDBReader(source)
    try reader.read(into: &sink)
    var name: String?
    for line in sink.log {
      if line.hasPrefix("key ") {
        // The offset in the file is not compared.
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        let offset = words.lastIndex(of: "at")!
        let key = words[1..<(offset - 1)].joined(separator: " ")
        name = key
        keys[key] = [([words[offset - 1]] + words[(offset + 2)...]).joined(separator: " ")]
      } else if line.hasPrefix("end ") {
        if let lines = keys[name!], lines[0].hasPrefix("set") || lines[0].hasPrefix("hash") {
          keys[name!]![1...].sort()
        }
        name = nil
      } else if let name {
        // Releases write scores as different texts, so that the sizes of packed sorted sets differ.
        let isPackedZset = line.hasPrefix("elements") && keys[name]![0].hasPrefix("zset")
        keys[name]!.append(isPackedZset ? "elements" : Self.withoutRecentTimes(line))
      } else if line.hasPrefix("function ") {
        libraries.append(line)
      }
    }
    libraries.sort()
  }

  /// The contents without the keys and fields that have an expiry up to a time.
  func withoutLapsed(at time: UnixMilliseconds) -> SnapshotContents {
    var contents = self
    for name in keys.keys { contents.leaveOutLapsed(name, time) }
    return contents
  }

  private mutating func leaveOutLapsed(_ name: String, _ lapse: UnixMilliseconds) {
    let lines = keys[name]!
    func isLapsed(_ line: String) -> Bool {
      let words = line.split(separator: " ")
      return words.count > 2 && words[words.count - 2] == "expiry"
        && Int64(words[words.count - 1]).map { $0 <= lapse.value } ?? false
    }
    if isLapsed(lines[0]) {
      keys[name] = nil
    } else if lines[0].hasPrefix("hash"), lines.contains(where: { $0.hasPrefix("field ") && isLapsed($0) }) {
      let left = lines.filter { $0.hasPrefix("field ") && !isLapsed($0) }
      keys[name] = left.isEmpty ? nil : [lines[0]] + left
      lapsing.insert(name)
    }
  }

  /// A line about a consumer or a pending entry, without the times at which a replay or a server ran: since 2022.
  private static func withoutRecentTimes(_ line: String) -> String {
    guard line.hasPrefix("consumer ") || line.hasPrefix("pending ") else { return line }
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map { word in
      let time = Int64(word.filter { $0.isASCII && $0.isNumber }) ?? 0
      return time >= 1_650_000_000_000 && !word.contains("-") ? "recently" : String(word)
    }
    return words.joined(separator: " ")
  }

  /// The contents without the stored types, the sizes of packed values and the nodes of lists.
  var withoutStoredForms: SnapshotContents {
    var contents = self
    contents.hasStoredForms = false
    contents.keys = keys.mapValues { lines in
      let type = lines[0].prefix { $0.isLetter }
      let rest = lines[0].drop { $0 != " " }
      let values = lines.dropFirst().filter { !$0.hasPrefix("elements") }
      // A skiplist is stored from its last member to its first.
      return ["\(type)\(rest)"] + (type == "zset" ? values.sorted() : values)
    }
    return contents
  }

  /// The differences from other contents, one per line.
  func differences(from other: SnapshotContents) -> [String] {
    let lapsing = lapsing.union(other.lapsing)
    var differences: [String] = libraries == other.libraries ? [] : ["libraries \(libraries), not \(other.libraries)"]
    for key in Set(keys.keys).union(other.keys.keys).sorted() {
      var (own, others) = (keys[key] ?? ["missing"], other.keys[key] ?? ["missing"])
      if lapsing.contains(key) {
        (own, others) = (own.filter { $0.hasPrefix("field ") }, others.filter { $0.hasPrefix("field ") })
      }
      guard own != others else { continue }
      let index = zip(own, others).enumerated().first { $1.0 != $1.1 }?.offset ?? min(own.count, others.count)
      // Of a long line, what precedes the difference is left out.
      let common = index < min(own.count, others.count) ? own[index].commonPrefix(with: others[index]).count : 0
      func line(_ lines: [String]) -> String {
        guard index < lines.count else { return "nothing" }
        return
          "\(index): \(common > 200 ? "…" : "")\(lines[index].dropFirst(common > 200 ? common - 40 : 0).prefix(300))"
      }
      func size(_ lines: [String]) -> String { "\(lines.first ?? ""), \(lines.count) lines" }
      differences.append("\(key) (\(size(own)); \(size(others))): \(line(own)), not \(line(others))")
    }
    return differences
  }
}
