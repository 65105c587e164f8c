/// A member of a sorted set with its score.
struct ScoredMember {
  var score: Double
  var member: [UInt8]

  /// Whether this comes before another member: by score, then by the bytes of the name.
  func precedes(_ other: ScoredMember) -> Bool {
    score != other.score ? score < other.score : member.lexicographicallyPrecedes(other.member)
  }
}

/// The members of a sorted set in ascending order.
///
/// - Complexity: Insertion and removal take O(log *n*) comparisons, and move at most 512 members and the list of chunks.
struct ScoreOrder {
  /// Sorted chunks of 1 to ``largestChunk`` members.
  private var chunks: [[ScoredMember]] = []
  private(set) var count = 0

  private static var largestChunk: Int { 512 }

  mutating func insert(_ entry: ScoredMember) {
    count += 1
    guard !chunks.isEmpty else { return chunks.append([entry]) }
    let chunk = max(0, partition(chunks.count) { !entry.precedes(chunks[$0][0]) } - 1)
    let index = partition(chunks[chunk].count) { chunks[chunk][$0].precedes(entry) }
    chunks[chunk].insert(entry, at: index)
    let size = chunks[chunk].count
    guard size > Self.largestChunk else { return }
    // Members often come in ascending order: full chunks then stay full.
    let cut = chunk == chunks.count - 1 && index == size - 1 ? size - 1 : size / 2
    let tail = Array(chunks[chunk][cut...])
    chunks[chunk].removeSubrange(cut...)
    chunks.insert(tail, at: chunk + 1)
  }

  mutating func remove(_ entry: ScoredMember) {
    let chunk = partition(chunks.count) { !entry.precedes(chunks[$0][0]) } - 1
    guard chunk >= 0 else { return }
    let index = partition(chunks[chunk].count) { chunks[chunk][$0].precedes(entry) }
    guard index < chunks[chunk].count, chunks[chunk][index].member == entry.member else { return }
    chunks[chunk].remove(at: index)
    count -= 1
    if chunks[chunk].isEmpty { chunks.remove(at: chunk) }
  }

  /// The first rank whose member does not satisfy `isBefore`. The members that satisfy it must precede all others.
  func rank(where isBefore: (ScoredMember) -> Bool) -> Int {
    let chunk = partition(chunks.count) { isBefore(chunks[$0][0]) } - 1
    guard chunk >= 0 else { return 0 }
    let index = partition(chunks[chunk].count) { isBefore(chunks[chunk][$0]) }
    return chunks[..<chunk].reduce(index) { $0 + $1.count }
  }

  /// The members with the given ranks, ascending.
  func members(_ ranks: Range<Int>) -> [ScoredMember] {
    var result: [ScoredMember] = []
    result.reserveCapacity(ranks.count)
    var start = 0
    for chunk in chunks {
      let overlap =
        max(ranks.lowerBound, start)..<max(ranks.lowerBound, start, min(ranks.upperBound, start + chunk.count))
      result += chunk[overlap.lowerBound - start..<overlap.upperBound - start]
      start += chunk.count
      if start >= ranks.upperBound { break }
    }
    return result
  }

  /// Calls `body` with each member, in descending order if `isDescending`.
  func forEach<E: Error>(isDescending: Bool = false, _ body: (ScoredMember) throws(E) -> Void) throws(E) {
    for index in chunks.indices {
      let chunk = chunks[isDescending ? chunks.count - 1 - index : index]
      for index in chunk.indices { try body(chunk[isDescending ? chunk.count - 1 - index : index]) }
    }
  }

  /// The number of indexes for which `isBefore` holds. They must precede all others.
  private func partition(_ count: Int, _ isBefore: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
