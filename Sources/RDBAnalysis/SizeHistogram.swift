/// How many values there are of each size, in buckets at most an eighth of their own size wide.
///
/// A quantile is at most 6.25 % off; count, sum, least and greatest are exact. Histograms of parts add
/// up to that of the whole, in any order.
public struct SizeHistogram: Hashable, Sendable, Codable {
  public private(set) var count: UInt64 = 0
  public private(set) var sum: UInt64 = 0
  public private(set) var least: UInt64?
  public private(set) var greatest: UInt64?
  /// Buckets that have values, ascending.
  private var buckets: [Bucket] = []

  /// A bucket's number and its values.
  private struct Bucket: Hashable, Sendable {
    var number: UInt16
    var count: UInt64
  }

  /// The largest relative distance of ``quantile(_:)`` from the true one.
  public static let relativeError = 0.0625

  public init() {}

  @inline(__always)
  public mutating func add(_ value: UInt64) {
    count &+= 1
    sum &+= value
    least = min(least ?? value, value)
    greatest = max(greatest ?? value, value)
    add(1, toBucket: Self.bucket(of: value))
  }

  private mutating func add(_ more: UInt64, toBucket number: UInt16) {
    var (low, high) = (0, buckets.count)
    while low < high {
      let middle = (low + high) / 2
      if buckets[middle].number < number { low = middle + 1 } else { high = middle }
    }
    if low < buckets.count, buckets[low].number == number {
      buckets[low].count &+= more
    } else {
      buckets.insert(Bucket(number: number, count: more), at: low)
    }
  }

  public mutating func merge(_ other: Self) {
    count &+= other.count
    sum &+= other.sum
    least = [least, other.least].compactMap { $0 }.min()
    greatest = [greatest, other.greatest].compactMap { $0 }.max()
    for bucket in other.buckets { add(bucket.count, toBucket: bucket.number) }
  }

  /// The size that a share of the values does not exceed: 0.5 for the median. `nil`: there are none.
  public func quantile(_ share: Double) -> UInt64? {
    guard let least, let greatest else { return nil }
    let rank = UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up))
    var seen: UInt64 = 0
    for bucket in buckets {
      seen &+= bucket.count
      if seen >= max(rank, 1) { return min(max(Self.middle(of: bucket.number), least), greatest) }
    }
    return greatest
  }

  public var mean: Double { count > 0 ? Double(sum) / Double(count) : 0 }

  /// Sizes of all buckets that have values: from, to (not included), how many.
  public var ranges: [(range: Range<UInt64>, count: UInt64)] {
    buckets.map { bucket in
      let start = Self.start(of: bucket.number)
      let (end, overflow) = start.addingReportingOverflow(Self.width(of: bucket.number))
      return (start..<(overflow ? .max : end), bucket.count)
    }
  }

  // Up to 15 each has its own bucket; then eight in each doubling.

  private static func bucket(of value: UInt64) -> UInt16 {
    if value < 16 { return UInt16(value) }
    let exponent = 63 - value.leadingZeroBitCount
    return UInt16(exponent - 4) * 8 + UInt16(value >> UInt64(exponent - 3) & 7) + 16
  }

  private static func start(of number: UInt16) -> UInt64 {
    if number < 16 { return UInt64(number) }
    let exponent = UInt64((number - 16) / 8) + 4
    return (8 + UInt64((number - 16) % 8)) << (exponent - 3)
  }

  private static func width(of number: UInt16) -> UInt64 {
    number < 16 ? 1 : 1 << (UInt64((number - 16) / 8) + 1)
  }

  private static func middle(of number: UInt16) -> UInt64 {
    start(of: number) + width(of: number) / 2
  }

  enum CodingKeys: String, CodingKey {
    case count, sum, least, greatest, buckets
  }
}

extension SizeHistogram {
  /// In JSON `buckets` is an array of `[from, count]`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    count = try container.decode(UInt64.self, forKey: .count)
    sum = try container.decode(UInt64.self, forKey: .sum)
    least = try container.decodeIfPresent(UInt64.self, forKey: .least)
    greatest = try container.decodeIfPresent(UInt64.self, forKey: .greatest)
    for pair in try container.decode([[UInt64]].self, forKey: .buckets) {
      guard pair.count == 2 else {
        throw DecodingError.dataCorruptedError(
          forKey: .buckets, in: container, debugDescription: "expected [from, count]")
      }
      add(pair[1], toBucket: Self.bucket(of: pair[0]))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    try container.encode(sum, forKey: .sum)
    try container.encodeIfPresent(least, forKey: .least)
    try container.encodeIfPresent(greatest, forKey: .greatest)
    try container.encode(buckets.map { [Self.start(of: $0.number), $0.count] }, forKey: .buckets)
  }
}
