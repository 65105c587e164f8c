import RDB
import RDBFormat
import RDBSupport

/// Replays a log in bounded memory, in two passes: the second writes the keys that do not return at once, and replays the
/// others group by group from temporary files.
package final class GroupedReplay: KeyspaceProducer {
  private let options: ReplayOptions
  private let limits: EncodingLimits
  private let survey: KeySurvey
  private let log: any ReplayLog
  private let router: CommandRouter
  /// The keys that do not return.
  private let passing: PassingKey
  private var now: UnixMilliseconds
  private var partitions: [GroupPartition]
  private var buffer = ByteBuffer()
  private var isLogRead = false
  /// The base snapshot that is being read, and its sink.
  private var base: BaseSnapshotSink?
  private var baseReader: RDBReader?
  /// The keys of a partition that are being written.
  private var keys: KeyspaceWalk?
  package private(set) var summary: ReplaySummary

  /// - Parameters:
  ///   - logByteCount: The size of the log, in bytes, if it is known.
  ///   - makeLog: Opens the log, from its beginning.
  package init(
    _ options: ReplayOptions, logByteCount: UInt64? = nil, _ makeLog: () throws -> any ReplayLog
  ) throws {
    self.options = options
    limits = EncodingLimits(server: options.server)
    survey = try KeySurvey(try makeLog(), options, logByteCount: logByteCount)
    summary = survey.router.control.summary
    log = try makeLog()
    router = CommandRouter(options)
    passing = PassingKey(options)
    now = options.now
    let count = min(256, max(1, survey.byteCount * 4 / UInt64(max(options.memoryLimit, 1))))
    partitions = (0..<count).map { _ in GroupPartition(depth: 0) }
  }

  package var origin: KeyspaceOrigin {
    KeyspaceOrigin(
      base: survey.base, time: survey.lastTime,
      libraries: survey.router.control.execution.keyspace.libraryCodes)
  }

  package func writeSome(to writer: KeyspaceWriter) throws -> Bool {
    if !isLogRead {
      try readSome(writer)
      return true
    }
    if keys != nil {
      if try keys!.writeKey(to: writer) { return true }
      keys = nil
    }
    guard let partition = partitions.first else { return false }
    partitions.removeFirst()
    do {
      let replay = try partition.replay(options)
      merge(replay.summary)
      keys = KeyspaceWalk(replay.execution.keyspace) { [survey] in survey.router.databases.number(of: $0) }
    } catch let error as RDBError
      where error.code == .replayMemory && partition.depth < GroupPartition.depthLimit
    {
      partitions.insert(contentsOf: try partition.divided(survey, limits), at: 0)
    }
    return true
  }

  private func merge(_ other: ReplaySummary) {
    var other = other
    // The first pass has counted the commands.
    other.commandCount = 0
    summary.merge(other)
  }

  // MARK: The second pass

  /// Continues with a window of the base snapshot, or with the next item of the log.
  private func readSome(_ writer: KeyspaceWriter) throws {
    if baseReader != nil {
      if try baseReader!.readWindow(into: &base!) { baseReader = nil }
      return
    }
    switch try log.next() {
    case .beginPart: router.control.beginPart()
    case .time(let time):
      now = time
      passing.replay.setTime(time)
    case .command(let command): try router.route(command) { try take($0, writer) }
    // The first pass has counted the failures.
    case .failure, .beginTransaction, .endTransaction: break
    case .base(let source):
      base = BaseSnapshotSink(router.control.execution) { [unowned self] name, database, key in
        try take(name, key, in: database, writer)
      }
      baseReader = RDBReader(source)
    case nil:
      try passing.write(to: writer, number: number)
      merge(passing.replay.summary)
      for partition in partitions { try partition.seal() }
      isLogRead = true
    }
  }

  /// Takes a key of the base snapshot. A key that no command touches is written as it is stored.
  private func take(_ name: [UInt8], _ key: ReplayedKey, in database: UInt64, _ writer: KeyspaceWriter) throws {
    router.use(database)
    let hash = CommandRouter.hash(name, in: database)
    if survey.isDropped(hash, in: database) { return }
    if let group = survey.group(of: hash) {
      return try partition(of: group).addBase(name, key, database: database, limits, survey.base?.header)
    }
    guard let number = survey.router.databases.number(of: database) else { return }
    try writer.write(name, key, database: number)
  }

  private func take(_ route: RoutedCommand, _ writer: KeyspaceWriter) throws {
    guard let key = route.keys.first, !survey.isDropped(key, in: route.database) else { return }
    if let group = survey.group(of: key) {
      let record = CommandRecord(database: route.database, group: group, now: now, command: route.command)
      return try partition(of: group).add(record, through: &buffer)
    }
    try passing.apply(route, key, writer, number: number)
  }

  private func number(of database: UInt64) -> UInt64? { survey.router.databases.number(of: database) }

  private func partition(of group: UInt64) -> GroupPartition {
    partitions[GroupPartition.index(of: group, among: partitions.count, depth: 0)]
  }
}
