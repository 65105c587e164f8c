import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import TestSupport
import Testing

import RDBReplay

/// A snapshot that is converted to commands, and commands that are read as a snapshot, give the same keys.
@Suite struct RoundTripTests {
  static let replayable: Set<DataType> = [.string, .list, .set, .zset, .hash, .stream]

  /// Fixtures with what commands do not carry, or what no server at hand executes.
  private static let differences: Set = [
    // XNACK, which releases entries, is of Redis 8.8.
    "crafted/v14-streams",
    // No command sets a field's expiry to 0.
    "crafted/v80-hash2",
  ]

  @Test(arguments: Fixture.valid.filter { !differences.contains($0.name) }, [RESPOptions.Restore.never, .always])
  func theCommandsOfASnapshotBuildItsKeys(_ fixture: Fixture, _ restore: RESPOptions.Restore) throws {
    var reader = RDBReader(MemorySource(fixture.bytes))
    let header = try reader.origin().header
    let server = header.vendor == .valkey ? ServerVersion(.valkey, 9, 2) : ServerVersion(.redis, 8, 10)
    var options = RESPOptions(target: server)
    options.restore = restore
    options.databaseCount = .max
    let destination = MemoryDestination()
    let result = try reader.write(to: destination, threads: 1) { RESPSink(options, to: $0) }
    guard !result.summary.ledger.hasLosses else { return }

    var replayOptions = ReplayOptions(server: server, now: UnixMilliseconds(1_790_000_000_000))
    replayOptions.databaseCount = .max
    replayOptions.skipsUnknown = true
    let source = ReplaySource(replayOptions) { CommandLog(MemorySource(destination.bytes)) }
    var found: [KeyName: SnapshotKey] = [:]
    var replayed = SnapshotKeys(source)
    while let key = try replayed.next() { found[KeyName(key)] = key }
    var snapshot = SnapshotKeys(MemorySource(fixture.bytes))
    while let key = try snapshot.next() {
      guard Self.replayable.contains(key.type) else { continue }
      // A key or field of the past is not written by every target.
      let name = KeyName(key)
      let other = found[name]
      let copy = try #require(other, "\(name) is missing")
      #expect(copy.expiry == key.expiry, "\(name)")
      let (value, expected) = (copy.value.carriedByCommands, key.value.carriedByCommands)
      #expect(value == expected, "\(name) (\(key.storedType.name))")
    }
  }

  @Test("The metadata of keys comes back from RESTORE, and is lost for a release that does not have it")
  func metadata() throws {
    var options = RESPOptions(target: ServerVersion(.redis, 8, 10))
    options.restore = .always
    let commands = MemoryDestination()
    var reader = RDBReader(MemorySource(Fixture.named("crafted/v13-keymeta").bytes))
    _ = try reader.write(to: commands, threads: 1) { RESPSink(options, to: $0) }
    for (server, count) in [(ServerVersion(.redis, 8, 6), 6), (ServerVersion(.redis, 8, 2), 0)] {
      let source = ReplaySource(ReplayOptions(server: server, now: .now)) {
        CommandLog(MemorySource(commands.bytes))
      }
      var sink = RecordingSink(interest: .skip)
      var replayed = RDBReader(source)
      try replayed.read(into: &sink)
      let keys = sink.log.filter { $0.hasPrefix("key ") }
      #expect(keys.count == 7 && keys.filter { $0.contains(" metadata ") }.count == count, "\(server): \(keys)")
      #expect(source.ledger.losses.map(\.count) == (count == 0 ? [6] : []))
    }
  }
}
