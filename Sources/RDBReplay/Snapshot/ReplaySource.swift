import RDB
import RDBFormat
import RDBSupport

/// A source that replays a log and hands out the keyspace that it builds, as a snapshot.
///
/// Every reader, sink and filter then works on a log as on the snapshot that a server would save after loading it.
package final class ReplaySource: ByteSource {
  private let log: any ReplayLog
  private let replay: Replay
  private let output = DrainedDestination()
  private var writer: KeyspaceWriter?
  private var base: (header: SnapshotHeader, auxFields: [(name: [UInt8], value: [UInt8])])?
  private var lastTime: UnixMilliseconds?
  /// The next key to write: the number of its database among ``Keyspace/databaseNumbers``, and its index in the table.
  private var nextKey = (database: 0, index: 0)
  private var databaseNumbers: [UInt64] = []
  private var isComplete = false

  package init(_ log: any ReplayLog, _ options: ReplayOptions) {
    self.log = log
    replay = Replay(options)
  }

  /// What happened while the commands were replayed. It is complete once the source has handed out its first byte.
  package var summary: ReplaySummary { replay.summary }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if writer == nil, !isComplete { try begin() }
    while output.isEmpty, !isComplete { try writeKeys() }
    return output.drain(into: buffer)
  }

  // MARK: Replaying

  private func begin() throws {
    while let item = try log.next() {
      switch item {
      case .beginPart: replay.beginPart()
      case .base(let source): try load(source)
      case .command(let command): try replay.apply(command)
      case .time(let time):
        replay.setTime(time)
        lastTime = time
      }
    }
    let execution = replay.execution
    execution.storeCurrentDatabase()
    databaseNumbers = execution.keyspace.databaseNumbers
    var writer = try KeyspaceWriter(to: output, execution.limits, base: base?.header)
    try writer.writeOrigin(base?.auxFields ?? [], time: lastTime)
    for code in execution.keyspace.libraryCodes { try writer.library(code) }
    self.writer = consume writer
  }

  private func load(_ source: any ByteSource) throws {
    var sink = BaseSnapshotSink(replay.execution)
    var reader = RDBReader(source)
    try reader.read(into: &sink)
    base = (sink.header, sink.auxFields)
  }

  // MARK: Writing

  /// Writes some keys, or the end of the snapshot.
  private func writeKeys() throws {
    guard nextKey.database < databaseNumbers.count else {
      isComplete = true
      if let writer = writer.take() { _ = try writer.finish() }
      return
    }
    let number = databaseNumbers[nextKey.database]
    let table = replay.execution.keyspace.databases[number] ?? ByteTable()
    guard let index = table.nextIndex(from: nextKey.index) else {
      nextKey = (nextKey.database + 1, 0)
      return
    }
    let entry = table[entryAt: index]
    try writer!.write(entry.key, entry.value, database: number)
    nextKey.index = index + 1
  }
}

/// A destination whose bytes are taken out again.
private final class DrainedDestination: ByteDestination {
  private var bytes: [UInt8] = []
  private var start = 0

  var isEmpty: Bool { start == bytes.count }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) {
    if isEmpty {
      self.bytes.removeAll(keepingCapacity: true)
      start = 0
    }
    self.bytes.append(bytes)
    self.bytes.append(more)
  }

  func drain(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, bytes.count - start)
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    start += count
    return count
  }
}
