public import RDBSupport

/// Commands and replies as bytes: the header of an array, bulk strings, integers as bulk strings.
///
/// Everything is written into raw memory that the caller has made room in; nothing is allocated.
///
///     *3\r\n  $3\r\nSET\r\n  $1\r\nk\r\n  $5\r\nvalue\r\n
///
/// Source: the RESP protocol specification, the same in versions 2 and 3.
public enum RESPText {
  /// The longest header, `$` or `*` with 20 digits, and room for a store that is wider than its text.
  @inlinable public static var maximumHeaderByteCount: Int { 24 }

  /// How many bytes `count` takes as the header of an array or bulk string.
  @inlinable public static func headerByteCount(_ count: UInt64) -> Int {
    DecimalText.digitCount(count) &+ 3
  }

  /// How many bytes a bulk string of `byteCount` bytes takes.
  @inlinable public static func bulkByteCount(_ byteCount: Int) -> Int {
    headerByteCount(UInt64(byteCount)) &+ byteCount &+ 2
  }

  /// Writes `*<count>\r\n` and returns its byte count; room for ``maximumHeaderByteCount`` bytes.
  @inlinable public static func writeArrayHeader(_ count: Int, to place: UnsafeMutableRawPointer) -> Int {
    writeHeader(UInt8(ascii: "*"), UInt64(count), to: place)
  }

  /// Writes `$<byteCount>\r\n` and returns its byte count; room for ``maximumHeaderByteCount`` bytes.
  @inlinable @inline(__always)
  public static func writeBulkHeader(_ byteCount: UInt64, to place: UnsafeMutableRawPointer)
    -> Int
  {
    writeHeader(UInt8(ascii: "$"), byteCount, to: place)
  }

  @inlinable @inline(__always) static func writeHeader(
    _ mark: UInt8, _ count: UInt64, to place: UnsafeMutableRawPointer
  ) -> Int {
    // Most lengths have one or two digits: one store.
    if count < 100 {
      place.storeBytes(of: shortHeader(mark, count).littleEndian, as: UInt64.self)
      return count < 10 ? 4 : 5
    }
    return writeLongHeader(mark, count, to: place)
  }

  /// The text of a header whose `count` is below 100, its first byte the lowest.
  @inlinable @inline(__always) static func shortHeader(_ mark: UInt8, _ count: UInt64) -> UInt64 {
    let text = UnsafeRawPointer(shortHeaders.utf8Start)
      .loadUnaligned(fromByteOffset: Int(truncatingIfNeeded: count &<< 3), as: UInt64.self)
    return UInt64(littleEndian: text) &+ UInt64(mark &- UInt8(ascii: "$"))
  }

  @inline(never)
  @usableFromInline static func writeLongHeader(
    _ mark: UInt8, _ count: UInt64, to place: UnsafeMutableRawPointer
  ) -> Int {
    place.storeBytes(of: mark, as: UInt8.self)
    let end = DecimalText.write(count, to: place + 1) &+ 1
    writeLineEnd(to: place + end)
    return end &+ 2
  }

  /// Writes `*<count>\r\n` without touching a byte behind it.
  @inlinable @inline(__always)
  public static func writeArrayHeaderExactly(_ count: Int, to place: UnsafeMutableRawPointer) {
    guard count < 100 else { return writeLongArrayHeaderExactly(count, to: place) }
    let word = shortHeader(UInt8(ascii: "*"), UInt64(count))
    place.storeBytes(of: UInt32(truncatingIfNeeded: word).littleEndian, as: UInt32.self)
    place.storeBytes(of: UInt8(ascii: "\n"), toByteOffset: count < 10 ? 3 : 4, as: UInt8.self)
  }

  @usableFromInline static func writeLongArrayHeaderExactly(_ count: Int, to place: UnsafeMutableRawPointer) {
    withUnsafeTemporaryAllocation(byteCount: maximumHeaderByteCount, alignment: 8) { text in
      let start = text.baseAddress.unsafelyUnwrapped
      place.copyMemory(from: start, byteCount: writeArrayHeader(count, to: start))
    }
  }

  /// Writes `\r\n`.
  @inlinable public static func writeLineEnd(to place: UnsafeMutableRawPointer) {
    place.storeBytes(of: UInt16(littleEndian: 0x0A0D), as: UInt16.self)
  }

  /// Writes a bulk string and returns its byte count; room for `bytes` and 32 more.
  @inlinable @inline(__always)
  public static func writeBulk(_ bytes: RawSpan, to place: UnsafeMutableRawPointer) -> Int {
    let count = bytes.byteCount
    let start = writeBulkHeader(UInt64(count), to: place)
    copy(bytes.withUnsafeBytes { $0.baseAddress }, to: place + start, byteCount: count)
    writeLineEnd(to: place + start + count)
    return start &+ count &+ 2
  }

