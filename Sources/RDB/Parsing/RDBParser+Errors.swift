import RDBFormat
import RDBSupport

/// The context of errors: the key, its database and its type.
extension RDBParser {
  /// Reads a key's name and notes where it is, so that an error can name the key.
  @inlinable @inline(__always) @_lifetime(copy cursor) @_lifetime(cursor: copy cursor)
  mutating func keyName(_ cursor: inout ByteCursor) throws(RDBError) -> RawSpan {
    if let name = cursor.takeShortString() {
      keyEnd = cursor.position
      keyByteCount = name.byteCount
      return name
    }
    let name = try anyString(&cursor, slot: 0)
    keep(name)
    return name
  }

  /// Copies the name of the current key.
  @usableFromInline mutating func keep(_ name: RawSpan) {
    state.keyName.removeAll(keepingCapacity: true)
    state.keyName.append(name)
    keyByteCount = Self.keptKey
  }

  /// Keeps the name of a key whose value continues in the next call.
  @usableFromInline mutating func keepKeyName(_ input: RawSpan) {
    if keyByteCount >= 0, state.phase == .value || state.phase == .lookahead {
      keep(input.extracting(keyEnd - keyByteCount..<keyEnd))
    }
    keyByteCount = Self.noKey
  }

  /// Returns the error with the key that is being read, its database and its type.
  @usableFromInline func inContext(_ error: RDBError, _ input: RawSpan = RawSpan()) -> RDBError {
    let error = withAllThatIsLeft(error).settled
    let isInValue = state.phase == .value || state.phase == .lookahead
    guard isInValue || keyByteCount != Self.noKey else { return error }
    // A refusal describes itself, in the same words for any number of threads.
    if [.stop, .io, .outputClosed, .refused].contains(error.code) { return error }
    if state.value.isModuleAux, state.phase == .value { return error }
    let key =
      keyByteCount >= 0
      ? [UInt8](input.extracting(keyEnd - keyByteCount..<keyEnd)) : state.keyName
    return error.adding(
      key: key, database: state.database, valueType: isInValue ? state.value.type.name : nil)
  }

  /// The offset after the last byte that can belong to the snapshot, if it is known.
  private var inputEnd: UInt64? {
    let end = state.head.snapshotEnd.map { UInt64($0) }
    return options.inputByteCount.map { min($0, end ?? $0) } ?? end
  }

  /// Returns the error with the size of the rest of the input, if the size of the input is known.
  ///
  /// The error is then the same for any window and any number of threads.
  private func withAllThatIsLeft(_ error: RDBError) -> RDBError {
    guard error.needsInput, error.innerOffset == nil, error.missing > 0,
      let total = inputEnd, total >= UInt64(error.offset)
    else { return error }
    return RDBError(
      .truncated, at: error.offset, expected: error.expected,
      found: "\(total - UInt64(error.offset))", key: error.key, database: error.database,
      valueType: error.valueType, missing: error.missing)
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func preGAModule(at offset: Int, _ module: ModuleID) -> RDBError {
    RDBError(
      .unsupportedValueType, at: offset,
      expected: "a value that says where it ends (the module \(module.name) must load it itself)",
      found: "module_pre_ga, type 6 of Redis 4.0 release candidates")
  }
}
