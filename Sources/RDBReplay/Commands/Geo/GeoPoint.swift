import RDBFormat
import RDBSupport

/// A point on the earth. As a score it has 52 bits, in which the bits of latitude and longitude alternate.
struct GeoPoint {
  var longitude: Double
  var latitude: Double

  static let longitudes = -GeoCell.longitudeLimit...GeoCell.longitudeLimit
  static let latitudes = -GeoCell.latitudeLimit...GeoCell.latitudeLimit
  /// The earth's radius, in meters.
  private static let radius = 6_372_797.560856

  init?(longitude: Double, latitude: Double) {
    guard Self.longitudes.contains(longitude), Self.latitudes.contains(latitude) else { return nil }
    (self.longitude, self.latitude) = (longitude, latitude)
  }

  /// The middle of the cell that a score names.
  init(score: Double) {
    (longitude, latitude) = GeoCell(score >= 0 && score < 9e15 ? UInt64(score) : 0).middle
  }

  var score: Double {
    Double(spread(cell(longitude, of: Self.longitudes)) << 1 | spread(cell(latitude, of: Self.latitudes)))
  }

  private func cell(_ value: Double, of range: ClosedRange<Double>) -> UInt64 {
    UInt64((value - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(GeoCell.count))
  }

  // MARK: Distances

  /// The distance to another point, in meters, by the haversine formula.
  func distance(to other: GeoPoint) -> Double {
    let v = sin((radians(other.longitude) - radians(longitude)) / 2)
    if v == 0 { return latitudeDistance(to: other) }
    let u = sin((radians(other.latitude) - radians(latitude)) / 2)
    let a = u * u + cos(radians(latitude)) * cos(radians(other.latitude)) * v * v
    return 2 * Self.radius * asin(a.squareRoot())
  }

  /// The distance along the meridian, in meters.
  func latitudeDistance(to other: GeoPoint) -> Double {
    Self.radius * abs(radians(other.latitude) - radians(latitude))
  }
}

private func radians(_ degrees: Double) -> Double { degrees * (Double.pi / 180) }

/// The lower 32 bits, with a 0 before each.
private func spread(_ bits: UInt64) -> UInt64 {
  var bits = bits & 0xFFFF_FFFF
  bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
  bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
  bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
  bits = (bits | bits << 2) & 0x3333_3333_3333_3333
  return (bits | bits << 1) & 0x5555_5555_5555_5555
}