  /// Writes an integer's decimal text as a bulk string and returns its byte count; room for 32 bytes.
  @inlinable public static func writeBulk(_ value: UInt64, to place: UnsafeMutableRawPointer) -> Int {
    let start = writeBulkHeader(UInt64(DecimalText.digitCount(value)), to: place)
    let end = start &+ DecimalText.write(value, to: place + start)
    writeLineEnd(to: place + end)
    return end &+ 2
  }

  /// Writes an integer's decimal text as a bulk string and returns its byte count; room for 32 bytes.
  @inlinable public static func writeBulk(_ value: Int64, to place: UnsafeMutableRawPointer) -> Int {
    if value >= 0 { return writeBulk(UInt64(value), to: place) }
    let start = writeBulkHeader(UInt64(DecimalText.digitCount(value.magnitude) &+ 1), to: place)
    let end = start &+ DecimalText.write(value, to: place + start)
    writeLineEnd(to: place + end)
    return end &+ 2
  }

  /// Copies `byteCount` bytes; short ones by a few overlapping stores rather than a call.
  ///
  /// - Parameter source: Not `nil`, but where there is nothing to copy.
  @inlinable @inline(__always)
  public static func copy(
    _ source: UnsafeRawPointer?, to place: UnsafeMutableRawPointer, byteCount: Int
  ) {
    if byteCount > 16 {
      copyLong(source.unsafelyUnwrapped, to: place, byteCount: byteCount)
    } else if byteCount >= 4 {
      // Four pieces that overlap: which length it is costs no branch.
      let source = source.unsafelyUnwrapped
      let second = (byteCount &>> 3) &<< 2
      let last = byteCount &- 4
      let pieces = (
        source.loadUnaligned(as: UInt32.self),
        source.loadUnaligned(fromByteOffset: second, as: UInt32.self),
        source.loadUnaligned(fromByteOffset: last &- second, as: UInt32.self),
        source.loadUnaligned(fromByteOffset: last, as: UInt32.self)
      )
      place.storeBytes(of: pieces.0, as: UInt32.self)
      place.storeBytes(of: pieces.1, toByteOffset: second, as: UInt32.self)
      place.storeBytes(of: pieces.2, toByteOffset: last &- second, as: UInt32.self)
      place.storeBytes(of: pieces.3, toByteOffset: last, as: UInt32.self)
    } else if byteCount > 0 {
      let source = source.unsafelyUnwrapped
      let middle = byteCount &>> 1
      let last = byteCount &- 1
      let pieces = (
        source.load(as: UInt8.self), source.load(fromByteOffset: middle, as: UInt8.self),
        source.load(fromByteOffset: last, as: UInt8.self)
      )
      place.storeBytes(of: pieces.0, as: UInt8.self)
      place.storeBytes(of: pieces.1, toByteOffset: middle, as: UInt8.self)
      place.storeBytes(of: pieces.2, toByteOffset: last, as: UInt8.self)
    }
  }

  @inlinable @inline(__always)
  static func copyLong(_ source: UnsafeRawPointer, to place: UnsafeMutableRawPointer, byteCount: Int) {
    if byteCount <= 32 {
      copyHalves(source, to: place, byteCount: byteCount)
    } else if byteCount <= 64 {
      copyHalves(source, to: place, byteCount: 32)
      copyHalves(source + (byteCount &- 32), to: place + (byteCount &- 32), byteCount: 32)
    } else {
      place.copyMemory(from: source, byteCount: byteCount)
    }
  }

  /// Copies 16 to 32 bytes by two stores that may overlap.
  @inlinable @inline(__always)
  static func copyHalves(
    _ source: UnsafeRawPointer, to place: UnsafeMutableRawPointer, byteCount: Int
  ) {
    let low = source.loadUnaligned(as: SIMD16<UInt8>.self)
    let high = source.loadUnaligned(fromByteOffset: byteCount &- 16, as: SIMD16<UInt8>.self)
    place.storeBytes(of: low, as: SIMD16<UInt8>.self)
    place.storeBytes(of: high, toByteOffset: byteCount &- 16, as: SIMD16<UInt8>.self)
  }

  /// A bulk string, allocated: for what is used again.
  public static func bulk(_ bytes: some Collection<UInt8>) -> [UInt8] {
    Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
  }

  /// A whole command, allocated: for what is written once.
  public static func command(_ arguments: [[UInt8]]) -> [UInt8] {
    var command = Array("*\(arguments.count)\r\n".utf8)
    for argument in arguments {
      command += Array("$\(argument.count)\r\n".utf8)
      command += argument
      command += [13, 10]
    }
    return command
  }

  /// A whole command of words.
  public static func command(_ words: String...) -> [UInt8] { command(words.map { Array($0.utf8) }) }
}
