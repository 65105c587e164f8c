public import RDBFormat
public import RDBSupport

/// One reusable buffer between a source and a parser.
///
/// Hands out all unconsumed bytes as one span; refilled between events, never per byte. It grows only
/// as bytes really arrive, to hold the longest single string. The checksum covers what was consumed.
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
  /// What the source threw behind the last byte there is: its turn comes when more is asked for.
  private var failure: RDBError?
  /// Over all consumed bytes, if wanted.
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

  /// How many unconsumed bytes there are.
  var count: Int { end - start }

  /// All unconsumed bytes.
  @usableFromInline var bytes: RawSpan {
    @_lifetime(borrow self) borrowing get {
      let span = RawSpan(_unsafeStart: base + start, byteCount: end - start)
      return _overrideLifetime(span, borrowing: self)
    }
  }

  /// The file offset behind the last byte there is.
  var endOffset: Int { offset + count }

  /// How many bytes `source` has behind the last one there is; `nil`: it does not say.
  func left(of source: any ByteSource) -> UInt64? {
    source.totalByteCount.map { $0 - min($0, UInt64(endOffset)) }
  }

  /// Steps over `byteCount` bytes.
  @usableFromInline mutating func consume(_ byteCount: Int) {
    precondition(byteCount >= 0 && byteCount <= count)
    if computesChecksum {
      checksum.update(UnsafeRawBufferPointer(start: base + start, count: byteCount))
    }
    start += byteCount
    offset += byteCount
  }

  /// Reads until at least `missing` more bytes are there, or the source ends or throws.
  ///
  /// - Returns: Whether any came.
  /// - Throws: What the source threw, but first the bytes before it get their turn.
  @usableFromInline mutating func fill(from source: any ByteSource, missing: UInt64) throws(RDBError) -> Bool {
    if reachedEnd { return false }
    if let failure { throw failure }
    slide()
    if missing > UInt64(initialCapacity), let left = left(of: source), missing > left, source.canSeek {
      // The file cannot hold what it promises: no need to read it all to know.
      return false
    }
    let wanted = Int(clamping: min(missing, 1 << 40))
    var got = 0
    while got < max(wanted, 1) {
      if end == capacity { grow(toward: wanted - got) }
      // Small pieces stay in the cache; long strings come in one call.
      let room = min(capacity - end, max(initialCapacity, wanted - got))
      let piece = UnsafeMutableRawBufferPointer(start: base + end, count: room)
      let byteCount: Int
      do throws(RDBError) {
        byteCount = try source.read(into: piece)
      } catch {
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

  /// Appends bytes that arrived by themselves.
  @usableFromInline mutating func append(_ chunk: UnsafeRawBufferPointer) {
    slide()
    while capacity - end < chunk.count { grow(toward: chunk.count) }
    if let source = chunk.baseAddress { (base + end).copyMemory(from: source, byteCount: chunk.count) }
    end += chunk.count
  }

  /// Moves the unconsumed bytes to the front, and gives back what a long string took.
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
    // At most doubled at a time: a length that lies costs no more than what really came.
    let wanted = max(capacity + min(max(missing, capacity / 4), capacity), capacity + 4096)
    resize(to: wanted)
  }

  /// Takes the first `byteCount` bytes away into `run`, leaving the rest: whole keys for a worker.
  mutating func take(_ byteCount: Int, into run: inout RunBuffer) {
    precondition(byteCount <= count)
    slide()
    run.offset = offset
    swap(&base, &run.base)
    swap(&capacity, &run.capacity)
    run.count = byteCount
    let rest = end - byteCount
    if capacity < max(rest, initialCapacity) {
      resize(to: max(rest, initialCapacity))
    }
    memcpy(base, run.base + byteCount, rest)
    end = rest
    offset += byteCount
  }

  /// Whether somebody else can read on from here: neither the end nor an error stands behind the last byte.
  var canBeHandedOn: Bool { !reachedEnd && failure == nil }

  /// Begins anew with the byte at `offset` of the file.
  mutating func restart(at offset: Int) {
    start = 0
    end = 0
    self.offset = offset
    reachedEnd = false
    checksum = CRC64()
  }
}

/// A worker's own buffer of whole keys.
@usableFromInline
struct RunBuffer: ~Copyable {
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
