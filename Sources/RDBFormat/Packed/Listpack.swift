public import RDBSupport

/// A walk over a listpack. Each entry is checked when it is read.
///
///     u32le total bytes   u16le entries (65535: walk it)   entries…   FF
///
/// An entry is its encoding and data, then the *backlen*, the byte count of both, 7 bits per byte, most
/// significant first; all but the first have bit 7 set.
///
///     0xxxxxxx                     unsigned integer 0–127
///     10llllll + l bytes           string
///     110xxxxx xxxxxxxx            13-bit signed integer, big-endian
///     1110llll llllllll + l bytes  string, 12-bit length, big-endian
///     11110000 + u32le + l bytes   string
///     11110001 …  11110100         16-, 24-, 32-, 64-bit signed integer, little-endian
///
/// Source: `lpGetWithSize`, `lpEncodeBacklen` in Redis `src/listpack.c`. The thresholds between backlen
/// sizes lie one below the natural ones there: 16 383 already takes three bytes. Valkey 9 writes two, and
/// each refuses the other's form; this reads both.
@usableFromInline package struct Listpack: ~Escapable, BitwiseCopyable {
  @usableFromInline let bytes: RawSpan
  /// The file offset where the packed value begins, for errors.
  @usableFromInline let base: Int
  @usableFromInline package var position = 6
  @usableFromInline package let claimedCount: Int?

  @inlinable @inline(__always) @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, at base: Int) throws(RDBError) {
    self.bytes = bytes
    self.base = base
    guard bytes.byteCount >= 7 else {
      throw .listpack(base, 0, "at least 7 bytes", "\(bytes.byteCount)")
    }
    let total = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self))
    guard Int(total) == bytes.byteCount else {
      throw .listpack(base, 0, "a total of \(bytes.byteCount) bytes", "\(total)")
    }
    let count = UInt16(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt16.self))
    claimedCount = count == .max ? nil : Int(count)
    let last = bytes.unsafeLoad(fromByteOffset: bytes.byteCount - 1, as: UInt8.self)
    guard last == 0xFF else { throw .listpack(base, bytes.byteCount - 1, "the terminator 0xFF", hex(last)) }
  }

  /// Holds the bytes and the position of a ziplist; see ``PackedValue``.
  @usableFromInline @_lifetime(copy ziplist)
  init(of ziplist: Ziplist) {
    bytes = ziplist.bytes
    (base, claimedCount, position) = (ziplist.base, ziplist.claimedCount, ziplist.position)
  }

  /// The index of the terminator.
  @inlinable var end: Int { bytes.byteCount &- 1 }

  @inlinable package var isAtEnd: Bool { position >= end }

  /// The byte at `index`, which the caller has compared with ``end``.
  @inlinable @inline(__always) func load(_ index: Int) -> UInt8 {
    bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
  }

  @inlinable @inline(__always) @_lifetime(copy self)
  package mutating func next() throws(RDBError) -> PackedEntry {
    let start = position
    let end = end
    // Never after the end. The terminator there begins no entry.
    let first = load(start)
    let count = Int(first ^ 0x80)
    if count < 0x40 {
      // A string below 64 bytes, the most frequent entry.
      let backlen = start &+ 1 &+ count
      guard backlen < end else { throw .listpackEntry(base, start, count, end) }
      try skipShortBacklen(start, 1 &+ count)
      return PackedEntry(bytes: bytes.extracting(uncheckedFrom: start &+ 1, byteCount: count))
    }
    guard start < end else { throw .listpack(base, start, "an entry", "the end") }
    if first & 0x80 == 0 {
      try skipShortBacklen(start, 1)
      return PackedEntry(integer: Int64(first), nothing: bytes.extracting(first: 0))
    }
    if first & 0x20 == 0 {
      guard end &- start >= 3 else { throw .listpackEntry(base, start, 2, end) }
      let bits = Int64(first & 0x1F) &<< 8 | Int64(load(start &+ 1))
      try skipShortBacklen(start, 2)
      return PackedEntry(integer: (bits &<< 51) &>> 51, nothing: bytes.extracting(first: 0))
    }
    if first > 0xF0, first <= 0xF4 {
      // 16, 24, 32 or 64 bits, at the end of eight bytes: the header comes before any entry.
      let width = Self.integerByteCount(first)
      guard end &- start > width &+ 1 else { throw .listpackEntry(base, start, width + 1, end) }
      let bits = Int64(
        littleEndian: bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: start &+ width &- 7, as: Int64.self))
      try skipShortBacklen(start, 1 &+ width)
      return PackedEntry(
        integer: bits &>> Int64(truncatingIfNeeded: 64 &- width &<< 3), nothing: self.bytes.extracting(first: 0))
    }
    let string = try largeString(start, first, end)
    position = try endOfEntry(start, string.byteCount &+ (first == 0xF0 ? 5 : 2), end)
    return PackedEntry(bytes: string)
  }

  /// The byte count of the integer whose entry begins with `first`, which is 0xF1 to 0xF4: 2, 3, 4 or 8.
  @inlinable @inline(__always) package static func integerByteCount(_ first: UInt8) -> Int {
    Int(truncatingIfNeeded: 0x0804_0302 as UInt32 &>> (UInt32(first &- 0xF1) &<< 3)) & 0xFF
  }

  /// A string of 64 bytes or more. (Does not change the walk, which so stays in registers.)
  @usableFromInline @_lifetime(copy self)
  func largeString(_ start: Int, _ first: UInt8, _ end: Int) throws(RDBError) -> RawSpan {
    let header: Int
    let count: Int
    if first & 0xF0 == 0xE0 {
      header = 2
      guard end - start >= header else { throw .listpackEntry(base, start, header, end) }
      count = Int(first & 0x0F) << 8 | Int(load(start + 1))
    } else {
      header = 5
      guard first == 0xF0 else { throw .listpack(base, start, "an entry encoding", hex(first)) }
      guard end - start >= header else { throw .listpackEntry(base, start, header, end) }
      count = Int(
        UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: start + 1, as: UInt32.self)))
    }
    guard count < end - start - header else { throw .listpackEntry(base, start, header + count, end) }
    return bytes.extracting(uncheckedFrom: start + header, byteCount: count)
  }

  /// Steps over an entry of `size` ≤ 127 bytes that begins at `start`, and its one-byte backlen.
  @inlinable @inline(__always) mutating func skipShortBacklen(_ start: Int, _ size: Int) throws(RDBError) {
    let backlen = load(start &+ size)
    guard Int(backlen) == size else { throw .listpack(base, start &+ size, "a backlen of \(size)", "\(backlen)") }
    position = start &+ size &+ 1
  }

  /// Returns the end of the backlen of an entry of `size` bytes that begins at `start`.
  @usableFromInline func endOfEntry(_ start: Int, _ size: Int, _ end: Int) throws(RDBError) -> Int {
    let backlen = start + size
    var width = size <= 127 ? 1 : size < 16_383 ? 2 : size < 2_097_151 ? 3 : size < 268_435_455 ? 4 : 5
    // All bits of the size are set: a backlen of the width that Redis writes begins with 0, of Valkey with 127.
    if size > 127, size & (size &+ 1) == 0, backlen < end, load(backlen) == 0x7F { width -= 1 }
    guard backlen + width <= end else { throw .listpackEntry(base, start, size + width, end) }
    var value = 0
    for index in 0..<width {
      let byte = load(backlen + index)
      guard index == 0 ? byte & 0x80 == 0 : byte & 0x80 != 0 else {
        throw .listpack(base, backlen + index, "a backlen of \(size)", hex(byte))
      }
      value = value << 7 | Int(byte & 0x7F)
    }
    guard value == size else { throw .listpack(base, backlen, "a backlen of \(size)", "\(value)") }
    return backlen + width
  }

  @_lifetime(copy self)
  @usableFromInline package func entry(at position: Int) throws(RDBError) -> PackedEntry {
    var copy = self
    copy.position = position
    return try copy.next()
  }

  @inlinable @inline(__always) package func finish(count: Int) throws(RDBError) {
    guard position == end else { throw .listpack(base, position, "the end", "more entries") }
    if let claimedCount, claimedCount != count {
      throw .listpack(base, 4, "a count of \(count)", "\(claimedCount)")
    }
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func listpack(
    _ base: Int, _ offset: Int, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String
  ) -> RDBError {
    RDBError(.corruptListpack, at: base, inner: offset, expected: expected(), found: found())
  }

  /// An entry of `size` bytes that does not fit before the terminator at `end`.
  @inline(never)
  @usableFromInline static func listpackEntry(
    _ base: Int, _ start: Int, _ size: Int, _ end: Int
  ) -> RDBError {
    RDBError(
      .corruptListpack, at: base, inner: start, expected: "an entry of \(size) bytes and its backlen",
      found: "\(end - start) bytes" + (size + start > Int(UInt32.max) ? " (the pattern of CVE-2021-32627)" : ""))
  }
}
