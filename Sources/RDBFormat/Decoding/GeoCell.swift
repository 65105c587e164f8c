/// The cell of the earth that a score of a geo set names: the bits of latitude and longitude alternate.
///
/// Source: `geohashDecode` in Redis `src/geohash.c`.
package struct GeoCell {
  /// The largest latitude, in degrees.
  package static let latitudeLimit = 85.05112878
  /// The largest longitude, in degrees.
  package static let longitudeLimit = 180.0
  /// The number of cells from one limit to the other.
  package static let count: UInt64 = 1 << 26

  /// The numbers of the cell, from the negative limit on.
  package let longitude, latitude: UInt64

  /// - Parameter bits: A score as an integer, below 2^54.
  package init(_ bits: UInt64) { (latitude, longitude) = (Self.everyOtherBit(bits), Self.everyOtherBit(bits >> 1)) }

  /// The middle of the cell, in degrees, as GEOPOS rounds it to a double.
  package var middle: (longitude: Double, latitude: Double) {
    (Self.middle(longitude, Self.longitudeLimit), Self.middle(latitude, Self.latitudeLimit))
  }

  /// The middle of a cell of the range from `-limit` to `limit`.
  private static func middle(_ cell: UInt64, _ limit: Double) -> Double {
    let count = Double(count)
    let low = -limit + Double(cell) / count * (limit * 2)
    let high = -limit + Double(cell + 1) / count * (limit * 2)
    return min(max((low + high) / 2, -limit), limit)
  }

  /// The bits 0, 2, 4 … as a number.
  private static func everyOtherBit(_ bits: UInt64) -> UInt64 {
    var number: UInt64 = 0
    for index in 0..<27 { number |= (bits >> UInt64(2 * index) & 1) << UInt64(index) }
    return number
  }
}
