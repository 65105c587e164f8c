/// An entry that begins with a hash, so that its sort order is evenly distributed.
@usableFromInline package protocol HashedEntry: SortedEntry {
  /// The hash: an entry with a smaller one precedes.
  var order: UInt64 { get }
}

extension HashedEntry {
  /// Sorts entries in place.
  ///
  /// Groups the entries by the leading bits of their hashes, then each group by the next bits, and sorts the small
  /// groups that result. The first pass makes groups that fit into the cache, and few enough that their pages fit
  /// into the TLB.
  ///
  /// - Complexity: O(*n*) if hashes are evenly distributed, at worst O(*n* log *n*).
  @inlinable
  package static func sort(_ entries: UnsafeMutableBufferPointer<Self>) {
    let bits = min(max(bitWidth(entries.count) - 10, 0), 8)
    group(entries, bits: bits, above: 64 - bits) { entries in
      let finer = min(max(bitWidth(entries.count) - 3, 0), 11)
      group(entries, bits: finer, above: 64 - bits - finer) { few in
        if few.count > 24 {
          var many = few
          many.sort { $0.precedes($1) }
        } else {
          insertionSort(few)
        }
      }
    }
  }

  /// Returns the number of bits of `count`.
  @inlinable
  static func bitWidth(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }

  /// Sorts entries by `bits` bits of ``order`` above the bit `shift`, and passes each group of entries with the same
  /// bits to `body`.
  @inlinable @inline(__always)
  static func group(
    _ entries: UnsafeMutableBufferPointer<Self>, bits: Int, above shift: Int,
    _ body: (UnsafeMutableBufferPointer<Self>) -> Void
  ) {
    guard bits > 0, let base = entries.baseAddress else { return body(entries) }
    let (shift, mask) = (UInt64(shift), UInt64(1) << UInt64(bits) - 1)
    let groups = 1 << bits
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * groups) { memory in
      // For each group, the index of the next entry to fill, and the index after the group's last.
      let next = memory.baseAddress.unsafelyUnwrapped
      let ends = next + groups
      memory.initialize(repeating: 0)
      for entry in entries { ends[Int(entry.order >> shift & mask)] &+= 1 }
      var sum = 0
      for group in 0..<groups {
        next[group] = sum
        sum &+= ends[group]
        ends[group] = sum
      }
      for group in 0..<groups {
        while next[group] < ends[group] {
          // Swap the entry into its own group until an entry of this group comes back.
          var entry = base[next[group]]
          var home = Int(entry.order >> shift & mask)
          while home != group {
            Swift.swap(&entry, &base[next[home]])
            next[home] &+= 1
            home = Int(entry.order >> shift & mask)
          }
          base[next[group]] = entry
          next[group] &+= 1
        }
      }
      var start = 0
      for group in 0..<groups where ends[group] > start {
        body(UnsafeMutableBufferPointer(start: base + start, count: ends[group] - start))
        start = ends[group]
      }
    }
  }

  @inlinable
  static func insertionSort(_ entries: UnsafeMutableBufferPointer<Self>) {
    guard entries.count > 1, let base = entries.baseAddress else { return }
    for index in 1..<entries.count {
      let entry = base[index]
      var gap = index
      while gap > 0, entry.precedes(base[gap - 1]) {
        base[gap] = base[gap - 1]
        gap -= 1
      }
      base[gap] = entry
    }
  }
}
