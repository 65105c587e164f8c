public import RDBFormat
import RDBSupport

/// The file header and the records that are not keys.
extension RDBParser {
  /// Reads what precedes the snapshot, and its first nine bytes: `REDIS` and four digits, or `VALKEY` and three.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func fileHeader<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    try readHead(&cursor)
    let start = cursor.offset
    if Self.isTarArchive(cursor) { throw RDBError.tarArchive(at: start) }
    let bytes = try cursor.take(9)
    let header = try readHeader(bytes, at: start)
    try sink.beginSnapshot(header)
    state.header = header
    state.phase = .records
    fillTypes()
    committed = cursor.position
  }

  /// Whether the input is a tar archive: the magic of one is at offset 257 of the first block.
  @usableFromInline static func isTarArchive(_ cursor: borrowing ByteCursor) -> Bool {
    guard cursor.offset == 0, cursor.bytes.byteCount >= 262 else { return false }
    return cursor.bytes.extracting(257..<262).withUnsafeBytes { $0.elementsEqual("ustar".utf8) }
  }

  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func readHead(_ cursor: inout ByteCursor) throws(RDBError) {
    while try state.head.readPart(&cursor) { committed = cursor.position }
    // A snapshot that follows another one begins in the middle of the input.
    if let byteCount = state.head.announcedByteCount { state.snapshotEnd = cursor.offset + Int(clamping: byteCount) }
  }

  /// Throws if the file does not begin as a snapshot.
  @usableFromInline func refuseForeign(_ bytes: RawSpan, at offset: Int) throws(RDBError) {
    let known: [StaticString] = ["REDIS", "VALKEY"]
    let count = bytes.byteCount
    let possible = known.contains { magic in
      (0..<min(count, magic.utf8CodeUnitCount)).allSatisfy {
        bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == magic.utf8Start[$0]
      }
    }
    if !possible { throw RDBError.notRDB(bytes, at: offset) }
  }

  @usableFromInline func readHeader(_ bytes: RawSpan, at offset: Int) throws(RDBError)
    -> SnapshotHeader
  {
    try refuseForeign(bytes, at: offset)
    let isValkey = bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == UInt8(ascii: "V")
    var version = 0
    for index in (isValkey ? 6 : 5)..<9 {
      let digit = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      guard digit >= 48, digit <= 57 else {
        throw RDBError(
          .notRDB, at: offset + index, expected: "a digit of the version", found: hex(digit))
      }
      version = version * 10 + Int(digit) - 48
    }
    let known = (isValkey ? Vendor.valkey : .redis).rdbVersions
    guard known.contains(version) || options.forceVersion && version > known.upperBound else {
      throw RDBError(
        .unsupportedVersion, at: offset,
        expected: "RDB version \(known.lowerBound)–\(known.upperBound)"
          + (version > known.upperBound ? " (`forceVersion` reads on as far as it can)" : ""),
        found: "\(isValkey ? "VALKEY" : "REDIS") version \(version)")
    }
    return SnapshotHeader(vendor: isValkey ? .valkey : .redis, version: version)
  }

  /// Reads the rest of a record that begins with the byte `code`, which is no usual value type.
  ///
  /// - Returns: Whether it was EOF.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func opcode<S: RDBSink & ~Copyable>(
    _ code: UInt8, at start: Int, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws -> Bool {
    guard let opcode = Opcode(rawValue: code) else {
      if let type = types[Int(code)] {
        try unusualKey(&cursor, type, start, &sink)
        return false
      }
      if try dialectRecord(code, at: start, &cursor, &sink) { return false }
      let type = try newerType(code, at: start)
      attribute(start)
      state.isNewerType = true
      state.hasRareAttributes = true
      try unusualKey(&cursor, type, start, &sink)
      return false
    }
    let first = cursor.position - 1
    if state.recordOffset >= 0, !isAttribute(opcode) { try splitRecord(by: code, at: start) }
    switch opcode {
    case .expireTimeMS: break  // Handled by the caller: the most frequent opcode.
    case .expireTime:
      let seconds = try cursor.littleEndian(Int32.self)
      attribute(start)
      // Unlike -1 ms, -1 s is an expiry: servers multiply before they compare with -1.
      state.expiry = UnixMilliseconds(Int64(seconds) * 1000)
      return false
    case .frequency:
      let frequency = try cursor.byte()
      attribute(start)
      state.frequency = frequency
      state.hasRareAttributes = true
      return false
    case .idle:
      let idle = try cursor.length()
      attribute(start)
      state.idleSeconds = idle
      state.hasRareAttributes = true
      return false
    case .selectDB:
      state.database = try cursor.length()
      if state.database >= 1 << 31 { try reportDatabase(at: start, cursor.bytes, &sink) }
    case .resizeDB:
      let keys = try cursor.length()
      let expiring = try cursor.length()
      try sink.databaseSize(database: state.database, keys: keys, expiring: expiring)
      if max(keys, expiring) >= 1 << 36 { try reportHint(keys, expiring, at: start, cursor.bytes, &sink) }
    case .aux:
      if hasChangedLineEnds(cursor) { throw RDBError.changedLineEnds(at: start) }
      let name = try string(&cursor, slot: 0)
      let value = try string(&cursor, slot: 1)
      noteDialect(name, value)
      try sink.aux(
        AuxField(
          name: name, value: value, stored: cursor.bytes.extracting(first..<cursor.position), endOffset: cursor.offset))
      if name.byteCount == 9 { try reportSlotInfo(name, value, at: start, cursor.bytes, &sink) }
    case .slotInfo:
      let slot = try cursor.length()
      let keys = try cursor.length()
      let expiring = try cursor.length()
      try sink.slots(
        SlotHint(
          .info(slot: slot, keys: keys, expiring: expiring), job: cursor.bytes.extracting(first: 0),
          stored: cursor.bytes.extracting(first..<cursor.position)))
    case .function2:
      let code = try string(&cursor, slot: 0)
      let library = FunctionLibrary(
        code: code, stored: cursor.bytes.extracting(first..<cursor.position), endOffset: cursor.offset)
      try sink.functionLibrary(library)
      try reportLibrary(library, at: start, cursor.bytes, &sink)
    case .functionPreGA:
      let name = try string(&cursor, slot: 0)
      let engine = try string(&cursor, slot: 1)
      var description = cursor.bytes.extracting(first: 0)
      if try cursor.length() != 0 { description = try string(&cursor, slot: 2) }
      let code = try string(&cursor, slot: 3)
      let library = FunctionLibrary(
        preGA: code, name: name, engine: engine, description: description,
        stored: cursor.bytes.extracting(first..<cursor.position), endOffset: cursor.offset)
      try sink.functionLibrary(library)
      try reportLibrary(library, at: start, cursor.bytes, &sink)
    case .moduleAux:
      return try moduleAux(start, &cursor, &sink)
    case .keyMetaOrSlotImport:
      if state.header.vendor == .redis {
        try keyMetadata(start, &cursor)
        attribute(start)
        return false
      } else {
        try slotImport(start, &cursor, &sink)
      }
    case .hashTemplateOrUpdate:
      guard state.header.vendor == .redis else {
        throw RDBError(
          .unsupportedValueType, at: start, expected: "a snapshot without inline updates",
          found: "opcode 242 of a Valkey 9.2 forkless save")
      }
      try hashTemplate(&cursor)
    case .eof:
      if state.recordOffset >= 0 {
        try report(
          .danglingAttributes, at: state.recordOffset, "the key that the expiry, idle time or frequency is of",
          "the end of the snapshot", cursor.bytes, &sink)
      }
      committed = cursor.position
      state.phase = .finished
      return true
    }
    committed = cursor.position
    return false
  }

  /// Whether the line ends of the file were changed: the length 10 of a known field's name became 13 and 10.
  @usableFromInline func hasChangedLineEnds(_ cursor: borrowing ByteCursor) -> Bool {
    guard cursor.remaining >= 12 else { return false }
    let bytes = cursor.bytes.extracting(cursor.position..<cursor.position + 12)
    guard bytes.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == 13 else { return false }
    return bytes.extracting(droppingFirst: 1).withUnsafeBytes {
      $0.elementsEqual("\nredis-bits".utf8) || $0.elementsEqual("\nvalkey-ver".utf8)
    }
  }

  /// Whether the opcode belongs to the key that follows.
  @inlinable func isAttribute(_ opcode: Opcode) -> Bool {
    switch opcode {
    case .expireTimeMS, .expireTime, .frequency, .idle: true
    case .keyMetaOrSlotImport: state.header.vendor == .redis
    case .eof, .selectDB, .resizeDB, .aux, .moduleAux, .functionPreGA, .function2, .slotInfo,
      .hashTemplateOrUpdate:
      false
    }
  }

  /// Notes the start of a record after its first attribute.
  ///
  /// The attribute is not consumed before the key's name has been read, so that the input has the whole record when the
  /// key is announced. Reading an attribute twice changes nothing.
  @inlinable mutating func attribute(_ start: Int) {
    if state.recordOffset < 0 { state.recordOffset = start }
  }

  /// Notes that another record lies between the attributes and the key, or throws if that is damage.
  @usableFromInline mutating func splitRecord(by code: UInt8, at start: Int) throws(RDBError) {
    if options.refusesSplitRecords, code != Opcode.eof.rawValue {
      throw RDBError(
        .corruptOpcode, at: start, expected: "the key that the expiry, idle time or frequency is of",
        found: "opcode \(code)")
    }
    state.isRecordSplit = true
    state.hasRareAttributes = true
  }

  @usableFromInline func unknown(_ code: UInt8, at offset: Int) -> RDBError {
    let vendor = state.header.vendor == .redis ? "Redis" : "Valkey"
    let what =
      ValueType.resolve(code, vendor: state.header.vendor == .redis ? .valkey : .redis).map {
        ", which only the other vendor knows, as \($0.name)"
      } ?? ""
    return RDBError(
      .unknownValueType, at: offset,
      expected: "an opcode or a value type of \(vendor) RDB \(state.header.version)",
      found: hex(code) + what)
  }

  /// Module data that belongs to no key: module ID, 2, when, items.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func moduleAux<S: RDBSink & ~Copyable>(
    _ start: Int, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws -> Bool {
    let module = ModuleID(rawValue: try cursor.length())
    let offset = cursor.offset
    let code = try cursor.length()
    guard code == 2 else { throw RDBError.badModuleItem(at: offset, code) }
    let when = try cursor.length()
    let isWanted = try sink.beginModuleAux(ModuleAux(module: module, when: when, offset: start))
    committed = cursor.position
    beginValue(.module2, offset: cursor.offset)
    state.value.isModuleAux = true
    state.value.mode = isWanted ? .stored : .skip
    try value(&cursor, &sink)
    return false
  }

  /// Reads KEY_META: `n`, then n × (class, items…, 0). The bytes are kept: a RESTORE payload contains them.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func keyMetadata(_ start: Int, _ cursor: inout ByteCursor) throws(RDBError) {
    let from = cursor.position - 1
    var count = try cursor.length()
    while count > 0 {
      try checkRecord(from: start, cursor)
      _ = try cursor.littleEndian(UInt32.self)
      items: while true {
        let offset = cursor.offset
        try checkRecord(from: start, cursor)
        switch try cursor.length() {
        case 0: break items
        case 1, 2: _ = try cursor.length()
        case 3: _ = try cursor.littleEndian(UInt32.self)
        case 4: _ = try cursor.littleEndian(UInt64.self)
        case 5: _ = try string(&cursor, slot: 1)
        case let other: throw RDBError.badModuleItem(at: offset, other)
        }
      }
      count -= 1
    }
    let record = cursor.bytes.extracting(from..<cursor.position)
    state.metadata = record.withUnsafeBytes { Array($0) }
    state.hasRareAttributes = true
  }

  /// Throws if a record that must be held in memory is longer than the limit for strings.
  @usableFromInline func checkRecord(from start: Int, _ cursor: borrowing ByteCursor) throws(RDBError) {
    let byteCount = UInt64(cursor.offset - start)
    if byteCount > options.stringLimit { throw RDBError.stringTooLong(at: start, byteCount, options) }
  }

  /// Reads a Valkey slot import: job name, then ranges of slots.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func slotRanges(_ start: Int, _ cursor: inout ByteCursor) throws(RDBError)
    -> [(UInt64, UInt64)]
  {
    let count = try cursor.length()
    guard count <= 16_384 else {
      throw RDBError(
        .corruptOpcode, at: start, expected: "at most 16384 ranges of slots", found: "\(count)")
    }
    var ranges: [(UInt64, UInt64)] = []
    for _ in 0..<count {
      let offset = cursor.offset
      let (first, last) = (try cursor.length(), try cursor.length())
      guard first <= last, last < 16_384 else {
        throw RDBError(
          .corruptOpcode, at: offset, expected: "a range of slots 0–16383", found: "\(first)–\(last)")
      }
      ranges.append((first, last))
    }
    return ranges
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func slotImport<S: RDBSink & ~Copyable>(
    _ start: Int, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    let from = cursor.position - 1
    let job = try string(&cursor, slot: 0)
    let ranges = try slotRanges(start, &cursor)
    var stored = cursor.bytes.extracting(from..<cursor.position)
    for (first, last) in ranges {
      try sink.slots(SlotHint(.importing(first: first, last: last), job: job, stored: stored))
      stored = stored.extracting(first: 0)
    }
  }
}

