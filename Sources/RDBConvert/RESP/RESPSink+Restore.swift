public import RDB
public import RDBFormat
import RESP

/// RESTORE, which carries values as stored in the snapshot.
extension RESPSink {
  /// The state of the current payload.
  struct RestoreState {
    var checksum = CRC64()
    /// Whether the output holds the whole payload, so that the checksum is computed at its end in one step.
    var isCopied = false
    /// The byte count of the output before the payload.
    var start: UInt64 = 0
    var version: UInt16 = 0
    /// The KEY_META record of the key, which precedes the type; empty without one.
    var metadata: [UInt8] = []
    /// The ID of a module, which goes between type and value; empty for other types.
    var moduleID: [UInt8] = []
    var replaces = false
    var hasAbsoluteExpiry = false
    var idleSeconds: UInt64?
    var frequency: UInt8?
  }

  /// The byte count of the payload without the value: metadata, type and module ID before it, version and checksum
  /// after it.
  private var frameByteCount: UInt64 {
    UInt64(restored.metadata.count + 1 + restored.moduleID.count + 2 + 8)
  }

  /// Chooses between RESTORE and commands for a key, and returns how the reader must pass the value.
  mutating func plan(_ header: borrowing KeyHeader) throws(RDBError) -> Interest {
    if header.metadata.byteCount > 0 {
      restored.metadata = [UInt8](header.metadata)
    }
    if let module = header.module {
      restored.moduleID = module.stored
    } else if !restored.moduleID.isEmpty {
      restored.moduleID = []
    }
    let type = header.storedType
    switch type.data {
    case .module where options.modules == .skip: return skipModule()
    case .module where !can.modules: return loses(.modules)
    case .module where !can.restore: return lose("values of modules, which only RESTORE carries")
    case .stream where !can.streams: return loses(.streams)
    case .array where !can.arrays: return loses(.arrays)
    case .pathHash where !can.pathHashes: return loses(.pathHashes)
    case .string, .list, .set, .zset, .hash, .stream, .module, .array, .pathHash: break
    }
    if !restored.metadata.isEmpty, options.modules == .skip {
      ledger.note("metadata of keys, skipped by `modules`", key: name.array, offset: key.offset)
      restored.metadata = []
    }
    if !restored.metadata.isEmpty, !can.keyMetadata {
      lose(.moduleAux, "metadata of keys needs \(RESPFeature.keyMetadata.neededServer)")
      restored.metadata = []
    }
    let isStream = type.data == .stream
    if isPlain, type.data != .module, restored.metadata.isEmpty {
      return isStream ? .elementsAfterOutline : .elements
    }
    guard let limit = restoreLimit(type) else {
      return isStream ? .elementsAfterOutline : .elements
    }
    if options.validatesRestored {
      return isStream ? .validatedStoredOrOutlined(atMost: limit) : .validatedStored(atMost: limit)
    }
    return isStream ? .storedOrOutlined(atMost: limit) : .stored(atMost: limit)
  }

  private mutating func loses(_ feature: DataFeature) -> Interest { lose(feature.missingReason(for: key.type.data)) }

  /// Returns the longest value that uses RESTORE, in bytes, or `nil` if no value of the type does.
  private mutating func restoreLimit(_ type: ValueType) -> UInt64? {
    let must = type.data == .module || !restored.metadata.isEmpty
    guard restorable.contains(type) else {
      if !restored.metadata.isEmpty { loseMetadata() }
      if options.restore == .always {
        ledger.note("values that the target reads as commands only", key: name.array, offset: key.offset)
      }
      return nil
    }
    let frame = frameByteCount
    guard options.bulkLimit > frame else { return nil }
    let most = options.bulkLimit - frame
    if must || options.restore == .always { return most }
    if options.restore == .auto { return min(options.restoreLimit, most) }
    guard options.existing == .keep else { return nil }
    // SET NX does the same for a string, unless its expiry needs a second command.
    if type == .string, !key.hasExpiry || can.setPXAT && key.expiry > 0 { return nil }
    return expiryFitsRestore ? min(options.restoreLimit, most) : nil
  }

