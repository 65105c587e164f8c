import RDB
import RDBEdit
import RDBFiltering
import RDBFormat
import RDBSupport
import RedisTransfer

/// The comparison of both servers of a migration, key by key, by SCAN and DUMP.
///
/// The first reading keeps nothing on disk. If it finds differences, both servers are read once more into temporary
/// files: that finds the names of the keys, and keys that changed between the two readings may be equal now.
struct MigrationComparison {
  let command: Migrate
  let source: ServerSettings
  let target: ServerSettings
  let sourceDatabase: Int32?
  let targetDatabase: Int32?
  /// Whether keys that only the target has are no difference, because it had keys before.
  let ignoresAdded: Bool

  /// The result.
  struct Verdict {
    var counts: KeyMatches.Counts
    /// The first keys that differ, as lines of text.
    var examples: [String] = []
    var notes: [String] = []
  }

  /// The most keys that are shown.
  private static let exampleLimit = 20

  /// - Throws: ``Failure``.
  func run() throws -> Verdict {
    let quick = try compare(keeping: false)
    return quick.counts.differing == 0 ? quick : try compare(keeping: true)
  }

  private func compare(keeping: Bool) throws -> Verdict {
    let before = try end(source, only: sourceDatabase)
    let after = try end(target, only: targetDatabase)
    let inputs = try [before, after].map {
      keeping ? try ComparedInput(keeping: $0.input) : ComparedInput(once: $0.input)
    }
    let run = ComparisonRun(inputs, options, try filters, RDBReader.Options(), command.working)
    run.expiredBy = { after.time }
    let matches = try run.findKeys()
    var verdict = Verdict(counts: matches.counts, notes: before.notes + after.notes)
    guard keeping else { return verdict }
    try run.forEachDifference(of: matches) { key in
      guard verdict.examples.count < Self.exampleLimit else { return }
      verdict.examples.append(DifferenceText(key).text)
    }
    return verdict
  }

  private func end(_ settings: ServerSettings, only database: Int32?) throws -> ServerEndOfComparison {
    var settings = settings
    settings.address.database = 0
    return try ServerEndOfComparison(scanning: settings, only: database)
  }

  private var options: ComparisonOptions {
    var options = ComparisonOptions()
    options.expiryTolerance = command.comparing.ttlTolerance.duration.nanoseconds / 1_000_000
    options.ignoresAdded = ignoresAdded
    options.database = targetDatabase.map { UInt64($0) }
    options.databaseMap = command.content.mapping.map
    options.keysOnly = true
    options.workers = command.working.threads.count
    return options
  }

  /// The filters of both ends. At the target, the databases have the numbers that keys get there.
  private var filters: [FilterOptions?] {
    get throws {
      let filter = try command.filter(only: sourceDatabase)
      var moved = filter
      let map = command.content.mapping.map
      moved?.databases = targetDatabase == nil ? Set((filter?.databases ?? []).map { map[$0] ?? $0 }) : []
      return [filter, moved]
    }
  }
}
