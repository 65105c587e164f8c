public import RDBFormat

/// Turns bytes into events: the opcode loop, without any input or output of its own.
///
/// Give it what you have of the file, from the first byte it has not consumed yet; it consumes what it
/// can use, calls the sink, and says what it wants next. Events come only when all their bytes have
/// been seen, so nothing is ever said twice. ``RDBReader`` drives it from a file, ``RDBPushReader`` from
/// chunks that arrive by themselves.
@usableFromInline package struct RDBParser: ~Copyable {
  /// What a call of ``parse(_:at:isFinal:into:)`` ended with.
  @usableFromInline package enum Want: Hashable, Sendable {
    /// More input: at least this many bytes behind those given.
    case input(missing: UInt64)
    /// A look at what stands behind the key just announced: ``supply(_:)`` it.
    case lookahead
    /// The EOF opcode was consumed; an eight-byte checksum follows if ``hasChecksum``.
    case end
  }

  /// Limits and leniencies.
  @usableFromInline package struct Options: Hashable, Sendable {
    /// Read versions newer than 15 (Valkey: 81), up to the first type that is unknown.
    @usableFromInline package var forceVersion = false
    /// The longest string, decompressed, that is held in memory. Larger ones are refused
    /// (`stringTooLong`), unless they are only stepped over. Bytes; below 16 KiB it has no effect.
    @usableFromInline package var stringLimit: UInt64 = 1 << 30
    /// All bytes of the input, where its reader knows: what cannot fit in it is cut, not too long.
    var inputByteCount: UInt64?
    @usableFromInline package init() {}
  }

  /// What stands behind a key's announcement.
  @usableFromInline package struct Lookahead: Hashable, Sendable {
    /// The bytes of the value as stored, without the type byte.
    @usableFromInline package var storedByteCount: UInt64
    /// Of a stream, if it was asked for.
    @usableFromInline package var outline: StreamOutline?
  }

  @usableFromInline var state: ParserState
  @usableFromInline let options: Options
  @usableFromInline let scratch = Scratch()
  /// What sinks are told of the current key.
  @usableFromInline let record = KeyRecord()
  @usableFromInline var duplicates = DuplicateFinder()
  /// The type each byte means; `nil`: none.
  @usableFromInline let types: UnsafeMutablePointer<ValueType?>
  /// The current key's name in the input or the scratch memory, for errors; only during a call.
  @usableFromInline var currentKey = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Everything before this position of the input has been consumed.
  @usableFromInline var committed = 0
  /// The last place of the input between two records.
  @usableFromInline var boundary = 0
  @usableFromInline var pending = CompactArray<PendingEntry>()
  /// The names of the stream's groups, and of the group's consumers.
  @usableFromInline var groups = NameSet()
  @usableFromInline var consumers = NameSet()
  /// The name of the idempotent producer being read.
  @usableFromInline var producer: [UInt8] = []
  /// Whether scratch memory holds much.
  @usableFromInline var hasLargeScratch = false
  /// Pending IDs found in `outline` mode.
  @usableFromInline var outlineIDs = CompactArray<StreamID>()
  /// A parser that looks ahead stops behind the value.
  @usableFromInline var stopsAfterValue = false
  @usableFromInline var foundLookahead: Lookahead?

  /// Starts before the first byte of a file.
  @usableFromInline package init(options: Options = Options()) {
    self.init(state: ParserState(), options: options)
  }

  @usableFromInline init(state: ParserState, options: Options) {
    self.state = state
    self.options = options
    types = .allocate(capacity: 256)
    types.initialize(repeating: nil, count: 256)
    fillTypes()
  }

  @inlinable deinit { types.deallocate() }

  /// The header, once it was read; version 0 before.
  @usableFromInline package var header: SnapshotHeader { state.header }

  /// Whether a checksum follows the EOF opcode.
  @usableFromInline package var hasChecksum: Bool { state.header.version >= 5 }

  /// Whether the bytes that are missing need not be there together: they are only stepped over.
  @usableFromInline var isSteppingOver: Bool { state.owed > 0 }

  /// Whether the parser stands between two records, with nothing half read.
  @usableFromInline var isBetweenRecords: Bool { state.phase == .records && state.recordOffset < 0 }

  @usableFromInline func fillTypes() {
    types.update(repeating: nil, count: 256)
    for type in ValueType.allCases where (type.row.vendor ?? state.header.vendor) == state.header.vendor {
      types[Int(type.code)] = type
    }
  }

  /// Reads on.
  ///
  /// - Parameters:
  ///   - input: The bytes from the first one not consumed yet; borrowed for this call.
  ///   - base: The file offset of the first byte of `input`.
  ///   - isFinal: No more bytes follow.
  ///   - consumed: Set to how many bytes of `input` were consumed, also if this throws.
  /// - Returns: What is wanted next. Never `.input` if `isFinal`.
  /// - Throws: ``RDBError`` with offset, key, expected and found.
  /// - Complexity: O(bytes consumed).
  @inlinable
  package mutating func parse<S: RDBSink & ~Copyable>(
    _ input: RawSpan, at base: Int, isFinal: Bool, into sink: inout S, consumed: inout Int
  ) throws(RDBError) -> Want {
    var cursor = ByteCursor(input, base: base)
    committed = 0
    boundary = 0
    record.place.pointee.input = input.withUnsafeBytes { $0.baseAddress }
    record.place.pointee.inputOffset = base
    defer {
      consumed = committed
      keepKeyName()
    }
    do {
      return try run(&cursor, &sink)
    } catch {
      let error = RDBError.fromSink(error, at: cursor.offset)
      guard error.needsInput, !isFinal else { throw inContext(error) }
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
        if stopsAfterValue { return .end }
      case .lookahead:
        return .lookahead
      case .header:
        try fileHeader(&cursor, &sink)
      case .finished:
        return .end
      }
    }
  }

  // MARK: Records

  /// Reads opcodes and keys until a value must be gone on with in another way.
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

  /// Reads a key's name, asks the sink, and reads the value too where it is simple.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func key<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ type: ValueType, _ start: Int, _ sink: inout S
  ) throws {
    let name = try string(&cursor, slot: 0)
    unsafe(name)
    let interest = try announce(&cursor, name, type, start, &sink)
    committed = cursor.position
    state.phase = .value
    state.value.type = type
    state.value.offset = cursor.offset
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
      case .stored, .storedOrOutlined:
        // What follows is handed on as it stands.
        cursor.position = committed
      }
    }
    if case .elements = interest, case .packed(let packed) = type.layout.content {
      beginValue(type, offset: cursor.offset)
      state.value.mode = .elements
      try packedValue(packed, &cursor, &sink)
      return try endKey(&cursor, &sink)
    }
    try beginValue(&cursor, interest, &sink)
  }

  /// Begins a value that is more than a short string.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func beginValue<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ interest: Interest, _ sink: inout S
  ) throws {
    let type = state.value.type
    beginValue(type, offset: cursor.offset)
    switch type.isSelfContained ? interest : interest.withoutStored {
    case .elements:
      state.value.mode = .elements
    case .skip:
      state.value.mode = .skip
      if type.isOneString {
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
    case .stored, .storedOrOutlined:
      try lookAhead(&cursor, interest, &sink)
      if state.phase == .lookahead { return }
    case .elementsAfterOutline:
      state.value.mode = .elements
      if type.data == .stream {
        try lookAhead(&cursor, interest, &sink)
        if state.phase == .lookahead { return }
      }
    }
    try value(&cursor, &sink)
  }

  /// Tells the sink of a key.
  @inlinable @inline(__always) @_lifetime(cursor: copy cursor)
  mutating func announce<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ name: RawSpan, _ type: ValueType, _ start: Int, _ sink: inout S
  ) throws -> Interest {
    record.place.pointee.database = state.database
    record.place.pointee.storedType = type
    record.place.pointee.offset = start
    if state.recordOffset >= 0 || type.data == .module {
      return try announceWithAttributes(&cursor, name, &sink)
    }
    record.place.pointee.valueOffset = cursor.offset
    return try sink.beginKey(record.header(name: name))
  }

  /// Tells the sink of a key that has an expiry, idle time, frequency, metadata, or a module.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func announceWithAttributes<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ name: RawSpan, _ sink: inout S
  ) throws -> Interest {
    let place = record.place
    if place.pointee.storedType.data == .module {
      let module = ModuleID(rawValue: try cursor.length())
      if place.pointee.storedType == .modulePreGA { throw RDBError.preGAModule(at: place.pointee.offset, module) }
      place.pointee.module = module
    }
    let (input, inputOffset) = (place.pointee.input, place.pointee.inputOffset)
    if state.recordOffset >= 0 { place.pointee.offset = state.recordOffset }
    if state.isRecordSplit { place.pointee.input = nil }
    place.pointee.valueOffset = cursor.offset
    place.pointee.expiry = state.expiry
    place.pointee.idleSeconds = state.idleSeconds
    place.pointee.frequency = state.frequency
    let metadata = state.metadata
    defer {
      place.pointee = KeyRecord.Attributes()
      (place.pointee.input, place.pointee.inputOffset) = (input, inputOffset)
      state.resetAttributes()
    }
    return try sink.beginKey(record.header(name: name, metadata: metadata.span.bytes))
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
  }

  /// Reads a value, or goes on with one.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func value<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    switch state.value.mode {
    case .elements:
      try elements(&cursor, &sink)
    case .skip, .measure, .outline:
      try skipValue(&cursor)
    case .validate:
      if state.value.type.layout.needsDecoding {
        var counter = ElementCounter()
        defer { noteCount(state.value.measure.count &+ counter.count) }
        try elements(&cursor, &counter)
      } else {
        try skipValue(&cursor)
      }
    case .stored:
      try storedValue(&cursor, &sink)
    }
    try endValue(&cursor, &sink)
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func endValue<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    committed = cursor.position
    if stopsAfterValue { return }
    if state.value.mode == .stored { try sink.endStored() }
    if state.value.template != nil { state.value.template = nil }
    if state.value.isModuleAux {
      state.value.isModuleAux = false
      state.phase = .records
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
    currentKey = UnsafeRawBufferPointer(start: nil, count: 0)
    if hasLargeScratch {
      scratch.trim()
      hasLargeScratch = false
    }
  }

  // MARK: Context of errors

  /// Notes the current key's bytes, which live at least until this call of `parse` returns.
  @inlinable mutating func unsafe(_ name: RawSpan) {
    currentKey = name.withUnsafeBytes { $0 }
  }

  @usableFromInline mutating func keepKeyName() {
    if state.phase == .value || state.phase == .lookahead {
      if let start = currentKey.baseAddress {
        state.keyName = Array(UnsafeRawBufferPointer(start: start, count: currentKey.count))
      }
    }
    currentKey = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  @usableFromInline func inContext(_ error: RDBError) -> RDBError {
    let error = withAllThatIsLeft(error).settled
    guard state.phase == .value || state.phase == .lookahead || currentKey.baseAddress != nil else {
      return error
    }
    if error.code == .stop || error.code == .io || error.code == .outputClosed { return error }
    // Who refuses knows why; several workers must say the same.
    if error.code == .refused { return error }
    if state.value.isModuleAux && state.phase == .value { return error }
    return error.adding(
      key: currentKey.baseAddress != nil ? Array(currentKey) : state.keyName,
      database: state.database,
      valueType: state.phase == .value || state.phase == .lookahead ? state.value.type.name : nil)
  }
}

extension RDBParser {
  /// Where the input's end is known, a cut says how much is left of all of it, not of what had been read:
  /// the same for any window and any number of workers.
  private func withAllThatIsLeft(_ error: RDBError) -> RDBError {
    guard error.needsInput, error.innerOffset == nil, error.missing > 0,
      let total = options.inputByteCount, total >= UInt64(error.offset)
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
