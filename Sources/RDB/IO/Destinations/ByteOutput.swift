public import RDBFormat
public import RDBSupport

/// A buffer that collects output bytes for a destination.
///
/// Short pieces are copied into the buffer, which is written when it is full. A long string is written at
/// once, together with the buffer's bytes and without being copied. Call ``flush()`` after the last
/// piece: the buffer's bytes are lost otherwise.
public struct ByteOutput: ~Copyable {
  /// The length, in bytes, from which a string is written without being copied.
  ///
  /// Measured: copying is faster below 4 KiB on files and pipes, `writev` above it.
  @inlinable package static var directThreshold: Int { 4096 }

  @usableFromInline var base: UnsafeMutableRawPointer
  /// The number of bytes from which the buffer is written; at most `allocated`.
  @usableFromInline var capacity: Int
  private let initialCapacity: Int
  private var allocated: Int
  @usableFromInline var count = 0
  @usableFromInline var flushedByteCount: UInt64 = 0
  @usableFromInline let destination: any ByteDestination
  /// The index of the open gap's first byte in the buffer, or −1. See ``openGap(byteCount:)``.
  @usableFromInline var gapStart = -1
  @usableFromInline var gapByteCount = 0

  /// Creates an empty output.
  ///
  /// - Parameters:
  ///   - destination: The destination of full buffers.
  ///   - capacity: The size of the buffer, in bytes; at least 64 KiB.
  public init(to destination: any ByteDestination, capacity: Int = 512 << 10) {
    self.destination = destination
    initialCapacity = max(capacity, 64 << 10)
    allocated = initialCapacity
    self.capacity = initialCapacity
    base = malloc(allocated)
  }

  @inlinable deinit { free(base) }

  /// The number of bytes appended so far.
  @inlinable package var byteCount: UInt64 { flushedByteCount + UInt64(count) }

  /// Makes room for `byteCount` bytes, which the `unchecked` calls require.
  ///
  /// - Parameter byteCount: At most 64 KiB; or, in a larger buffer, as much as the buffer holds together with
  ///   the bytes from an open gap on.
  @inlinable package mutating func reserve(_ byteCount: Int) throws(RDBError) {
    if capacity &- count < byteCount { try makeRoom(byteCount) }
  }

  @usableFromInline mutating func makeRoom(_ byteCount: Int) throws(RDBError) {
    while growIfBusy() {
      if capacity &- count >= byteCount { return }
    }
    try flush()
    precondition(capacity - count >= byteCount, "more than the buffer holds after an open gap")
  }

  /// The largest size of the buffer while the destination is busy, in bytes.
  private static var busyCapacity: Int { 6 << 20 }

  /// The length, in bytes, up to which a string is copied if the destination is busy.
  private static var busyDirectThreshold: Int { 256 << 10 }

  /// Enlarges the buffer instead of writing it if the destination is busy.
  ///
  /// - Returns: Whether the buffer has more room.
  private mutating func growIfBusy() -> Bool {
    guard capacity < Self.busyCapacity, destination.isBusy else { return false }
    capacity = min(capacity * 2, Self.busyCapacity)
    if capacity > allocated {
      let moved = realloc(base, capacity)
      precondition(moved != nil, "out of memory")
      base = moved!
      allocated = capacity
    }
    return true
  }

  /// The bytes appended since ``byteCount`` was `start`, as far as they are not written.
  @_lifetime(borrow self)
  @inlinable package func bytes(since start: UInt64) -> RawSpan {
    let first = min(Int(clamping: start - min(start, flushedByteCount)), count)
    return _overrideLifetime(RawSpan(_unsafeStart: base + first, byteCount: count - first), borrowing: self)
  }

  /// Moves the bytes that are not written yet to another output.
  package mutating func moveBuffered(to other: inout ByteOutput) throws(RDBError) {
    try other.append(bytes(since: flushedByteCount))
    count = 0
  }

  /// Forgets the bytes that are not written yet.
  package mutating func discardBuffered() { count = 0 }

  // MARK: Gaps

  /// Leaves a gap of `byteCount` bytes, to be filled when the bytes after it are known.
  ///
  /// Until ``closeGap(byteCount:)`` nothing from the gap on is written. All bytes after the gap must be
  /// copied (strings below ``directThreshold``, or ``appendCopied(_:)``) and fit into the buffer together with
  /// 64 KiB. Only one gap can be open.
  ///
  /// - Parameter byteCount: The expected size. Another size costs moving the bytes after the gap.
  @inlinable package mutating func openGap(byteCount: Int) throws(RDBError) {
    precondition(gapStart < 0)
    try reserve(byteCount)
    gapStart = count
    gapByteCount = byteCount
    count &+= byteCount
  }

