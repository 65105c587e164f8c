import RDB
import RDBFormat
import RDBSupport
import TestSupport
import Testing

@testable import RDBReplay

/// Append-only files of many servers, against what those servers held after loading them.
@Suite struct LogFixtureTests {
  /// A log in `Fixtures/`, with the rows that a server held.
  struct Log: CustomStringConvertible, Sendable {
    let path: String
    let golden: String
    var description: String { String(path.dropFirst(Fixture.root.count + 1)) }

    static let all: [Log] = ["aof", "commands"].flatMap { folder -> [Log] in
      let root = "\(Fixture.root)/\(folder)"
      return fileNames(in: root).filter { $0.hasSuffix(".golden.jsonl") }.compactMap { golden in
        let name = String(golden.dropLast(".golden.jsonl".count))
        let paths = [".aof", ".resp", ""].map { "\(root)/\(name)\($0)" }
        return paths.first { fileExists($0) }.map { Log(path: $0, golden: "\(root)/\(golden)") }
      }
    }
  }

  @Test func thereAreLogs() { #expect(Log.all.count > 60) }

  @Test(arguments: Log.all)
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
        let key = try #require(keys.removeValue(forKey: name), "\(name) is missing")
        #expect(key.expiry?.value == row.expiry, "\(name)")
        var differences = GoldenDifferences(version: 11)
        differences.compare(key, row.value, expiredFields: nil)
        #expect(differences.found.isEmpty, "\(name): \(differences.found)")
      }
      // A server deletes keys that have expired once it has loaded the file.
      let left = keys.values.filter { ($0.expiry?.value ?? .max) > 1_796_000_000_000 }
      #expect(left.isEmpty, "\(left.map { KeyName($0) })")
      #expect(libraries.isEmpty)
    }
  }

  private func source(_ log: Log, memoryLimit: Int) throws -> ReplaySource {
    var logOptions = LogOptions()
    logOptions.allowsTruncated = true
    let parts =
      LogFolder.isFolder(log.path)
      ? try LogFolder(path: log.path).parts
      : [LogPart(name: nil, role: .only) { try FileSource(path: log.path) }]
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_796_064_082_427))
    options.memoryLimit = memoryLimit
    return ReplaySource(options) { CommandLog(parts, logOptions) }
  }
}
