import RDB
import RDBFormat

/// An entry in the history of a key.
package struct HistoryEntry: Sendable {
  package enum Event: Sendable {
    /// The snapshot at the beginning of the file has the key.
    case snapshot(type: DataType, expiry: UnixMilliseconds?)
    /// A command has the key among its arguments, or concerns the whole database: FLUSHALL, FLUSHDB, SWAPDB.
    case command(ReplayCommand)
  }

  package let event: Event
  /// The names of the keys that were looked for, in the order of the arguments; empty for a command that concerns a whole
  /// database.
  package let keys: [[UInt8]]
  /// The current database.
  package let database: UInt64
  /// The time of the last annotation before the entry; `nil` if there is none.
  package let time: UnixMilliseconds?
  /// The file, by its number in the order of loading.
  package let part: Int
  /// The offset of the command; of a key of the snapshot, that of the snapshot.
  package let offset: UInt64
  /// The offset of MULTI, for a command of a transaction.
  package let transaction: UInt64?
}

/// A search for the commands that touched keys.
///
/// The commands are not executed: one that fails on a server is an entry too. The table of commands tells which arguments
/// are keys; of a command that the table does not have, any argument counts as one.
package struct KeyHistory {
  private let matches: ([UInt8]) -> Bool
  private let database: UInt64?
  private let renamedCommands: [String: String]

  /// - Parameters:
  ///   - database: The database to look in; `nil`: all.
  ///   - renamedCommands: Names that `rename-command` gave to commands, in lower case, and the commands' own names.
  ///   - matches: Whether a key is looked for.
  package init(database: UInt64? = nil, renamedCommands: [String: String] = [:], matches: @escaping ([UInt8]) -> Bool) {
    (self.database, self.renamedCommands, self.matches) = (database, renamedCommands, matches)
  }

  /// Reads a log to its end.
  ///
  /// - Parameter receive: Receives the entries in the order of the log.
  /// - Throws: ``RDBError``, or an error of `receive`.
  package func read(_ log: CommandLog, _ receive: (HistoryEntry) throws -> Void) throws {
    var position = LogPosition()
    // The databases in which one of the keys may exist.
    var present: Set<UInt64> = []
    while let item = try log.next() {
      switch item {
      case .base(let source):
        let (time, part) = (position.time, position.part)
        do {
          try readBase(source) { key, database, type, expiry in
            present.insert(database)
            try receive(
              HistoryEntry(
                event: .snapshot(type: type, expiry: expiry), keys: [key], database: database, time: time, part: part,
                offset: 0, transaction: nil))
          }
        } catch let error as RDBError {
          throw error.inFile(log.name(of: part))
        }
      case .command(let command):
        let keys = find(command, position.database, &present)
        if let keys {
          try receive(
            HistoryEntry(
              event: .command(command), keys: keys, database: position.database, time: position.time,
              part: command.part, offset: command.offset, transaction: position.transaction))
        }
      case .beginPart, .time, .failure, .beginTransaction, .endTransaction: break
      }
      position.update(item)
    }
  }

  // MARK: Commands

  /// Returns the keys of a command that are looked for; none for one that concerns a whole database in which they may
  /// exist; `nil` if the command does not concern them.
  private func find(_ command: ReplayCommand, _ current: UInt64, _ present: inout Set<UInt64>) -> [[UInt8]]? {
    let text = command.lowercased(0)
    let name = renamedCommands[text] ?? text
    switch name {
    case "flushall":
      defer { present = [] }
      return present.isEmpty ? nil : []
    case "flushdb": return present.remove(current) == nil ? nil : []
    case "swapdb":
      guard let a = command.databaseNumber(1), let b = command.databaseNumber(2) else { return nil }
      let (hasA, hasB) = (present.contains(a), present.contains(b))
      guard hasA || hasB else { return nil }
      present.subtract([a, b])
      if hasA { present.insert(b) }
      if hasB { present.insert(a) }
      return []
    default: break
    }
    let indexes =
      CommandTable.rows[name].map { $0.keys.indexes(in: command) } ?? Array(command.arguments.indices.dropFirst())
    let keys = indexes.map { command[$0] }.filter(matches)
    guard !keys.isEmpty else { return nil }
    let other = command.otherDatabaseIndex(name).flatMap { command.databaseNumber($0) }
    let databases = [current] + [other].compactMap { $0 }
    guard database.map(databases.contains) ?? true else { return nil }
    present.formUnion(databases.filter { database == nil || $0 == database })
    return keys
  }

  // MARK: Snapshots

  private func readBase(_ source: any ByteSource, _ receive: SnapshotNames.Receive) throws {
    try withoutActuallyEscaping(receive) { receive in
      var sink = SnapshotNames(database: database, matches: matches, receive: receive)
      var reader = RDBReader(source)
      try reader.read(into: &sink)
    }
  }
}

/// Passes on the keys of a snapshot that are looked for.
private struct SnapshotNames: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  typealias Receive = (_ key: [UInt8], _ database: UInt64, DataType, _ expiry: UnixMilliseconds?) throws -> Void

  let database: UInt64?
  let matches: ([UInt8]) -> Bool
  let receive: Receive

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    guard database.map({ $0 == key.database }) ?? true else { return .skip }
    let name = [UInt8](key.name)
    if matches(name) { try receive(name, key.database, key.type, key.expiry) }
    return .skip
  }
}
