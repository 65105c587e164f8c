public import RDBFormat
import RDBSupport

extension RDBParser {
  /// Reads a string, borrowed from the input or, if it is stored in another form, from scratch memory.
  ///
  /// - Parameter slot: The slot of the scratch memory, which is overwritten.
  @inlinable @inline(__always) @_lifetime(copy cursor) @_lifetime(cursor: copy cursor)
  mutating func string(_ cursor: inout ByteCursor, slot: Int) throws(RDBError) -> RawSpan {
    if let short = cursor.takeShortString() { return short }
    return try anyString(&cursor, slot: slot)
  }

  @usableFromInline @_lifetime(copy cursor) @_lifetime(cursor: copy cursor)
  mutating func anyString(_ cursor: inout ByteCursor, slot: Int) throws(RDBError) -> RawSpan {
    let start = cursor.offset
    switch try cursor.stringHeader() {
    case .raw(let byteCount):
      if byteCount > options.stringLimit { throw RDBError.stringTooLong(at: start, byteCount, options) }
      return try cursor.take(byteCount)
    case .integer(let value):
      let text = scratch.number(slot)
      let count = DecimalText.write(value, to: text)
      return _overrideLifetime(RawSpan(_unsafeStart: text, byteCount: count), copying: cursor)
    case .lzf(let compressed, let original):
      return try decompress(&cursor, start, compressed, original, slot: slot)
    }
  }

  @usableFromInline @_lifetime(copy cursor) @_lifetime(cursor: copy cursor)
  mutating func decompress(
    _ cursor: inout ByteCursor, _ start: Int, _ compressed: UInt64, _ original: UInt64, slot: Int
  ) throws(RDBError) -> RawSpan {
    guard original <= LZF.maximumOutputByteCount(of: compressed) else {
      throw RDBError(
        .corruptLZF, at: start,
        expected: "at most \(LZF.maximumOutputByteCount(of: compressed)) bytes from \(compressed)",
        found: "a claim of \(original)")
    }
    if max(original, compressed) > options.stringLimit {
      throw RDBError.stringTooLong(at: start, max(original, compressed), options)
    }
    let input = try cursor.take(compressed)
    let output = scratch.blob(slot, byteCount: Int(original))
    if output.count > Scratch.largeByteCount { hasLargeScratch = true }
    do throws(RDBError) {
      try LZF.decompress(input, into: output)
    } catch {
      throw RDBError(
        .corruptLZF, at: start, inner: error.offset, expected: error.expected, found: error.found)
    }
    return _overrideLifetime(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(output)), copying: cursor)
  }

  /// Steps over a string without decoding it. `state.owed` is the number of its bytes that are not in the input.
  ///
  /// - Parameter validate: Whether to decompress it, as a check.
  @inlinable @inline(__always) @_lifetime(cursor: copy cursor)
  mutating func skipString(_ cursor: inout ByteCursor, validate: Bool) throws(RDBError) {
    if cursor.takeShortString() != nil { return }
    try skipAnyString(&cursor, validate: validate)
  }

  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func skipAnyString(_ cursor: inout ByteCursor, validate: Bool) throws(RDBError) {
    let start = cursor.offset
    switch try cursor.stringHeader() {
    case .raw(let byteCount): skip(&cursor, byteCount)
    case .integer: break
    case .lzf(let compressed, let original):
      if validate {
        _ = try decompress(&cursor, start, compressed, original, slot: 1)
      } else {
        skip(&cursor, compressed)
      }
    }
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skip(_ cursor: inout ByteCursor, _ byteCount: UInt64) {
    let remaining = cursor.remaining
    if byteCount <= UInt64(remaining) {
      cursor.position &+= Int(byteCount)
    } else {
      state.owed = byteCount - UInt64(remaining)
      cursor.position = cursor.bytes.byteCount
    }
  }

  /// Steps over the bytes owed; throws if some are still not in the input.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func payOwed(_ cursor: inout ByteCursor) throws(RDBError) {
    guard state.owed > 0 else { return }
    let owed = state.owed
    state.owed = 0
    skip(&cursor, owed)
    committed = cursor.position
    if state.owed > 0 { throw RDBError.needsInput(at: cursor.offset, expected: state.owed, found: 0) }
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func stringTooLong(
    at offset: Int, _ byteCount: UInt64, _ options: RDBParser.Options
  ) -> RDBError {
    if let total = options.inputByteCount, byteCount > total {
      return .needsInput(at: offset, expected: byteCount, found: max(0, Int(clamping: total) - offset))
    }
    return RDBError(
      .stringTooLong, at: offset,
      expected: "at most \(options.stringLimit) bytes (`stringLimit` raises the limit)",
      found: "a string of \(byteCount)")
  }
}
