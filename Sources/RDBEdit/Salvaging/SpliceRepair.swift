import RDB
import RDBFormat

/// Finds bytes that were inserted or lost near a fault, or a few neighbouring bytes that were changed there, from the
/// checksum.
///
/// The bytes before the damage give the checksum up to there. The stored checksum and the bytes after the damage give the
/// checksum that the bytes before them must have had. If bytes were inserted, the two are equal; if a few are missing or
/// were changed, the difference of the two is a number of few bytes.
struct SpliceRepair {
  /// The largest number of inserted bytes that are looked for.
  static let insertionLimit = 4096
  /// The largest number of missing or changed bytes that are looked for. With more, a false one would be found by chance.
  static let changeLimit = 4
  /// The number of candidates that are kept.
  private static let candidateLimit = 4

  private let steps = ChecksumSteps()
  /// The first offset that is tried.
  private let start: UInt64
  /// The bytes from ``start`` on.
  private let region: [UInt8]
  /// The checksum before each byte of the region and after the last, as the bytes before it give it.
  private var forward: [UInt64] = []
  /// The same as the stored checksum and the bytes after it demand it.
  private var backward: [UInt64] = []

  init(_ checksum: SplitChecksum) {
    (start, region) = (checksum.regionStart, checksum.region)
    forward = [checksum.before]
    for byte in region { forward.append(steps.after(forward[forward.count - 1], byte)) }
    backward = [UInt64](repeating: checksum.demandedAtRegionEnd, count: region.count + 1)
    for index in region.indices.reversed() { backward[index] = steps.before(backward[index + 1], region[index]) }
  }

  /// The changes that would make the checksum right, the likeliest first.
  func candidates() -> [RepairedBytes] { Array((insertions() + changes()).prefix(Self.candidateLimit)) }

  private func insertions() -> [RepairedBytes] {
    let order = backward.indices.sorted { (backward[$0], $0) < (backward[$1], $1) }
    for first in forward.indices {
      var (low, high) = (0, order.count)
      while low < high {
        let middle = (low + high) / 2
        let index = order[middle]
        if (backward[index], index) <= (forward[first], first) { low = middle + 1 } else { high = middle }
      }
      guard low < order.count else { continue }
      let end = order[low]
      guard backward[end] == forward[first], end - first <= Self.insertionLimit else { continue }
      // Bytes that begin as those after them can be moved: all offsets give the same snapshot.
      return [RepairedBytes(offset: start + UInt64(first), found: Array(region[first..<end]), restored: [])]
    }
    return []
  }

  private func changes() -> [RepairedBytes] {
    var found: [RepairedBytes] = []
    for added in 1...Self.changeLimit {
      for removed in [0, added] {
        for first in forward.indices where first + removed < backward.count {
          var state = backward[first + removed]
          for _ in 0..<added { state = steps.before(state, 0) }
          let difference = state ^ forward[first]
          guard difference >> (8 * UInt64(added)) == 0 else { continue }
          let restored = (0..<added).map { UInt8(truncatingIfNeeded: difference >> (8 * UInt64($0))) }
          found.append(
            RepairedBytes(
              offset: start + UInt64(first), found: Array(region[first..<first + removed]), restored: restored))
          if found.count == Self.candidateLimit { return found }
        }
      }
    }
    return found
  }
}
