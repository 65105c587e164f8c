import RDBFormat

/// Patterns of attacks that take extra work to find.
extension RDBParser {
  /// Reports a string that begins as a HyperLogLog and is none.
  @usableFromInline
  func reportHyperLogLog<S: RDBSink & ~Copyable>(
    _ string: RawSpan, at offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    guard HyperLogLogCheck.isOne(string), let fault = HyperLogLogCheck.fault(in: string) else { return }
    try report(.hyperLogLog, at: offset, inner: fault.inner, fault.expected, fault.found, input, &sink)
  }

  /// Examines a short string that is read or validated next, without consuming it.
  ///
  /// The others are examined by ``value(_:_:)``.
  @usableFromInline
  func findShortHyperLogLog<S: RDBSink & ~Copyable>(
    _ cursor: ByteCursor, _ interest: Interest, _ sink: inout S
  ) throws {
    switch interest {
    case .elements, .elementsAfterOutline, .validate: break
    case .skip, .measure, .stored, .storedOrOutlined, .validatedStored, .validatedStoredOrOutlined: return
    }
    var ahead = cursor
    if let value = ahead.takeShortString() { try reportHyperLogLog(value, at: cursor.offset, cursor.bytes, &sink) }
  }

  /// Examines a string that is stepped over next, without consuming it.
  @usableFromInline
  mutating func findHyperLogLog<S: RDBSink & ~Copyable>(_ cursor: ByteCursor, _ sink: inout S) throws {
    guard case .string = state.value.type.layout.content, state.value.stage == .begin, !state.value.isSearched
    else { return }
    var ahead = cursor
    if case .raw(let byteCount) = try ahead.stringHeader(), byteCount > UInt64(HyperLogLogCheck.maximumByteCount) {
      // Held in memory only as far as needed.
      if HyperLogLogCheck.isOne(try ahead.take(4)) {
        let fault = HyperLogLogCheck.tooLong(Int(clamping: byteCount))
        try report(
          .hyperLogLog, at: cursor.offset, inner: fault.inner, fault.expected, fault.found, cursor.bytes, &sink)
      }
    } else {
      ahead = cursor
      try reportHyperLogLog(string(&ahead, slot: 1), at: cursor.offset, cursor.bytes, &sink)
    }
    state.value.isSearched = true
  }

  /// Reports an earliest field expiry from 2⁶³ on.
  @usableFromInline
  func reportEarliestExpiry<S: RDBSink & ~Copyable>(_ input: RawSpan, _ sink: inout S) throws {
    try report(
      .earliestExpiry, at: state.value.offset, "an earliest expiry below 2^63", "\(state.value.firstExpiry)", input,
      &sink)
  }
}
