public import RDBFormat

/// Path hashes of Valkey 9.2: paths, each with fields and their values.
extension RDBParser {
  /// Reads `count`, then `path count ( field value )*` each.
  ///
  /// A path hash may have no path, but no path without fields.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func pathHash<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S) throws {
    if state.value.stage == .begin {
      let count = try cursor.length()
      try sink.beginElements(ElementsHeader(count: count))
      state.value.remaining = count
      state.value.stage = .elements
      committed = cursor.position
    }
    while state.value.remaining > 0 {
      if state.value.part == 0 {
        let path = try string(&cursor, slot: 1)
        let count = try pathFieldCount(&cursor, validate: true)
        try sink.beginPath(path, fieldCount: count)
        state.value.inner = count
        state.value.part = 1
        committed = cursor.position
      }
      while state.value.inner > 0 {
        let field = try string(&cursor, slot: 1)
        let value = try string(&cursor, slot: 2)
        try sink.pathField(field, value: value)
        state.value.inner &-= 1
        committed = cursor.position
      }
      state.value.part = 0
      elementDone(cursor)
    }
  }

  /// Reads the number of fields at a path.
  ///
  /// - Parameter validate: Whether a path without fields is damage.
  @usableFromInline @_lifetime(cursor: copy cursor)
  func pathFieldCount(_ cursor: inout ByteCursor, validate: Bool) throws(RDBError) -> UInt64 {
    let start = cursor.offset
    let count = try cursor.length()
    if validate, count == 0 { throw RDBError.value(.corruptHash, at: start, "at least one field at a path", "none") }
    // Counted string by string while they are only stepped over.
    guard count <= .max / 2 else { throw RDBError.absurdCount(at: start, count) }
    return count
  }

  /// Steps over the fields at a path: `count ( field value )*`.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func skipPathFields(_ cursor: inout ByteCursor, _ validate: Bool) throws(RDBError) {
    if !state.value.announced {
      state.value.inner = try pathFieldCount(&cursor, validate: validate) &* 2
      state.value.announced = true
      committed = cursor.position
    }
    while state.value.inner > 0 {
      try skipString(&cursor, validate: validate)
      state.value.inner &-= 1
      committed = cursor.position
      if state.owed > 0 { throw RDBError.needsInput(at: cursor.offset, expected: state.owed, found: 0) }
    }
    state.value.announced = false
    nextPart(cursor)
  }
}
