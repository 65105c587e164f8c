import RDB
import RDBFormat
import RDBSupport
import RESP
import RedisTransfer
import Synchronization
import TestSupport
import Testing

/// Snapshots that are read from real servers by SCAN and DUMP.
@Suite struct ScanSourceTests {
  private static func connect(_ port: UInt16) throws -> Connection {
    var settings = ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: port))))
    settings.replyTimeout = .seconds(20)
    settings.retryCount = 0
    return try Connector(settings).connect(to: .any)
  }

  private static func read(_ source: ScanSource) throws -> [UInt8] {
    let destination = MemoryDestination()
    let copy = try SnapshotCopy(source, to: destination) { _ in }
    guard case .verified = copy.checksum else { throw LiveServer.Failure(description: "\(copy.checksum)") }
    return destination.bytes
  }

  private struct Entry: Hashable {
    var database: UInt64
    var name: [UInt8]
    var type: DataType
    var expiry: UnixMilliseconds?
  }

  /// Collects what a snapshot holds.
  private struct EntrySink: SelectiveSink {
    var entries: Set<Entry> = []
    var libraries: [[UInt8]] = []

    static var events: SinkEvents { [.functionLibrary] }
    mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
      entries.insert(Entry(database: key.database, name: [UInt8](key.name), type: key.type, expiry: key.expiry))
      return .skip
    }
    mutating func functionLibrary(_ library: borrowing FunctionLibrary) { libraries.append([UInt8](library.code)) }
  }

  private static func entries(_ bytes: [UInt8]) throws -> EntrySink {
    var sink = EntrySink()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    return sink
  }

  private static func fill(_ live: LiveConnection) throws {
    for index in 0..<1500 {
      try live.command("SET", "string:\(index)", String(repeating: "v", count: index % 300))
      if index % 3 == 0 { try live.command("PEXPIREAT", "string:\(index)", "\(4_000_000_000_123 + index)") }
    }
    try live.command("RPUSH", "list", "a", "b")
    try live.command("HSET", "hash", "f", "1")
    try live.command("XADD", "stream", "1-1", "f", "v")
    try live.command("SELECT", "11")
    try live.command("ZADD", "zset", "1.5", "m")
    try live.command("SADD", "set\u{0}", "1", "2")
    try live.command("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
  }

  @Test(
    "a scan gives the same keys, expiries and functions as the server's own snapshot",
    arguments: LiveServer.Kind.allCases)
  func equalsSnapshot(kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    try Self.fill(try LiveConnection(port: server.port))
    let source = try ScanSource(try Self.connect(server.port))
    let scanned = try Self.entries(try Self.read(source))
    let saved = try Self.entries(try server.save())
    #expect(scanned.entries == saved.entries)
    #expect(scanned.libraries == saved.libraries)
    #expect(source.keyCount == 1505)
    #expect(source.vanishedCount == 0 && source.repeatedCount == 0 && source.inexactCount == 0)
    #expect(!source.lacksFunctions)
  }

  @Test("a scan of one database gives its keys alone, and one of an empty server a snapshot without keys")
  func oneDatabase() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    #expect(try Self.entries(try Self.read(try ScanSource(try Self.connect(server.port)))).entries.isEmpty)
    try Self.fill(live)
    let scanned = try Self.entries(try Self.read(try ScanSource(try Self.connect(server.port), only: 11)))
    #expect(Set(scanned.entries.map(\.database)) == [11])
    #expect(scanned.entries.count == 2)
  }

  @Test("a server loads the snapshot of a scan", arguments: LiveServer.Kind.allCases)
  func loads(kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    try Self.fill(try LiveConnection(port: server.port))
    let bytes = try Self.read(try ScanSource(try Self.connect(server.port)))
    let other = try LiveServer(kind, dump: bytes)
    defer { other.stop() }
    let live = try LiveConnection(port: other.port)
    #expect(try live.command("DBSIZE") == .integer(1503))
    #expect(try live.command("FUNCTION", "LIST").elements?.count == 1)
  }

  @Test("a key that the user may not read ends a scan")
  func refusesForbiddenKey() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    try live.command("SET", "open", "1")
    try live.command("SET", "secret", "1")
    try live.command("ACL", "SETUSER", "reader", "on", ">pw", "~open", "+@all")
    var settings = ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: server.port))))
    settings.address.credentials = Credentials(user: Array("reader".utf8), password: Secret(Array("pw".utf8)))
    let source = try ScanSource(try Connector(settings).connect(to: .any))
    let error = #expect(throws: TransferError.self) { try Self.read(source) }
    guard case .refused(_, let refusal) = error?.condition else { return _ = Issue.record("\(error as Any)") }
    #expect(refusal.kind == .noPermission)
  }

  @Test("a scan goes on when its connection is cut, and gives each key once")
  func goesOn() throws {
    let server = try LiveServer(.redis7, arguments: ["--enable-debug-command", "yes"])
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    try live.command("DEBUG", "POPULATE", "30000", "key", "300")
    let connection = try Self.connect(server.port)
    var reopenedCount = 0
    let source = try ScanSource(connection) { () throws(TransferError) in
      reopenedCount += 1
      do { return try Self.connect(server.port) } catch { throw error as! TransferError }
    }
    var cutCount = 0
    let destination = MemoryDestination()
    _ = try SnapshotCopy(source, to: destination) { byteCount in
      guard byteCount > 1_000_000 * UInt64(cutCount + 1), cutCount < 5 else { return }
      cutCount += 1
      try live.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    }
    #expect(reopenedCount >= 1)
    #expect(source.repeatedCount == 0)
    #expect(try Self.entries(destination.bytes).entries.count == 30_000)
  }

  /// A server that answers each command with one reply, given by its name; an empty reply closes the connection.
  private static func scripted(_ reply: @escaping @Sendable (String) -> [UInt8]) throws -> ScriptedServer {
    try ScriptedServer { peer in
      var decoder = RESPDecoder()
      while true {
        let bytes = peer.read()
        if bytes.isEmpty { return }
        decoder.feed(bytes[...])
        while let command = try? decoder.next() {
          let answer = reply(String(decoding: command.elements?.first?.bytes ?? [], as: UTF8.self))
          if answer.isEmpty { return }
          peer.write(answer)
        }
      }
    }
  }

  @Test("a scan goes on when its connection ends at any command, or the server asks to wait")
  func goesOnAnywhere() throws {
    for first in ["INFO", "SELECT", "SCAN", "MULTI", "EXEC", "-SCAN"] {
      let refusal = Mutex(first)
      let server = try Self.scripted { word in
        let isRefused = refusal.withLock { refusal in
          guard word == refusal || "-" + word == refusal else { return false }
          refusal = ""
          return true
        }
        if isRefused { return first.hasPrefix("-") ? Array("-BUSY a script runs\r\n".utf8) : [] }
        return Self.replies[word].map { Array($0.utf8) } ?? Self.replyToEXEC
      }
      let source = try ScanSource(try Self.connect(server.port)) { () throws(TransferError) in
        do { return try Self.connect(server.port) } catch { throw error as! TransferError }
      }
      let entries = try Self.entries(try Self.read(source)).entries
      #expect(entries.count == 1, "\(first)")
    }
  }

  @Test("a server that leaves the keyspace out of INFO is not taken for an empty one")
  func withoutKeyspace() throws {
    let server = try Self.scripted { word in
      let information = "redis_version:7.0.15\r\n"
      switch word {
      case "INFO": return Array("$\(information.utf8.count)\r\n\(information)\r\n".utf8)
      case "DBSIZE": return Array(":2\r\n".utf8)
      default: return Self.replies[word].map { Array($0.utf8) } ?? Self.replyToEXEC
      }
    }
    let entries = try Self.entries(try Self.read(try ScanSource(try Self.connect(server.port)))).entries
    #expect(entries.count == 16)
  }

  @Test("a name that SCAN returns again is counted")
  func countsRepetitions() throws {
    let server = try Self.scripted { word in Self.replies[word].map { Array($0.utf8) } ?? Self.replyToEXEC }
    let source = try ScanSource(try Self.connect(server.port))
    #expect(try Self.entries(try Self.read(source)).entries.count == 1)
    #expect(source.keyCount == 2)
    #expect(source.repeatedCount == 1)
  }

  /// The replies of a server whose SCAN returns the name `k` twice, except that to EXEC.
  private static let replies: [String: String] = {
    let information = "redis_version:7.0.15\r\ndb0:keys=1,expires=0\r\n"
    return [
      "HELLO": "-ERR unknown command 'HELLO'\r\n", "CLIENT": "+OK\r\n", "SELECT": "+OK\r\n", "PING": "+PONG\r\n",
      "INFO": "$\(information.utf8.count)\r\n\(information)\r\n", "MODULE": "*0\r\n", "FUNCTION": "*0\r\n",
      "CONFIG": "*0\r\n", "TIME": "*2\r\n$10\r\n1700000000\r\n$1\r\n1\r\n", "MULTI": "+OK\r\n", "MEMORY": ":60\r\n",
      "PEXPIRETIME": "+QUEUED\r\n", "DUMP": "+QUEUED\r\n",
      "SCAN": "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nk\r\n$1\r\nk\r\n",
    ]
  }()

  private static let replyToEXEC: [UInt8] = {
    Array("*2\r\n:-1\r\n$\(ScanRoundTests.dump.count)\r\n".utf8) + ScanRoundTests.dump + [13, 10]
  }()
}
