public import RDBSupport

/// The parts of commands as bytes: headers of arrays, bulk strings, integers as bulk strings.
///
/// The functions write into raw memory that the caller has reserved. They allocate nothing.
///
///     *3\r\n  $3\r\nSET\r\n  $1\r\nk\r\n  $5\r\nvalue\r\n
///
/// Source: the RESP protocol specification, the same in versions 2 and 3.
@usableFromInline
package enum RESPText {
  /// The bytes to reserve for a header: `$` or `*`, 20 digits, and the width of the last store.
  @inlinable package static var maximumHeaderByteCount: Int { 24 }

  /// Returns the byte count of the header of an array or bulk string whose count is `count`.
  @inlinable package static func headerByteCount(_ count: UInt64) -> Int {
    DecimalText.digitCount(count) &+ 3
  }

  /// Returns the byte count of a bulk string of `byteCount` bytes, header and line end included.
  @inlinable package static func bulkByteCount(_ byteCount: Int) -> Int {
    headerByteCount(UInt64(byteCount)) &+ byteCount &+ 2
  }

  /// Writes `*<count>\r\n` and returns its byte count. Needs room for ``maximumHeaderByteCount`` bytes.
  @inlinable package static func writeArrayHeader(_ count: Int, to destination: UnsafeMutableRawPointer) -> Int {
    writeHeader(UInt8(ascii: "*"), UInt64(count), to: destination)
  }

  /// Writes `$<byteCount>\r\n` and returns its byte count. Needs room for ``maximumHeaderByteCount`` bytes.
  @inlinable @inline(__always)
  package static func writeBulkHeader(_ byteCount: UInt64, to destination: UnsafeMutableRawPointer)
    -> Int
  {
    writeHeader(UInt8(ascii: "$"), byteCount, to: destination)
  }

  @inlinable @inline(__always) static func writeHeader(
    _ mark: UInt8, _ count: UInt64, to destination: UnsafeMutableRawPointer
  ) -> Int {
    // Most lengths have one or two digits: one store.
    if count < 100 {
      destination.storeBytes(of: shortHeader(mark, count).littleEndian, as: UInt64.self)
      return count < 10 ? 4 : 5
    }
    return writeLongHeader(mark, count, to: destination)
  }

  /// Returns the text of a header whose `count` is below 100. The first byte is in the lowest bits.
  @inlinable @inline(__always) static func shortHeader(_ mark: UInt8, _ count: UInt64) -> UInt64 {
    let text = UnsafeRawPointer(shortHeaders.utf8Start)
      .loadUnaligned(fromByteOffset: Int(truncatingIfNeeded: count &<< 3), as: UInt64.self)
    return UInt64(littleEndian: text) &+ UInt64(mark &- UInt8(ascii: "$"))
  }

  @inline(never)
  @usableFromInline static func writeLongHeader(
    _ mark: UInt8, _ count: UInt64, to destination: UnsafeMutableRawPointer
  ) -> Int {
    destination.storeBytes(of: mark, as: UInt8.self)
    let end = DecimalText.write(count, to: destination + 1) &+ 1
    writeLineEnd(to: destination + end)
    return end &+ 2
  }

  /// Writes `*<count>\r\n` without changing the bytes after it.
  @inlinable @inline(__always)
  package static func writeArrayHeaderExactly(_ count: Int, to destination: UnsafeMutableRawPointer) {
    guard count < 100 else { return writeLongArrayHeaderExactly(count, to: destination) }
    let word = shortHeader(UInt8(ascii: "*"), UInt64(count))
    destination.storeBytes(of: UInt32(truncatingIfNeeded: word).littleEndian, as: UInt32.self)
    destination.storeBytes(of: UInt8(ascii: "\n"), toByteOffset: count < 10 ? 3 : 4, as: UInt8.self)
  }

  @usableFromInline static func writeLongArrayHeaderExactly(_ count: Int, to destination: UnsafeMutableRawPointer) {
    withUnsafeTemporaryAllocation(byteCount: maximumHeaderByteCount, alignment: 8) { text in
      let start = text.baseAddress.unsafelyUnwrapped
      destination.copyMemory(from: start, byteCount: writeArrayHeader(count, to: start))
    }
  }

  /// Writes `\r\n`.
  @inlinable package static func writeLineEnd(to destination: UnsafeMutableRawPointer) {
    destination.storeBytes(of: UInt16(littleEndian: 0x0A0D), as: UInt16.self)
  }

  /// Writes a bulk string and returns its byte count. Needs room for `bytes` and 32 more bytes.
  @inlinable @inline(__always)
  package static func writeBulk(_ bytes: RawSpan, to destination: UnsafeMutableRawPointer) -> Int {
    let count = bytes.byteCount
    let start = writeBulkHeader(UInt64(count), to: destination)
    bytes.withUnsafeBytes { copy($0.baseAddress, to: destination + start, byteCount: count) }
    writeLineEnd(to: destination + start + count)
    return start &+ count &+ 2
  }

  /// Writes the decimal text of an integer as a bulk string and returns its byte count. Needs room for 32 bytes.
  @inlinable package static func writeBulk(_ value: UInt64, to destination: UnsafeMutableRawPointer) -> Int {
    if value < 100_000_000 { return writeShortBulk(value, to: destination) }
    let start = writeBulkHeader(UInt64(DecimalText.digitCount(value)), to: destination)
    let end = start &+ DecimalText.write(value, to: destination + start)
    writeLineEnd(to: destination + end)
    return end &+ 2
  }

  /// Writes the decimal text of an integer below 10⁸ as a bulk string and returns its byte count. Needs room for 32 bytes.
  @inlinable @inline(__always)
  package static func writeShortBulk(_ value: UInt64, to destination: UnsafeMutableRawPointer) -> Int {
    let (text, count) = DecimalText.short(value)
    // With one digit for the byte count, the header has four bytes.
    let header = 0x0A0D_3024 as UInt32 &+ UInt32(truncatingIfNeeded: count) &<< 8
    destination.storeBytes(of: header.littleEndian, as: UInt32.self)
    destination.storeBytes(of: text.littleEndian, toByteOffset: 4, as: UInt64.self)
    writeLineEnd(to: destination + 4 + count)
    return count &+ 6
  }

  /// Writes the decimal text of an integer as a bulk string and returns its byte count. Needs room for 32 bytes.
  @inlinable package static func writeBulk(_ value: Int64, to destination: UnsafeMutableRawPointer) -> Int {
    if value >= 0 { return writeBulk(UInt64(value), to: destination) }
    let start = writeBulkHeader(UInt64(DecimalText.digitCount(value.magnitude) &+ 1), to: destination)
    let end = start &+ DecimalText.write(value, to: destination + start)
    writeLineEnd(to: destination + end)
    return end &+ 2
  }

  /// Copies `byteCount` bytes. Up to 64 bytes take a few overlapping stores instead of a call.
  ///
  /// - Parameter source: The bytes; `nil` only if `byteCount` is 0.
  @inlinable @inline(__always)
  package static func copy(
    _ source: UnsafeRawPointer?, to destination: UnsafeMutableRawPointer, byteCount: Int
  ) {
    if byteCount > 16 {
      copyLong(source.unsafelyUnwrapped, to: destination, byteCount: byteCount)
    } else if byteCount >= 4 {
      // Four pieces that overlap cover each length without a branch.
      let source = source.unsafelyUnwrapped
      let second = (byteCount &>> 3) &<< 2
      let last = byteCount &- 4
      let pieces = (
        source.loadUnaligned(as: UInt32.self),
        source.loadUnaligned(fromByteOffset: second, as: UInt32.self),
        source.loadUnaligned(fromByteOffset: last &- second, as: UInt32.self),
        source.loadUnaligned(fromByteOffset: last, as: UInt32.self)
      )
      destination.storeBytes(of: pieces.0, as: UInt32.self)
      destination.storeBytes(of: pieces.1, toByteOffset: second, as: UInt32.self)
      destination.storeBytes(of: pieces.2, toByteOffset: last &- second, as: UInt32.self)
      destination.storeBytes(of: pieces.3, toByteOffset: last, as: UInt32.self)
    } else if byteCount > 0 {
      let source = source.unsafelyUnwrapped
      let middle = byteCount &>> 1
      let last = byteCount &- 1
      let pieces = (
        source.load(as: UInt8.self), source.load(fromByteOffset: middle, as: UInt8.self),
        source.load(fromByteOffset: last, as: UInt8.self)
      )
      destination.storeBytes(of: pieces.0, as: UInt8.self)
      destination.storeBytes(of: pieces.1, toByteOffset: middle, as: UInt8.self)
      destination.storeBytes(of: pieces.2, toByteOffset: last, as: UInt8.self)
    }
  }

  @inlinable @inline(__always)
  static func copyLong(_ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, byteCount: Int) {
    if byteCount <= 32 {
      copyHalves(source, to: destination, byteCount: byteCount)
    } else if byteCount <= 64 {
      copyHalves(source, to: destination, byteCount: 32)
      copyHalves(source + (byteCount &- 32), to: destination + (byteCount &- 32), byteCount: 32)
    } else {
      destination.copyMemory(from: source, byteCount: byteCount)
    }
  }

  /// Copies 16 to 32 bytes with two stores that may overlap.
  @inlinable @inline(__always)
  static func copyHalves(
    _ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, byteCount: Int
  ) {
    let low = source.loadUnaligned(as: SIMD16<UInt8>.self)
    let high = source.loadUnaligned(fromByteOffset: byteCount &- 16, as: SIMD16<UInt8>.self)
    destination.storeBytes(of: low, as: SIMD16<UInt8>.self)
    destination.storeBytes(of: high, toByteOffset: byteCount &- 16, as: SIMD16<UInt8>.self)
  }

  /// Returns a bulk string.
  package static func bulk(_ bytes: some Collection<UInt8>) -> [UInt8] {
    Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
  }

  /// Returns a command as an array of bulk strings.
  package static func command(_ arguments: [[UInt8]]) -> [UInt8] {
    var command = Array("*\(arguments.count)\r\n".utf8)
    for argument in arguments {
      command += Array("$\(argument.count)\r\n".utf8)
      command += argument
      command += [13, 10]
    }
    return command
  }

  /// Returns a command of words as an array of bulk strings.
  package static func command(_ words: String...) -> [UInt8] { command(words.map { Array($0.utf8) }) }
}
