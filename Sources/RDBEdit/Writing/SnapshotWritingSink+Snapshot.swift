public import RDB
import RDBFormat
import RDBSupport

/// Records that belong to no key.
extension SnapshotWritingSink {
  /// Writes the AUX fields that name the release. ``SnapshotDestination`` writes the header.
  public mutating func beginSnapshot(_ header: SnapshotHeader) throws {
    guard !options.isCopy, options.header.version >= 7, options.writesOrigin else { return }
    let server = options.server
    try writer.aux(
      server.vendor == .valkey && server.major > 7 ? "valkey-ver" : "redis-ver",
      "\(server.major).\(server.minor).\(server.patch)")
    try writer.aux("redis-bits", "64")
  }

  /// Writes the field, unless it describes the input and not the output.
  public mutating func aux(_ field: borrowing AuxField) throws {
    let name = String(decoding: [UInt8](field.name.extracting(first: 32)), as: UTF8.self).lowercased()
    if options.isPartial, Self.replicationFields.contains(name) || name == "slot-info" { return }
    if options.isCopy { return try writer.copy(field.stored) }
    if let job = CronJob(field) {
      return summary.ledger.lose(.key, "cron jobs exist only in KeyDB", key: job.name, offset: 0)
    }
    switch name {
    case "redis-ver", "valkey-ver", "redis-bits", "used-mem", "aof-base", "aof-preamble", "mvcc-tstamp": return
    case "keydb-subexpire-key": return
    case "keydb-subexpire-when": return lose(.expiry, "expiries of single members exist only in KeyDB")
    case "lua" where options.server.isAtLeast(7, 0): return summary.ledger.note("cached Lua scripts")
    case "slot-info" where !options.server.isAtLeast(.max, 0, valkey: (8, 0)):
      return summary.ledger.note("hints of hash slots")
    default: break
    }
    guard options.header.version >= 7, options.writesOrigin || name == "lua" || name == "slot-info" else { return }
    try writer.aux(field.name, field.value)
  }

  /// The fields that tell the position in the replication stream.
  private static var replicationFields: Set<String> {
    ["repl-stream-db", "repl-id", "repl-offset", "cluster-asm-task"]
  }

  /// Writes the library, if the release has functions.
  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    if options.isCopy { return try writer.copy(library.stored) }
    let name = library.registeredName ?? []
    guard isOffered.functions else {
      return summary.ledger.lose(
        .functionLibrary, "functions need \(DataFeature.functions.since.neededServer)", key: name, offset: 0)
    }
    if library.description.byteCount > 0 { summary.ledger.note("descriptions of function libraries", key: name) }
    if let code = library.codeWithFirstLine { return try writer.functionLibrary(code.span.bytes) }
    try writer.functionLibrary(library.code)
  }

  /// Asks for the bytes of the module.
  public mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    guard options.isCopy || isOffered.moduleAux else {
      summary.ledger.lose(
        .moduleAux, "data of modules that belongs to no key needs \(DataFeature.moduleAux.since.neededServer)",
        key: Array(aux.module.name.utf8), offset: aux.offset)
      return false
    }
    try writer.beginModuleAux(aux)
    isModuleAux = true
    return true
  }

  /// Writes the hint, if the release has such hints. A slot import is written with its first range.
  public mutating func slots(_ slots: borrowing SlotHint) throws {
    if options.isCopy, !options.isPartial {
      if slots.stored.byteCount > 0 { try writer.copy(slots.stored) }
      return
    }
    switch slots.kind {
    case .info(let slot, let keys, let expiring) where !options.isPartial && !options.sanitizes && canWriteSlots:
      try writer.slotInfo(slot: slot, keys: keys, expiring: expiring)
    case .importing where !options.isPartial && !options.sanitizes && options.header.vendor == .valkey:
      if slots.stored.byteCount > 0 { try writer.copy(slots.stored) }
    default: summary.ledger.note("hints of hash slots")
    }
  }

  private var canWriteSlots: Bool { options.header.vendor == .redis && options.header.version >= 12 }

  /// Writes RESIZEDB.
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {
    if options.isPartial || options.sanitizes || options.header.version < 7 { return }
    try select(database)
    try writer.databaseSize(keys: keys, expiring: expiring)
  }

  /// Notes whether the snapshot has a checksum. ``SnapshotDestination`` writes the end.
  public mutating func endSnapshot(_ end: SnapshotEnd) throws {
    if options.isCopy, end.checksum == .disabled { summary.omitsChecksum = true }
  }
}