extension RDBError {
  @inline(never)
  @usableFromInline static func tarArchive(at offset: Int) -> RDBError {
    RDBError(
      .notRDB, at: offset, expected: "\"REDIS\" or \"VALKEY\"",
      found: "a tar archive (extract the snapshot: tar -xOf FILE dump.rdb)")
  }

  /// The error of a file whose line ends were changed, as a transfer in text mode does.
  @inline(never)
  @usableFromInline static func changedLineEnds(at offset: Int) -> RDBError {
    RDBError(
      .notRDB, at: offset, expected: "the bytes that the server wrote",
      found: "\"\\r\\n\" for \"\\n\", as a transfer in text mode writes: copy the file in binary mode")
  }

  /// The error of a file that does not begin as a snapshot, with a guess at its format.
  @inline(never)
  @usableFromInline static func notRDB(_ bytes: RawSpan, at offset: Int) -> RDBError {
    let start = bytes.withUnsafeBytes { Array($0.prefix(9)) }
    let guess =
      switch start.first {
      case nil: "nothing"
      case UInt8(ascii: "*"): "\(printable(start.prefix(1))), as an AOF or RESP file begins"
      case 0xEF, 0xFE, 0xFF: "\(printable(start.prefix(1))), as text from a shell begins"
      case UInt8(ascii: "<"), UInt8(ascii: "{"), UInt8(ascii: "["):
        "\(printable(start.prefix(1))), as a text document begins"
      case UInt8(ascii: "V") where start.starts(with: Array("VKCS".utf8)):
        "a compressed Valkey snapshot (VKCS envelope)"
      default: printable(start)
      }
    return RDBError(.notRDB, at: offset, expected: "\"REDIS\" or \"VALKEY\"", found: guess)
  }
}
