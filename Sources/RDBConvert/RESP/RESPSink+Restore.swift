public import RDB
public import RDBFormat
import RESP

/// Values as they stand in the file, for RESTORE.
extension RESPSink {
  /// The payload under way.
  struct RestoreState {
    var checksum = CRC64()
    var version: UInt16 = 0
    /// The key's KEY_META record, which goes in front of the type.
    var metadata: [UInt8] = []
    /// A module's ID, which goes between type and value; else empty.
    var moduleID: [UInt8] = []
    var replaces = false
    var hasAbsoluteExpiry = false
    var idleSeconds: UInt64?
    var frequency: UInt8?
  }

  /// What stands around the value: metadata, type and module ID before it, version and checksum behind.
  private var frameByteCount: UInt64 {
    UInt64(restored.metadata.count + 1 + restored.moduleID.count + 2 + 8)
  }

  /// Decides how a key is to be written.
  mutating func plan(_ header: borrowing KeyHeader) throws(RDBError) -> Interest {
    if header.metadata.byteCount > 0 {
      restored.metadata = header.metadata.withUnsafeBytes { Array($0) }
    }
    if let module = header.module {
      restored.moduleID = module.stored
    } else if !restored.moduleID.isEmpty {
      restored.moduleID = []
    }
    let type = header.storedType
    switch type.data {
    case .module where !can.modules: return loses(.modules)
    case .stream where !can.streams: return loses(.streams)
    case .array where !can.arrays: return loses(.arrays)
    default: break
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
    return isStream ? .storedOrOutlined(atMost: limit) : .stored(atMost: limit)
  }

  private mutating func loses(_ feature: RESPFeature) -> Interest {
    lose("\(key.type.data == .module ? "modules' values" : "\(key.type.data)s") need \(feature.neededServer)")
  }

  /// Up to how many bytes the value goes by RESTORE; `nil`: never.
  private mutating func restoreLimit(_ type: ValueType) -> UInt64? {
    let must = type.data == .module || !restored.metadata.isEmpty
    guard canRestore(type) else {
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
    // A string has SET NX, unless its expiry would need a second command.
    if type == .string, !key.hasExpiry || can.setPXAT && key.expiry > 0 { return nil }
    return expiryFitsRestore ? min(options.restoreLimit, most) : nil
  }

  /// Whether RESTORE can say the expiry.
  private var expiryFitsRestore: Bool { !key.hasExpiry || can.restoreABSTTL && key.expiry > 0 }

  private func canRestore(_ type: ValueType) -> Bool {
    // A payload holds no reference into the file's table of templates.
    if type == .hashTemplateListpack || type == .hashTemplateArray { return false }
    return can.restore && options.target.canLoad(type)
  }

  mutating func loseMetadata() {
    lose(.moduleAux, "metadata of keys, which only RESTORE carries")
    restored.metadata = []
  }

  public mutating func beginStored(byteCount: UInt64) throws(RDBError) {
    guard key.plan == .commands else { return }
    key.plan = .restore
    try select()
    if options.existing == .keep, !expiryFitsRestore {
      try beginCommands()
    } else if options.existing == .replace, !can.restoreReplace {
      try beginCommands()
    }
    restored.replaces = options.existing == .replace && can.restoreReplace
    restored.hasAbsoluteExpiry = key.hasExpiry && expiryFitsRestore
    restored.idleSeconds = can.restoreABSTTL ? key.idleSeconds : nil
    restored.frequency = can.restoreABSTTL && key.idleSeconds == nil ? key.frequency : nil
    if can.restoreABSTTL { (key.idleSeconds, key.frequency) = (nil, nil) }
    restored.version = UInt16(max(6, key.type.row.since, restored.metadata.isEmpty ? 0 : 13))
    restored.checksum = CRC64()
    let access = restored.idleSeconds != nil || restored.frequency != nil
    let options = (restored.replaces ? 1 : 0) + (restored.hasAbsoluteExpiry ? 1 : 0) + (access ? 2 : 0)
    try command(4 + options, "$7\r\nRESTORE\r\n")
    try out.bulk(restored.hasAbsoluteExpiry ? key.expiry : 0)
    try out.bulkHeader(byteCount + frameByteCount)
    if !restored.metadata.isEmpty {
      let metadata = restored.metadata
      try payload(metadata.span.bytes)
    }
    let type = [key.type.code] + restored.moduleID
    try payload(type.span.bytes)
  }

  private mutating func payload(_ bytes: RawSpan) throws(RDBError) {
    restored.checksum.update(bytes)
    try out.output.append(bytes)
  }

  public mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    guard key.plan == .restore else { return }
    restored.checksum.update(chunk)
    try out.output.append(chunk)
  }

  public mutating func endStored() throws(RDBError) {
    guard key.plan == .restore else { return }
    let version = [UInt8(restored.version & 255), UInt8(restored.version >> 8)]
    try payload(version.span.bytes)
    let checksum = restored.checksum.value
    let footer = (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * UInt64($0))) }
    try out.output.append(footer.span.bytes)
    try out.text("\r\n")
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

  public mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    // It was asked for as it is stored, and is too long for that.
    loseModule()
  }

  mutating func loseModule() {
    guard key.plan == .commands else { return }
    _ = lose(
      canRestore(key.type) ? "its payload is longer than the bulk limit" : "the target reads no modules' values")
  }
}
