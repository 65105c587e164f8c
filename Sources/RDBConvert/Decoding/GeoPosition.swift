/// The place that a score of a geo set stands for.
///
/// The score is an integer of 52 bits: 26 of the latitude, between ±85.05112878, and 26 of the longitude, interleaved. It
/// stands for a cell, whose middle GEOPOS replies. Source: `geohashDecode` in Redis `src/geohash.c`.
package struct GeoPosition: Equatable {
  /// In degrees, as GEOPOS rounds it to a double.
  package let longitude, latitude: Double

  /// - Parameter score: A score of a sorted set.
  /// - Returns: `nil` if the score is not an integer from 0 to 2⁵²−1. Scores in a geo set always are; other scores can be.
  package init?(score: Double) {
    guard score >= 0, score < 4_503_599_627_370_496, score.rounded(.towardZero) == score, score.sign == .plus else {
      return nil
    }
    let bits = UInt64(score)
    latitude = Self.middle(Self.everyOtherBit(bits), 85.05112878)
    longitude = Self.middle(Self.everyOtherBit(bits >> 1), 180)
  }

  /// The middle of a cell of the range from `-limit` to `limit`.
  private static func middle(_ cell: UInt64, _ limit: Double) -> Double {
    let count = Double(1 << 26)
    let low = -limit + Double(cell) * 1.0 / count * (limit * 2)
    let high = -limit + Double(cell + 1) * 1.0 / count * (limit * 2)
    return min(max((low + high) / 2, -limit), limit)
  }

  /// The bits 0, 2, 4 … as a number.
  private static func everyOtherBit(_ bits: UInt64) -> UInt64 {
    var number: UInt64 = 0
    for index in 0..<26 { number |= (bits >> UInt64(2 * index) & 1) << UInt64(index) }
    return number
  }
}
