public import RDBFormat
import RDBSupport

/// Looking ahead: the size of a stored value and the pending entries of a stream, which some sinks need before the value.
///
/// The parser looks ahead in its input. If the value is longer, `parse` returns ``Want/lookahead``; the caller reads
/// ahead with a parser made by ``makeLookaheadParser()`` and gives the result to ``supply(_:to:)``.
extension RDBParser {
  /// Looks ahead in the input; leaves the phase at `lookahead` if the input ends before the value.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func lookAhead<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ interest: Interest, _ sink: inout S
  ) throws {
    state.value.interest = interest
    state.phase = .lookahead
    if try findLookahead(cursor, interest) {
      state.phase = .value
      let byteCount = foundLookahead?.storedByteCount ?? 0
      try decide(&sink)
      if state.value.mode == .stored { try passWhole(byteCount, &cursor, &sink) }
    }
  }

  /// Gives the sink the stored bytes of a value that is one string, and ends the key, if the input holds the whole value and the
  /// sink takes stored bytes of this size.
  ///
  /// - Returns: Whether that was done; if not, the look ahead decides.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func passString<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ interest: Interest, _ sink: inout S
  ) throws -> Bool {
    let byteCount = wholeStoredByteCount(cursor, interest, atMost: interest.storedLimit ?? 0)
    guard byteCount > 0 else { return false }
    state.value.mode = .stored
    try sink.beginStored(byteCount: UInt64(byteCount))
    try passWhole(UInt64(byteCount), &cursor, &sink)
    try sink.endStored()
    try endKey(&cursor, &sink)
    return true
  }

  /// Returns the size of a value of one string, if the input holds it and it may come as stored; 0: the look ahead decides.
  @usableFromInline
  mutating func wholeStoredByteCount(_ cursor: ByteCursor, _ interest: Interest, atMost limit: UInt64) -> Int {
    var ahead = cursor
    let isShort = ahead.takeShortString() != nil
    do {
      if !isShort { try skipAnyString(&ahead, validate: false) }
      let byteCount = ahead.position - cursor.position
      guard state.owed == 0, UInt64(byteCount) <= limit else {
        state.owed = 0
        return 0
      }
      if interest.validatesStored, !isShort || state.value.type != .string {
        var again = cursor
        guard try validateString(&again) else { return 0 }
      }
      return byteCount
    } catch {
      // The look ahead meets the same error.
      return 0
    }
  }

  /// Decodes a value of one string as a check.
  ///
  /// - Returns: Whether every server loads it.
  @_lifetime(cursor: copy cursor)
  private mutating func validateString(_ cursor: inout ByteCursor) throws -> Bool {
    guard case .packed(let packed) = state.value.type.layout.content else {
      try skipString(&cursor, validate: true)
      return true
    }
    state.value.mode = .validate
    var counter = ElementCounter()
    try packedValue(packed, &cursor, &counter)
    return counter.everyServerLoads
  }

  /// Gives the sink a whole stored value that the input holds.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func passWhole<S: RDBSink & ~Copyable>(
    _ byteCount: UInt64, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    let bytes = try cursor.take(byteCount)
    if byteCount > 0 { try sink.stored(bytes) }
    state.value.stage = .done
    committed = cursor.position
  }

  /// Looks for the value's end in the input, and validates the value if the answer asks for it.
  ///
  /// - Returns: Whether the end was found.
  @usableFromInline
  mutating func findLookahead(_ cursor: ByteCursor, _ interest: Interest) throws(RDBError) -> Bool {
    let saved = state.value
    let savedCommitted = committed
    defer {
      state.value = saved
      state.owed = 0
      committed = savedCommitted
    }
    var ahead = cursor
    prepareLookahead(interest)
    do throws(RDBError) {
      try skipValue(&ahead)
    } catch {
      if error.needsInput { return false }
      guard state.value.mode == .validate else { throw error }
      foundLookahead = Lookahead.invalid
      return true
    }
    var found = Lookahead(
      storedByteCount: UInt64(ahead.position - cursor.position), outline: takeOutline(), isValid: isRestorable)
    if saved.mayHaveMemberExpiries {
      do throws(RDBError) {
        while true {
          let start = ahead.position
          guard let (member, time) = try memberExpiry(&ahead) else {
            ahead.position = start
            break
          }
          found.memberExpiries[member] = time
        }
      } catch {
        if error.needsInput { return false }
        throw error
      }
    }
    if needsValidation(found, interest) {
      ahead = cursor
      state.value = saved
      state.value.mode = .validate
      do throws(RDBError) { found.isValid = try validateValue(&ahead) } catch { found.isValid = false }
    }
    foundLookahead = found
    return true
  }

  /// Whether a value whose end was found must be decoded before it may come as stored.
  ///
  /// Values of other types were checked on the way to their end: see ``prepareLookahead(_:)``.
  @usableFromInline func needsValidation(_ found: Lookahead, _ interest: Interest) -> Bool {
    guard interest.validatesStored, let limit = interest.storedLimit else { return false }
    return found.storedByteCount <= limit && state.value.type.layout.needsDecoding
  }

  /// Decodes the value as a check.
  ///
  /// - Returns: Whether every server loads it.
  @usableFromInline @_lifetime(cursor: copy cursor) @discardableResult
  mutating func validateValue(_ cursor: inout ByteCursor) throws(RDBError) -> Bool {
    var counter = ElementCounter()
    do { try elements(&cursor, &counter) } catch { throw RDBError.fromSink(error, at: cursor.offset) }
    return counter.everyServerLoads
  }

  /// Chooses how the value is read up to its end.
  @usableFromInline mutating func prepareLookahead(_ interest: Interest) {
    outlineIDs.removeAll()
    state.value.mode = .skip
    state.value.measure = ValueMeasure()
    let type = state.value.type
    if type.data == .stream {
      if interest.includesOutline { state.value.mode = .outline }
    } else if interest.validatesStored, !type.layout.needsDecoding {
      state.value.mode = .validate
    }
  }

  @usableFromInline mutating func takeOutline() -> StreamOutline? {
    guard state.value.mode == .outline else { return nil }
    if outlineIDs.count > 1 {
      var ids = UnsafeMutableBufferPointer(start: outlineIDs.base, count: outlineIDs.count)
      ids.sort()
    }
    var ids: [StreamID] = []
    ids.reserveCapacity(outlineIDs.count)
    for index in 0..<outlineIDs.count where ids.last != outlineIDs[index] {
      ids.append(outlineIDs[index])
    }
    outlineIDs.removeAll()
    return StreamOutline(pendingIDs: ids, info: state.value.info)
  }

  /// Chooses between the stored value and its elements, with the result of the look ahead.
  @inlinable
  mutating func decide<S: RDBSink & ~Copyable>(_ sink: inout S) throws {
    guard let found = foundLookahead else { return }
    foundLookahead = nil
    state.memberExpiries = found.memberExpiries
    // The stored value has no expiries of KeyDB: where the sink takes elements as well, they come with them.
    let losesExpiries =
      state.value.interest.validatesStored && state.value.type.data == .hash && !found.memberExpiries.isEmpty
    if found.isValid, !losesExpiries, let limit = state.value.interest.storedLimit, found.storedByteCount <= limit {
      state.value.mode = .stored
      try sink.beginStored(byteCount: found.storedByteCount)
    } else {
      state.value.mode = .elements
      if let outline = found.outline { try sink.streamOutline(outline.info, pendingIDs: outline.pendingIDs) }
    }
  }

  /// Takes the result that ``Want/lookahead`` asked for; call `parse` again after it.
  @inlinable
  mutating func supply<S: RDBSink & ~Copyable>(_ lookahead: Lookahead, to sink: inout S)
    throws(RDBError)
  {
    if state.value.isExamined {
      state.damage = lookahead.damage
      state.phase = .examined
      return
    }
    foundLookahead = lookahead
    state.phase = .value
    do { try decide(&sink) } catch { throw inContext(.fromSink(error, at: state.value.offset)) }
  }

  /// Returns a parser for the value of the key just announced, which stops after the value.
  ///
  /// - Parameter mode: How the parser reads the value; `nil`: as the answer for the key needs it.
  @usableFromInline func makeLookaheadParser(_ mode: ValueState.Mode? = nil) -> RDBParser {
    var ahead = RDBParser(state: state, options: options)
    ahead.state.phase = .value
    ahead.state.value.measure = ValueMeasure()
    if let mode { ahead.state.value.mode = mode } else { ahead.prepareLookahead(state.value.interest) }
    ahead.stopsAfterValue = true
    return ahead
  }

  /// Returns the result of a parser made by ``makeLookaheadParser(_:)`` that has come to the end.
  mutating func finishLookahead(storedByteCount: UInt64) -> Lookahead {
    var found = Lookahead(storedByteCount: storedByteCount, outline: takeOutline(), isValid: isRestorable)
    if state.value.mayHaveMemberExpiries {
      found.storedByteCount = UInt64(state.value.endOffset - state.value.offset)
      found.memberExpiries = state.memberExpiries
    }
    return found
  }

  /// Whether RESTORE takes the value that was just stepped over. It refuses one without elements, unless it is a path
  /// hash, and an earliest expiry that it cannot hold.
  private var isRestorable: Bool {
    guard state.value.mode == .validate, state.value.type.data != .stream else { return true }
    if state.value.type == .hashMetadata, state.value.firstExpiry > Int64.max { return false }
    return state.value.measure.elementCount != 0 || state.value.type == .pathHash
  }

  /// Whether the look ahead for the current answer validates on the way to the value's end.
  var validatesInLookahead: Bool {
    let type = state.value.type
    return state.value.interest.validatesStored && !type.layout.needsDecoding && type.data != .stream
  }
}

extension RDBError {
  /// Whether reading the value's elements has the same error.
  var isOfElements: Bool { code.isOfValue || code == .stringTooLong }
}

extension RDBParser.Lookahead {
  /// The result for a value that must not come as stored.
  static var invalid: Self { Self(storedByteCount: 0, outline: nil, isValid: false) }
}
