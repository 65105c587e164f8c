import RDB
import RDBFormat
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// Snapshots that real servers send as to a replica.
@Suite struct SyncSourceTests {
  private static func settings(_ port: UInt16) -> ServerSettings {
    var settings = ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: port))))
    settings.replyTimeout = .seconds(20)
    settings.retryCount = 0
    return settings
  }

  private static func fetch(_ connection: Connection) throws -> (bytes: [UInt8], copy: SnapshotCopy) {
    let destination = MemoryDestination()
    let copy = try SnapshotCopy(try SyncSource(connection), to: destination) { _ in }
    return (destination.bytes, copy)
  }

  @Test(
    "a server's snapshot arrives whole, with and without its size before it, and holds what the server holds",
    arguments: LiveServer.Kind.allCases, ["yes", "no"])
  func fetches(kind: LiveServer.Kind, diskless: String) throws {
    let server = try LiveServer(
      kind, arguments: ["--repl-diskless-sync", diskless, "--repl-diskless-sync-delay", "0"])
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    for index in 0..<2000 { try live.command("SET", "key:\(index)", String(repeating: "v", count: index)) }
    let (bytes, copy) = try Self.fetch(try Connector(Self.settings(server.port)).connect(to: .any))
    #expect(copy.isSnapshot && copy.byteCount == UInt64(bytes.count))
    guard case .verified = copy.checksum else { return _ = Issue.record("\(copy.checksum)") }
    var sink = CountingSink()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    #expect(sink.count == 2000)
  }

  @Test("the last bytes of a snapshot from before RDB version 5 are no checksum", arguments: ["0004", "0005"])
  func oldSnapshot(version: String) throws {
    let bytes = Array("REDIS\(version)".utf8) + [0xFE, 0, 0, 1, 0x61, 1, 0x62, 0xFF, 1, 2, 3]
    let copy = try SnapshotCopy(MemorySource(bytes), to: MemoryDestination()) { _ in }
    #expect((copy.checksum == .absent) == (version == "0004"))
  }

  @Test("what sentinels list stays the same when a snapshot comes from a replica")
  func leavesSentinelsAlone() throws {
    let processes = try LiveSentinels(replicas: 2, sentinels: 1)
    defer { processes.stop() }
    try LiveConnection(port: processes.servers[0].port).command("SET", "key", "value")
    let sentinel = try LiveConnection(port: processes.sentinels[0].port)
    func listed() throws -> Int? { try sentinel.command("SENTINEL", "REPLICAS", "mymaster").elements?.count }
    #expect(try listed() == 2)
    var settings = Self.settings(0)
    settings.address.target = .sentinels(
      [Endpoint(host: "127.0.0.1", port: processes.sentinels[0].port)], masterName: Array("mymaster".utf8))
    settings.retryCount = 20
    let connection = try Connector(settings).reconnect(to: .replica)
    #expect(processes.servers.dropFirst().contains { "127.0.0.1:\($0.port)" == connection.server })
    let (_, copy) = try Self.fetch(connection)
    #expect(copy.isSnapshot)
    // Sentinels ask their servers every ten seconds, or every second during a failover.
    for _ in 0..<22 {
      #expect(try listed() == 2)
      usleep(500_000)
    }
  }

  @Test(
    "a snapshot that is cut, longer than a file can be, or refused is an error",
    arguments: [
      "$100\r\nREDIS0011", "$EOF:0123456789012345678901234567890123456789\r\nREDIS", "$9999999999999999999999\r\n",
      "-NOPERM this user has no permissions\r\n", "garbage",
    ])
  func refusesHostileTransfer(payload: String) throws {
    let server = try ScriptedServer.synchronising(Array(payload.utf8))
    do {
      _ = try Self.fetch(try Connector(Self.settings(server.port)).connect(to: .any))
      Issue.record("a broken transfer was taken for a snapshot")
    } catch let error as TransferError {
      switch error.condition {
      case .malformedSnapshot, .closed, .refused: break
      default: throw error
      }
    }
  }
}

/// Counts keys.
private struct CountingSink: SelectiveSink {
  static let events: SinkEvents = [.beginKey]
  var count = 0
  mutating func beginKey(_ header: borrowing KeyHeader) -> Interest {
    count += 1
    return .skip
  }
}