  /// Gives the open gap its final size.
  ///
  /// - Returns: The gap's first byte. The caller writes all bytes of the gap before any other call.
  @inlinable package mutating func closeGap(byteCount: Int) throws(RDBError) -> UnsafeMutableRawPointer {
    precondition(gapStart >= 0)
    if byteCount != gapByteCount { try moveGapEnd(byteCount) }
    let gap = base + gapStart
    gapStart = -1
    return gap
  }

  @usableFromInline mutating func moveGapEnd(_ byteCount: Int) throws(RDBError) {
    if byteCount > gapByteCount { try reserve(byteCount - gapByteCount) }
    let end = gapStart + gapByteCount
    (base + gapStart + byteCount).copyMemory(from: base + end, byteCount: count - end)
    count += byteCount - gapByteCount
  }

  /// Whether a gap is open.
  @inlinable package var hasOpenGap: Bool { gapStart >= 0 }

  /// The number of bytes after the open gap; 0 if none is open.
  @inlinable package var byteCountAfterGap: Int {
    gapStart < 0 ? 0 : count &- gapStart &- gapByteCount
  }

  /// Appends bytes of any length by copying them. They must fit into the buffer.
  @inlinable package mutating func appendCopied(_ bytes: RawSpan) throws(RDBError) {
    try reserve(bytes.byteCount)
    appendUnchecked(bytes)
  }

  /// Appends one byte. Room must have been reserved.
  @inlinable package mutating func appendUnchecked(_ byte: UInt8) {
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Appends bytes. Room must have been reserved.
  @inlinable package mutating func appendUnchecked(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress {
        (base + count).copyMemory(from: start, byteCount: source.count)
      }
    }
    count += bytes.byteCount
  }

  /// Appends a literal. Room must have been reserved.
  @inlinable @inline(__always) package mutating func appendUnchecked(_ text: StaticString) {
    (base + count).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    count += text.utf8CodeUnitCount
  }

  /// The unused end of the buffer, valid until the next call. Call ``advance(by:)`` after writing into it.
  @inlinable package var spare: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + count, count: capacity - count)
  }

  /// Appends the first `byteCount` bytes of ``spare``, which the caller has written.
  @inlinable package mutating func advance(by byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= capacity - count)
    count += byteCount
  }

  /// Appends the first `byteCount` bytes of ``spare`` without checking that they are within the buffer.
  @inlinable @inline(__always) package mutating func advance(uncheckedBy byteCount: Int) {
    assert(byteCount >= 0 && byteCount <= capacity - count)
    count &+= byteCount
  }

  /// Appends one byte.
  @inlinable @inline(__always) public mutating func append(_ byte: UInt8) throws(RDBError) {
    if count == capacity { try makeRoom(1) }
    appendUnchecked(byte)
  }

  /// Appends a literal of at most 64 KiB.
  @inlinable @inline(__always) package mutating func append(_ text: StaticString) throws(RDBError) {
    try reserve(text.utf8CodeUnitCount)
    appendUnchecked(text)
  }

  /// Appends bytes of any length.
  ///
  /// - Throws: ``RDBError`` (`io` or `outputClosed`, or the destination's own error).
  @inlinable public mutating func append(_ bytes: RawSpan) throws(RDBError) {
    if bytes.byteCount < ByteOutput.directThreshold {
      try reserve(bytes.byteCount)
      appendUnchecked(bytes)
    } else {
      try appendLarge(bytes)
    }
  }

  /// Appends a string made at run time, as UTF-8.
  public mutating func append(text: String) throws(RDBError) {
    let bytes = Array(text.utf8)
    try append(bytes.span.bytes)
  }

  /// Writes the buffer's bytes to the destination.
  ///
  /// An open gap and the bytes after it stay in the buffer.
  public mutating func flush() throws(RDBError) {
    guard gapStart >= 0 else {
      return try write(followedBy: RawSpan())
    }
    let start = gapStart
    let kept = count - start
    count = start
    try write(followedBy: RawSpan())
    base.copyMemory(from: base + start, byteCount: kept)
    gapStart = 0
    count = kept
  }

  @usableFromInline
  mutating func appendLarge(_ bytes: RawSpan) throws(RDBError) {
    precondition(gapStart < 0, "a long string after an open gap")
    if bytes.byteCount <= Self.busyDirectThreshold, destination.isBusy {
      // A copy costs less than waiting.
      return try appendCopied(bytes)
    }
    try write(followedBy: bytes)
  }

  /// Writes the buffer's bytes and then `large`.
  private mutating func write(followedBy large: RawSpan) throws(RDBError) {
    let held = count
    count = 0
    capacity = initialCapacity
    guard held + large.byteCount > 0 else { return }
    let offset = flushedByteCount
    flushedByteCount += UInt64(held + large.byteCount)
    do {
      try destination.write(RawSpan(_unsafeStart: base, byteCount: held), followedBy: large)
    } catch {
      throw RDBError.transfer("write", error, at: Int(clamping: offset))
    }
  }
}
