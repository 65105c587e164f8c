public import RDB
public import RDBFormat
import RDBSupport
import RESP

/// A sink that writes commands which rebuild every key on a live server.
///
/// The output is suitable for `redis-cli --pipe` and as an append-only file. It selects the database before the first key
/// and at each change of the database. Expiries are absolute times. The ledger of the summary lists the data that the
/// target cannot hold.
///
/// The sink writes collections in commands of many elements, and holds at most one command. It does not copy strings of
/// `ByteOutput.directThreshold` bytes or more. The output does not depend on the number of workers.
///
/// Source: `rewriteAppendOnlyFile` in `src/aof.c` of the servers, and comparisons of each fixture after a reload.
public struct RESPSink: OutputSink, ~Copyable {
  let options: RESPOptions
  let can: RESPAbilities
  /// The types whose values RESTORE can carry to the target.
  let restorable: ValueTypeSet
  /// The types whose values use RESTORE unless they are longer than ``usualRestore`` says, or the key has metadata.
  let usuallyRestored: ValueTypeSet
  /// The answer of the sink for keys of these types.
  let usualRestore: Interest
  /// Whether RESTORE mostly needs no options but ABSTTL and REPLACE.
  let restoresSimply: Bool
  /// The largest number of elements in one command.
  let commandElementCount: Int
  let commandByteCount: Int
  let bulkLimit: Int
  /// Elements shorter than this are copied into commands of many elements. Longer ones have a command of their own.
  @usableFromInline let smallByteCount: Int
  /// Whether values are written as commands that can change existing keys, and use RESTORE only if no other command can
  /// carry them.
  let isPlain: Bool
  /// Whether short strings take the fast path, which writes no marks.
  let takesFastPath: Bool
  /// Whether a key of several commands is built under a temporary name.
  let buildsApart: Bool

  @usableFromInline var out: RESPWriter
  var separators: Separators
  /// The name of the current key.
  var name = RESPName()
  /// The temporary name of the current key, which the last command renames.
  var temporary = RESPName()
  /// The current path of a path hash.
  var path = RESPName()
  @usableFromInline var key = KeyState()
  @usableFromInline var openCommand = OpenCommand()
  /// The text of the pairs of a small value, until the value has been checked.
  var pairText = ByteBuffer(capacity: Self.pairTextByteCount)
  var fieldExpiries = FieldExpiries()
  var stream = StreamState()
  var restored = RestoreState()
  @usableFromInline var notes = Notes()
  @usableFromInline var ledger = Ledger()
  /// The database of the last key, and the state of ``Separators`` that its commands need.
  private(set) var lastDatabase: UInt64?
  private(set) var separatorState: Separators.State = 0

  /// The state of the current key.
  @usableFromInline struct KeyState {
    /// The form of the output.
    @usableFromInline enum Plan: UInt8 {
      /// No command is written.
      case none
      /// The commands of the data type.
      case commands
      /// RESTORE with the stored value.
      case restore
    }
    @usableFromInline var plan = Plan.none
    @usableFromInline var type = ValueType.string
    @usableFromInline var hasExpiry = false
    /// Whether the first command has been written.
    var hasBegun = false
    var isMarked = false
    var usesTemporary = false
    /// Whether the commands of the key are in a transaction of their own.
    var isTransaction = false
    var hasFieldExpiries = false
    /// The number of commands before the first one that adds to the key with its temporary name.
    var commandCountBefore: UInt64 = 0
    @usableFromInline var expiry: Int64 = 0
    var offset = 0
    @usableFromInline var idleSeconds: UInt64?
    @usableFromInline var frequency: UInt8?
    var insertIndex: UInt64?
    /// Whether the current path of a path hash is too long for the target.
    var isPathLost = false
    var lostFieldExpiries = LostFieldExpiries()
    /// The byte count of the start of a SET command, written into the spare memory of the output but not yet part of it.
    @usableFromInline var headByteCount = 0
  }

