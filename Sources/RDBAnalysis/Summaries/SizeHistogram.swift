/// A histogram of sizes with 32 buckets per doubling, as HdrHistogram has them.
///
/// A quantile is at most 1.6 % off; count and sum are exact. Histograms can be merged in any order, and subtracted
/// again.
package struct SizeHistogram: Hashable, Sendable, Codable {
  /// The number of values.
  package private(set) var count: UInt64 = 0
  /// The sum of the values.
  package private(set) var sum: UInt64 = 0
  /// The buckets that have values, in ascending order. The upper 16 bits of each are the bucket's number, the lower 48
  /// its count.
  private var buckets: [UInt64] = []

  /// The largest relative error of ``quantile(_:)``.
  package static let relativeError = 0.015625
  private static let countMask: UInt64 = 1 << 48 - 1

  package init() {}

  @inline(__always)
  package mutating func add(_ value: UInt64) {
    count &+= 1
    sum &+= value
    add(1, toBucket: Self.bucket(of: value))
  }

  @inline(__always)
  private mutating func add(_ more: UInt64, toBucket number: UInt64) {
    let index = index(of: number)
    if index < buckets.count, buckets[index] >> 48 == number {
      buckets[index] &+= more & Self.countMask
    } else {
      insert(number << 48 | more & Self.countMask, at: index)
    }
  }

  @inline(never)
  private mutating func insert(_ bucket: UInt64, at index: Int) { buckets.insert(bucket, at: index) }

  /// Returns the index of the first bucket whose number is not below `number`.
  @inline(__always)
  private func index(of number: UInt64) -> Int {
    var (low, high) = (0, buckets.count)
    while low < high {
      let middle = (low &+ high) &>> 1
      if buckets[middle] >> 48 < number { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  package mutating func merge(_ other: Self) {
    count &+= other.count
    sum &+= other.sum
    for bucket in other.buckets { add(bucket & Self.countMask, toBucket: bucket >> 48) }
  }

  /// Subtracts a histogram that was merged before. Clamps to 0 if it was not, as in a damaged report.
  mutating func subtract(_ other: Self) {
    count &-= min(count, other.count)
    sum &-= min(sum, other.sum)
    for bucket in other.buckets {
      let index = index(of: bucket >> 48)
      guard index < buckets.count, buckets[index] >> 48 == bucket >> 48 else { continue }
      buckets[index] &-= min(buckets[index] & Self.countMask, bucket & Self.countMask)
    }
    buckets.removeAll { $0 & Self.countMask == 0 }
  }

  /// Returns the size that a share of the values does not exceed, such as 0.5 for the median; `nil` without values.
  package func quantile(_ share: Double) -> UInt64? {
    let rank = UInt64((Double(count) * min(max(share, 0), 1)).rounded(.up))
    var seen: UInt64 = 0
    for bucket in buckets {
      seen &+= bucket & Self.countMask
      if seen >= max(rank, 1) { return Self.middle(of: bucket >> 48) }
    }
    return buckets.last.map { Self.middle(of: $0 >> 48) }
  }

  package var mean: Double { count > 0 ? Double(sum) / Double(count) : 0 }

  /// The ranges of sizes that have values, with the number of values in each.
  package var ranges: [(range: Range<UInt64>, count: UInt64)] {
    buckets.map { bucket in
      let start = Self.start(of: bucket >> 48)
      let (end, overflow) = start.addingReportingOverflow(Self.width(of: bucket >> 48))
      return (start..<(overflow ? .max : end), bucket & Self.countMask)
    }
  }

  // Each value up to 63 has its own bucket; larger values have 32 buckets per doubling.

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
  /// In JSON `buckets` is an array of `[lower bound, count]`.
  package init(from decoder: any Decoder) throws {
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

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    try container.encode(sum, forKey: .sum)
    try container.encode(
      buckets.map { [Self.start(of: $0 >> 48), $0 & Self.countMask] }, forKey: .buckets)
  }
}