  /// Returns the types of ``usuallyRestored`` and the answer for their keys, which ``plan(_:)`` would give too.
  static func usualRestore(_ options: RESPOptions, _ restorable: ValueTypeSet) -> (ValueTypeSet, Interest) {
    // The type byte, the version and the checksum.
    let frame: UInt64 = 11
    guard options.restore != .never, options.bulkLimit > frame else { return (ValueTypeSet([]), .elements) }
    let most = options.bulkLimit - frame
    let limit = options.restore == .always ? most : min(options.restoreLimit, most)
    let types = ValueType.allCases.filter { type in
      switch type.data {
      case .string, .list, .set, .zset, .hash: restorable.contains(type)
      case .stream, .module, .array, .pathHash: false
      }
    }
    return (ValueTypeSet(types), options.validatesRestored ? .validatedStored(atMost: limit) : .stored(atMost: limit))
  }

  /// Whether RESTORE can carry the expiry.
  private var expiryFitsRestore: Bool { !key.hasExpiry || can.restoreABSTTL && key.expiry > 0 }

  /// Returns the types whose stored form the target can load.
  static func restorable(_ options: RESPOptions, _ can: RESPAbilities) -> ValueTypeSet {
    // The stored form of the others refers to a table elsewhere in the file.
    ValueTypeSet(ValueType.allCases.filter { $0.isSelfContained && can.restore && options.target.canLoad($0) })
  }

  mutating func loseMetadata() {
    lose(.moduleAux, "metadata of keys, which only RESTORE carries")
    restored.metadata = []
  }

  public mutating func beginStored(byteCount: UInt64) throws(RDBError) {
    guard key.plan == .commands else { return }
    key.plan = .restore
    try select()
    if restoresSimply, key.idleSeconds == nil, key.frequency == nil, !key.hasExpiry || key.expiry > 0,
      byteCount < UInt64(ByteOutput.directThreshold - 11), name.count < ByteOutput.directThreshold,
      restored.metadata.isEmpty, restored.moduleID.isEmpty
    {
      return try beginShortRestore(byteCount)
    }
    if buildsApart, !expiryFitsRestore {
      try beginCommands()
    } else if options.existing == .replace, !can.restoreReplace {
      try beginCommands()
    }
    restored.replaces = options.existing == .replace && can.restoreReplace
    restored.hasAbsoluteExpiry = key.hasExpiry && expiryFitsRestore
    restored.idleSeconds = can.restoreABSTTL ? key.idleSeconds : nil
    restored.frequency = can.restoreABSTTL && key.idleSeconds == nil ? key.frequency : nil
    if can.restoreABSTTL { (key.idleSeconds, key.frequency) = (nil, nil) }
    let row = key.type.row
    restored.version = UInt16(max(6, row.since, restored.metadata.isEmpty ? 0 : 13))
    restored.checksum = CRC64()
    let payloadByteCount = byteCount + frameByteCount
    restored.isCopied = payloadByteCount < ByteOutput.directThreshold
    let access = restored.idleSeconds != nil || restored.frequency != nil
    let options = (restored.replaces ? 1 : 0) + (restored.hasAbsoluteExpiry ? 1 : 0) + (access ? 2 : 0)
    try command(4 + options, "$7\r\nRESTORE\r\n")
    try out.bulk(restored.hasAbsoluteExpiry ? key.expiry : 0)
    try out.bulkHeader(payloadByteCount)
    // The buffer is then not written before the payload's end.
    if restored.isCopied { try out.output.reserve(Int(payloadByteCount)) }
    restored.start = out.output.byteCount
    if !restored.metadata.isEmpty {
      let metadata = restored.metadata
      try payload(metadata.span.bytes)
    }
    try out.output.reserve(1)
    let memory = out.output.spare.baseAddress.unsafelyUnwrapped
    memory.storeBytes(of: row.code, as: UInt8.self)
    if !restored.isCopied { restored.checksum.update(UnsafeRawBufferPointer(start: memory, count: 1)) }
    out.output.advance(by: 1)
    if !restored.moduleID.isEmpty {
      let id = restored.moduleID
      try payload(id.span.bytes)
    }
  }

  /// Whether RESTORE of a key without idle time and frequency needs at most the options ABSTTL and REPLACE, and no other
  /// command.
  static func restoresSimply(_ options: RESPOptions, _ can: RESPAbilities) -> Bool {
    options.existing != .keep && can.restoreABSTTL && can.restoreReplace
  }

