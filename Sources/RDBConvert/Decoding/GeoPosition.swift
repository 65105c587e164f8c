import RDBFormat

/// The position that a score of a geo set stands for.
///
/// The score is an integer of 52 bits: 26 of the latitude, between ±85.05112878, and 26 of the longitude, interleaved. It
/// stands for a cell, whose middle GEOPOS replies.
package struct GeoPosition: Equatable {
  /// In degrees, as GEOPOS rounds it to a double.
  package let longitude, latitude: Double

  /// - Parameter score: A score of a sorted set.
  /// - Returns: `nil` if the score is not an integer of two cells. Scores in a geo set always are; other scores can be.
  package init?(score: Double) {
    guard score.sign == .plus, score < 18_014_398_509_481_984, score.rounded(.towardZero) == score else { return nil }
    let cell = GeoCell(UInt64(score))
    // The last cell begins at the limit: servers store it for the limit itself.
    guard cell.latitude <= GeoCell.count, cell.longitude <= GeoCell.count else { return nil }
    (longitude, latitude) = cell.middle
  }
}
