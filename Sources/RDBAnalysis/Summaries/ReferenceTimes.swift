import RDBFormat

/// The reference times of the merged dumps: the earliest and the latest.
package struct ReferenceTimes: Hashable, Sendable, Codable {
  /// The earliest time, in Unix milliseconds; `nil` if nothing was read.
  package private(set) var from: Int64?
  /// The latest time, in Unix milliseconds.
  package private(set) var to: Int64?

  package init() {}

  package init(_ time: UnixMilliseconds) { (from, to) = (time.value, time.value) }

  enum CodingKeys: String, CodingKey {
    case from = "from_ms"
    case to = "to_ms"
  }

  mutating func merge(_ other: Self) {
    from = [from, other.from].compactMap { $0 }.min()
    to = [to, other.to].compactMap { $0 }.max()
  }
}
