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
      try decide(&sink)
    }
  }

  /// Looks for the value's end in the input.
  ///
  /// - Returns: Whether it was found.
  @usableFromInline
  mutating func findLookahead(_ cursor: ByteCursor, _ interest: Interest) throws(RDBError) -> Bool {
    let saved = state.value
    let savedCommitted = committed
    var ahead = cursor
    prepareLookahead(interest)
    defer {
      state.value = saved
      state.owed = 0
      committed = savedCommitted
    }
    do throws(RDBError) {
      try skipValue(&ahead)
    } catch {
      if error.needsInput { return false }
      throw error
    }
    foundLookahead = Lookahead(
      storedByteCount: UInt64(ahead.position - cursor.position), outline: takeOutline())
    return true
  }

  @usableFromInline mutating func prepareLookahead(_ interest: Interest) {
    outlineIDs.removeAll()
    state.value.mode = .skip
    guard state.value.type.data == .stream else { return }
    switch interest {
    case .elementsAfterOutline, .storedOrOutlined: state.value.mode = .outline
    default: break
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
    state.value.mode = .elements
    switch state.value.interest {
    case .stored(let limit) where found.storedByteCount <= limit,
      .storedOrOutlined(let limit) where found.storedByteCount <= limit:
      state.value.mode = .stored
      try sink.beginStored(byteCount: found.storedByteCount)
    case .elementsAfterOutline, .storedOrOutlined:
      if let outline = found.outline { try sink.streamOutline(outline.info, pendingIDs: outline.pendingIDs) }
    default: break
    }
  }

  /// Takes the result that ``Want/lookahead`` asked for; call `parse` again after it.
  @inlinable
  mutating func supply<S: RDBSink & ~Copyable>(_ lookahead: Lookahead, to sink: inout S)
    throws(RDBError)
  {
    foundLookahead = lookahead
    state.phase = .value
    do { try decide(&sink) } catch { throw inContext(.fromSink(error, at: state.value.offset)) }
  }

  /// Returns a parser for the value of the key just announced, which stops after the value.
  func makeLookaheadParser() -> RDBParser {
    var ahead = RDBParser(state: state, options: options)
    ahead.state.phase = .value
    ahead.prepareLookahead(state.value.interest)
    ahead.stopsAfterValue = true
    return ahead
  }

  /// Returns the result of a parser made by ``makeLookaheadParser()`` that has come to the end.
  mutating func finishLookahead(storedByteCount: UInt64) -> Lookahead {
    Lookahead(storedByteCount: storedByteCount, outline: takeOutline())
  }
}
