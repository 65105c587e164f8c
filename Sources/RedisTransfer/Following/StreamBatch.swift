import RDBSupport
import RESP

/// Commands of a source that are applied to the target in one transaction, together with the position after them.
package struct StreamBatch: Sendable {
  /// A command in the batch.
  private struct Command: Sendable {
    /// The offset of its first byte in `bytes`.
    var start: Int
    /// The database of the source.
    var database: UInt64
  }

  /// The commands as the target gets them, SELECT before each change of the database included.
  package private(set) var bytes: [UInt8] = []
  private var commands: [Command] = []
  /// The databases of the target that are selected.
  package private(set) var databases: Set<UInt64> = []
  /// The database of the target that the last command belongs to.
  private var database: UInt64?
  /// The position after the commands; `nil` until the batch is sealed.
  package internal(set) var end: StreamPosition?
  /// The number of commands of the source.
  package private(set) var sourceCommandCount: UInt64 = 0
  /// Whether errors of the commands were counted. After a failover, the batch can be applied again.
  var isCounted = false

  package init() {}

  /// A batch that only stores a position.
  init(storing position: StreamPosition) { end = position }

  /// The number of commands, SELECT included.
  package var commandCount: Int { commands.count }
  /// Whether there is no command.
  package var isEmpty: Bool { commands.isEmpty }

  /// Appends a command.
  ///
  /// - Parameters:
  ///   - bytes: The command with its lengths and line ends.
  ///   - target: The database of the target.
  ///   - source: The database of the source.
  package mutating func append(_ bytes: RawSpan, to target: UInt64, from source: UInt64) {
    if database != target {
      commands.append(Command(start: self.bytes.count, database: source))
      self.bytes += RESPText.command("SELECT", "\(target)")
      database = target
      databases.insert(target)
    }
    commands.append(Command(start: self.bytes.count, database: source))
    self.bytes.append(bytes)
  }

  /// Counts a command of the source, which was appended as any number of commands.
  mutating func countSourceCommand() { sourceCommandCount += 1 }

  /// Appends the commands of another batch.
  mutating func append(_ other: StreamBatch) {
    let shift = bytes.count
    bytes += other.bytes
    commands += other.commands.map { Command(start: $0.start + shift, database: $0.database) }
    databases.formUnion(other.databases)
    database = other.database ?? database
    sourceCommandCount += other.sourceCommandCount
  }

  /// Returns a failure of a command.
  ///
  /// - Parameter index: The number of the command, below ``commandCount``.
  package func failure(ofCommand index: Int, _ reason: FollowFailure.Reason) -> FollowFailure {
    let words = arguments(ofCommand: index, limit: 2)
    return FollowFailure(
      database: commands[index].database, command: words.first ?? [], key: words.count > 1 ? words[1] : [],
      reason: reason)
  }

  /// Returns the first arguments of a command.
  private func arguments(ofCommand index: Int, limit: Int) -> [[UInt8]] {
    let end = index + 1 < commands.count ? commands[index + 1].start : bytes.count
    var reader = RESPCommandReader()
    reader.feed(bytes.span.bytes.extracting(commands[index].start..<end))
    guard (try? reader.next()) == true else { return [] }
    return Array(reader.copiedArguments(limit: limit).prefix(limit))
  }

  /// Removes commands.
  ///
  /// - Parameter indexes: Their numbers, in ascending order.
  package mutating func remove(_ indexes: [Int]) {
    var (kept, starts): ([UInt8], [Command]) = ([], [])
    var removed = indexes[...]
    for (index, command) in commands.enumerated() {
      if removed.first == index {
        removed.removeFirst()
        continue
      }
      let end = index + 1 < commands.count ? commands[index + 1].start : bytes.count
      starts.append(Command(start: kept.count, database: command.database))
      kept += bytes[command.start..<end]
    }
    (bytes, commands) = (kept, starts)
  }

  /// The commands before those of the batch.
  static let beginning = RESPText.command("MULTI")

  /// Returns the commands after those of the batch: they store the position, end the transaction, and watch the position.
  ///
  /// The next transaction then takes effect only if nothing else has changed the position: neither another process, nor
  /// commands of a lost connection that the server executes late.
  func ending(key: [UInt8], database: UInt64?) -> [UInt8] {
    let select = database.map { RESPText.command("SELECT", "\($0)") } ?? []
    return select + RESPText.command([Array("SET".utf8), key, end?.storedText ?? []]) + RESPText.command("EXEC")
      + Self.watching(key)
  }

  /// Returns the commands that watch the position and ask for it.
  static func watching(_ key: [UInt8]) -> [UInt8] {
    RESPText.command([Array("WATCH".utf8), key]) + RESPText.command([Array("GET".utf8), key])
  }
}
