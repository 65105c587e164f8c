public import RDB
public import RDBFormat
import RDBSupport
import RESP

/// Writes commands that rebuild every key on a live server: for `redis-cli --pipe`, as an AOF, for a
/// loader.
///
/// SELECT stands before the first key and wherever the database changes; expiries are absolute. What
/// the target cannot express is in the summary's ledger. Collections are written in batches; nothing is
/// held but one command's elements, and strings from ``ByteOutput/directThreshold`` bytes on are not
/// copied. The bytes do not depend on how many workers write them.
///
/// Source of the recipes: the servers' own `rewriteAppendOnlyFile` in `src/aof.c`, and what a reload of
/// each fixture shows.
public struct RESPSink: OutputSink, ~Copyable {
  let options: RESPOptions
  let can: RESPAbilities
  /// Elements of one command.
  let batchElementCount: Int
  let batchByteCount: Int
  let bulkLimit: Int
  /// Elements below this length are copied into batches, others are commands of their own.
  @usableFromInline let smallByteCount: Int
  /// Values are written as commands that may change what is there, and never by RESTORE unless they must.
  let isPlain: Bool

  @usableFromInline var out: RESPWriter
  var separators: Separators
  /// The current key.
  var name = RESPName()
  /// What its commands name: the key, or a temporary name that is renamed at its end.
  var temporary = RESPName()
  @usableFromInline var key = KeyState()
  @usableFromInline var batch = Batch()
  var fieldExpiries = FieldExpiries()
  var stream = StreamState()
  var restored = RestoreState()
  @usableFromInline var notes = Notes()
  @usableFromInline var ledger = Ledger()
  /// The database of the last key, and the state of ``Separators`` that its commands need.
  private(set) var lastDatabase: UInt64 = .max
  private(set) var separatorState: UInt64 = 0

  /// What is known of the current key.
  @usableFromInline struct KeyState {
    @usableFromInline enum Plan: UInt8 {
      /// Nothing is written of it.
      case none
      case commands
      case restore
    }
    @usableFromInline var plan = Plan.none
    @usableFromInline var type = ValueType.string
    @usableFromInline var hasExpiry = false
    /// Whether its first command has been written.
    var hasBegun = false
    var usesTemporary = false
    @usableFromInline var expiry: Int64 = 0
    var offset = 0
    @usableFromInline var idleSeconds: UInt64?
    @usableFromInline var frequency: UInt8?
    var insertIndex: UInt64?
    var lostFieldExpiries: UInt64 = 0
    var unofferedFieldExpiries: UInt64 = 0
    /// Bytes of a SET and the name already written into the output's spare room, not yet part of it.
    @usableFromInline var headByteCount = 0
  }

  /// What needs no names.
  @usableFromInline struct Notes {
    @usableFromInline var idle: UInt64 = 0
    @usableFromInline var frequency: UInt64 = 0
    var consumers: UInt64 = 0
    var nodes: UInt64 = 0
    var encodings: UInt64 = 0
    var slots: UInt64 = 0
    var roundedExpiries: UInt64 = 0
  }

  /// - Parameter destination: The destination of the output.
  public init(_ options: RESPOptions, to destination: any ByteDestination) {
    self.options = options
    can = RESPAbilities(options.target)
    batchElementCount = max(1, options.batchElementCount)
    batchByteCount = min(max(1, options.batchByteCount), 16 << 20)
    bulkLimit = Int(clamping: options.bulkLimit)
    smallByteCount = min(ByteOutput.directThreshold, bulkLimit)
    isPlain = options.existing != .keep && options.restore == .never
    out = RESPWriter(
      output: ByteOutput(
        to: destination, capacity: max(512 << 10, batchByteCount + (256 << 10))))
    separators = Separators(to: destination, separator: Self.separator(options))
  }

  public mutating func endBatch() throws { try separators.endBatch(&out.output) }

  public mutating func endEarly() throws(RDBError) {
    if batch.isOpen { try closeBatch() }
  }

  public consuming func finish() throws(RDBError) -> RESPSummary {
    try out.output.flush()
    noteCounts()
    var summary = RESPSummary()
    summary.ledger = ledger
    summary.commandCount = out.commandCount + separators.separatorCount
    return summary
  }

