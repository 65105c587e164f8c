/// Finds a member that stands twice in one packed value.
///
/// An open-addressing table of (generation, hash, position); a new value is a new generation, so
/// nothing is cleared between values. A hit on the hash is decided by the caller, who compares the bytes.
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
  /// Chosen at random, so that no file can be made to collide.
  @usableFromInline let seed: UInt64

  @usableFromInline init() {
    mask = 255
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(generation: 0, position: 0, hash: 0), count: mask + 1)
    seed = UInt64.random(in: .min ... .max) | 1
  }

  @inlinable deinit { slots.deallocate() }

  /// A new packed value begins.
  @inlinable mutating func begin() {
    used = 0
    generation &+= 1
    if generation == 0 { clear() }
  }

  @usableFromInline mutating func clear() {
    slots.update(repeating: Slot(generation: 0, position: 0, hash: 0), count: mask + 1)
    generation = 1
  }

  /// Notes the member `bytes`, which stands at `position`.
  ///
  /// - Returns: Where a member with the same hash stands already, to be compared; −1: nowhere.
  @inlinable mutating func insert(_ bytes: RawSpan, at position: Int) -> Int {
    insert(hash: hash(bytes), at: position)
  }

  @inlinable mutating func insert(hash: UInt64, at position: Int) -> Int {
    if used &* 2 > mask { grow() }
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

  @inlinable func hash(_ bytes: RawSpan) -> UInt64 {
    let count = bytes.byteCount
    var state = seed ^ UInt64(count)
    var index = 0
    while count &- index >= 8 {
      state = mix(state ^ bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
      index &+= 8
    }
    var tail: UInt64 = 0
    while index < count {
      tail = tail << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))
      index &+= 1
    }
    return mix(state ^ tail)
  }

  @inlinable func mix(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low &+ seed
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
