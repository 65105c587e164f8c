import RDB
import RDBFormat
import RDBSupport
import TestSupport
import Testing

import RDBReplay

/// Append-only files of many servers, against what those servers held after loading them.
@Suite struct LogFixtureTests {
  /// A log in `Fixtures/`, with the rows that a server held.
  struct Log: CustomStringConvertible, Sendable {
    let path: String
    let golden: String
    var description: String { String(path.dropFirst(Fixture.root.count + 1)) }

    static let all: [Log] = ["aof", "commands"].flatMap { folder -> [Log] in
      let root = "\(Fixture.root)/\(folder)"
      return names(in: root).filter { $0.hasSuffix(".golden.jsonl") }.compactMap { golden in
        let name = String(golden.dropLast(".golden.jsonl".count))
        let paths = [".aof", ".resp", ""].map { "\(root)/\(name)\($0)" }
        // A log with an error file is refused here, whatever servers do: see `refusals`.
        if fileExists("\(root)/\(name).error") { return nil }
        return paths.first { fileExists($0) }.map { Log(path: $0, golden: "\(root)/\(golden)") }
      }
    }
  }

  @Test func thereAreLogs() { #expect(Log.all.count > 60) }

  /// Where we differ from servers on purpose.
  static let differences: [(log: String, why: String)] = [
    ("commands/lf-only-headers.aof", "lines that do not end with CR LF are damage: servers load them"),
    ("commands/function-in-aof.aof", "FCALL ends the reading: what the function does is not in the file"),
    ("aof/redis-2.8.24-plain.aof", "EVAL ends the reading"),
    ("aof/redis-2.8.24-truncated.aof", "EVAL ends the reading"),
    ("aof/redis-2.8.24-truncated-multi.aof", "EVAL ends the reading"),
    ("aof/redis-4.0.14-plain.aof", "EVAL ends the reading"),
    ("commands/stream-readgroup-verbatim.aof", "entries are delivered at the time of loading"),
    ("commands/ts-annotations.aof", "relative expiries count from the last annotation: servers count from the loading"),
  ]

  @Test(arguments: Log.all.filter { log in !differences.contains { $0.log == log.description } })
  func aLogGivesWhatTheServerHeldAfterLoadingIt(_ log: Log) throws {
    let rows = try Golden.rows(at: log.golden)
    for limit in [256 << 20, 1 << 10] {
      var keys: [KeyName: SnapshotKey] = [:]
      var snapshot = SnapshotKeys(try source(log, memoryLimit: limit))
      while let key = try snapshot.next() {
        #expect(keys.updateValue(key, forKey: KeyName(key)) == nil, "a key twice")
      }
      var libraries = snapshot.functionLibraries
      for row in rows {
        if case .function(_, _, let code) = row.value {
          let index = try #require(libraries.firstIndex(of: code), "a function library is missing")
          libraries.remove(at: index)
          continue
        }
        let name = KeyName(row)
        let found = keys.removeValue(forKey: name)
        let key = Self.withoutLapsedFields(try #require(found, "\(name) is missing"))
        #expect(key.expiry?.value == row.expiry, "\(name)")
        var differences = GoldenDifferences(version: 11, isReplayed: true)
        differences.compare(key, row.value, expiredFields: nil)
        #expect(differences.found.isEmpty, "\(name): \(differences.found)")
      }
      // A server deletes keys and fields that have expired once it has loaded the file.
      let left = keys.values.filter { ($0.expiry?.value ?? .max) > Self.now.value && !Self.isLapsed($0) }
      #expect(left.isEmpty, "\(left.map { KeyName($0) })")
      #expect(libraries.isEmpty)
    }
  }

  /// The time at which the servers loaded `relative-expiries.aof`.
  private static let now = UnixMilliseconds(1_795_964_082_427)

  private static func isLapsed(_ key: SnapshotKey) -> Bool {
    if case .hash(let fields) = withoutLapsedFields(key).value { fields.isEmpty } else { false }
  }

  /// The key as a server holds it once it has deleted the fields that have expired.
  private static func withoutLapsedFields(_ key: SnapshotKey) -> SnapshotKey {
    guard case .hash(let fields) = key.value else { return key }
    var key = key
    key.value = .hash(fields.filter { ($0.expiry ?? now) >= now })
    return key
  }

  private func source(_ log: Log, memoryLimit: Int) throws -> ReplaySource {
    var logOptions = LogOptions()
    logOptions.allowsTruncated = true
    let parts =
      LogFolder.isFolder(log.path)
      ? try LogFolder(path: log.path).parts
      : [LogPart(name: nil, role: .only) { try FileSource(path: log.path) }]
    var options = ReplayOptions(
      server: log.description.contains("valkey") ? ServerVersion(.valkey, 9, 1) : ServerVersion(.redis, 8, 2),
      now: Self.now)
    options.memoryLimit = memoryLimit
    return ReplaySource(options) { CommandLog(parts, logOptions) }
  }
}
