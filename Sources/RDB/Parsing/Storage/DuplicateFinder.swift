/// A search for members that occur twice in one packed value.
///
/// The members go into an open-addressing table of (generation, hash, position). Each value gets a new generation,
/// so that the table is not cleared between values. Equal hashes are not yet equal members: the caller compares the
/// bytes. The table holds at most ``limit`` members. Members beyond the limit are looked up but not added, and the
/// caller walks the value again from the first of them.
///
/// Members of a small value are only sifted: a sieve of a few bits per hash shows that no two can be equal. If two
/// members meet in the sieve, the caller walks the value again with the table. By chance this happens to one in seventy
/// values of eight members.
@usableFromInline
struct DuplicateFinder: ~Copyable {
  @usableFromInline struct Slot: BitwiseCopyable {
    @usableFromInline var generation: UInt32
    @usableFromInline var position: UInt32
    @usableFromInline var hash: UInt64

    @inlinable init(generation: UInt32, position: UInt32, hash: UInt64) {
      self.generation = generation
      self.position = position
      self.hash = hash
    }
  }

  @usableFromInline var slots: UnsafeMutablePointer<Slot>
  @usableFromInline var mask: Int
  @usableFromInline var generation: UInt32 = 0
  @usableFromInline var used = 0
  /// The number of members that the table holds at most: 2¹⁸ (8 MiB), more only for very large packed values.
  @usableFromInline var limit: Int
  /// The position of the first member that was not added; −1: all were added.
  @usableFromInline var unnoted = -1
  /// A random number, so that no file can be prepared whose members collide.
  @usableFromInline let seed: UInt64
  /// For each value of a hash of ``sieveBits`` bits, the number of the packed value that last had it.
  ///
  /// A collision costs a second walk, nothing else.
  @usableFromInline let sieve: UnsafeMutablePointer<UInt16>
  /// The number of the packed value being sifted.
  @usableFromInline var sifting: UInt16 = 0
  /// Whether the packed value is small enough to be sifted.
  @usableFromInline var isSifting = false

