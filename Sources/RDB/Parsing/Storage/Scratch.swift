public import RDBSupport

/// A parser's memory for strings that the input holds in another form: compressed, or as a number.
///
/// There is a slot for each string that may be in use at the same time. Its content is valid until the next use of
/// the slot.
@usableFromInline
struct Scratch: ~Copyable {
  @usableFromInline static var slotCount: Int { 4 }
  /// The room for a number's text, in bytes.
  @usableFromInline static var numberByteCount: Int { 32 }

  /// The areas for numbers' texts, one per slot.
  @usableFromInline let fixed: UnsafeMutableRawPointer
  @usableFromInline var blobs: UnsafeMutablePointer<UnsafeMutableRawBufferPointer>

  @usableFromInline init() {
    fixed = .allocate(byteCount: Self.slotCount * Self.numberByteCount, alignment: 32)
    blobs = .allocate(capacity: Self.slotCount)
    blobs.initialize(
      repeating: UnsafeMutableRawBufferPointer(start: nil, count: 0), count: Self.slotCount)
  }

  @inlinable deinit {
    for slot in 0..<Self.slotCount { release(slot) }
    blobs.deallocate()
    fixed.deallocate()
  }

  /// Returns a slot's area for a number's text.
  @inlinable func number(_ slot: Int) -> UnsafeMutableRawPointer {
    fixed + slot &* Self.numberByteCount
  }

  /// Returns a slot's memory for `byteCount` bytes.
  @usableFromInline func blob(_ slot: Int, byteCount: Int) -> UnsafeMutableRawBufferPointer {
    if blobs[slot].count < byteCount {
      release(slot)
      // More than needed, so that strings that grow slowly do not allocate each time.
      let capacity = byteCount < 1 << 20 ? max(4096, byteCount * 2) : byteCount + byteCount / 8
      blobs[slot] = .allocate(byteCount: capacity, alignment: 16)
    }
    return UnsafeMutableRawBufferPointer(rebasing: blobs[slot][..<byteCount])
  }

  @usableFromInline func release(_ slot: Int) {
    blobs[slot].deallocate()
    blobs[slot] = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  /// The size of a slot, in bytes, above which it is freed after the key.
  @usableFromInline static var largeByteCount: Int { 6 << 20 }

  /// Frees large slots.
  @usableFromInline func trim() {
    for slot in 0..<Self.slotCount where blobs[slot].count > Self.largeByteCount {
      release(slot)
    }
  }
}

/// A growable array of trivial values that grows by an eighth: a stream may have millions of pending entries.
@usableFromInline
struct CompactArray<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var base: UnsafeMutablePointer<Element>?
  @usableFromInline var count = 0
  @usableFromInline var capacity = 0

  @usableFromInline init() {}

  @inlinable deinit { free(base) }

  @usableFromInline mutating func append(_ element: Element) {
    if count == capacity {
      capacity = capacity + capacity / 8 + 64
      let moved = realloc(base, capacity * MemoryLayout<Element>.stride)
      precondition(moved != nil, "out of memory")
      base = moved!.assumingMemoryBound(to: Element.self)
    }
    base![count] = element
    count += 1
  }

  /// Removes all elements, and frees the memory if it is more than 1 MiB.
  @usableFromInline mutating func removeAll() {
    count = 0
    if capacity * MemoryLayout<Element>.stride > 1 << 20 {
      free(base)
      base = nil
      capacity = 0
    }
  }

  @inlinable subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return base![index]
    }
    set {
      precondition(index >= 0 && index < count)
      base![index] = newValue
    }
  }
}
