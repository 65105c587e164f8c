/// Finds a member that stands twice in one packed value.
///
/// An open-addressing table of (generation, hash, position); a new value is a new generation, so
/// nothing is cleared between values. A hit on the hash is decided by the caller, who compares the bytes.
/// The table does not grow with the value for ever: members beyond ``limit`` are looked up, not noted, and
/// the caller walks the value again from the first of them.
///
/// Small values are only sifted: the members go through a sieve of a few bits of hash, and where two meet
/// there, the caller walks the value again, with the table: one in seventy of those with eight members.
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
  /// Members noted at a time. 8 MiB at 2^18; more only for packed values that are larger than that.
  @usableFromInline var limit: Int
  /// Where the first member stands that was not noted; −1: all were.
  @usableFromInline var unnoted = -1
  /// Chosen at random, so that no file can be made to collide.
  @usableFromInline let seed: UInt64
  /// The value at which something of a hash was met last. (What collides here costs a second walk, no more.)
  @usableFromInline let sieve: UnsafeMutablePointer<UInt16>
  @usableFromInline var sifting: UInt16 = 0
  /// Whether this value is small enough to be sifted.
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
  /// Members of the largest value that is sifted.
  @inlinable static var siftedCount: Int { 32 }

  /// A new packed value begins, or another walk of one; with the table.
  @inlinable mutating func begin() {
    isSifting = false
    used = 0
    unnoted = -1
    generation &+= 1
    if generation == 0 { clear() }
  }

  /// A new packed value of `byteCount` bytes begins.
  ///
  /// - Parameter count: How many members it claims to have; `nil`: it does not say.
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

  /// Lets the table take half of the value's size, so that it is walked only a few times more; gives
  /// back what a larger value took.
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

  /// Lets the member `bytes` of a small value through the sieve: ``unnoted`` is 0 then where it was met before.
  ///
  /// - Parameter bytes: At least seven bytes before it may be read, as before every entry of a listpack or
  ///   ziplist.
  @inlinable @inline(__always) mutating func sift(entry bytes: RawSpan) {
    let count = bytes.byteCount
    if count == 0 {
      // At most one is empty: that says the second walk.
      unnoted = 0
      return
    }
    let (first, last) = Self.ends(of: bytes)
    let mixed =
      (first ^ (last &<< 29 | last &>> 35) ^ UInt64(truncatingIfNeeded: count))
      &* 0x9E37_79B9_7F4A_7C15
    let place = sieve + Int(truncatingIfNeeded: mixed &>> UInt64(64 - Self.sieveBits))
    if place.pointee == sifting { unnoted = 0 }
    place.pointee = sifting
  }

  /// The first and the last eight bytes, or all there are, twice. `bytes` are not empty, and at least seven
  /// bytes before them may be read.
  @inlinable @inline(__always) static func ends(of bytes: RawSpan) -> (first: UInt64, last: UInt64) {
    let count = bytes.byteCount
    return bytes.withUnsafeBytes { bytes in
      // Loads that end with the first eight bytes, or the last of fewer, and with the last: what stands
      // before them is shifted out.
      let start = bytes.baseAddress.unsafelyUnwrapped
      let last = start + (count &- 8)
      let first = count < 8 ? last : start
      let shift = UInt64(truncatingIfNeeded: count < 8 ? 64 &- count &<< 3 : 0)
      return (first.loadUnaligned(as: UInt64.self) &>> shift, last.loadUnaligned(as: UInt64.self) &>> shift)
    }
  }

  @usableFromInline mutating func clear() {
    slots.update(repeating: Slot(generation: 0, position: 0, hash: 0), count: mask + 1)
    generation = 1
  }

  /// Notes the member `bytes`, which stands at `position`.
  ///
  /// - Returns: Where a member with the same hash stands already, to be compared; −1: nowhere.
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

  /// Looks up a member that is not noted any more.
  @usableFromInline mutating func find(hash: UInt64, at position: Int) -> Int {
    if unnoted < 0 { unnoted = position }
    var index = Int(truncatingIfNeeded: hash >> 20) & mask
    while slots[index].generation == generation {
      if slots[index].hash == hash { return Int(slots[index].position) }
      index = (index &+ 1) & mask
    }
    return -1
  }

  /// - Returns: Whether there is room for another member.
  @usableFromInline mutating func makeRoom() -> Bool {
    if used >= limit { return false }
    grow()
    return true
  }

  @inlinable @inline(__always) static func hash(_ bytes: RawSpan, _ seed: UInt64) -> UInt64 {
    let count = bytes.byteCount
    if count > 16 { return hashLong(bytes, seed) }
    // Two loads that overlap cover all bytes.
    var first: UInt64 = 0
    var last: UInt64 = 0
    if count >= 8 {
      first = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self)
      last = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 8, as: UInt64.self)
    } else if count >= 4 {
      first = UInt64(bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self))
      last = UInt64(bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 4, as: UInt32.self))
    } else if count > 0 {
      first = UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self))
      last =
        UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: count &>> 1, as: UInt8.self)) &<< 8
        | UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: count &- 1, as: UInt8.self))
    }
    return mix(first ^ seed, last ^ (seed &+ UInt64(truncatingIfNeeded: count)))
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

  /// The halves of the 128-bit product, folded. Neither factor is known outside: both carry the seed.
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
      var place = Int(truncatingIfNeeded: old[index].hash >> 20) & mask
      while slots[place].generation == generation { place = (place + 1) & mask }
      slots[place] = old[index]
    }
    old.deallocate()
  }
}

/// Names that may each stand only once: a stream's groups, a group's consumers.
@usableFromInline
struct NameSet: ~Copyable {
  @usableFromInline struct Place: BitwiseCopyable {
    @usableFromInline let start: Int
    @usableFromInline let count: Int
    init(start: Int, count: Int) { (self.start, self.count) = (start, count) }
  }

  @usableFromInline var bytes: [UInt8] = []
  @usableFromInline var places = CompactArray<Place>()
  private var finder = DuplicateFinder(limit: .max)

  @usableFromInline init() {}

  /// How many names there are.
  @usableFromInline var count: Int { places.count }

  @usableFromInline mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 16)
    places.removeAll()
    finder.begin()
  }

  /// Adds a name, with the next number.
  ///
  /// - Returns: Whether it is new.
  @usableFromInline mutating func append(_ name: RawSpan) -> Bool {
    let earlier = finder.insert(name, at: places.count)
    if earlier >= 0, isEqual(name, earlier) { return false }
    places.append(Place(start: bytes.count, count: name.byteCount))
    name.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return true
  }

  /// Where in ``bytes`` the name of that number stands.
  @inlinable func range(_ number: Int) -> Range<Int> {
    let place = places[number]
    return place.start..<place.start &+ place.count
  }

  private func isEqual(_ name: RawSpan, _ number: Int) -> Bool {
    bytes[range(number)].elementsEqual(name.withUnsafeBytes { $0 })
  }
}
