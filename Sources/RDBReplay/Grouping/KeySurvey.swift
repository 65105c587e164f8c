import RDB
import RDBFormat

/// The result of a first pass over a log: which keys return, which are tied together, and what concerns no key.
///
/// A key *returns* if commands on other keys come between its own. A key that does not return is replayed and written
/// at once. Memory is bounded by the filter and the number of tied keys.
final class KeySurvey {
  let router: CommandRouter
  private var filter: SightingFilter
  private var ties = KeyTies()
  private var lastKey: UInt64?
  /// The bytes of commands and base values, roughly.
  private(set) var byteCount: UInt64 = 0
  private(set) var lastTime: UnixMilliseconds?
  private(set) var base: (header: SnapshotHeader, auxFields: [(name: [UInt8], value: [UInt8])])?

  /// - Parameter logByteCount: The size of the log, in bytes, if it is known.
  init(_ log: any ReplayLog, _ options: ReplayOptions, logByteCount: UInt64?) throws {
    router = CommandRouter(options)
    // With a counter for each four bytes of the log, few keys share one.
    let filterByteCount = min(UInt64(options.memoryLimit / 4), logByteCount.map { max($0 / 16, 4096) } ?? .max)
    filter = SightingFilter(byteCount: Int(filterByteCount))
    // Where the first argument is the only key, the values do not matter.
    log.leaveOutValues { [router] name in
      guard let row = router.control.row(of: name), case .native = row.action else { return false }
      return row.keys == .first && row.name != "move" && row.name != "sort"
    }
    var former: (part: Int, offset: UInt64) = (0, 0)
    while let item = try log.next() {
      switch item {
      case .beginPart: router.control.beginPart()
      case .time(let time): lastTime = time
      case .failure(let command, let error): router.control.fail(command, error)
      case .beginTransaction, .endTransaction: break
      case .command(let command):
        if command.part == former.part, command.offset > former.offset { byteCount += command.offset - former.offset }
        former = (command.part, command.offset)
        try router.route(command) { see($0.keys) }
      case .base(let source):
        var sink = BaseSnapshotSink(readsValues: false, router.control.execution) { name, database, _ in
          self.router.use(database)
          self.see([CommandRouter.hash(name, in: database)])
        }
        var reader = RDBReader(source)
        byteCount += try reader.read(into: &sink)?.byteCount ?? 0
        base = (sink.header, sink.auxFields)
      }
    }
  }

  private func see(_ keys: [UInt64]) {
    if keys.count > 1 { ties.tie(keys) }
    for key in keys where key != lastKey {
      filter.see(key)
      lastKey = key
    }
  }

  /// The group that a key must be replayed with; `nil`: it can be replayed at once.
  func group(of key: UInt64) -> UInt64? {
    if let group = ties.group(of: key) { return group }
    return filter.wasSeenAgain(key) ? key : nil
  }

  /// Whether nothing of a key is left at the end, because its database was flushed.
  func isDropped(_ key: UInt64, in database: UInt64) -> Bool {
    router.databases.dropped.contains(database) && ties.group(of: key) == nil
  }
}
