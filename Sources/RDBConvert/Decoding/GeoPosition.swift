/// The place that a score of a geo set stands for.
///
/// The score is an integer of 52 bits: 26 of the latitude, between ±85.05112878, and 26 of the longitude, interleaved. It
/// stands for a cell, whose middle GEOPOS replies. Source: `geohashDecode` in Redis `src/geohash.c`.
package struct GeoPosition: Equatable {
  /// In degrees, as GEOPOS rounds it to a double.
  package let longitude, latitude: Double

  /// - Parameter score: A score of a sorted set.
  /// - Returns: `nil` if the score is not an integer of two cells. Scores in a geo set always are; other scores can be.
  package init?(score: Double) {
    guard score.sign == .plus, score < 18_014_398_509_481_984, score.rounded(.towardZero) == score else { return nil }
    let bits = UInt64(score)
    let (y, x) = (Self.everyOtherBit(bits), Self.everyOtherBit(bits >> 1))
    // The last cell begins at the limit: servers store it for the limit itself.
    guard y <= 1 << 26, x <= 1 << 26 else { return nil }
    latitude = Self.middle(y, 85.05112878)
    longitude = Self.middle(x, 180)
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
    for index in 0..<27 { number |= (bits >> UInt64(2 * index) & 1) << UInt64(index) }
    return number
  }
}
