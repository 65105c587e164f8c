public import RDBFormat
import RDBSupport

/// What an output needs before the file says it: how long a stored value is, and which entries of a
/// stream are pending. Within the input at hand the parser looks for itself; beyond it, whoever drives
/// the parser reads ahead with a parser made for it, and supplies the answer.
extension RDBParser {
  /// Looks ahead within the input; leaves the phase at `lookahead` where that is not enough.
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

  /// - Returns: Whether the value's end was found within the input.
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

  /// Goes on with the key just announced, now that it is known what stands behind it.
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
      if let outline = found.outline { try sink.streamOutline(outline) }
    default: break
    }
  }

  /// Answers ``Want/lookahead``; then call `parse` again.
  @inlinable
  mutating func supply<S: RDBSink & ~Copyable>(_ lookahead: Lookahead, to sink: inout S)
    throws(RDBError)
  {
    foundLookahead = lookahead
    state.phase = .value
    do { try decide(&sink) } catch { throw inContext(.fromSink(error, at: state.value.offset)) }
  }

  /// A parser that reads from the first byte of the value just announced to its end, and stops there.
  func makeLookaheadParser() -> RDBParser {
    var ahead = RDBParser(state: state, options: options)
    ahead.state.phase = .value
    ahead.prepareLookahead(state.value.interest)
    ahead.stopsAfterValue = true
    return ahead
  }

  /// What a parser of ``makeLookaheadParser()`` found, when it has come to the end.
  mutating func finishLookahead(storedByteCount: UInt64) -> Lookahead {
    Lookahead(storedByteCount: storedByteCount, outline: takeOutline())
  }
}
