import RDBFormat
import RDBSupport

/// The check of small packed hashes and sorted sets whose elements are not announced.
extension RDBParser {
  /// Checks a listpack of at most ``DuplicateFinder/siftedCount`` pairs without decoding more than that needs.
  ///
  /// - Parameter areScores: Whether the second entry of each pair is a score.
  /// - Returns: The number of pairs; `nil`: the ordinary walk must decide, because the value is large, empty or damaged, or
  ///   because two members may be equal.
  @usableFromInline
  mutating func checkedPairs(_ blob: RawSpan, areScores: Bool) -> UInt64? {
    let packed: Listpack
    do throws(RDBError) { packed = try Listpack(blob, at: 0) } catch { return nil }
    guard let claimed = packed.claimedCount, claimed > 0, claimed & 1 == 0, claimed <= 2 * DuplicateFinder.siftedCount
    else { return nil }
    duplicates.begin(byteCount: blob.byteCount, count: UInt64(claimed / 2))
    let sieve = duplicates.openSieve
    let number = scratch.number(1)
    let steps = ListpackSteps(packed)
    var member = steps.start
    for _ in 0..<claimed / 2 {
      let value = steps.after(member)
      guard value > 0 else { return nil }
      if steps.isShortString(member) {
        guard sieve.admits(steps.shortString(member)) else { return nil }
      } else {
        guard let entry = steps.entry(member), sieve.admits(entry.text(scratch: number)) else { return nil }
      }
      member = steps.after(value)
      guard member > 0, !areScores || steps.isScore(value) else { return nil }
    }
    return steps.isEnd(member) ? UInt64(claimed / 2) : nil
  }
}
