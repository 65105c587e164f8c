import RDBFormat

/// Keys with a damaged value, which are left out if ``Options/skipsDamagedKeys`` is set.
///
/// The value is decoded before its key is announced. If that fails, but the lengths in the value lead to its end, the sink
/// gets the key and the damage instead of the value. In every other case the key is read as usual, and has its error.
extension RDBParser {
  /// Examines the value of a key whose name was read.
  ///
  /// - Returns: Whether the key needs no announcement here: its value is damaged, or continues after the input.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func leavesOut<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ name: RawSpan, _ type: ValueType, _ start: Int, _ sink: inout S
  ) throws -> Bool {
    var ahead = cursor
    if type == .modulePreGA { return false }
    state.examinedModule = type.data == .module ? ModuleID(rawValue: try ahead.length()) : nil
    beginValue(type, offset: ahead.offset)
    state.phase = .records
    state.value.typeOffset = start
    switch examine(ahead) {
    case .whole:
      state.examinedModule = nil
      return false
    case .damaged(let error):
      state.phase = .value
      let damage = inContext(error, cursor.bytes)
      cursor = ahead
      try leaveOut(&cursor, name, damage, &sink)
      try value(&cursor, &sink)
    case .incomplete:
      committed = ahead.position
      cursor = ahead
      state.phase = .lookahead
      state.value.isExamined = true
    }
    return true
  }

  /// The result of examining a value.
  @usableFromInline enum Examination {
    /// The value is whole, or its error is not damage that can be left out.
    case whole
    case damaged(RDBError)
    /// The input ends before the value.
    case incomplete
  }

  /// Decodes the value in the input, as a check.
  @usableFromInline mutating func examine(_ cursor: ByteCursor) -> Examination {
    let saved = state.value
    let savedCommitted = committed
    defer {
      state.value = saved
      state.owed = 0
      committed = savedCommitted
    }
    var ahead = cursor
    state.value.mode = .elements
    do throws(RDBError) {
      try validateValue(&ahead)
      return .whole
    } catch let damage {
      if damage.needsInput { return .incomplete }
      guard damage.code.isOfValue else { return .whole }
      ahead = cursor
      state.value = saved
      state.value.mode = .skip
      do throws(RDBError) {
        try skipValue(&ahead)
        return .damaged(damage)
      } catch {
        return error.needsInput ? .incomplete : .whole
      }
    }
  }

  /// Announces a key whose value was examined by a look ahead, or its damage.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func announceExamined<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S) throws {
    let name = state.keyName
    keyByteCount = Self.keptKey
    let (type, start) = (state.value.type, state.value.typeOffset)
    if let damage = state.damage {
      beginValue(type, offset: cursor.offset)
      state.phase = .examined
      state.value.typeOffset = start
      return try leaveOut(&cursor, name.span.bytes, damage, &sink)
    }
    let interest = try announce(&cursor, name.span.bytes, type, start, &sink)
    state.examinedModule = nil
    try unusualValue(&cursor, type, interest, &sink)
  }

  /// Tells the sink that the value of a key is damaged; the value is then stepped over.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func leaveOut<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ name: RawSpan, _ damage: RDBError, _ sink: inout S
  ) throws {
    record.attributes.pointee.database = state.database
    record.attributes.pointee.storedType = state.value.type
    record.attributes.pointee.offset = state.value.typeOffset
    _ = try announceWithAttributes(&cursor, name, &sink, damage: damage)
    state.examinedModule = nil
    committed = cursor.position
    state.damage = nil
    state.phase = .value
    state.value.mode = .skip
    state.value.isLeftOut = true
  }
}
