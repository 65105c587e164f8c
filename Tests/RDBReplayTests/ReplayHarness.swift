import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import TestSupport
import Testing

/// Commands that a test replays, and the keyspace that they build.
final class ReplayHarness {
  let replay: Replay
  private let options: ReplayOptions
  private var commands: [ReplayCommand] = []

  /// - Parameters:
  ///   - server: The release whose behaviour is replayed.
  ///   - now: The time from which relative expiries count, in milliseconds.
  init(_ server: ServerVersion = ServerVersion(.redis, 8, 2), now: Int64 = 1_700_000_000_000) {
    options = ReplayOptions(server: server, now: UnixMilliseconds(now))
    replay = Replay(options)
  }

  /// Replays one command per line; words are separated by spaces.
  func run(_ lines: String...) throws {
    for line in lines { try run(line.split(separator: " ").map { Array($0.utf8) }) }
  }

  /// Replays a command.
  func run(_ arguments: [[UInt8]]) throws {
    commands.append(ReplayCommand(arguments))
    try replay.apply(commands[commands.count - 1])
  }

  /// Whether the command fails and leaves the keyspace as it is.
  func fails(_ line: String) throws -> Bool {
    let (before, failures) = (try contents(), failureCount)
    try run(line)
    let after = try contents()
    return failureCount == failures + 1 && after == before
  }

  /// The number of commands that failed.
  var failureCount: UInt64 { replay.summary.failures.values.reduce(0) { $0 + $1.count } }

  /// The value at a key of the current database.
  func value(_ name: String) throws -> ReplayedValue? { try replay.execution.key(Array(name.utf8))?.value }

  /// What a key holds, as text: the elements of a list, members, members with scores, fields with values and expiries.
  func text(_ name: String) throws -> String? {
    func text(_ bytes: [UInt8]) -> String { printable(bytes) }
    switch try value(name) {
    case .string(let bytes, _): return text(bytes)
    case .list(let list): return list.elements.map(text).joined(separator: " ")
    case .set(let set): return set.members.keys.map(text).sorted().joined(separator: " ")
    case .zset(let zset): return zset.elements.map { "\(text($0.member)) \($0.score)" }.joined(separator: ", ")
    case .hash(let hash):
      return hash.fields.keys.map { name in
        let field = hash.fields[name]!
        return "\(text(name)) \(text(field.value))" + (field.expiry.map { " until \($0)" } ?? "")
      }.joined(separator: ", ")
    default: return nil
    }
  }

  /// The contents of the keyspace, written as a snapshot and read again: what the same commands build in another replay.
  func contents() throws -> SnapshotContents {
    try SnapshotContents(ReplaySource(options) { [commands] in CommandLog(commands) })
  }

  /// The encodings of the lists, sets, sorted sets and hashes, by key.
  func encodings() -> [[UInt8]: String] {
    var encodings: [[UInt8]: String] = [:]
    replay.execution.keys.forEach { name, key in
      let encoding: ObjectEncoding? =
        switch key.value {
        case .list(let list): list.encoding
        case .set(let set): set.encoding
        case .zset(let zset): zset.encoding
        case .hash(let hash): hash.encoding
        default: nil
        }
      if let encoding { encodings[name] = encoding.rawValue }
    }
    return encodings
  }
}

/// The keys of a snapshot with everything that their records say, but without the order of set members and fields.
struct SnapshotContents: Equatable {
  /// The events of each key, one per line, by the key's name and database.
  private(set) var keys: [String: [String]] = [:]

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
        name = words[1..<4].joined(separator: " ")
        keys[name!] = [(words[4..<offset] + words[(offset + 2)...]).joined(separator: " ")]
      } else if line.hasPrefix("end ") {
        if keys[name!]![0].hasPrefix("set") || keys[name!]![0].hasPrefix("hash") { keys[name!]![1...].sort() }
        name = nil
      } else if let name {
        // Releases write scores as different texts, so that the sizes of packed sorted sets differ.
        let isPackedZset = line.hasPrefix("elements") && keys[name]![0].hasPrefix("zset")
        keys[name]!.append(isPackedZset ? "elements" : Self.withoutRecentTimes(line))
      }
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

  /// The differences from other contents, one per line.
  func differences(from other: SnapshotContents) -> [String] {
    Set(keys.keys).union(other.keys.keys).sorted().compactMap { key in
      let (own, others) = (keys[key] ?? ["missing"], other.keys[key] ?? ["missing"])
      guard own != others else { return nil }
      let index = zip(own, others).enumerated().first { $1.0 != $1.1 }?.offset ?? min(own.count, others.count)
      func line(_ lines: [String]) -> String {
        index < lines.count ? "\(index): \(lines[index].prefix(300))" : "nothing"
      }
      return "\(key) (\(own[0]), \(own.count) lines; \(others[0]), \(others.count)): \(line(own)), not \(line(others))"
    }
  }
}

/// A log of commands in memory.
private final class CommandLog: ReplayLog {
  var ledger: Ledger { Ledger() }
  private var commands: ArraySlice<ReplayCommand>

  init(_ commands: [ReplayCommand]) { self.commands = commands[...] }

  func next() -> ReplayItem? { commands.popFirst().map { .command($0) } }
}
