import RDB
import RDBFormat

/// The key whose commands come one after another: it is replayed by itself, and written when the next key comes.
final class PassingKey {
  let replay: Replay
  private var key: UInt64?

  init(_ options: ReplayOptions) {
    var options = options
    options.databaseCount = .max
    options.limitsMemory = false
    replay = Replay(options)
  }

  /// Whether a key with this hash is the current one.
  func isCurrent(_ hash: UInt64) -> Bool { hash == key }

  /// Executes a command on the key with a hash. If it is another key than before, the former one is written.
  ///
  /// - Parameter number: The number that a logical database is written with; `nil`: its keys are left out.
  func apply(
    _ route: RoutedCommand, _ hash: UInt64, _ writer: KeyspaceWriter, number: (UInt64) -> UInt64?
  ) throws {
    if hash != key { try write(to: writer, number: number) }
    key = hash
    replay.execution.database = route.database
    try replay.apply(route.command)
  }

  /// Writes the key, if there is one.
  func write(to writer: KeyspaceWriter, number: (UInt64) -> UInt64?) throws {
    let execution = replay.execution
    key = nil
    guard !execution.keys.isEmpty else { return }
    if let number = number(execution.database) {
      var index = 0
      while let next = execution.keys.nextIndex(from: index) {
        let entry = execution.keys[entryAt: next]
        try writer.write(entry.key, entry.value, database: number)
        index = next + 1
      }
    }
    execution.flushDatabase()
  }
}
