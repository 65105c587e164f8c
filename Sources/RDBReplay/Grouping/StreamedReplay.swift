import RDB
import RDBFormat
import RDBSupport
import RESP

/// Replays a log in one pass, whose commands on a key come one after another: each key is written when the next one
/// comes.
package final class StreamedReplay: KeyspaceProducer {
  private enum Waiting {
    case key([UInt8], ReplayedKey, database: UInt64)
    case command(RoutedCommand)
  }

  private let log: any ReplayLog
  private let options: ReplayOptions
  /// The trailer that seals the log; `nil`: the log has none, and its keys are remembered.
  private let trailer: RESPTrailer?
  private let router: CommandRouter
  private let passing: PassingKey
  private var seen: SeenHashes
  /// What was read and not yet replayed.
  private var waiting: [Waiting] = []
  /// The base snapshot that is being read, and its sink.
  private var base: BaseSnapshotSink?
  private var baseReader: RDBReader?
  private var isLogRead = false
  private var keyCount: UInt64 = 0
  package private(set) var origin = KeyspaceOrigin(libraries: [])

  package var summary: ReplaySummary {
    var summary = passing.replay.summary
    // The router has counted the commands.
    summary.commandCount = 0
    summary.merge(router.control.summary)
    return summary
  }

  /// - Parameter trailer: The trailer of the log, which vouches for the order of its keys.
  package init(_ log: any ReplayLog, _ options: ReplayOptions, trailer: RESPTrailer?) throws {
    (self.log, self.options, self.trailer) = (log, options, trailer)
    router = CommandRouter(options)
    passing = PassingKey(options)
    seen = SeenHashes(byteCountLimit: options.memoryLimit / 2)
    // The snapshot begins with the function libraries.
    while waiting.isEmpty, !isLogRead { try readSome() }
    if let base { origin.base = (base.header, base.auxFields) }
    origin.libraries = libraries
  }

  private var libraries: [[UInt8]] { router.control.execution.keyspace.libraryCodes }

  package func writeSome(to writer: KeyspaceWriter) throws -> Bool {
    for item in waiting {
      switch item {
      case .command(let route): try take(route, writer)
      case .key(let name, let key, let database):
        try passing.write(to: writer, number: number)
        try begin(CommandRouter.hash(name, in: database), name)
        if let number = number(of: database) { try writer.write(name, key, database: number) }
      }
    }
    waiting.removeAll(keepingCapacity: true)
    guard !isLogRead else {
      try finish(writer)
      return false
    }
    try readSome()
    return true
  }

  private func take(_ route: RoutedCommand, _ writer: KeyspaceWriter) throws {
    guard let key = route.keys.first else { return }
    if route.keys.contains(where: { $0 != key }) {
      throw notGrouped(route.command.offset, "a command on several keys, \(printable(route.command[0]))")
    }
    if !passing.isCurrent(key) { try begin(key, route.command[1], at: route.command.offset) }
    try passing.apply(route, key, writer, number: number)
  }

  /// Notes that a key begins.
  private func begin(_ hash: UInt64, _ name: [UInt8], at offset: UInt64 = 0) throws {
    keyCount += 1
    if trailer != nil { return }
    switch seen.insert(hash) {
    case .new: break
    case .seen: throw notGrouped(offset, "a key that returns", key: name)
    case .full:
      throw RDBError(
        .replayMemory, at: Int(clamping: offset),
        expected: "the hashes of all keys in \(options.memoryLimit / 2) bytes (half of `memoryLimit`)",
        found: "more keys; without `isGrouped`, there is no such limit")
    }
  }

  private func finish(_ writer: KeyspaceWriter) throws {
    try passing.write(to: writer, number: number)
    guard libraries == origin.libraries else { throw notGrouped(0, "functions that change after the first key") }
    // A sealed file that was changed can have a key twice, which would be written twice.
    guard let trailer else { return }
    // The trailer is a command as well.
    let commandCount = router.control.summary.commandCount - 1
    guard trailer.commands == commandCount, trailer.keys == keyCount else {
      throw RDBError(
        .trailerMismatch, at: Int(clamping: trailer.bytes),
        expected: "\(trailer.keys) keys and \(trailer.commands) commands, as the trailer says",
        found: "\(keyCount) and \(commandCount)")
    }
  }

  private func number(of database: UInt64) -> UInt64? { router.databases.number(of: database) }

  private func notGrouped(_ offset: UInt64, _ found: String, key: [UInt8]? = nil) -> RDBError {
    RDBError(
      .notGrouped, at: Int(clamping: offset), expected: "all commands on a key one after another (`isGrouped`)",
      found: found, key: key)
  }

  // MARK: Reading

  /// Reads a window of the base snapshot, or the next item of the log.
  private func readSome() throws {
    if baseReader != nil {
      if try baseReader!.readWindow(into: &base!) { baseReader = nil }
      return
    }
    switch try log.next() {
    case .beginPart: router.control.beginPart()
    case .time(let time): passing.replay.setTime(time)
    case .command(let command):
      let moves = router.databases
      try router.route(command) { waiting.append(.command($0)) }
      if keyCount > 0, router.databases != moves {
        throw notGrouped(command.offset, "\(printable(command[0])) after the first key")
      }
    case .failure(let command, let error): router.control.fail(command, error)
    case .beginTransaction, .endTransaction: break
    case .base(let source):
      base = BaseSnapshotSink(router.control.execution) { [unowned self] name, database, key in
        router.use(database)
        waiting.append(.key(name, key, database: database))
      }
      baseReader = RDBReader(source)
    case nil: isLogRead = true
    }
  }
}

extension RDBError.Code {
  /// A log whose keys do not come one after another, although the caller says so.
  package static let notGrouped = Self("notGrouped")
  /// A log that has other keys or commands than its trailer says.
  package static let trailerMismatch = Self("trailerMismatch")
}
