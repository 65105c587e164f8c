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
    /// Whether findings list function libraries, and in a check the data of modules.
    @usableFromInline package var listsFunctionsAndModules = false
    /// Whether to look for strings that begin as a HyperLogLog and are none, in all values that are validated or decoded.
    @usableFromInline package var findsHyperLogLogs = false
    /// Whether a record between the attributes of a key (expiry, idle time, frequency) and the key is damage. Servers load
    /// such a file, but none writes one.
    @usableFromInline package var refusesSplitRecords = false
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
  /// The types among them whose keys need no question besides the sink's answer. See ``unusualKey(_:_:_:_:)``.
  @usableFromInline let usualTypes: UnsafeMutablePointer<ValueType?>
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
  /// The types whose value is one string that needs nothing from elsewhere in the file.
  @usableFromInline let storedStringTypes = ValueTypeSet { $0.isOneString && $0.isSelfContained }
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
  @usableFromInline var examinesValues: Bool {
    didSet { fillUsualTypes() }
  }

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
    usualTypes = .allocate(capacity: 256)
    usualTypes.initialize(repeating: nil, count: 256)
    fillTypes()
  }

  @inlinable deinit {
    types.deallocate()
    usualTypes.deallocate()
  }

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
    defer { fillUsualTypes() }
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

  /// Fills the table of usual types after a change of what decides it.
  @usableFromInline func fillUsualTypes() {
    for code in 0..<256 {
      guard let type = types[code], !isUnusual(type) else {
        usualTypes[code] = nil
        continue
      }
      usualTypes[code] = type
    }
  }

  /// Whether keys of a type need a question besides the sink's answer.
  private func isUnusual(_ type: ValueType) -> Bool {
    examinesValues || state.dialect == .keyDB && type.mayHaveMemberExpiries
      || options.findsHyperLogLogs && type == .string
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
}
