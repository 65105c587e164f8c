import RDBFormat

/// Records: opcodes, and keys with their values.
extension RDBParser {
  /// Reads opcodes and keys, up to a value that another function continues.
  ///
  /// - Returns: Whether the EOF opcode was read.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func records<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws -> Bool
  {
    while true {
      let start = cursor.offset
      if state.recordOffset < 0 { boundary = cursor.position }
      let code = try cursor.byte()
      if let type = usualTypes[Int(code)] {
        try key(&cursor, type, start, &sink)
        if state.phase != .records { return false }
      } else if code == Opcode.expireTimeMS.rawValue {
        let time = try cursor.littleEndian(Int64.self)
        attribute(start)
        state.expiry = time == -1 ? nil : UnixMilliseconds(time)
      } else if try opcode(code, at: start, &cursor, &sink) {
        return true
      } else if state.phase != .records {
        return false
      }
    }
  }

  /// Reads a key's name, asks the sink, and reads a simple value.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func key<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ type: ValueType, _ start: Int, _ sink: inout S
  ) throws {
    let name = try keyName(&cursor)
    let interest = try announce(&cursor, name, type, start, &sink)
    try valueOfKey(&cursor, type, interest, &sink)
  }

  /// Reads a key of a type that ``usualTypes`` may not have.
  @inline(never)
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func unusualKey<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ type: ValueType, _ start: Int, _ sink: inout S
  ) throws {
    let name = try keyName(&cursor)
    if examinesValues, try leavesOut(&cursor, name, type, start, &sink) { return }
    let interest = try announce(&cursor, name, type, start, &sink)
    try unusualValue(&cursor, type, interest, &sink)
  }

  /// Reads the value of a key that was just announced, of a type that ``usualTypes`` may not have.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func unusualValue<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ type: ValueType, _ interest: Interest, _ sink: inout S
  ) throws {
    if state.dialect == .keyDB, type.mayHaveMemberExpiries {
      beginValueOfKey(cursor, type)
      return try keyDBValue(&cursor, interest, &sink)
    }
    if options.findsHyperLogLogs, type == .string { try findShortHyperLogLog(cursor, interest, &sink) }
    try valueOfKey(&cursor, type, interest, &sink)
  }

  @inlinable @inline(__always)
  mutating func beginValueOfKey(_ cursor: borrowing ByteCursor, _ type: ValueType) {
    committed = cursor.position
    state.phase = .value
    state.value.type = type
    state.value.offset = cursor.offset
  }

  /// Reads the value of a key that was just announced.
  @inlinable @inline(__always) @_lifetime(cursor: copy cursor)
  mutating func valueOfKey<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ type: ValueType, _ interest: Interest, _ sink: inout S
  ) throws {
    beginValueOfKey(cursor, type)
    if type == .string, let value = cursor.takeShortString() {
      // Most keys of most files.
      switch interest {
      case .elements, .elementsAfterOutline:
        try sink.string(value)
        return try endKey(&cursor, &sink)
      case .skip:
        return try endKey(&cursor, &sink)
      case .validate:
        return try endKey(&cursor, &sink, measure: ValueMeasure())
      case .measure:
        return try endKey(&cursor, &sink, measure: ValueMeasure(ofString: value))
      case .stored, .storedOrOutlined, .validatedStored, .validatedStoredOrOutlined:
        // The look ahead begins at the value's first byte.
        cursor.position = committed
      }
    }
    if case .elements = interest, packedTypes.contains(type), case .packed(let packed) = type.layout.content {
      beginValue(type, offset: cursor.offset)
      state.value.mode = .elements
      try packedValue(packed, &cursor, &sink)
      return try endKey(&cursor, &sink)
    }
    try beginValue(&cursor, interest, &sink)
  }

  /// Begins any value but a short string or a packed value.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func beginValue<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ interest: Interest, _ sink: inout S
  ) throws {
    let type = state.value.type
    beginValue(type, offset: cursor.offset)
    switch interest {
    case .elements:
      state.value.mode = .elements
    case .skip:
      state.value.mode = .skip
      if oneStringTypes.contains(type) {
        try skipString(&cursor, validate: false)
        if state.owed == 0 { return try endKey(&cursor, &sink) }
        state.value.stage = .done
      }
    case .measure:
      state.value.mode = .measure
      state.value.measure = ValueMeasure()
    case .validate:
      state.value.mode = .validate
      state.value.measure = ValueMeasure()
    case .stored, .storedOrOutlined, .validatedStored, .validatedStoredOrOutlined:
      if storedStringTypes.contains(type), try passString(&cursor, interest, &sink) { return }
      state.value.mode = .elements
      if type.isSelfContained {
        try lookAhead(&cursor, interest, &sink)
        if state.phase == .lookahead { return }
      }
    case .elementsAfterOutline:
      state.value.mode = .elements
      if type.data == .stream {
        try lookAhead(&cursor, interest, &sink)
        if state.phase == .lookahead { return }
      }
    }
    try value(&cursor, &sink)
  }

  /// Announces a key to the sink.
  @inlinable @inline(__always) @_lifetime(cursor: copy cursor)
  mutating func announce<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ name: RawSpan, _ type: ValueType, _ start: Int, _ sink: inout S
  ) throws -> Interest {
    record.attributes.pointee.database = state.database
    record.attributes.pointee.storedType = type
    record.attributes.pointee.offset = start
    if state.recordOffset >= 0 || type.data == .module {
      if state.hasRareAttributes || type.data == .module { return try announceWithAttributes(&cursor, name, &sink) }
      return try announceWithExpiry(cursor, name, &sink)
    }
    record.attributes.pointee.valueOffset = cursor.offset
    return try sink.beginKey(record.header(name: name))
  }

  /// Announces a key that has an expiry and no other attribute.
  @inlinable
  mutating func announceWithExpiry<S: RDBSink & ~Copyable>(
    _ cursor: borrowing ByteCursor, _ name: RawSpan, _ sink: inout S
  ) throws -> Interest {
    record.attributes.pointee.offset = state.recordOffset
    record.attributes.pointee.valueOffset = cursor.offset
    record.attributes.pointee.expiry = state.expiry
    // If the sink throws, the next call announces the same key again.
    let interest = try sink.beginKey(record.header(name: name))
    record.attributes.pointee.expiry = nil
    state.expiry = nil
    state.recordOffset = -1
    return interest
  }

  /// Announces a key that has an expiry, an idle time, a frequency, metadata, a module, or a newer type.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func announceWithAttributes<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ name: RawSpan, _ sink: inout S, damage: RDBError? = nil
  ) throws -> Interest {
    let attributes = record.attributes
    if attributes.pointee.storedType.data == .module {
      let module = try state.examinedModule ?? ModuleID(rawValue: cursor.length())
      if attributes.pointee.storedType == .modulePreGA {
        throw RDBError.preGAModule(at: attributes.pointee.offset, module)
      }
      attributes.pointee.module = module
    }
    let input = attributes.pointee.input
    let typeOffset = attributes.pointee.offset
    if state.recordOffset >= 0 { attributes.pointee.offset = state.recordOffset }
    if state.isRecordSplit { attributes.pointee.input = nil }
    attributes.pointee.valueOffset = cursor.offset
    attributes.pointee.expiry = state.expiry
    attributes.pointee.idleSeconds = state.idleSeconds
    attributes.pointee.frequency = state.frequency
    let metadata = state.metadata
    // If the sink throws, the next call announces the same key again.
    if let damage {
      try sink.damagedKey(record.header(name: name, metadata: metadata.span.bytes), error: damage)
      record.resetAttributes()
      attributes.pointee.input = input
      state.resetAttributes()
      return .skip
    }
    let interest = try sink.beginKey(record.header(name: name, metadata: metadata.span.bytes))
    if state.isNewerType || attributes.pointee.idleSeconds == .max, interest != .skip {
      try reportAttributes(typeAt: typeOffset, cursor.bytes, &sink)
    }
    record.resetAttributes()
    attributes.pointee.input = input
    state.resetAttributes()
    return interest
  }

  @inlinable mutating func beginValue(_ type: ValueType, offset: Int) {
    state.phase = .value
    state.value.type = type
    state.value.stage = .begin
    state.value.part = 0
    state.value.remaining = 0
    state.value.offset = offset
    state.value.announced = false
    state.value.isModuleAux = false
    state.value.isLeftOut = false
    state.value.isExamined = false
    state.value.isSearched = false
  }

  /// Reads a value, or continues one.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func value<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    switch state.value.mode {
    case .elements:
      if state.memberExpiries.isEmpty {
        try elements(&cursor, &sink)
      } else {
        try elementsWithMemberExpiries(&cursor, &sink)
      }
    case .skip, .measure, .outline:
      try skipValue(&cursor)
    case .validate:
      if state.value.type.layout.needsDecoding {
        try validateElements(&cursor, &sink)
      } else {
        if options.findsHyperLogLogs { try findHyperLogLog(cursor, &sink) }
        try skipValue(&cursor)
        if state.value.measure.elementCount == 0, state.value.type != .pathHash {
          try reportEmpty(at: state.value.offset, cursor.bytes, &sink)
        } else if state.value.type == .hashMetadata, state.value.firstExpiry > Int64.max {
          try reportEarliestExpiry(cursor.bytes, &sink)
        }
      }
    case .stored:
      try storedValue(&cursor, &sink)
    }
    try endValue(&cursor, &sink)
  }

  /// Decodes elements to check them. The sink gets the findings, not the elements.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func validateElements<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S) throws {
    var counter = ElementCounter()
    var failure: (any Error)?
    do { try elements(&cursor, &counter) } catch { failure = error }
    noteCount(state.value.measure.count &+ counter.count)
    if let findings = counter.findings {
      for finding in findings { try sink.finding(finding) }
    }
    if let failure { throw failure }
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func endValue<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    committed = cursor.position
    if state.value.mayHaveMemberExpiries {
      state.value.endOffset = cursor.offset
      state.phase = .memberExpiries
      if state.value.mode == .stored { try sink.endStored() }
      return
    }
    if stopsAfterValue { return }
    if state.value.mode == .stored { try sink.endStored() }
    if state.value.template != nil { state.value.template = nil }
    if state.value.isModuleAux {
      state.value.isModuleAux = false
      state.phase = .records
    } else if state.value.isLeftOut {
      state.value.isLeftOut = false
      state.phase = .records
      keyByteCount = Self.noKey
    } else {
      let mode = state.value.mode
      try endKey(
        &cursor, &sink,
        measure: mode == .measure || mode == .validate ? state.value.measure : nil)
    }
  }

  @inlinable @inline(__always) @_lifetime(cursor: copy cursor)
  mutating func endKey<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ sink: inout S, measure: ValueMeasure? = nil
  ) throws {
    committed = cursor.position
    try sink.endKey(
      KeyEnd(storedByteCount: UInt64(cursor.offset &- state.value.offset), measure: measure))
    state.phase = .records
    keyByteCount = Self.noKey
    if hasLargeScratch {
      scratch.trim()
      hasLargeScratch = false
    }
  }
}
