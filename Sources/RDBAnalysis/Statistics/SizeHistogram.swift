/// How many values there are of each size; buckets as HdrHistogram's: every doubling has 32 of them.
///
/// A quantile is at most 1.6 % off; count and sum are exact. Histograms of parts add up to that of the
/// whole, in any order, and can be taken away from it again.
public struct SizeHistogram: Hashable, Sendable, Codable {
  public private(set) var count: UInt64 = 0
  public private(set) var sum: UInt64 = 0
  /// Buckets that have values, ascending: the number in the upper 16 bits, the values' count below.
  private var buckets: [UInt64] = []

  /// The largest relative distance of ``quantile(_:)`` from the true one.
  public static let relativeError = 0.015625
  private static let countMask: UInt64 = 1 << 48 - 1

  public init() {}

  @inline(__always)
  public mutating func add(_ value: UInt64) {
    count &+= 1
    sum &+= value
    add(1, toBucket: Self.bucket(of: value))
  }

  @inline(__always)
  private mutating func add(_ more: UInt64, toBucket number: UInt64) {
    let place = place(of: number)
    if place < buckets.count, buckets[place] >> 48 == number {
      buckets[place] &+= more & Self.countMask
    } else {
      insert(number << 48 | more & Self.countMask, at: place)
    }
  }

  @inline(never)
  private mutating func insert(_ bucket: UInt64, at place: Int) { buckets.insert(bucket, at: place) }

  /// Of the first bucket that is not below `number`.
  @inline(__always)
  private func place(of number: UInt64) -> Int {
    var (low, high) = (0, buckets.count)
    while low < high {
      let middle = (low &+ high) &>> 1
      if buckets[middle] >> 48 < number { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  public mutating func merge(_ other: Self) {
    count &+= other.count
    sum &+= other.sum
    for bucket in other.buckets { add(bucket & Self.countMask, toBucket: bucket >> 48) }
  }

  /// Takes away what was added before; what was not is an error in a file, and makes no trap.
  mutating func subtract(_ other: Self) {
    count &-= min(count, other.count)
    sum &-= min(sum, other.sum)
    for bucket in other.buckets {
      let place = place(of: bucket >> 48)
      guard place < buckets.count, buckets[place] >> 48 == bucket >> 48 else { continue }
      buckets[place] &-= min(buckets[place] & Self.countMask, bucket & Self.countMask)
    }
    buckets.removeAll { $0 & Self.countMask == 0 }
  }

  /// The size that a share of the values does not exceed: 0.5 for the median. `nil`: there are none.
  public func quantile(_ share: Double) -> UInt64? {
    let rank = UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up))
    var seen: UInt64 = 0
    for bucket in buckets {
      seen &+= bucket & Self.countMask
      if seen >= max(rank, 1) { return Self.middle(of: bucket >> 48) }
    }
    return buckets.last.map { Self.middle(of: $0 >> 48) }
  }

  public var mean: Double { count > 0 ? Double(sum) / Double(count) : 0 }

  /// Sizes of all buckets that have values: from, to (not included), how many.
  public var ranges: [(range: Range<UInt64>, count: UInt64)] {
    buckets.map { bucket in
      let start = Self.start(of: bucket >> 48)
      let (end, overflow) = start.addingReportingOverflow(Self.width(of: bucket >> 48))
      return (start..<(overflow ? .max : end), bucket & Self.countMask)
    }
  }

  // Up to 63 each has its own bucket; then 32 in each doubling.

  @inline(__always)
  private static func bucket(of value: UInt64) -> UInt64 {
    if value < 64 { return value }
    let exponent = UInt64(63 &- value.leadingZeroBitCount)
    return (exponent &- 6) &* 32 &+ (value &>> (exponent &- 5) & 31) &+ 64
  }

  private static func start(of number: UInt64) -> UInt64 {
    number < 64 ? number : (32 + (number - 64) % 32) << width(exponentOf: number)
  }

  private static func width(exponentOf number: UInt64) -> UInt64 { (number - 64) / 32 + 1 }

  private static func width(of number: UInt64) -> UInt64 {
    number < 64 ? 1 : 1 << width(exponentOf: number)
  }

  private static func middle(of number: UInt64) -> UInt64 {
    start(of: number) + width(of: number) / 2
  }

  enum CodingKeys: String, CodingKey {
    case count, sum, buckets
  }
}

extension SizeHistogram {
  /// In JSON `buckets` is an array of `[from, count]`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    count = try container.decode(UInt64.self, forKey: .count)
    sum = try container.decode(UInt64.self, forKey: .sum)
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
    try container.encode(
      buckets.map { [Self.start(of: $0 >> 48), $0 & Self.countMask] }, forKey: .buckets)
  }
}
