import RDB
import RDBFormat
import RDBSupport

/// What a log consists of: its files, its commands by name, its times, and the keys that were touched.
package struct LogReport: Sendable {
  /// The commands of one name.
  package struct Commands: Hashable, Sendable {
    package var count: UInt64 = 0
    /// The size of the commands as arrays of bulk strings, in bytes.
    package var byteCount: UInt64 = 0

    package init(count: UInt64 = 0, byteCount: UInt64 = 0) { (self.count, self.byteCount) = (count, byteCount) }
  }

  /// A file of the log.
  package struct Part: Sendable {
    package let name: String?
    package let role: LogPart.Role
    /// The number of bytes read.
    package var byteCount: UInt64 = 0
    /// The keys of the snapshot at its beginning; `nil` if it has none.
    package var snapshotKeyCount: UInt64?
    /// The number of commands, MULTI and EXEC included.
    package var commandCount: UInt64 = 0
  }

  package private(set) var parts: [Part]
  /// The commands by name in upper case, MULTI and EXEC included. After 1024 different names, the others count as `…`.
  package private(set) var commands: [String: Commands] = [:]
  package private(set) var transactionCount: UInt64 = 0
  /// The times of the first and of the last annotation.
  package private(set) var firstTime: UnixMilliseconds?
  package private(set) var lastTime: UnixMilliseconds?
  /// The number of different keys that commands touched, without those that only the snapshot has.
  package private(set) var touchedKeyCount: UInt64 = 0
  /// Whether ``touchedKeyCount`` is exact; otherwise its standard error is 0.8 %.
  package private(set) var isKeyCountExact = true
  /// Remarkable things in file order, the first 64 of them.
  package private(set) var notes: [LogNote] = []

  package var commandCount: UInt64 { parts.reduce(0) { $0 + $1.commandCount } }

  private static let nameLimit = 1024

  /// Reads a log to its end.
  ///
  /// - Parameter renamedCommands: Names that `rename-command` gave to commands, in lower case, and the commands' own names.
  /// - Throws: ``RDBError``.
  package init(_ log: CommandLog, renamedCommands: [String: String] = [:]) throws {
    parts = log.parts.map { Part(name: $0.name, role: $0.role) }
    var position = LogPosition()
    var keys = DistinctCount()
    var names: [[UInt8]: (name: String, row: CommandRow?)] = [:]
    while let item = try log.next() {
      switch item {
      case .base(let source):
        var sink = SnapshotKeyCount()
        do {
          var reader = RDBReader(source)
          try reader.read(into: &sink)
        } catch let error as RDBError {
          throw error.inFile(log.name(of: position.part))
        }
        parts[position.part].snapshotKeyCount = sink.count
      case .command(let command), .failure(let command, _):
        let (name, row) =
          names[command[0]]
          ?? {
            let text = command.lowercased(0)
            let own = renamedCommands[text] ?? text
            let entry = (own.uppercased(), CommandTable.rows[own])
            if names.count < 4096 { names[command[0]] = entry }
            return entry
          }()
        add(command, name)
        if case .command = item, let row {
          for index in row.keys.indexes(in: command) { keys.insert(command[index], in: position.database) }
        }
      case .beginTransaction(let command):
        transactionCount += 1
        add(command, "MULTI")
      case .endTransaction(let command): add(command, "EXEC")
      case .time(let time):
        if firstTime == nil { firstTime = time }
        lastTime = time
      case .beginPart: break
      }
      position.update(item)
    }
    for (index, byteCount) in log.byteCounts.enumerated() { parts[index].byteCount = byteCount }
    (touchedKeyCount, isKeyCountExact) = (keys.count, keys.isExact)
    notes = log.notes
  }

  private mutating func add(_ command: ReplayCommand, _ name: String) {
    parts[command.part].commandCount += 1
    let name = commands.count < Self.nameLimit || commands[name] != nil ? name : "…"
    commands[name, default: Commands()].count += 1
    commands[name, default: Commands()].byteCount += command.byteCount
  }
}

private struct SnapshotKeyCount: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var count: UInt64 = 0

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    count += 1
    return .skip
  }
}