  // MARK: Databases

  /// SELECT, where the database changes; with a single database the state is the one keys came from.
  private static func separator(_ options: RESPOptions) -> Separators.Separator {
    let single = options.singleDatabase
    return { (previous, next) throws(RDBError) in
      if !single { return previous == next ? [] : RESPText.command("SELECT", "\(next)") }
      guard let previous else { return RESPText.command("SELECT", "0") }
      if previous != next { throw .twoDatabases(previous, next) }
      return []
    }
  }

  private mutating func enter(_ database: UInt64) throws(RDBError) {
    let target = options.databaseMap[database] ?? database
    if options.singleDatabase {
      separatorState = options.existing == .replace ? 0 : database
    } else {
      guard target < options.databaseCount else {
        throw .databaseTooHigh(
          target, from: database, options.databaseCount, at: key.offset, key: name.array)
      }
      separatorState = target
    }
    lastDatabase = database
  }

  // MARK: Keys

  public mutating func beginKey(_ header: borrowing KeyHeader) throws(RDBError) -> Interest {
    ledger.keysRead &+= 1
    if isPlain, header.storedType == .string, header.metadata.byteCount == 0 {
      key.type = .string
      key.offset = header.offset
      if try beginPlainString(header) { return .elements }
    }
    key = KeyState()
    if !restored.metadata.isEmpty { restored.metadata = [] }
    key.offset = header.offset
    key.type = header.storedType
    name.set(header.name)
    if header.database != lastDatabase { try enter(header.database) }
    if let expiry = header.expiry {
      key.hasExpiry = true
      key.expiry = expiry.value
    }
    key.plan = .commands
    if header.name.byteCount > bulkLimit {
      return lose("its name is longer than the bulk limit")
    }
    key.idleSeconds = header.idleSeconds
    key.frequency = header.frequency
    if isPlain, header.metadata.byteCount == 0 {
      switch header.type {
      case .list, .set, .zset, .hash: return .elements
      default: break
      }
    }
    return try plan(header)
  }

