public import RDBFormat

/// The parser: it turns bytes into events and does no input or output.
///
/// Each call gets the bytes that follow those consumed so far. The parser consumes as many as it can use, calls the
/// sink, and returns what it needs next. It calls the sink for an event only when all bytes of the event are there, so
/// no event comes twice. ``RDBReader`` calls it with the bytes of a source, ``RDBPushReader`` with chunks.
@usableFromInline package struct RDBParser: ~Copyable {
  /// The result of a call of ``parse(_:at:isFinal:into:consumed:)``.
  @usableFromInline package enum Want: Hashable, Sendable {
    /// The parser needs at least this many bytes more.
    case input(missing: UInt64)
    /// The sink needs a look ahead past the current value, which ``supply(_:to:)`` takes.
    case lookahead
    /// The EOF opcode was consumed; an eight-byte checksum follows if ``hasChecksum``.
    case end
  }

  /// Limits and exceptions.
  @usableFromInline package struct Options: Hashable, Sendable {
    /// Whether versions newer than 15 (Valkey: 81) are read, up to the first unknown type.
    @usableFromInline package var forceVersion = false
    /// Whether keys with a damaged value are left out, and the sink is told (``RDBSink/damagedKey(_:error:)``).
    @usableFromInline package var skipsDamagedKeys = false
    /// The size of the longest string that is held in memory, in bytes, decompressed.
    ///
    /// A longer string is an error (`stringTooLong`) unless the parser only steps over it. Values below 16 KiB have no
    /// effect.
    @usableFromInline package var stringLimit: UInt64 = 1 << 30
    /// Whether unknown records are stepped over where their length is known, and counted as lost.
    @usableFromInline package var skipsUnknown = false
    /// Whether to look for patterns of attacks that take extra work to find, while validating.
    @usableFromInline package var findsHostile = false
    /// The size of the input, in bytes, if known. A string that is longer is truncated, not too long.
    var inputByteCount: UInt64?
    @usableFromInline package init() {}
  }

  /// The result of reading past the current value.
  @usableFromInline package struct Lookahead: Sendable {
    /// The size of the value as stored, in bytes, without the type byte.
    @usableFromInline package var storedByteCount: UInt64
    /// The outline of a stream, if the sink asked for it.
    @usableFromInline package var outline: StreamOutline?
    /// Whether the value may come as stored: it is valid, or need not be.
    @usableFromInline package var isValid = true
    /// The damage of a value that is examined before its key is announced; `nil`: none.
    @usableFromInline package var damage: RDBError?
    /// The expiries of a hash's fields that follow the value.
    @usableFromInline var memberExpiries: [[UInt8]: UnixMilliseconds] = [:]
  }

  @usableFromInline var state: ParserState
  @usableFromInline let options: Options
  @usableFromInline let scratch = Scratch()
  /// The attributes of the current key, for its announcement.
  @usableFromInline let record = KeyRecord()
  @usableFromInline var duplicates = DuplicateFinder()
  /// The value type of each byte; `nil`: the byte is none of the header's version.
  @usableFromInline let types: UnsafeMutablePointer<ValueType?>
  /// The position in the input after the current key's name, for errors.
  @usableFromInline var keyEnd = 0
  /// The size of the current key's name, in bytes, if the input holds it; else one of the two numbers below.
  @usableFromInline var keyByteCount = Self.noKey
  /// No key is being read in this call.
  @inlinable static var noKey: Int { -1 }
  /// `state.keyName` is the name of the key.
  @inlinable static var keptKey: Int { -2 }
  /// Whether the parser reads keys, and not a value alone.
  var knowsKey = true
  /// The types whose value is one string, and those whose value is one packed value.
  @usableFromInline let oneStringTypes = ValueTypeSet { $0.isOneString }
  @usableFromInline let packedTypes = ValueTypeSet { $0.isPacked }
  /// The number of bytes of the input that are consumed.
  @usableFromInline var committed = 0
  /// The last position in the input between two records.
  @usableFromInline var boundary = 0
  @usableFromInline var pending = CompactArray<PendingEntry>()
  /// The names of the stream's groups, and of the group's consumers.
  @usableFromInline var groups = NameSet()
  @usableFromInline var consumers = NameSet()
  /// The name of the idempotent producer being read.
  @usableFromInline var producer: [UInt8] = []
  /// Whether the scratch memory is large.
  @usableFromInline var hasLargeScratch = false
  /// Pending IDs found in `outline` mode.
  @usableFromInline var outlineIDs = CompactArray<StreamID>()
  /// The position in the input between the two fields of a member's expiry.
  var middle = 0
  /// Whether the input is a batch of whole keys.
  @usableFromInline var readsBatch = false
  /// Whether no records follow the input: of the file, or of the batch.
  @usableFromInline var endsWithInput = false
  /// Whether the parser stops after the value, because it only looks ahead.
  @usableFromInline var stopsAfterValue = false
  @usableFromInline var foundLookahead: Lookahead?
  /// Whether values are examined before their keys are announced.
  @usableFromInline var examinesValues: Bool

  /// Creates a parser for the first byte of a file.
  @usableFromInline package init(options: Options = Options()) {
    self.init(state: ParserState(), options: options)
  }

  @usableFromInline init(state: ParserState, options: Options) {
    self.state = state
    self.options = options
    examinesValues = options.skipsDamagedKeys
    types = .allocate(capacity: 256)
    types.initialize(repeating: nil, count: 256)
    fillTypes()
  }

  @inlinable deinit { types.deallocate() }

  /// The header, once it was read; version 0 before.
  @usableFromInline package var header: SnapshotHeader { state.header }

  /// Whether a checksum follows the EOF opcode.
  @usableFromInline package var hasChecksum: Bool { state.header.version >= 5 }

  /// Whether the missing bytes are only stepped over, so that they need not be there together.
  @usableFromInline var isSteppingOver: Bool { state.owed > 0 }

  /// Whether the parser is between two records.
  @usableFromInline var isBetweenRecords: Bool { state.phase == .records && state.recordOffset < 0 }

  /// Fills the table with the types of the header's version. See ``newerType(_:at:)`` for later types.
  @usableFromInline func fillTypes() {
    types.update(repeating: nil, count: 256)
    for type in ValueType.allCases {
      let row = type.row
      guard (row.vendor ?? state.header.vendor) == state.header.vendor, row.since <= state.header.version else {
        continue
      }
      types[Int(row.code)] = type
    }
    // A dialect's own codes are read by ``dialectRecord(_:at:_:_:)``.
    guard let dialect = state.dialect else { return }
    for row in DialectCode.all where row.dialect == dialect { types[Int(row.code)] = nil }
    if dialect == .dragonfly {
      for code in 34..<38 { types[code] = nil }
    }
  }

  /// Parses more of the file.
  ///
  /// - Parameters:
  ///   - input: The bytes that follow those consumed so far; borrowed for this call.
  ///   - base: The file offset of the first byte of `input`.
  ///   - isFinal: Whether no more bytes follow.
  ///   - consumed: Set to the number of consumed bytes of `input`, also if this throws.
  /// - Returns: What the parser needs next. Never `.input` if `isFinal`.
  /// - Throws: ``RDBError`` with offset, key, expected and found.
  /// - Complexity: O(bytes consumed).
  @inlinable
  package mutating func parse<S: RDBSink & ~Copyable>(
    _ input: RawSpan, at base: Int, isFinal: Bool, into sink: inout S, consumed: inout Int
  ) throws(RDBError) -> Want {
    var cursor = ByteCursor(input, base: base)
    var isFinal = isFinal
    endsWithInput = isFinal || readsBatch
    committed = 0
    boundary = 0
    record.attributes.pointee.input = input.withUnsafeBytes { $0.baseAddress }
    record.attributes.pointee.inputOffset = base
    defer {
      consumed = committed
      keepKeyName(input)
    }
    do {
      if state.phase == .header { try fileHeader(&cursor, &sink) }
      if let end = state.snapshotEnd, end - base <= input.byteCount {
        // The snapshot's size was announced: what follows belongs to something else.
        let position = cursor.position
        cursor = ByteCursor(input.extracting(first: max(end - base, 0)), base: base)
        cursor.position = min(position, cursor.bytes.byteCount)
        isFinal = true
      }
      return try run(&cursor, &sink)
    } catch {
      let error = RDBError.fromSink(error, at: cursor.offset)
      guard error.needsInput, !isFinal else { throw inContext(error, input) }
      return .input(missing: error.missing)
    }
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func run<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws -> Want
  {
    while true {
      switch state.phase {
      case .records:
        if try records(&cursor, &sink) { return .end }
      case .value:
        try value(&cursor, &sink)
        if stopsAfterValue, state.phase != .memberExpiries { return .end }
      case .memberExpiries:
        try memberExpiries(&cursor, &sink)
        if stopsAfterValue { return .end }
      case .lookahead:
        return .lookahead
      case .examined:
        try announceExamined(&cursor, &sink)
      case .header:
        try fileHeader(&cursor, &sink)
      case .finished:
        return .end
      }
    }
  }

  // MARK: Records

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
      if let type = types[Int(code)] {
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
    if examinesValues, try leavesOut(&cursor, name, type, start, &sink) { return }
    let interest = try announce(&cursor, name, type, start, &sink)
    try valueOfKey(&cursor, type, interest, &sink)
  }

  /// Reads the value of a key that was just announced.
  @inlinable @inline(__always) @_lifetime(cursor: copy cursor)
  mutating func valueOfKey<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ type: ValueType, _ interest: Interest, _ sink: inout S
  ) throws {
    committed = cursor.position
    state.phase = .value
    state.value.type = type
    state.value.offset = cursor.offset
    if state.isKeyDB, type.data == .hash || type.data == .set || type.data == .zset {
      return try keyDBValue(&cursor, interest, &sink)
    }
    if type == .string, let value = cursor.takeShortString() {
      // Most keys of most files.
      switch interest {
      case .elements, .elementsAfterOutline:
        try sink.string(value)
        return try endKey(&cursor, &sink)
      case .skip:
        return try endKey(&cursor, &sink)
      case .validate:
        if options.findsHostile { try reportHyperLogLog(value, at: state.value.offset, cursor.bytes, &sink) }
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
      return try announceWithAttributes(&cursor, name, &sink)
    }
    record.attributes.pointee.valueOffset = cursor.offset
    return try sink.beginKey(record.header(name: name))
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
        if options.findsHostile { try findHyperLogLog(cursor, &sink) }
        try skipValue(&cursor)
        if state.value.measure.elementCount == 0 {
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

  /// Decodes elements to check them, and passes on what the check found.
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
