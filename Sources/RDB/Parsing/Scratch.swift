public import RDBSupport

/// Memory of a parser for what does not stand in the input as it is: decompressed strings, numbers as text.
///
/// One slot for each string that may be in use at the same time. A slot's content is valid until the
/// slot is used again.
@usableFromInline
struct Scratch: ~Copyable {
  @usableFromInline static var slotCount: Int { 4 }
  /// Room for a number's text.
  @usableFromInline static var numberByteCount: Int { 32 }

  /// A row of number areas, then the table of what the type byte means.
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

  /// The area for a number's text.
  @inlinable func number(_ slot: Int) -> UnsafeMutableRawPointer {
    fixed + slot &* Self.numberByteCount
  }

  /// Room for `byteCount` bytes, at least as long as before.
  @usableFromInline func blob(_ slot: Int, byteCount: Int) -> UnsafeMutableRawBufferPointer {
    if blobs[slot].count < byteCount {
      release(slot)
      // A little more than asked, so that slowly growing strings do not allocate each time.
      let capacity = byteCount < 1 << 20 ? max(4096, byteCount * 2) : byteCount + byteCount / 8
      blobs[slot] = .allocate(byteCount: capacity, alignment: 16)
    }
    return UnsafeMutableRawBufferPointer(rebasing: blobs[slot][..<byteCount])
  }

  @usableFromInline func release(_ slot: Int) {
    blobs[slot].deallocate()
    blobs[slot] = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  /// A slot that is larger is given back behind the key.
  @usableFromInline static var largeByteCount: Int { 6 << 20 }

  /// Gives back what very long strings took.
  @usableFromInline func trim() {
    for slot in 0..<Self.slotCount where blobs[slot].count > Self.largeByteCount {
      release(slot)
    }
  }
}

/// A growing row of trivial values that does not double: one stream's pending entries may be millions.
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

  /// Forgets the elements, and gives the memory back if it was much.
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
