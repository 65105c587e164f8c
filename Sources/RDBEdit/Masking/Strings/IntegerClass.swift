/// A range of integers with the same sign, the same number of digits, and the same stored forms.
///
/// An integer is masked by another one of its range, so each encoding that holds the one also holds the other: the
/// integers of listpacks, ziplists, intsets and strings, and exact scores.
struct IntegerClass {
  let lowest: UInt64
  let highest: UInt64

  /// The number of integers.
  var count: UInt64 { highest &- lowest &+ 1 }

  /// The magnitudes from which on an integer that is not negative needs another encoding, by its number of digits.
  private static let thresholds: [(UInt64, UInt64)] = [
    (0, 0), (0, 0), (0, 0), (128, 0), (4096, 0), (1 << 15, 0), (0, 0), (1 << 23, 0), (0, 0), (0, 0), (1 << 31, 0),
    (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (1 << 52, 1 << 53), (0, 0), (0, 0), (1 << 63, 0), (0, 0),
  ]
  private static let powers: [UInt64] = (0..<20).map { (0..<$0).reduce(1) { power, _ in power * 10 } }

  /// Finds the range of an integer of at most 19 digits.
  ///
  /// - Parameters:
  ///   - magnitude: The integer without its sign.
  ///   - isNegative: Whether it has a minus sign.
  ///   - digits: The number of its digits.
  ///   - isInZiplist: Whether ziplists hold the integer: they have a form of their own for 0 to 12.
  init(_ magnitude: UInt64, isNegative: Bool, digits: Int, isInZiplist: Bool) {
    var lowest = digits == 1 ? (isNegative ? 1 : 0) : Self.powers[digits - 1]
    var highest = Self.powers[digits] &- 1
    // The lowest negative integer of a width is one further from zero than the highest positive one.
    let step: UInt64 = isNegative ? 1 : 0
    func split(_ threshold: UInt64) {
      if threshold == 0 { return }
      if magnitude < threshold &+ step {
        highest = min(highest, threshold &+ step &- 1)
      } else {
        lowest = max(lowest, threshold &+ step)
      }
    }
    split(Self.thresholds[digits].0)
    split(Self.thresholds[digits].1)
    if isInZiplist, !isNegative, digits == 2 { split(13) }
    (self.lowest, self.highest) = (lowest, highest)
  }
}
