import RDB
import RDBFormat

/// Replays a whole log in memory before the first key is written.
package final class WholeReplay: KeyspaceProducer {
  package let replay: Replay
  package private(set) var origin = KeyspaceOrigin(libraries: [])
  private var keys: KeyspaceWalk

  package var summary: ReplaySummary { replay.summary }

  /// - Throws: ``RDBError``; of code `replayMemory` if the values need more memory than the options allow.
  package init(_ log: any ReplayLog, _ options: ReplayOptions) throws {
    let replay = Replay(options)
    while let item = try log.next() {
      switch item {
      case .beginPart: replay.beginPart()
      case .command(let command): try replay.apply(command)
      case .failure(let command, let error): replay.fail(command, error)
      case .beginTransaction, .endTransaction: break
      case .time(let time):
        replay.setTime(time)
        origin.time = time
      case .base(let source):
        var sink = BaseSnapshotSink(replay.execution) { try replay.put($0, $2, in: $1) }
        var reader = RDBReader(source)
        try reader.read(into: &sink)
        origin.base = (sink.header, sink.auxFields)
      }
    }
    replay.execution.storeCurrentDatabase()
    origin.libraries = replay.execution.keyspace.libraryCodes
    keys = KeyspaceWalk(replay.execution.keyspace)
    self.replay = replay
  }

  package func writeSome(to writer: KeyspaceWriter) throws -> Bool { try keys.writeKey(to: writer) }
}