  /// Counts for notes of the ledger that name no keys.
  @usableFromInline struct Notes {
    @usableFromInline var idle: UInt64 = 0
    @usableFromInline var frequency: UInt64 = 0
    var consumers: UInt64 = 0
    var nodes: UInt64 = 0
    var encodings: UInt64 = 0
    var slots: UInt64 = 0
    var roundedExpiries: UInt64 = 0
  }

  /// Creates a sink.
  ///
  /// - Parameters:
  ///   - options: What to write, and for which server.
  ///   - destination: The destination of the output.
  public init(_ options: RESPOptions, to destination: any ByteDestination) {
    self.options = options
    can = RESPAbilities(options.target, takesRestore: options.takesRestore)
    restorable = Self.restorable(options, can)
    (usuallyRestored, usualRestore) = Self.usualRestore(options, restorable)
    restoresSimply = Self.restoresSimply(options, can)
    commandElementCount = max(1, options.commandElementCount)
    commandByteCount = min(max(1, options.commandByteCount), 16 << 20)
    bulkLimit = Int(clamping: options.bulkLimit)
    smallByteCount = min(ByteOutput.directThreshold, bulkLimit)
    isPlain = options.existing != .keep && options.restore == .never
    takesFastPath = isPlain && !options.marksKeys
    buildsApart =
      options.existing == .keep || options.existing == .replace && (options.replacesWhole || options.isolatesKeys)
    out = RESPWriter(
      output: ByteOutput(
        to: destination, capacity: max(512 << 10, commandByteCount + (256 << 10))))
    separators = Separators(to: destination, separator: Self.separator(options))
  }

  public mutating func endBatch() throws { try separators.endBatch(&out.output) }

