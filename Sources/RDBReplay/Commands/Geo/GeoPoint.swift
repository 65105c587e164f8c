import RDBSupport

/// A point on the earth. As a score it has 52 bits, in which the bits of latitude and longitude alternate.
struct GeoPoint {
  var longitude: Double
  var latitude: Double

  static let longitudes = -180.0...180.0
  static let latitudes = -85.05112878...85.05112878
  /// The earth's radius, in meters.
  private static let radius = 6_372_797.560856
  private static let cells = Double(1 << 26)

  init?(longitude: Double, latitude: Double) {
    guard Self.longitudes.contains(longitude), Self.latitudes.contains(latitude) else { return nil }
    (self.longitude, self.latitude) = (longitude, latitude)
  }

  /// The center of the cell that a score stands for.
  init(score: Double) {
    let bits = score >= 0 && score < 9e15 ? UInt64(score) : 0
    longitude = Self.middle(compacted(bits >> 1), of: Self.longitudes)
    latitude = Self.middle(compacted(bits), of: Self.latitudes)
  }

  private static func middle(_ cell: UInt64, of range: ClosedRange<Double>) -> Double {
    let scale = range.upperBound - range.lowerBound
    let low = range.lowerBound + (Double(cell) / cells) * scale
    let high = range.lowerBound + (Double(cell + 1) / cells) * scale
    return max(range.lowerBound, min(range.upperBound, (low + high) / 2))
  }

  var score: Double {
    Double(spread(cell(longitude, of: Self.longitudes)) << 1 | spread(cell(latitude, of: Self.latitudes)))
  }

  private func cell(_ value: Double, of range: ClosedRange<Double>) -> UInt64 {
    UInt64((value - range.lowerBound) / (range.upperBound - range.lowerBound) * Self.cells)
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

/// Every second bit, from the lowest on.
private func compacted(_ bits: UInt64) -> UInt64 {
  var bits = bits & 0x5555_5555_5555_5555
  bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
  bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
  bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
  bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
  return (bits | bits >> 16) & 0xFFFF_FFFF
}
