import RDB
import RDBSupport

/// The settings of a server's configuration file that decide how it writes snapshots.
///
/// The names are those of all releases: `hash-max-listpack-entries`, and before Redis 7.0 `hash-max-ziplist-entries`.
/// Other lines are ignored.
package struct ServerConfiguration: Hashable, Sendable {
  /// A line whose value cannot be understood.
  package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the line, from 1 on.
    package var line: Int
    /// The offset of the line in the file, in bytes.
    package var offset: Int
    /// The setting, and the values that it takes.
    package var expected: String
    /// A description.
    package var description: String { "line \(line): expected \(expected)" }
  }

  /// `rdbcompression`: whether strings are compressed; `nil`: the file does not say.
  package private(set) var compresses: Bool?
  /// `rdbchecksum`: whether the snapshot has a checksum; `nil`: the file does not say.
  package private(set) var storesChecksum: Bool?
  private var limits: [String: Int] = [:]

  /// Whether the file has none of the settings that decide how snapshots are written.
  package var isEmpty: Bool { compresses == nil && storesChecksum == nil && limits.isEmpty }

  /// Reads a configuration file.
  ///
  /// - Parameter text: The content of the file.
  /// - Throws: ``Failure`` for a value of a known setting that is no number, or neither `yes` nor `no`.
  package init(_ text: [UInt8]) throws {
    let lines = text.split(separator: 10, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let words = String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "\t" || $0 == "\r" }
      guard words.count >= 2, !words[0].hasPrefix("#") else { continue }
      let value = words[1].filter { $0 != "\"" && $0 != "'" }.lowercased()
      try read(words[0].lowercased(), value, (number: index + 1, offset: line.startIndex))
    }
  }

  private typealias Line = (number: Int, offset: Int)

  private mutating func read(_ name: String, _ value: String, _ line: Line) throws {
    switch name {
    case "rdbcompression": compresses = try Self.choice(name, value, line)
    case "rdbchecksum": storesChecksum = try Self.choice(name, value, line)
    default:
      let name = Self.newName(name)
      guard Self.settings.contains(name) else { return }
      guard let number = Self.number(value), number >= 0 || name == "list-max-listpack-size" && number >= -5 else {
        throw Failure(
          line: line.number, offset: line.offset,
          expected: name == "list-max-listpack-size" ? "\(name) of -5 or more" : "a size for \(name)")
      }
      limits[name] = number
    }
  }

  private static func choice(_ name: String, _ value: String, _ line: Line) throws -> Bool {
    guard value == "yes" || value == "no" else {
      throw Failure(line: line.number, offset: line.offset, expected: "\(name) yes or no")
    }
    return value == "yes"
  }

  /// A number with or without a unit of memory, as servers read it; `nil`: it is none.
  private static func number(_ text: String) -> Int? {
    let digits = text.prefix { $0 == "-" || $0.isASCII && $0.isNumber }
    let units = [
      "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000, "gb": 1 << 30,
    ]
    guard let number = Int(digits), let unit = units[String(text.dropFirst(digits.count))] else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
  }

  private static let settings: Set = [
    "hash-max-listpack-entries", "hash-max-listpack-value", "set-max-intset-entries", "set-max-listpack-entries",
    "set-max-listpack-value", "zset-max-listpack-entries", "zset-max-listpack-value", "list-max-listpack-size",
    "list-max-listpack-entries", "list-max-listpack-value", "stream-node-max-bytes", "stream-node-max-entries",
  ]

  /// The name of a setting since Redis 7.0.
  private static func newName(_ name: String) -> String {
    name.replacing("-ziplist-", with: "-listpack-").replacing("-zipmap-", with: "-listpack-")
  }

  /// The limits of a release, with those that the file sets.
  package func limits(of server: ServerVersion) -> EncodingLimits {
    var result = EncodingLimits(server: server)
    func set(_ name: String, _ limit: inout Int) { if let value = limits[name] { limit = value } }
    set("hash-max-listpack-entries", &result.hashEntries)
    set("hash-max-listpack-value", &result.hashByteCount)
    set("set-max-intset-entries", &result.intsetEntries)
    if result.setEntries > 0 { set("set-max-listpack-entries", &result.setEntries) }
    set("set-max-listpack-value", &result.setByteCount)
    set("zset-max-listpack-entries", &result.zsetEntries)
    set("zset-max-listpack-value", &result.zsetByteCount)
    set("list-max-listpack-entries", &result.listEntries)
    set("list-max-listpack-value", &result.listByteCount)
    set("stream-node-max-bytes", &result.streamNodeByteCount)
    set("stream-node-max-entries", &result.streamNodeEntries)
    if let size = limits["list-max-listpack-size"] {
      result.listNodeByteCount = size < 0 ? 4096 << (-size - 1) : 8192
      // A server takes 0 as 1.
      result.listNodeEntries = size < 0 ? nil : max(size, 1)
    }
    return result
  }
}