  public mutating func endEarly() throws(RDBError) {
    if openCommand.isOpen { try closeCommand() }
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

  /// Returns the separator between keys: SELECT at each change of the database. With a single database the state is the
  /// database in the snapshot, or 0 if existing keys are replaced, and a second state is an error.
  private static func separator(_ options: RESPOptions) -> Separators.Separator {
    let single = options.singleDatabase
    return { (previous, next) throws(RDBError) in
      if !single { return previous == next ? [] : RESPText.command("SELECT", "\(next)") }
      guard let previous else { return RESPText.command("SELECT", "0") }
      if previous != next { throw .twoDatabases(UInt64(clamping: previous), UInt64(clamping: next)) }
      return []
    }
  }

  private mutating func enter(_ database: UInt64) throws(RDBError) {
    let target = options.databaseMap[database] ?? database
    if options.singleDatabase {
      separatorState = options.existing == .replace ? 0 : Separators.State(database)
    } else {
      guard target < options.databaseCount else {
        throw .databaseTooHigh(
          target, from: database, options.databaseCount, at: key.offset, key: name.array)
      }
      separatorState = Separators.State(target)
    }
    lastDatabase = database
  }

  // MARK: Keys

  public mutating func beginKey(_ header: borrowing KeyHeader) throws(RDBError) -> Interest {
    ledger.keysRead &+= 1
    if takesFastPath, header.storedType == .string, header.metadata.byteCount == 0 {
      key.type = .string
      key.offset = header.offset
      if try beginPlainString(header) { return .elements }
    }
    if options.stopsAtLoss, ledger.hasLosses { throw .fromSink(FirstLosses(ledger: ledger), at: key.offset) }
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
    if usuallyRestored.contains(header.storedType), header.metadata.byteCount == 0 {
      if !restored.moduleID.isEmpty { restored.moduleID = [] }
      return usualRestore
    }
    if isPlain, header.metadata.byteCount == 0 {
      switch header.type {
      case .list, .set, .zset, .hash: return .elements
      case .string, .stream, .module, .array, .pathHash: break
      }
    }
    return try plan(header)
  }

  /// Throws an error for a finding that is more than a note, if the options say so. The code is the name of the finding.
  public mutating func finding(_ finding: borrowing Finding) throws(RDBError) {
    guard options.refusesFindings, finding.severity != .note else { return note(finding) }
    throw RDBError(
      RDBError.Code(finding.name), at: finding.offset, inner: finding.innerOffset, expected: finding.expected,
      found: finding.found, key: finding.key, database: finding.database)
  }

  /// Lists the key as lost.
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws(RDBError) {
    if self.key.isTransaction { try discardTransaction() }
    ledger.loseDamaged(key, error)
  }

  @inlinable @inline(__always)
  public mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    // A string ends with its value.
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
    if openCommand.isOpen { try closeCommand() }
    switch key.type.data {
    case .stream: try endStream()
    case .module: return loseModule()
    case .hash:
      if !key.lostFieldExpiries.isEmpty { loseFieldExpiries() }
    case .string, .list, .set, .zset, .array, .pathHash: break
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

  /// Ends a key whose value is written: sets its expiry, and renames it from its temporary name.
  @inline(__always)
  mutating func endWrittenKey() throws(RDBError) {
    if key.usesTemporary { try renameKey() } else if key.hasExpiry { try expire() }
    if key.isTransaction { try endTransaction() }
    if key.plan == .commands, !restored.metadata.isEmpty { loseMetadata() }
    if key.idleSeconds != nil { notes.idle += 1 }
    if key.frequency != nil { notes.frequency += 1 }
    ledger.keysWritten &+= 1
  }

  @inline(never)
  mutating func expire() throws(RDBError) {
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

  /// Begins a command on the key: writes the name of the command and the name of the key.
  mutating func command(_ arguments: Int, _ text: StaticString) throws(RDBError) {
    try out.begin(arguments)
    try out.text(text)
    try keyName()
  }

  /// Writes the name of the key, or its temporary name.
  mutating func keyName() throws(RDBError) {
    if key.usesTemporary { try out.name(temporary) } else { try out.name(name) }
  }

  /// Selects the key's database and marks the key, before the first command of the key.
  @inline(__always)
  mutating func select() throws(RDBError) {
    if separators.state != separatorState { try separators.advance(to: separatorState, in: &out.output) }
    if options.marksKeys { try markKey() }
  }

  /// Prepares for the first command that builds the key from elements.
  @inline(__always)
  mutating func beginCommands() throws(RDBError) {
    key.hasBegun = true
    try select()
    if options.existing != .merge { try makeRoomForKey() }
  }

  // MARK: Losses

  /// Lists the key as lost, and writes no command for it.
  @inline(never)
  mutating func lose(_ why: String) -> Interest {
    key.plan = .none
    ledger.lose(.key, why, key: name.array, offset: key.offset)
    return .skip
  }

  /// Lists a part of the key as lost.
  @inline(never)
  mutating func lose(_ loss: Ledger.Loss, _ why: String, count: UInt64 = 1) {
    ledger.lose(loss, why, count: count, key: name.array, offset: key.offset)
  }

  @inline(never)
  private mutating func loseFieldExpiries() {
    key.lostFieldExpiries.add(to: &ledger, key: name.array, offset: key.offset)
  }

  private mutating func noteCounts() {
    let rows: [(UInt64, String)] = [
      (notes.idle, "idle times, which only RESTORE carries"),
      (notes.frequency, "access frequencies, which only RESTORE carries"),
      (notes.consumers, "seen and active times of consumers, which only RESTORE carries"),
      (notes.nodes, "node boundaries of lists and streams, which only RESTORE carries"),
      (notes.encodings, "encodings, which the server chooses"),
      (notes.slots, "hints of hash slots"),
      (notes.roundedExpiries, "expiries rounded up to a second, because the target has no milliseconds"),
    ]
    for (count, what) in rows where count > 0 { ledger.note(what, count: count) }
    notes = Notes()
  }
}

extension RESPWriter {
  /// Writes one of two texts of whole bulk strings.
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
