import RDBFormat

/// Findings: oddities that do not end the reading.
///
/// A finding follows the rule of every event: the parser announces it only when all bytes of the part that it concerns
/// are there, so that it does not come twice.
extension RDBParser {
  /// Creates a finding of the current key.
  ///
  /// - Parameter input: The parser's input, which may hold the key's name.
  @inline(never)
  @usableFromInline
  func finding(
    _ kind: FindingKind, at offset: Int, inner: Int? = nil, _ expected: @autoclosure () -> String,
    _ found: @autoclosure () -> String, _ input: RawSpan
  ) -> Finding {
    var finding = Finding(kind, at: offset, inner: inner, expected: expected(), found: found())
    guard kind.row.concernsKey else { return finding }
    finding.key = currentKey(input)
    finding.database = state.database
    return finding
  }

  /// Returns the value type that `code` means in a file whose header has a lower version.
  ///
  /// Servers do not compare types with the version: they load such a file.
  ///
  /// - Throws: ``RDBError`` (`unknownValueType`) if the code is no type, or if two servers use it and nothing in the file
  ///   tells which one wrote the file.
  @usableFromInline func newerType(_ code: UInt8, at offset: Int) throws(RDBError) -> ValueType {
    guard let type = ValueType.resolve(code, vendor: state.header.vendor) else { throw unknown(code, at: offset) }
    try checkOwner(of: type, at: offset)
    return type
  }

  @inline(never)
  @usableFromInline func newerTypeFinding(_ type: ValueType, at offset: Int, _ input: RawSpan) -> Finding {
    finding(
      .newerType, at: offset, "a value type of version \(state.header.version) or earlier",
      "\(type.name) (type \(type.code)), of version \(type.row.since) and later", input)
  }

  /// Reports a stream's numbers that contradict its entries.
  ///
  /// - Returns: The numbers that the entries have.
  @inline(never)
  @usableFromInline
  func corrected<S: RDBSink & ~Copyable>(
    _ info: StreamInfo, at offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws -> StreamInfo {
    var corrected = info
    if info.length != state.value.liveCount {
      corrected.length = state.value.liveCount
      try sink.finding(
        finding(
          .streamLength, at: offset, "a length of \(corrected.length), as there are entries", "\(info.length)", input))
    }
    if state.value.hasLastID, info.lastID < state.value.lastID {
      corrected.lastID = state.value.lastID
      try sink.finding(
        finding(.streamLastID, at: offset, "a last ID from \(corrected.lastID) on", "\(info.lastID)", input))
    }
    return corrected
  }

  /// The name of the key being read; `nil`: the value of no key, or of a key whose name is not known here.
  private func currentKey(_ input: RawSpan) -> [UInt8]? {
    if keyByteCount >= 0 {
      return [UInt8](input.extracting(keyEnd - keyByteCount..<keyEnd))
    }
    return knowsKey ? state.keyName : nil
  }
}
