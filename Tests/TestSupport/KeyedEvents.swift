import Foundation
import RDB

/// The events of the keys of one or more snapshots, without offsets and sizes, so that keys in any order can be compared.
public struct KeyedEvents: Equatable {
  /// The events of each key, by the line that announces it; several of the same key one after another.
  public private(set) var keys: [String: [String]] = [:]
  /// The number of keys.
  public private(set) var keyCount = 0
  /// The events before and between the keys, but hints and sizes.
  public private(set) var others: [String] = []

  public init() {}

  /// Reads a snapshot.
  public init(_ bytes: [UInt8]) throws {
    try add(bytes)
  }

  /// Adds the events of another snapshot.
  public mutating func add(_ bytes: [UInt8]) throws {
    var sink = RecordingSink(interest: .elements)
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    var key: String?
    for line in sink.log {
      if line.hasPrefix("key ") {
        let announcement = Self.withoutOffset(line)
        key = announcement
        keyCount += 1
        keys[announcement, default: []].append("begin")
      } else if line.hasPrefix("end ") {
        key = nil
      } else if line.hasPrefix("finding ") {
        continue
      } else if let key {
        keys[key, default: []].append(line)
      } else if !["snapshot ", "slots ", "size ", "whole "].contains(where: line.hasPrefix) {
        others.append(Self.withoutOffset(line))
      }
    }
  }

  /// Removes ` at 1234`.
  private static func withoutOffset(_ line: String) -> String {
    guard let start = line.range(of: " at ", options: .backwards) else { return line }
    let digits = line[start.upperBound...].prefix { $0.isNumber }
    return digits.isEmpty ? line : String(line[..<start.lowerBound] + line[start.upperBound...].dropFirst(digits.count))
  }
}
