import Foundation
import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import RESP
import TestSupport
import Testing

/// A snapshot that a server loads and writes to an append-only file, with and without a preamble, has the same keys.
@Suite("Snapshots that a server writes to an append-only file", .serialized)
struct SnapshotToLogTests {
  /// Snapshots that no server at hand loads although it knows their version, besides those with modules' data.
  private static let refused: [(fixture: String, why: String)] = [
    ("crafted/v80-slotimport", "the server is not part of a cluster")
  ]
  /// Keys that a server changes when it loads its own commands.
  private static let changed: [(fixture: String, key: String, why: String)] = [
    ("redis-7.4.rc1/all", ":ht:max", "a field's expiry is above the limit of HPEXPIREAT in later releases"),
    ("redis-7.4.rc1/hashttl", ":ht:max", "a field's expiry is above the limit of HPEXPIREAT in later releases"),
  ]

  @Test("Replay to their keys", arguments: LiveServer.Kind.allCases)
  func everyFixture(_ kind: LiveServer.Kind) throws {
    var server = try RewritingServer(kind)
    defer { server.stop() }
    var refused: [String] = []
    for fixture in Fixture.valid where try Self.server(for: fixture) == kind {
      if try Self.refused.contains(where: { $0.fixture == fixture.name }) || Self.hasModules(fixture) { continue }
      do {
        try server.load(fixture.bytes)
      } catch {
        refused.append(fixture.name)
        server.stop()
        server = try RewritingServer(kind)
        continue
      }
      for hasPreamble in [false, true] {
        try compare(fixture, server.rewrite(hasPreamble: hasPreamble), kind, hasPreamble: hasPreamble)
      }
    }
    #expect(refused == [])
  }

  /// The first server that knows the fixture's version; `nil`: none does.
  private static func server(for fixture: Fixture) throws -> LiveServer.Kind? {
    var reader = RDBReader(MemorySource(fixture.bytes))
    let header = try reader.origin().header
    if header.vendor == .valkey { return header.version <= 80 ? .valkey9 : nil }
    return header.version <= 10 ? .redis7 : header.version <= 12 ? .redis8 : nil
  }

  private static func hasModules(_ fixture: Fixture) throws -> Bool {
    var sink = RecordingSink(interest: .skip)
    var reader = RDBReader(MemorySource(fixture.bytes))
    try reader.read(into: &sink)
    return sink.log.contains { $0.hasPrefix("module aux") || $0.hasPrefix("key ") && $0.contains(" module ") }
  }

  private func compare(
    _ fixture: Fixture, _ folder: String, _ kind: LiveServer.Kind, hasPreamble: Bool
  ) throws {
    let what = "preamble \(hasPreamble)"
    var options = ReplayOptions(server: kind.version, now: .now)
    options.databaseCount = .max
    let parts = try LogFolder(path: folder).parts
    var found: [KeyName: SnapshotKey] = [:]
    var replayed = SnapshotKeys(ReplaySource(options) { CommandLog(parts) })
    while let key = try replayed.next() { found[KeyName(key)] = key }
    var snapshot = SnapshotKeys(MemorySource(fixture.bytes))
    while let key = try snapshot.next() {
      // A server does not load what has lapsed.
      guard RoundTripTests.replayable.contains(key.type), key.expiry.map({ $0 >= .now }) ?? true
      else { continue }
      let name = printable(key.name)
      if !hasPreamble, Self.changed.contains(where: { $0.fixture == fixture.name && name.contains($0.key) }) {
        continue
      }
      let expected = Self.comparable(key.value, hasPreamble)
      if case .hash(let fields) = expected, fields.isEmpty { continue }
      guard let copy = found[KeyName(key)] else {
        Issue.record("\(fixture) (\(what)): \(KeyName(key)) is missing")
        continue
      }
      #expect(copy.expiry == key.expiry, "\(fixture) (\(what)): \(KeyName(key))")
      let isEqual = Self.comparable(copy.value, hasPreamble) == expected
      #expect(isEqual, "\(fixture) (\(what)): \(KeyName(key)) (\(key.storedType.name))")
    }
  }

  /// The value without what has lapsed; without a preamble, also without what commands do not carry.
  private static func comparable(_ value: SnapshotValue, _ hasPreamble: Bool) -> SnapshotValue {
    switch value.carriedByCommands {
    case .hash(let fields): return .hash(fields.filter { $0.expiry.map { $0 >= .now } ?? true })
    case .stream(var stream) where !hasPreamble:
      // XCLAIM makes no pending entry of an entry that was deleted.
      let ids = Set(stream.entries.map(\.id))
      for index in stream.groups.indices { stream.groups[index].pending.removeAll { !ids.contains($0.id) } }
      return .stream(stream)
    case let other: return other
    }
  }
}

/// A server that loads snapshots, and writes what it holds to an append-only file.
private struct RewritingServer {
  private let server: LiveServer
  private let connection: LiveConnection

  init(_ kind: LiveServer.Kind) throws {
    server = try LiveServer(kind, arguments: ["--enable-debug-command", "yes"])
    connection = try LiveConnection(port: server.port)
    try connection.command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
  }

  func stop() { server.stop() }

  /// Loads a snapshot in place of all keys and functions.
  func load(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: server.folder + "/dump.rdb"))
    try succeed("CONFIG", "SET", "appendonly", "no")
    try succeed("FUNCTION", "FLUSH")
    try succeed("DEBUG", "RELOAD", "NOSAVE")
  }

  /// Writes the file anew, and returns its folder.
  func rewrite(hasPreamble: Bool) throws -> String {
    try succeed("CONFIG", "SET", "appendonly", "no")
    try succeed("CONFIG", "SET", "aof-use-rdb-preamble", hasPreamble ? "yes" : "no")
    try succeed("CONFIG", "SET", "appendonly", "yes")
    for _ in 0..<2000 {
      let information = String(decoding: try connection.command("INFO", "persistence").bytes ?? [], as: UTF8.self)
      if information.contains("aof_rewrite_in_progress:0"), information.contains("aof_rewrite_scheduled:0") { break }
      usleep(5_000)
    }
    return server.folder + "/appendonlydir"
  }

  private func succeed(_ words: String...) throws {
    let reply = try connection.commands([words.map { Array($0.utf8) }])[0]
    guard reply.bytes == Array("OK".utf8) else {
      throw LiveServer.Failure(description: "\(words.joined(separator: " ")): \(reply)")
    }
  }
}
