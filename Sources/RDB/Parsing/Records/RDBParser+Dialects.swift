public import RDBFormat
import RDBSupport

/// Codes and fields of servers that extend the files of Redis: see ``DialectCode`` and ``Dialect``.
extension RDBParser {
  /// Notes the server that an AUX field proves.
  @usableFromInline mutating func noteDialect(_ name: RawSpan, _ value: RawSpan) {
    guard state.header.vendor == .redis else { return }
    if name.byteCount == 9, name.withUnsafeBytes({ $0.elementsEqual("redis-ver".utf8) }) {
      state.writer = ServerVersion(
        String(decoding: [UInt8](value.extracting(first: 32)), as: UTF8.self), vendor: .redis)
    }
    guard state.dialect == nil, let dialect = Dialect.evident(in: name, value) else { return }
    setDialect(dialect)
  }

  private mutating func setDialect(_ dialect: Dialect) {
    state.dialect = dialect
    fillTypes()
  }

  /// Reads a record whose code is neither a known opcode nor a type of the header's version, if a dialect has it.
  ///
  /// - Returns: Whether a dialect has it.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func dialectRecord<S: RDBSink & ~Copyable>(
    _ code: UInt8, at start: Int, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws -> Bool {
    guard state.header.vendor == .redis else { return false }
    guard let row = DialectCode.row(code, in: state.dialect) else {
      if let dialect = state.dialect,
        ValueType.resolve(code, vendor: .redis) == nil || dialect == .dragonfly && code >= 30
      {
        throw RDBError.unsupportedCode(
          code, at: start, "\(dialect.rawValue)'s \(code < 200 ? "type" : "opcode") \(code)", canSkip: false)
      }
      return false
    }
    if row.treatment == .refused, !options.skipsUnknown || row.payload == .unknown {
      throw RDBError.unsupportedCode(code, at: start, row.description, canSkip: row.payload != .unknown)
    }
    if row.payload == .keyMask || row.treatment == .ignored {
      try skipPayload(row.payload, &cursor)
      if row.payload == .keyMask {
        attribute(start)
      } else if state.recordOffset >= 0 {
        try splitRecord(by: code, at: start)
      }
      if state.dialect == nil { setDialect(row.dialect) }
      if row.payload != .keyMask { committed = cursor.position }
      return true
    }
    let first = cursor.position - 1
    let name = row.isType ? [UInt8](try string(&cursor, slot: 0)) : []
    try skipPayload(row.payload, &cursor)
    if row.payload == .cronJob {
      let auxName = CronJob.auxName
      try sink.aux(
        AuxField(
          name: auxName.span.bytes, value: name.span.bytes,
          stored: cursor.bytes.extracting(first..<cursor.position), endOffset: cursor.offset))
    } else {
      state.skipped.lose(
        row.isType ? .key : .record, "\(row.description) was stepped over", key: name, offset: start)
    }
    if state.dialect == nil { setDialect(row.dialect) }
    if row.isType { state.resetAttributes() }
    committed = cursor.position
    return true
  }

  /// Steps over a payload, which must be in the input as a whole.
  @_lifetime(cursor: copy cursor)
  private mutating func skipPayload(_ payload: DialectCode.Payload, _ cursor: inout ByteCursor) throws(RDBError) {
    let start = cursor.offset
    switch payload {
    case .unknown: break
    case .bytes(let count): _ = try cursor.take(UInt64(count))
    case .length: _ = try cursor.length()
    case .lengthAndString:
      _ = try cursor.length()
      _ = try string(&cursor, slot: 1)
    case .string: _ = try string(&cursor, slot: 1)
    case .strings(let perElement):
      let count = try cursor.length()
      guard count <= .max / perElement else { throw RDBError.absurdCount(at: start, count) }
      try skipStrings(count * perElement, from: start, &cursor)
    case .keyMask:
      let flags = try cursor.littleEndian(UInt32.self)
      if flags & 2 != 0 { _ = try cursor.littleEndian(UInt32.self) }
    case .cronJob:
      _ = try string(&cursor, slot: 1)
      _ = try cursor.littleEndian(Int64.self)
      _ = try cursor.littleEndian(Int64.self)
      for _ in 0..<2 { try skipStrings(try cursor.length(), from: start, &cursor) }
    }
  }

  @_lifetime(cursor: copy cursor)
  private mutating func skipStrings(_ count: UInt64, from start: Int, _ cursor: inout ByteCursor) throws(RDBError) {
    var left = count
    while left > 0 {
      try checkRecord(from: start, cursor)
      _ = try string(&cursor, slot: 1)
      left -= 1
    }
  }

  /// Throws if a newer type has a number that a dialect uses too, and nothing in the file tells which one wrote it.
  @usableFromInline func checkOwner(of type: ValueType, at offset: Int) throws(RDBError) {
    guard type.row.since > 11, let other = DialectCode.all.first(where: { $0.isType && $0.code == type.code }) else {
      return
    }
    if let writer = state.writer, writer.rdbVersion >= type.row.since { return }
    throw RDBError(
      .unsupportedValueType, at: offset,
      expected: "a value type of Redis RDB \(state.header.version), or an AUX field that names the writer",
      found: "type \(type.code), which is \(type.name) of Redis RDB \(type.row.since) or \(other.description)")
  }
}

extension RDBError {
  @inline(never)
  fileprivate static func unsupportedCode(_ code: UInt8, at offset: Int, _ what: String, canSkip: Bool) -> RDBError {
    RDBError(
      .unsupportedValueType, at: offset,
      expected: canSkip ? "a record that Redis knows (`skipsUnknown` steps over others)" : "a record that Redis knows",
      found: what)
  }
}
