import RDB
import RDBFormat
import RDBSupport

/// A command on keys, with all that replaying it needs to know of the log before it.
struct RoutedCommand {
  /// The logical database in which it is executed.
  var database: UInt64
  /// The command. If it names another database, the number is that of a logical database.
  var command: ReplayCommand
  /// The hashes of the keys that it ties together.
  var keys: [UInt64]
}

/// Executes the commands that concern no key, and finds the keys of all other commands.
///
/// Both passes over a log get the same routes.
final class CommandRouter {
  /// The replay that executes the commands that concern no key. Its keyspace stays empty.
  let control: Replay
  private(set) var databases: LogicalDatabases
  /// The numbers of the databases that may have keys.
  private var used: Set<UInt64> = []
  private let options: ReplayOptions

  init(_ options: ReplayOptions) {
    self.options = options
    control = Replay(options)
    databases = LogicalDatabases(count: options.databaseCount)
  }

  /// Notes that the base snapshot has keys in a database.
  func use(_ number: UInt64) { used.insert(number) }

  /// The logical database that is current.
  var database: UInt64 { databases.logical(control.execution.database) }

  /// The hash of a key.
  static func hash(_ name: [UInt8], in database: UInt64) -> UInt64 {
    StableHash.hash(name.span.bytes, seed: database &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Executes a command that concerns no key, or passes the command on in one or several parts.
  ///
  /// - Throws: ``RDBError`` for a command that cannot be replayed.
  func route(_ command: ReplayCommand, _ pass: (RoutedCommand) throws -> Void) throws {
    guard let row = control.row(of: command[0]), case .native = row.action, row.keys != .none,
      row.accepts(argumentCount: command.count)
    else { return try execute(command) }
    let indexes = row.keys.indexes(in: command)
    if indexes.isEmpty { return try execute(command) }
    control.countCommand()
    used.insert(control.execution.database)
    switch row.name {
    case "del", "unlink", "mset":
      if command.count % 2 == 0, row.name == "mset" { return control.countFailure(command, row, .wrongArgumentCount) }
      let width = row.name == "mset" ? 2 : 1
      for index in indexes {
        let arguments = [command[0]] + command.arguments[index..<index + width]
        try pass(route(ReplayCommand(arguments, offset: command.offset, part: command.part), [1]))
      }
    case "copy", "move": try routeBetweenDatabases(command, row, pass)
    case "sort" where command.readsKeysByPattern:
      try control.leaveOut(
        command, row.name,
        "its BY and GET patterns can name any key; in a log larger than the memory limit, they are not read")
    default: try pass(route(command, indexes))
    }
  }

  private func route(_ command: ReplayCommand, _ indexes: [Int]) -> RoutedCommand {
    RoutedCommand(
      database: database, command: command, keys: indexes.map { Self.hash(command[$0], in: database) })
  }

  /// COPY and MOVE: the other database gets its logical number.
  private func routeBetweenDatabases(
    _ command: ReplayCommand, _ row: CommandRow, _ pass: (RoutedCommand) throws -> Void
  ) throws {
    var routed = RoutedCommand(database: database, command: command, keys: [])
    var other = database
    if let index = command.otherDatabaseIndex(row.name) {
      do throws(CommandError) {
        let number = try command.databaseNumber(index, of: options)
        used.insert(number)
        other = databases.logical(number)
      } catch {
        return control.countFailure(command, row, error)
      }
      routed.command.arguments[index] = Array("\(other)".utf8)
    }
    let destination = row.name == "move" ? command[1] : command[2]
    routed.keys = [Self.hash(command[1], in: database), Self.hash(destination, in: other)]
    try pass(routed)
  }

  private func execute(_ command: ReplayCommand) throws {
    let failureCount = control.summary.failureCount
    try control.apply(command)
    guard control.summary.failureCount == failureCount, let row = control.row(of: command[0]) else { return }
    switch row.name {
    case "flushdb": databases.flush(control.execution.database)
    case "flushall": databases.flushAll(used)
    case "swapdb":
      let numbers = try [1, 2].map { try command.databaseNumber($0, of: options) }
      used.formUnion(numbers)
      if numbers[0] != numbers[1] { databases.swap(numbers[0], numbers[1]) }
    default: break
    }
  }
}
