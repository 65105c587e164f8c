public import RDBFormat
public import RDBSupport

/// A reusable buffer between a source and a parser.
///
/// The window offers all unconsumed bytes as one span and is refilled between events, never per byte. It grows
/// only as bytes arrive, to hold the longest single string. The checksum covers the consumed bytes.
@usableFromInline
struct Window: ~Copyable {
  @usableFromInline var base: UnsafeMutableRawPointer
  private var capacity: Int
  private let initialCapacity: Int
  private var start = 0
  private var end = 0
  /// The file offset of the first unconsumed byte.
  @usableFromInline private(set) var offset: Int
  @usableFromInline private(set) var reachedEnd = false
  /// A deferred read error, thrown once the buffered bytes are consumed.
  private var failure: RDBError?
  /// The CRC-64 of all consumed bytes, if ``computesChecksum``.
  var checksum = CRC64()
  var computesChecksum: Bool

  init(capacity: Int, offset: Int = 0, computesChecksum: Bool) {
    initialCapacity = capacity
    self.capacity = capacity
    base = malloc(capacity)
    self.offset = offset
    self.computesChecksum = computesChecksum
  }

  @inlinable deinit { free(base) }

  /// The number of unconsumed bytes.
  var count: Int { end - start }

  /// The unconsumed bytes.
  @usableFromInline var bytes: RawSpan {
    @_lifetime(borrow self) borrowing get {
      let span = RawSpan(_unsafeStart: base + start, byteCount: end - start)
      return _overrideLifetime(span, borrowing: self)
    }
  }

  /// The file offset after the last unconsumed byte.
  @usableFromInline var endOffset: Int { offset + count }

  /// The number of bytes that `source` has after the window's last byte; `nil` if its size is not known.
  func left(of source: any ByteSource) -> UInt64? {
    source.totalByteCount.map { $0 - min($0, UInt64(endOffset)) }
  }

  /// Consumes `byteCount` bytes.
  @usableFromInline mutating func consume(_ byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= count)
    if computesChecksum {
      checksum.update(UnsafeRawBufferPointer(start: base + start, count: byteCount))
    }
    start += byteCount
    offset += byteCount
  }

  /// Reads until `missing` more bytes are in the window, or the source ends or throws.
  ///
  /// - Returns: Whether any bytes were read.
  /// - Throws: The source's error. If bytes were read before it, the next call throws it.
  @usableFromInline mutating func fill(from source: any ByteSource, missing: UInt64) throws(RDBError) -> Bool {
    if reachedEnd { return false }
    if let failure { throw failure }
    slide()
    if missing > UInt64(initialCapacity), let left = left(of: source), missing > left, source.canSeek {
      // The file is shorter than the length that it claims.
      return false
    }
    let wanted = Int(clamping: min(missing, 1 << 40))
    var got = 0
    while got < max(wanted, 1) {
      if end == capacity { grow(toward: wanted - got) }
      // Small reads keep the window in the cache; a long string is read in one call.
      let room = min(capacity - end, max(initialCapacity, wanted - got))
      let piece = UnsafeMutableRawBufferPointer(start: base + end, count: room)
      let byteCount: Int
      do {
        byteCount = try source.read(into: piece)
      } catch {
        let error = RDBError.transfer("read", error, at: endOffset)
        failure = error
        if got > 0 { return true }
        throw error
      }
      if byteCount == 0 {
        reachedEnd = true
        break
      }
      end += byteCount
      got += byteCount
    }
    return got > 0
  }

  /// Appends a copy of `chunk`.
  @usableFromInline mutating func append(_ chunk: RawSpan) {
    slide()
    while capacity - end < chunk.byteCount { grow(toward: chunk.byteCount) }
    chunk.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { (base + end).copyMemory(from: source, byteCount: bytes.count) }
    }
    end += chunk.byteCount
  }

  /// Moves the unconsumed bytes to the start of the buffer, and frees the memory of a long string.
  private mutating func slide() {
    guard start > 0 else { return }
    memmove(base, base + start, end - start)
    end -= start
    start = 0
    if capacity > 8 << 20, end < initialCapacity {
      resize(to: initialCapacity)
    }
  }

  private mutating func resize(to newCapacity: Int) {
    let moved = realloc(base, newCapacity)
    precondition(moved != nil, "out of memory")
    base = moved!
    capacity = newCapacity
  }

  private mutating func grow(toward missing: Int) {
    // The size doubles at most, so that a false length costs no more than the bytes that arrived.
    let wanted = max(capacity + min(max(missing, capacity / 4), capacity), capacity + 4096)
    resize(to: wanted)
  }

  /// Moves the first `byteCount` bytes, which are whole keys, into `batch`.
  mutating func take(_ byteCount: Int, into batch: inout BatchBuffer) {
    precondition(byteCount <= count)
    slide()
    batch.offset = offset
    swap(&base, &batch.base)
    swap(&capacity, &batch.capacity)
    batch.count = byteCount
    let rest = end - byteCount
    if capacity < max(rest, initialCapacity) {
      resize(to: max(rest, initialCapacity))
    }
    memcpy(base, batch.base + byteCount, rest)
    end = rest
    offset += byteCount
  }

  /// Whether another reader can continue with this window: neither the end nor an error follows its last byte.
  var canBeHandedOver: Bool { !reachedEnd && failure == nil }

  /// Empties the window. The next byte of the source is at `offset` of the file.
  mutating func restart(at offset: Int) {
    start = 0
    end = 0
    self.offset = offset
    reachedEnd = false
    failure = nil
    checksum = CRC64()
  }
}

/// A worker's buffer of whole keys.
@usableFromInline
struct BatchBuffer: ~Copyable {
  @usableFromInline fileprivate(set) var base: UnsafeMutableRawPointer
  fileprivate(set) var capacity: Int
  fileprivate(set) var count = 0
  /// The file offset of the first byte.
  @usableFromInline fileprivate(set) var offset = 0

  @usableFromInline init(capacity: Int) {
    self.capacity = capacity
    base = malloc(capacity)
  }

  @inlinable deinit { free(base) }

  @usableFromInline var bytes: RawSpan {
    @_lifetime(borrow self) borrowing get {
      let span = RawSpan(_unsafeStart: base, byteCount: count)
      return _overrideLifetime(span, borrowing: self)
    }
  }
}
