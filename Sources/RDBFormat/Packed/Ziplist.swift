public import RDBSupport

/// A walk over a ziplist. Each entry is checked when it is read.
///
///     u32le total bytes   u32le offset of the last entry   u16le entries (65535: walk it)   entries…   FF
///
/// An entry is *prevlen* (the size of the previous entry: one byte below 254, else `FE` + u32le), then
///
///     00llllll + l bytes           string
///     01llllll llllllll + l bytes  string, 14-bit length, big-endian
///     10…      + u32be + l bytes   string
///     C0 D0 E0                     16-, 32-, 64-bit signed integer, little-endian
///     F0 FE                        24- and 8-bit signed integer, from RDB 6 on
///     F1…FD                        0–12
///
/// Source: `ziplistValidateIntegrity` in Redis `src/ziplist.c`.
@usableFromInline package struct Ziplist: ~Escapable, BitwiseCopyable {
  @usableFromInline let bytes: RawSpan
  /// The file offset where the packed value begins, for errors.
  @usableFromInline let base: Int
  @usableFromInline package var position = 10
  @usableFromInline package let claimedCount: Int?
  @usableFromInline let tail: Int
  /// The size of the previous entry, then its start.
  @usableFromInline var previousSize = 0
  @usableFromInline var previousStart = 10

  @inlinable @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, at base: Int) throws(RDBError) {
    self.bytes = bytes
    self.base = base
    guard bytes.byteCount >= 11 else {
      throw .ziplist(base, 0, "at least 11 bytes", "\(bytes.byteCount)")
    }
    let total = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self))
    guard Int(total) == bytes.byteCount else {
      throw .ziplist(base, 0, "a total of \(bytes.byteCount) bytes", "\(total)")
    }
    tail = Int(
      UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self)))
    guard tail < bytes.byteCount else {
      throw .ziplist(base, 4, "a tail offset below \(bytes.byteCount)", "\(tail)")
    }
    let count = UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt16.self))
    claimedCount = count == .max ? nil : Int(count)
    let last = bytes.unsafeLoad(fromByteOffset: bytes.byteCount - 1, as: UInt8.self)
    guard last == 0xFF else { throw .ziplist(base, bytes.byteCount - 1, "the terminator 0xFF", hex(last)) }
  }

  /// Continues a walk; see ``PackedValue``.
  @_lifetime(copy walk)
  init(_ walk: Listpack, _ tail: Int, _ previousSize: Int, _ previousStart: Int) {
    bytes = walk.bytes
    (base, claimedCount, position) = (walk.base, walk.claimedCount, walk.position)
    (self.tail, self.previousSize, self.previousStart) = (tail, previousSize, previousStart)
  }

  /// The index of the terminator.
  @inlinable var end: Int { bytes.byteCount - 1 }

  @inlinable package var isAtEnd: Bool { position >= end }

  @inlinable func load(_ index: Int) -> UInt8 {
    bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
  }

  @inlinable @_lifetime(copy self)
  package mutating func next() throws(RDBError) -> PackedEntry {
    let start = position
    let end = end
    guard start < end else { throw .ziplist(base, start, "an entry", "the end") }
    var encoding = start + 1
    var previous = Int(load(start))
    if previous == 254 {
      guard end - start > 5 else { throw .ziplist(base, start, "a 5-byte prevlen", "the end") }
      previous = Int(
        UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start + 1, as: UInt32.self)))
      encoding = start + 5
    }
    guard previous == previousSize, load(start) != 0xFF else {
      throw .ziplist(base, start, "a prevlen of \(previousSize)", "\(previous)")
    }
    guard encoding < end else { throw .ziplist(base, encoding, "an entry encoding", "the end") }
    let first = load(encoding)
    if first & 0xC0 == 0 { return try string(start, encoding + 1, Int(first), end) }
    return try nextLarge(start, encoding, first, end)
  }

  @inlinable @_lifetime(copy self)
  mutating func nextLarge(_ start: Int, _ encoding: Int, _ first: UInt8, _ end: Int) throws(RDBError)
    -> PackedEntry
  {
    let width: Int
    switch first {
    case 0x40...0x7F:
      guard end - encoding >= 2 else { throw .ziplist(base, encoding, "a 14-bit length", "the end") }
      return try string(start, encoding + 2, Int(first & 0x3F) << 8 | Int(load(encoding + 1)), end)
    case 0x80...0xBF:
      guard end - encoding >= 5 else { throw .ziplist(base, encoding, "a 32-bit length", "the end") }
      let count = UInt32(
        bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: encoding + 1, as: UInt32.self))
      return try string(start, encoding + 5, Int(count), end)
    case 0xC0: width = 2
    case 0xD0: width = 4
    case 0xE0: width = 8
    case 0xF0: width = 3
    case 0xFE: width = 1
    case 0xF1...0xFD:
      step(start, to: encoding + 1)
      return PackedEntry(integer: Int64(first & 0x0F) - 1, nothing: bytes.extracting(first: 0))
    default: throw .ziplist(base, encoding, "an entry encoding", hex(first))
    }
    guard end - encoding > width else {
      throw .ziplist(base, encoding, "an integer of \(width) bytes", "\(end - encoding - 1) bytes")
    }
    var bits: UInt64 = 0
    for index in 0..<width { bits |= UInt64(load(encoding + 1 + index)) << (8 * UInt64(index)) }
    let shift = Int64(64 - 8 * width)
    step(start, to: encoding + 1 + width)
    return PackedEntry(
      integer: (Int64(bitPattern: bits) << shift) >> shift, nothing: bytes.extracting(first: 0))
  }

  @inlinable @_lifetime(copy self)
  mutating func string(_ start: Int, _ body: Int, _ count: Int, _ end: Int) throws(RDBError)
    -> PackedEntry
  {
    guard count <= end - body else {
      let wraps = count + body > Int(UInt32.max)
      throw .ziplist(
        base, body, "a string of \(count) bytes",
        "\(end - body) bytes" + (wraps ? " (the pattern of CVE-2021-32628)" : ""))
    }
    step(start, to: body + count)
    return PackedEntry(bytes: bytes.extracting(uncheckedFrom: body, byteCount: count))
  }

  @inlinable mutating func step(_ start: Int, to next: Int) {
    previousStart = start
    previousSize = next - start
    position = next
  }

  @_lifetime(copy self)
  @usableFromInline package func entry(at position: Int) throws(RDBError) -> PackedEntry {
    var copy = self
    copy.position = position
    let first = load(position)
    copy.previousSize =
      first == 254 && end - position > 5
      ? Int(
        UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position + 1, as: UInt32.self)))
      : Int(first)
    return try copy.next()
  }

  @inlinable package func finish(count: Int) throws(RDBError) {
    guard position == end else { throw .ziplist(base, position, "the end", "more entries") }
    if let claimedCount, claimedCount != count {
      throw .ziplist(base, 8, "a count of \(count)", "\(claimedCount)")
    }
    if count > 0, tail != previousStart {
      throw .ziplist(base, 4, "a tail offset of \(previousStart)", "\(tail)")
    }
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func ziplist(
    _ base: Int, _ offset: Int, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String
  ) -> RDBError {
    RDBError(.corruptZiplist, at: base, inner: offset, expected: expected(), found: found())
  }
}