  /// Writes the command up to a short value whose key has no metadata, and no attribute but an expiry.
  private mutating func beginShortRestore(_ byteCount: UInt64) throws(RDBError) {
    let row = key.type.row
    let replaces = options.existing == .replace
    let head: StaticString =
      key.hasExpiry && replaces
      ? "*6\r\n$7\r\nRESTORE\r\n"
      : key.hasExpiry || replaces ? "*5\r\n$7\r\nRESTORE\r\n" : "*4\r\n$7\r\nRESTORE\r\n"
    // The buffer is then not written before the payload's end.
    try out.output.reserve(name.count &+ Int(byteCount) &+ 128)
    let memory = out.output.spare.baseAddress.unsafelyUnwrapped
    memory.copyMemory(from: head.utf8Start, byteCount: 17)
    var end = 17
    RESPText.copy(name.memory.start, to: memory + end, byteCount: name.count)
    end &+= name.count
    if key.hasExpiry {
      end &+= RESPText.writeBulk(UInt64(bitPattern: key.expiry), to: memory + end)
    } else {
      let none: StaticString = "$1\r\n0\r\n"
      (memory + end).copyMemory(from: none.utf8Start, byteCount: 7)
      end &+= 7
    }
    end &+= RESPText.writeBulkHeader(byteCount &+ 11, to: memory + end)
    memory.storeBytes(of: row.code, toByteOffset: end, as: UInt8.self)
    restored.start = out.output.byteCount &+ UInt64(end)
    restored.isCopied = true
    restored.version = UInt16(max(6, row.since))
    restored.hasAbsoluteExpiry = key.hasExpiry
    restored.replaces = replaces
    (restored.idleSeconds, restored.frequency) = (nil, nil)
    restored.checksum = CRC64()
    out.output.advance(uncheckedBy: end &+ 1)
    out.commandCount &+= 1
  }

  private mutating func payload(_ bytes: RawSpan) throws(RDBError) {
    if !restored.isCopied { restored.checksum.update(bytes) }
    try out.output.append(bytes)
  }

  public mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    guard key.plan == .restore else { return }
    try payload(chunk)
  }

  public mutating func endStored() throws(RDBError) {
    guard key.plan == .restore else { return }
    try out.output.reserve(12)
    let memory = out.output.spare.baseAddress.unsafelyUnwrapped
    memory.storeBytes(of: restored.version.littleEndian, as: UInt16.self)
    if !restored.isCopied { restored.checksum.update(UnsafeRawBufferPointer(start: memory, count: 2)) }
    out.output.advance(by: 2)
    var checksum = restored.checksum
    if restored.isCopied { checksum.update(out.output.bytes(since: restored.start)) }
    let end = out.output.spare.baseAddress.unsafelyUnwrapped
    end.storeBytes(of: checksum.value.littleEndian, as: UInt64.self)
    end.storeBytes(of: UInt16(bigEndian: 0x0D0A), toByteOffset: 8, as: UInt16.self)
    out.output.advance(by: 10)
    if restored.replaces { try out.text("$7\r\nREPLACE\r\n") }
    if restored.hasAbsoluteExpiry { try out.text("$6\r\nABSTTL\r\n") }
    if let idle = restored.idleSeconds {
      try out.text("$8\r\nIDLETIME\r\n")
      try out.bulk(min(idle, UInt64(Int32.max)))
    } else if let frequency = restored.frequency {
      try out.text("$4\r\nFREQ\r\n")
      try out.bulk(UInt64(frequency))
    }
  }

  mutating func endRestoredKey() throws(RDBError) {
    if restored.hasAbsoluteExpiry { key.hasExpiry = false }
    try endWrittenKey()
  }

  // MARK: Modules

  /// Leaves the key out, because the options say so.
  private mutating func skipModule() -> Interest {
    key.plan = .none
    ledger.keysFiltered += 1
    ledger.note("values of modules, skipped by `modules`", key: name.array, offset: key.offset)
    return .skip
  }

  public mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    // The sink asked for the stored form; elements arrive only if it is too long.
    loseModule()
  }

  mutating func loseModule() {
    guard key.plan == .commands else { return }
    _ = lose(
      restorable.contains(key.type)
        ? "its payload is longer than the bulk limit" : "the target reads no modules' values")
  }
}