  @usableFromInline init(limit: Int = 1 << 18) {
    self.limit = limit
    mask = 255
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(generation: 0, position: 0, hash: 0), count: mask + 1)
    seed = UInt64.random(in: .min ... .max) | 1
    sieve = .allocate(capacity: 1 << Self.sieveBits)
    sieve.initialize(repeating: 0, count: 1 << Self.sieveBits)
  }

  @inlinable deinit {
    slots.deallocate()
    sieve.deallocate()
  }

  @inlinable static var sieveBits: Int { 11 }
  /// The number of members of the largest value that is sifted.
  @inlinable static var siftedCount: Int { 32 }

  /// Begins a packed value, or another walk of one, with the table.
  @inlinable mutating func begin() {
    isSifting = false
    used = 0
    unnoted = -1
    generation &+= 1
    if generation == 0 { clear() }
  }

  /// Begins a packed value of `byteCount` bytes.
  ///
  /// - Parameter count: The number of members that its header claims; `nil` if the header does not say.
  @inlinable mutating func begin(byteCount: Int, count: UInt64?) {
    if let count, count <= UInt64(Self.siftedCount) {
      isSifting = true
      unnoted = -1
      sifting &+= 1
      if sifting == 0 { clearSieve() }
      return
    }
    if byteCount > Self.largeByteCount || mask > Self.ordinaryMask { resize(byteCount: byteCount) }
    begin()
  }

  @usableFromInline static var largeByteCount: Int { 16 << 20 }
  @usableFromInline static var ordinaryMask: Int { (1 << 19) - 1 }

  /// Sets the limit for a value of `byteCount` bytes, and frees memory that only a larger value needed.
  ///
  /// The table may take half of the value's size, so that few walks are needed.
  @usableFromInline mutating func resize(byteCount: Int) {
    limit = 1 << 18
    while limit < byteCount / 128 { limit *= 2 }
    guard mask > Self.ordinaryMask, mask > limit * 2 - 1 else { return }
    slots.deallocate()
    mask = 255
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(generation: 0, position: 0, hash: 0), count: mask + 1)
    generation = 0
  }

  @usableFromInline mutating func clearSieve() {
    sieve.update(repeating: 0, count: 1 << Self.sieveBits)
    sifting = 1
  }

  /// Sifts a member of a small value: sets ``unnoted`` to 0 if it may have occurred before.
  @inlinable @inline(__always) mutating func sift(_ bytes: RawSpan) {
    // The second walk finds out whether it is the only empty member.
    if !openSieve.admits(bytes) { unnoted = 0 }
  }

  /// The sieve for the packed value being sifted.
  @inlinable @inline(__always) var openSieve: Sieve { Sieve(marks: sieve, number: sifting) }

  /// The sieve for one packed value.
  @usableFromInline struct Sieve {
    @usableFromInline let marks: UnsafeMutablePointer<UInt16>
    @usableFromInline let number: UInt16

    @inlinable @inline(__always) init(marks: UnsafeMutablePointer<UInt16>, number: UInt16) {
      self.marks = marks
      self.number = number
    }

    /// Marks a member, and returns whether it certainly has not occurred before; never so for an empty member.
    @inlinable @inline(__always) func admits(_ bytes: RawSpan) -> Bool {
      let count = bytes.byteCount
      if count == 0 { return false }
      let (first, last) = DuplicateFinder.ends(of: bytes)
      if count >= 8 { return admits(Self.mixed(first, last)) }
      // All bytes as one number. Where the two halves overlap, they are equal.
      if count >= 4 { return admits(first | last &<< UInt64(truncatingIfNeeded: (count &- 4) &<< 3)) }
      let (middle, end) = (count &>> 1, count &- 1)
      return admits(
        first | (last &>> 8) &<< UInt64(truncatingIfNeeded: middle &<< 3)
          | (last & 0xFF) &<< UInt64(truncatingIfNeeded: end &<< 3))
    }

    /// Does the same for the `count` bytes before `end`, which must be at least one.
    ///
    /// - Parameter end: The end of the member, before which at least eight bytes are readable.
    @inline(__always) func admits(textBefore end: UnsafeRawPointer, byteCount count: Int) -> Bool {
      let last = UInt64(littleEndian: (end - 8).loadUnaligned(as: UInt64.self))
      if count >= 8 {
        return admits(Self.mixed(UInt64(littleEndian: (end - count).loadUnaligned(as: UInt64.self)), last))
      }
      return admits(last &>> UInt64(truncatingIfNeeded: (0 &- count) &<< 3))
    }

    @inlinable @inline(__always) static func mixed(_ first: UInt64, _ last: UInt64) -> UInt64 {
      first ^ (last &<< 29 | last &>> 35)
    }

    /// Marks a member by a number, which follows from its bytes.
    @inlinable @inline(__always) func admits(_ member: UInt64) -> Bool {
      let index = Int(truncatingIfNeeded: (member &* 0x9E37_79B9_7F4A_7C15) &>> UInt64(64 - DuplicateFinder.sieveBits))
      let isNew = marks[index] != number
      marks[index] = number
      return isNew
    }
  }

  /// Returns the first and the last eight bytes of `bytes`, or all of its bytes if it has fewer, mixed.
  ///
  /// - Parameter bytes: Not empty.
  @inlinable @inline(__always) static func ends(of bytes: RawSpan) -> (first: UInt64, last: UInt64) {
    let count = bytes.byteCount
    if count >= 8 {
      return (
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self)),
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 8, as: UInt64.self))
      )
    }
    if count >= 4 {
      return (
        UInt64(UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self))),
        UInt64(UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 4, as: UInt32.self)))
      )
    }
    return (
      UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)),
      UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: count &>> 1, as: UInt8.self)) &<< 8
        | UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: count &- 1, as: UInt8.self))
    )
  }

  /// Notes that the member at `position` was not added, because it has the hash of another one.
  @usableFromInline mutating func noteCollision(at position: Int) {
    if unnoted < 0 { unnoted = position }
  }

  @usableFromInline mutating func clear() {
    slots.update(repeating: Slot(generation: 0, position: 0, hash: 0), count: mask + 1)
    generation = 1
  }

  /// Adds the member `bytes`, found at `position`.
  ///
  /// - Returns: The position of an earlier member with the same hash; −1 if there is none.
  @inlinable @inline(__always) mutating func insert(_ bytes: RawSpan, at position: Int) -> Int {
    insert(hash: Self.hash(bytes, seed), at: position)
  }

  @inlinable @inline(__always) mutating func insert(hash: UInt64, at position: Int) -> Int {
    if used &* 2 > mask, !makeRoom() { return find(hash: hash, at: position) }
    used &+= 1
    var index = Int(truncatingIfNeeded: hash >> 20) & mask
    while slots[index].generation == generation {
      if slots[index].hash == hash { return Int(slots[index].position) }
      index = (index &+ 1) & mask
    }
    slots[index] = Slot(
      generation: generation, position: UInt32(truncatingIfNeeded: position), hash: hash)
    return -1
  }

  /// Looks up a member beyond the limit without adding it.
  @usableFromInline mutating func find(hash: UInt64, at position: Int) -> Int {
    if unnoted < 0 { unnoted = position }
    var index = Int(truncatingIfNeeded: hash >> 20) & mask
    while slots[index].generation == generation {
      if slots[index].hash == hash { return Int(slots[index].position) }
      index = (index &+ 1) & mask
    }
    return -1
  }

  /// Grows the table if it may grow.
  ///
  /// - Returns: Whether there is room for another member.
  @usableFromInline mutating func makeRoom() -> Bool {
    if used >= limit { return false }
    grow()
    return true
  }

  @inlinable @inline(__always) static func hash(_ bytes: RawSpan, _ seed: UInt64) -> UInt64 {
    let count = bytes.byteCount
    if count > 16 { return hashLong(bytes, seed) }
    let (first, last) = count > 0 ? ends(of: bytes) : (0, 0)
    // Without the factor, texts of different sizes could meet: 2 ^ (seed + 3) is often 1 ^ (seed + 2).
    return mix(first ^ seed, last ^ (seed &+ UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15))
  }

  @usableFromInline static func hashLong(_ bytes: RawSpan, _ seed: UInt64) -> UInt64 {
    let count = bytes.byteCount
    var state = seed ^ UInt64(count)
    var index = 0
    while index < count &- 16 {
      state = mix(
        state ^ bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self),
        seed ^ bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &+ 8, as: UInt64.self))
      index &+= 16
    }
    return mix(
      state ^ bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 16, as: UInt64.self),
      seed ^ bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 8, as: UInt64.self))
  }

  /// Returns the exclusive or of the halves of a 128-bit product, whose factors both depend on the seed.
  @inlinable @inline(__always) static func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
    let product = (one ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: other ^ 0xD1B5_4A32_D192_ED03)
    return product.high ^ product.low
  }

  @usableFromInline mutating func grow() {
    let old = slots
    let oldMask = mask
    mask = mask * 2 + 1
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(generation: 0, position: 0, hash: 0), count: mask + 1)
    for index in 0...oldMask where old[index].generation == generation {
      var target = Int(truncatingIfNeeded: old[index].hash >> 20) & mask
      while slots[target].generation == generation { target = (target + 1) & mask }
      slots[target] = old[index]
    }
    old.deallocate()
  }
}