  @inlinable @inline(__always)
  public mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    // A string ended with its value.
    if key.type == .string, key.plan != .restore { return }
    try endLongKey()
  }

  @usableFromInline mutating func endLongKey() throws(RDBError) {
    switch key.plan {
    case .none: return
    case .restore: try endRestoredKey()
    case .commands: try endCommands()
    }
  }

  @inline(__always)
  private mutating func endCommands() throws(RDBError) {
    if batch.isOpen { try closeBatch() }
    switch key.type.data {
    case .stream: try endStream()
    case .module: return loseModule()
    case .hash:
      if key.unofferedFieldExpiries | key.lostFieldExpiries > 0 { noteLostFieldExpiries() }
    default: break
    }
    guard key.hasBegun else {
      ledger.note("keys without an element left", key: name.array, offset: key.offset)
      return
    }
    if let index = key.insertIndex {
      try command(3, "$6\r\nARSEEK\r\n")
      try out.bulk(index == .max ? index : index + 1)
    }
    try endWrittenKey()
  }

  /// Ends a key whose value is written: expiry, and the rename from the temporary name.
  @inline(__always)
  mutating func endWrittenKey() throws(RDBError) {
    if key.hasExpiry { try expire() }
    if key.plan == .commands, !restored.metadata.isEmpty { loseMetadata() }
    if key.idleSeconds != nil { notes.idle += 1 }
    if key.frequency != nil { notes.frequency += 1 }
    if key.usesTemporary {
      try out.begin(3)
      try out.text("$8\r\nRENAMENX\r\n")
      try out.name(temporary)
      try out.name(name)
      try out.begin(2)
      try out.text("$6\r\nUNLINK\r\n", or: "$3\r\nDEL\r\n", if: can.unlink)
      try out.name(temporary)
    }
    ledger.keysWritten &+= 1
  }

  @inline(never)
  private mutating func expire() throws(RDBError) {
    if can.pexpireat {
      try command(3, "$9\r\nPEXPIREAT\r\n")
      try out.bulk(key.expiry)
    } else {
      try command(3, "$8\r\nEXPIREAT\r\n")
      let seconds = key.expiry > 0 ? (key.expiry - 1) / 1000 + 1 : key.expiry / 1000
      if key.expiry % 1000 != 0 { notes.roundedExpiries += 1 }
      try out.bulk(seconds)
    }
  }

  /// Begins a command on the key: its name, then the key's.
  mutating func command(_ arguments: Int, _ text: StaticString) throws(RDBError) {
    try out.begin(arguments)
    try out.text(text)
    try keyName()
  }

  mutating func keyName() throws(RDBError) {
    if key.usesTemporary { try out.name(temporary) } else { try out.name(name) }
  }

  /// Goes to the key's database; before the key's first command.
  @inline(__always)
  mutating func select() throws(RDBError) {
    if separators.state != separatorState { try separators.advance(to: separatorState, in: &out.output) }
  }

  /// Before the first command that builds the key from elements.
  @inline(__always)
  mutating func beginCommands() throws(RDBError) {
    key.hasBegun = true
    try select()
    if options.existing != .merge { try clearWay() }
  }

  /// Unlinks what is there, or chooses a temporary name.
  @inline(never)
  private mutating func clearWay() throws(RDBError) {
    if options.existing == .keep {
      key.usesTemporary = true
      temporary.set(TemporaryName.of(name.array))
    }
    try out.begin(2)
    try out.text("$6\r\nUNLINK\r\n", or: "$3\r\nDEL\r\n", if: can.unlink)
    try keyName()
  }

  // MARK: Losses

  /// Nothing is written of the key.
  @inline(never)
  mutating func lose(_ why: String) -> Interest {
    key.plan = .none
    ledger.lose(.key, why, key: name.array, offset: key.offset)
    return .skip
  }

  /// Something of the key is missing.
  @inline(never)
  mutating func lose(_ loss: Ledger.Loss, _ why: String, count: UInt64 = 1) {
    ledger.lose(loss, why, count: count, key: name.array, offset: key.offset)
  }

  private mutating func noteLostFieldExpiries() {
    if key.unofferedFieldExpiries > 0 {
      lose(
        .expiry, "expiries of hash fields need \(RESPFeature.fieldExpiry.neededServer)",
        count: key.unofferedFieldExpiries)
    }
    if key.lostFieldExpiries > 0 {
      lose(
        .expiry, "Redis takes no expiry of a hash field above 2^46-1 ms",
        count: key.lostFieldExpiries)
    }
  }

  private mutating func noteCounts() {
    let rows: [(UInt64, String)] = [
      (notes.idle, "idle times, which only RESTORE carries"),
      (notes.frequency, "access frequencies, which only RESTORE carries"),
      (notes.consumers, "seen and active times of consumers, which only RESTORE carries"),
      (notes.nodes, "node boundaries of lists and streams, which only RESTORE carries"),
      (notes.encodings, "encodings, which the server chooses"),
      (notes.slots, "hints of hash slots"),
      (notes.roundedExpiries, "expiries rounded up to a second, which is all that the target knows"),
    ]
    for (count, what) in rows where count > 0 { ledger.note(what, count: count) }
    notes = Notes()
  }
}

extension RESPWriter {
  /// Writes one of two texts.
  mutating func text(_ text: StaticString, or other: StaticString, if condition: Bool) throws(RDBError) {
    try output.append(condition ? text : other)
  }
}

extension RDBError {
  @inline(never)
  static func databaseTooHigh(
    _ target: UInt64, from source: UInt64, _ count: UInt64, at offset: Int, key: [UInt8]
  ) -> RDBError {
    RDBError(
      .refused, at: offset,
      expected: "a database below \(count) (`databaseCount`), or another number for it (`databaseMap`)",
      found: target == source ? "keys in database \(source)" : "keys of database \(source) going into \(target)",
      key: key, database: source)
  }

  @inline(never)
  static func twoDatabases(_ first: UInt64, _ second: UInt64) -> RDBError {
    RDBError(
      .refused, at: 0, expected: "keys in one database only (`singleDatabase`), or `existing` to replace keys",
      found: "keys in databases \(first) and \(second)")
  }
}
