import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import TestSupport
import Testing

/// Commands that a test replays, and the keyspace that they build.
final class ReplayHarness {
  let replay: Replay
  private let options: ReplayOptions
  private var commands: [ReplayCommand] = []

  /// - Parameters:
  ///   - server: The release whose behaviour is replayed.
  ///   - now: The time from which relative expiries count, in milliseconds.
  init(_ server: ServerVersion = ServerVersion(.redis, 8, 2), now: Int64 = 1_700_000_000_000) {
    options = ReplayOptions(server: server, now: UnixMilliseconds(now))
    replay = Replay(options)
  }

  /// Replays one command per line; words are separated by spaces.
  func run(_ lines: String...) throws {
    for line in lines { try run(line.split(separator: " ").map { Array($0.utf8) }) }
  }

  /// Replays a command.
  func run(_ arguments: [[UInt8]]) throws {
    commands.append(ReplayCommand(arguments))
    try replay.apply(commands[commands.count - 1])
  }

  /// Whether the command fails and leaves the keyspace as it is.
  func fails(_ line: String) throws -> Bool {
    let (before, failures) = (try contents(), failureCount)
    try run(line)
    let after = try contents()
    return failureCount == failures + 1 && after == before
  }

  /// The number of commands that failed.
  var failureCount: UInt64 { replay.summary.failures.values.reduce(0) { $0 + $1.count } }

  /// The value at a key of the current database.
  func value(_ name: String) throws -> ReplayedValue? { try replay.execution.key(Array(name.utf8))?.value }

  /// What a key holds, as text: the elements of a list, members, members with scores, fields with values and expiries.
  func text(_ name: String) throws -> String? {
    func text(_ bytes: [UInt8]) -> String { printable(bytes) }
    switch try value(name) {
    case .string(let bytes, _): return text(bytes)
    case .list(let list): return list.elements.map(text).joined(separator: " ")
    case .set(let set): return set.members.keys.map(text).sorted().joined(separator: " ")
    case .zset(let zset): return zset.elements.map { "\(text($0.member)) \($0.score)" }.joined(separator: ", ")
    case .hash(let hash):
      return hash.fields.keys.map { name in
        let field = hash.fields[name]!
        return "\(text(name)) \(text(field.value))" + (field.expiry.map { " until \($0)" } ?? "")
      }.joined(separator: ", ")
    default: return nil
    }
  }

  /// The contents of the keyspace, written as a snapshot and read again: what the same commands build in another replay.
  func contents() throws -> SnapshotContents {
    try SnapshotContents(ReplaySource(options) { [commands] in CommandLog(commands) })
  }

  /// The encodings of the lists, sets, sorted sets and hashes of database 0, by key.
  func encodings() -> [[UInt8]: String] {
    var encodings: [[UInt8]: String] = [:]
    replay.execution.keys.forEach { name, key in encodings[name] = key.value.collectionEncoding?.rawValue }
    return encodings
  }
}

/// A log of commands in memory.
private final class CommandLog: ReplayLog {
  var ledger: Ledger { Ledger() }
  private var commands: ArraySlice<ReplayCommand>

  init(_ commands: [ReplayCommand]) { self.commands = commands[...] }

  func next() -> ReplayItem? { commands.popFirst().map { .command($0) } }
}
