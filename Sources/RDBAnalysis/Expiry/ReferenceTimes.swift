public import RDBFormat

/// The times that lives were counted from: of several dumps, from the first to the last.
public struct ReferenceTimes: Hashable, Sendable, Codable {
  /// Unix milliseconds; `nil`: nothing was read.
  public private(set) var from: Int64?
  public private(set) var to: Int64?

  public init() {}

  public init(_ time: UnixMilliseconds) { (from, to) = (time.value, time.value) }

  enum CodingKeys: String, CodingKey {
    case from = "from_ms"
    case to = "to_ms"
  }

  mutating func merge(_ other: Self) {
    from = [from, other.from].compactMap { $0 }.min()
    to = [to, other.to].compactMap { $0 }.max()
  }
}
