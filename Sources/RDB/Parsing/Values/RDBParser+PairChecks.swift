import RDBFormat
import RDBSupport

/// The check of small packed hashes and sorted sets whose elements are not announced.
extension RDBParser {
  /// Checks a listpack of at most ``DuplicateFinder/siftedCount`` pairs without decoding more than that needs.
  ///
  /// - Parameters:
  ///   - input: The bytes of which the listpack is usually a part.
  ///   - areScores: Whether the second entry of each pair is a score.
  /// - Returns: The number of pairs; `nil`: the ordinary walk must decide, because the value is large, empty or damaged, or
  ///   because two members may be equal.
  @usableFromInline
  mutating func checkedPairs(_ blob: RawSpan, in input: RawSpan, areScores: Bool) -> UInt64? {
    let packed: Listpack
    do throws(RDBError) { packed = try Listpack(blob, at: 0) } catch { return nil }
    guard let claimed = packed.claimedCount, claimed > 0, claimed & 1 == 0, claimed <= 2 * DuplicateFinder.siftedCount
    else { return nil }
    let count = claimed / 2
    duplicates.begin(byteCount: blob.byteCount, count: UInt64(count))
    let steps = ListpackSteps(packed)
    let isValid: Bool
    if let offsets = input.byteOffsets(of: blob), input.byteCount &- offsets.upperBound >= Self.byteCountAfterPairs {
      isValid =
        areScores ? checkPairs(blob, steps, count, areScores: true) : checkPairs(blob, steps, count, areScores: false)
    } else {
      isValid = checkLastPairs(steps, count, areScores: areScores)
    }
    return isValid ? UInt64(count) : nil
  }

  /// The number of bytes that must follow a listpack, so that two steps from any of its entries read bytes of the input.
  private static var byteCountAfterPairs: Int { 2 * ListpackSizes.maximumStep }

  /// Checks a listpack that ``byteCountAfterPairs`` bytes follow in the input: one comparison per pair with its end is
  /// enough.
  @inline(__always)
  private func checkPairs(_ blob: RawSpan, _ steps: ListpackSteps, _ count: Int, areScores: Bool) -> Bool {
    let sieve = duplicates.openSieve
    let number = scratch.number(1)
    let table = ListpackSizes.table
    return blob.withUnsafeBytes { bytes in
      let start = bytes.baseAddress.unsafelyUnwrapped
      let end = start + (bytes.count &- 1)
      var member = start + steps.start
      var rest = count
      repeat {
        guard member < end else { return false }
        let value: UnsafeRawPointer
        let size = ListpackSizes.checkedSize(table, member)
        if member.load(as: UInt8.self) &- 0x81 < 0x3F {
          // A string of 1 to 63 bytes.
          guard size != 0, sieve.admits(textBefore: member + size, byteCount: size &- 1) else { return false }
          value = member + (size &+ 1)
        } else {
          let next = Self.checkMember(steps, member - start, sieve, number)
          guard next > 0 else { return false }
          value = start + next
        }
        if areScores { guard value < end, steps.isScore(value - start) else { return false } }
        let valueSize = ListpackSizes.checkedSize(table, value)
        if valueSize != 0 {
          member = value + (valueSize &+ 1)
        } else {
          guard value < end else { return false }
          let next = steps.after(value - start)
          guard next > 0 else { return false }
          member = start + next
        }
        rest &-= 1
      } while rest > 0
      return member == end
    }
  }

  /// Checks a listpack at the end of the input, or in other memory.
  private func checkLastPairs(_ steps: ListpackSteps, _ count: Int, areScores: Bool) -> Bool {
    let sieve = duplicates.openSieve
    let number = scratch.number(1)
    var member = steps.start
    for _ in 0..<count {
      let value = Self.checkMember(steps, member, sieve, number)
      guard value > 0 else { return false }
      member = steps.after(value)
      guard member > 0, !areScores || steps.isScore(value) else { return false }
    }
    return steps.isEnd(member)
  }

  /// Checks the member at `index`, which is at most the index of the terminator.
  ///
  /// - Returns: The index after the member; −1: it is damaged, or may have occurred before.
  private static func checkMember(
    _ steps: ListpackSteps, _ index: Int, _ sieve: DuplicateFinder.Sieve, _ number: UnsafeMutableRawPointer
  ) -> Int {
    let next = steps.after(index)
    guard next > 0 else { return -1 }
    if steps.isShortString(index) { return sieve.admits(steps.shortString(index)) ? next : -1 }
    guard let entry = steps.entry(index) else { return -1 }
    return sieve.admits(entry.text(scratch: number)) ? next : -1
  }
}
