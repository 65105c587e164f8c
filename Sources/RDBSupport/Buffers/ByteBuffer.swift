/// A growable buffer of raw bytes that is reused: filled, borrowed, and filled again without a new allocation.
@usableFromInline package struct ByteBuffer: ~Copyable {
  @usableFromInline package internal(set) var base: UnsafeMutableRawPointer
  @usableFromInline package internal(set) var capacity: Int
  /// The number of bytes in use.
  @usableFromInline package internal(set) var count = 0

  package init(capacity: Int = 4096) {
    self.capacity = max(capacity, 64)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  /// Reserves memory for `byteCount` more bytes.
  @inlinable package mutating func reserve(_ byteCount: Int) {
    if capacity &- count < byteCount { grow(byteCount) }
  }

  @inline(never) @usableFromInline
  mutating func grow(_ byteCount: Int) {
    let wanted = max(capacity * 2, count + byteCount)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
    larger.copyMemory(from: base, byteCount: count)
    base.deallocate()
    (base, capacity) = (larger, wanted)
  }

  /// Removes the bytes, and keeps the memory.
  @inlinable package mutating func removeAll() { count = 0 }

  /// Removes the first bytes, and moves the others to the start of the memory.
  package mutating func removeFirst(_ byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= count)
    memmove(base, base + byteCount, count &- byteCount)
    count &-= byteCount
  }

  /// The memory after the bytes in use.
  @inlinable package var end: UnsafeMutableRawPointer { base + count }

  /// Counts `byteCount` bytes, written at ``end`` into reserved memory, as in use.
  @inlinable package mutating func advance(by byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= capacity &- count)
    count &+= byteCount
  }

  @inlinable package mutating func append(_ byte: UInt8) {
    reserve(1)
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count &+= 1
  }

  @inlinable package mutating func append(_ bytes: RawSpan) {
    reserve(bytes.byteCount)
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { end.copyMemory(from: start, byteCount: source.count) }
    }
    count &+= bytes.byteCount
  }

  package mutating func append(_ text: StaticString) {
    reserve(text.utf8CodeUnitCount)
    end.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    count &+= text.utf8CodeUnitCount
  }

  /// Appends an integer in little-endian byte order.
  @inlinable package mutating func append<T: FixedWidthInteger & BitwiseCopyable>(littleEndian value: T) {
    reserve(MemoryLayout<T>.size)
    end.storeBytes(of: value.littleEndian, as: T.self)
    count &+= MemoryLayout<T>.size
  }

  /// The bytes in use.
  @inlinable package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      _overrideLifetime(RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count), borrowing: self)
    }
  }
}
