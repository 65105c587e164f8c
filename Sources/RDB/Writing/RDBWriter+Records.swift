public import RDBFormat

/// A key's properties besides its name and value.
public struct KeyAttributes: Hashable, Sendable {
  package var expiry: UnixMilliseconds?
  package var idleSeconds: UInt64?
  package var frequency: UInt8?
  package var metadata: [UInt8]

  /// Creates attributes.
  ///
  /// - Parameters:
  ///   - expiry: The time at which the key expires; `nil`: never.
  ///   - idleSeconds: Seconds since the key was last used, for servers with an LRU policy.
  ///   - frequency: The LFU counter, 0–255.
  ///   - metadata: A KEY_META record as stored, opcode included (``KeyHeader/metadata``); empty: none. It is not checked.
  public init(
    expiry: UnixMilliseconds? = nil, idleSeconds: UInt64? = nil, frequency: UInt8? = nil, metadata: [UInt8] = []
  ) {
    self.expiry = expiry
    self.idleSeconds = idleSeconds
    self.frequency = frequency
    self.metadata = metadata
  }
}

extension RDBWriter {
  /// Writes an AUX field (version ≥ 7).
  package mutating func aux(_ name: RawSpan, _ value: RawSpan) throws(RDBError) {
    try beginRecord(.aux, since: 7, "AUX fields")
    try writeString(name)
    try writeString(value)
  }

  /// Writes an AUX field of ASCII text (version ≥ 7).
  public mutating func aux(_ name: String, _ value: String) throws(RDBError) {
    let (name, value) = (Array(name.utf8), Array(value.utf8))
    try aux(name.span.bytes, value.span.bytes)
  }

  /// Writes a function library's source, whose first line is `#!lua name=<name>` (version ≥ 10).
  public mutating func functionLibrary(_ code: RawSpan) throws(RDBError) {
    try beginRecord(.function2, since: 10, "function libraries")
    try writeString(code)
  }

  /// The keys that follow are in `database`.
  public mutating func selectDatabase(_ database: UInt64) throws(RDBError) {
    try beginRecord(.selectDB, since: 1, "")
    try writeLength(database)
  }

  /// Writes RESIZEDB: how many keys the database has, and how many of them expire (version ≥ 7). A hint.
  public mutating func databaseSize(keys: UInt64, expiring: UInt64) throws(RDBError) {
    try beginRecord(.resizeDB, since: 7, "RESIZEDB")
    try writeLength(keys)
    try writeLength(expiring)
  }

  /// Writes a cluster node's hint that the next keys are in this hash slot (Redis, version ≥ 12).
  package mutating func slotInfo(slot: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    guard header.vendor == .redis else { throw .notRepresentable("a file of Redis", "one of Valkey") }
    try beginRecord(.slotInfo, since: 12, "SLOT_INFO")
    try writeLength(slot)
    try writeLength(keys)
    try writeLength(expiring)
  }

  /// Begins module data that belongs to no key (version 9 or later); ``stored(_:)`` and ``endModuleAux()`` must follow.
  ///
  /// - Parameter aux: The module, and when it loads the data; ``ModuleAux/offset`` has no meaning here.
  package mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) {
    try beginRecord(.moduleAux, since: 9, "module data")
    try writeLength(aux.module.rawValue)
    try writeLength(2)
    try writeLength(aux.when)
    pending.part = .moduleAux
  }

  /// Ends module data begun by ``beginModuleAux(_:)``.
  package mutating func endModuleAux() throws(RDBError) {
    guard pending.part == .moduleAux else { throw misplaced("the end of module data") }
    pending.part = .nothing
  }

  /// Copies records from another snapshot of this version.
  package mutating func copy(_ record: RawSpan) throws(RDBError) {
    guard pending.isNothing else { throw misplaced("a record") }
    try output.append(record)
  }

  private mutating func beginRecord(_ opcode: Opcode, since: Int, _ what: StaticString)
    throws(RDBError)
  {
    try require(since, for: "\(what)")
    guard pending.isNothing else { throw misplaced("opcode \(opcode)") }
    try output.append(opcode.rawValue)
  }

  /// Writes a key's attributes, type and name; its value must follow.
  mutating func beginKey(_ name: RawSpan, _ type: ValueType, _ attributes: KeyAttributes)
    throws(RDBError)
  {
    guard pending.isNothing else { throw misplaced("a key") }
    guard canWrite(type) else { throw cannotHold(type) }
    try output.reserve(32)
    if let expiry = attributes.expiry { try writeExpiry(expiry) }
    if let idle = attributes.idleSeconds {
      try require(9, for: "idle times")
      output.appendUnchecked(Opcode.idle.rawValue)
      try writeLength(idle)
    }
    if let frequency = attributes.frequency {
      try require(9, for: "LFU counters")
      try output.reserve(8)
      output.appendUnchecked(Opcode.frequency.rawValue)
      output.appendUnchecked(frequency)
    }
    if !attributes.metadata.isEmpty {
      guard header.vendor == .redis else { throw .notRepresentable("a file of Redis for KEY_META", "one of Valkey") }
      try require(13, for: "KEY_META")
      try output.append(attributes.metadata.span.bytes)
    }
    try output.append(type.code)
    try writeString(name)
    keyCount += 1
    (pending.type, pending.collection) = (type, nil)
  }

  /// Milliseconds from version 3 on, seconds in signed 32 bits before.
  private mutating func writeExpiry(_ expiry: UnixMilliseconds) throws(RDBError) {
    if header.version >= 3 {
      output.appendUnchecked(Opcode.expireTimeMS.rawValue)
      output.appendUnchecked(littleEndian: expiry.value)
      return
    }
    guard expiry.value % 1000 == 0, let seconds = Int32(exactly: expiry.value / 1000) else {
      throw .notRepresentable("an expiry in seconds of 32 bits", "\(expiry) ms")
    }
    output.appendUnchecked(Opcode.expireTime.rawValue)
    output.appendUnchecked(littleEndian: seconds)
  }

  @inline(never)
  private func cannotHold(_ type: ValueType) -> RDBError {
    RDBError(
      .notRepresentable, at: Int(clamping: output.byteCount),
      expected: "a value type of \(header.vendor) RDB version \(header.version)", found: type.name)
  }
}
