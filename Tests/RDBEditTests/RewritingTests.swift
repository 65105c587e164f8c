import RDB
import RDBEdit
import RDBFormat
import RDBLZF
import TestSupport
import Testing

/// A snapshot rewritten for a release.
struct Rewritten {
  var bytes: [UInt8]
  var summary: SnapshotWritingSummary

  init(
    _ bytes: [UInt8], for target: ServerVersion, threads: Int = 1,
    _ change: (inout SnapshotWritingOptions) -> Void = { _ in }
  ) throws {
    var options = SnapshotWritingOptions(target: target)
    change(&options)
    let destination = MemoryDestination()
    let snapshot = try SnapshotDestination(options, to: destination)
    var reader = RDBReader(MemorySource(bytes))
    let result = try reader.write(to: snapshot, threads: threads) { [options] in SnapshotWritingSink(options, to: $0) }
    let written = try snapshot.finish(result.summary)
    #expect(written.byteCount == UInt64(destination.bytes.count))
    (self.bytes, summary) = (destination.bytes, result.summary)
  }

  var losses: [String] { summary.ledger.losses.map { "\($0.count) \($0.loss.rawValue): \($0.why)" } }
}

@Suite("A rewritten snapshot")
struct RewritingTests {
  static let targets = [
    "2.4", "2.8", "3.2", "4.0", "5.0", "7.0", "7.2", "7.4", "8.6", "8.8", "8.10", "valkey-8.0", "valkey-9.1",
    "valkey-9.2",
  ].map { ServerVersion($0)! }

  static let fixtures = Fixture.valid.filter { $0.bytes.count <= 300_000 }

  /// The targets that a run tries for a fixture: all of them, or in a sampled run three.
  static func targets(for fixture: Fixture) -> [ServerVersion] {
    guard TestExtent.current == .sample else { return targets }
    let first = fixture.name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 9973 }
    return (0..<3).map { targets[(first + 5 * $0) % targets.count] }
  }

  @Test(
    "has the content that the release can hold, whether values are copied or encoded again", arguments: fixtures,
    [false, true])
  func content(_ fixture: Fixture, sanitizes: Bool) throws {
    let bytes = fixture.bytes
    for target in Self.targets(for: fixture) {
      let rewritten = try Rewritten(bytes, for: target) {
        $0.sanitizes = sanitizes
        $0.compressor = { LZFCompressor() }
      }
      let (read, written) = (
        try Content.lines(bytes, for: target), try Content.lines(rewritten.bytes, for: target)
      )
      let difference = zip(read, written).first { $0 != $1 }
      #expect(difference == nil, "\(fixture) for \(target)")
      #expect(read.count == written.count, "\(fixture) for \(target)")
      var strict = RDBReader(MemorySource(rewritten.bytes))
      let origin = try strict.origin()
      #expect(origin.header == target.snapshotHeader)
      if target.rdbVersion >= 7 { #expect(origin.assumedWriter.description == target.description) }
    }
  }

  @Test("has the same bytes with one and with two workers", arguments: fixtures)
  func workers(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    for target in [ServerVersion(.redis, 3, 2), ServerVersion(.redis, 8, 2), ServerVersion(.valkey, 9, 1)] {
      let (one, two) = (try Rewritten(bytes, for: target), try Rewritten(bytes, for: target, threads: 2))
      #expect(one.bytes == two.bytes && one.summary.ledger == two.summary.ledger, "\(fixture) for \(target)")
    }
  }

  @Test("has types that the release can load", arguments: fixtures)
  func types(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    for target in Self.targets(for: fixture) {
      var keys = SnapshotKeys(MemorySource(try Rewritten(bytes, for: target).bytes)) { _ in .header }
      while let key = try keys.next() {
        #expect(target.canLoad(key.storedType), "\(fixture) for \(target): \(key.storedType.name)")
      }
    }
  }
}
