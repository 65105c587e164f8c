import RDB
import RDBFormat

/// One key of an index: the hash of its name, its database, and where its record begins.
///
/// Sorted by these three. In a file 14 bytes: hash (6), database (2) and offset (6), little-endian.
package struct IndexEntry: SortedEntry, Hashable {
  package static let byteCount = 14
  /// Larger database numbers are all noted as this one.
  static let lastDatabase: UInt64 = 0xFFFF
  /// What an offset must be below: 256 TiB.
  package static let offsetLimit: UInt64 = 1 << 48

  /// The hash in the upper 48 bits, the database below.
  package let order: UInt64
  package let offset: UInt64

  package init(order: UInt64, offset: UInt64) { (self.order, self.offset) = (order, offset) }

  @inline(__always)
  init(_ name: RawSpan, database: UInt64, offset: UInt64) {
    order = Self.hash(name) << 16 | min(database, Self.lastDatabase)
    self.offset = offset
  }

  /// 48 bits.
  @inline(__always)
  static func hash(_ name: RawSpan) -> UInt64 { NameHash.hash(name, seed: 0) >> 16 }

  var hash: UInt64 { order >> 16 }
  var database: UInt64 { order & Self.lastDatabase }

  @inline(__always)
  package func precedes(_ other: IndexEntry) -> Bool {
    order != other.order ? order < other.order : offset < other.offset
  }

  /// - Parameter bytes: 14 of them.
  package init(_ bytes: UnsafeRawPointer) {
    let high = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    let low = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt64.self))
    order = high << 16 | low & 0xFFFF
    offset = low >> 16
  }

  /// - Parameter target: Room for 14 bytes.
  @inline(__always)
  package func write(to target: UnsafeMutableRawPointer) {
    target.storeBytes(of: (order >> 16 | order << 48).littleEndian, as: UInt64.self)
    target.storeBytes(of: (offset << 16 | order & 0xFFFF).littleEndian, toByteOffset: 6, as: UInt64.self)
  }
}

extension IndexEntry {
  /// Sorts entries in place: in linear time where hashes are spread evenly, else no slower than any sort.
  ///
  /// Two passes, each by a part of the hash: the first into groups that fit into the cache (and not
  /// so many that their pages do not fit into the TLB), the second, in each group, into groups of a few.
  package static func sort(_ entries: UnsafeMutableBufferPointer<IndexEntry>) {
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

  /// How many bits numbers up to `count` have.
  private static func bitWidth(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }

  /// Brings entries in the order of `bits` bits of ``order``, and hands out each group of equal ones.
  @inline(__always)
  private static func group(
    _ entries: UnsafeMutableBufferPointer<IndexEntry>, bits: Int, above shift: Int,
    _ body: (UnsafeMutableBufferPointer<IndexEntry>) -> Void
  ) {
    guard bits > 0, let base = entries.baseAddress else { return body(entries) }
    let (shift, mask) = (UInt64(shift), UInt64(1) << UInt64(bits) - 1)
    let groups = 1 << bits
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * groups) { memory in
      // Where each group's next entry goes, and where the group ends.
      let next = memory.baseAddress.unsafelyUnwrapped
      let ends = next + groups
      memory.initialize(repeating: 0)
      for entry in entries { ends[Int(entry.order >> shift & mask)] &+= 1 }
      var sum = 0
      for number in 0..<groups {
        next[number] = sum
        sum &+= ends[number]
        ends[number] = sum
      }
      for number in 0..<groups {
        while next[number] < ends[number] {
          // Each entry is put where it belongs, and takes the place of the next one to be put.
          var entry = base[next[number]]
          var home = Int(entry.order >> shift & mask)
          while home != number {
            Swift.swap(&entry, &base[next[home]])
            next[home] &+= 1
            home = Int(entry.order >> shift & mask)
          }
          base[next[number]] = entry
          next[number] &+= 1
        }
      }
      var start = 0
      for number in 0..<groups where ends[number] > start {
        body(UnsafeMutableBufferPointer(start: base + start, count: ends[number] - start))
        start = ends[number]
      }
    }
  }

  private static func insertionSort(_ entries: UnsafeMutableBufferPointer<IndexEntry>) {
    guard entries.count > 1, let base = entries.baseAddress else { return }
    for place in 1..<entries.count {
      let entry = base[place]
      var gap = place
      while gap > 0, entry.precedes(base[gap - 1]) {
        base[gap] = base[gap - 1]
        gap -= 1
      }
      base[gap] = entry
    }
  }
}
