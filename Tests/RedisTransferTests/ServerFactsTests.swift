import RDB
import RESP
import RedisTransfer
import Testing

@Suite("Facts about a server")
struct ServerFactsTests {
  private func bulk(_ text: String) -> RESPValue { .bulk(Array(text.utf8)) }
  private func array(_ texts: String...) -> RESPValue { .array(texts.map { bulk($0) }) }
  private func error(_ text: String) -> RESPValue { .error(Array(text.utf8)) }

  private func info(_ lines: String...) -> RESPValue {
    bulk("# Server\r\n" + lines.map { $0 + "\r\n" }.joined())
  }

  /// The replies of Redis 7.0.15.
  private var replies: [RESPValue] {
    [
      info(
        "redis_version:7.0.15", "run_id:0fe4", "used_memory:1099224", "maxmemory:0", "maxmemory_policy:noeviction",
        "loading:0", "async_loading:0", "role:master", "connected_slaves:2", "cluster_enabled:0",
        "db10:keys=3,expires=1,avg_ttl=0", "db0:keys=20000,expires=19000,avg_ttl=5"),
      .array([]), .array([]), array("1796030000", "387163"), array("notify-keyspace-events", "gxE"),
      array(
        "client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"),
    ]
  }

  @Test("Redis 7.0 tells all of them")
  func redis() throws {
    #expect(ServerFacts.commands.count == replies.count)
    let facts = try ServerFacts(replies)
    #expect(facts.version == ServerVersion(.redis, 7, 0, 15))
    #expect(facts.info.usedMemory == 1_099_224)
    #expect(facts.info.memoryLimit == nil)
    #expect(facts.info.evictsKeys == false)
    #expect(facts.info.isMaster == true)
    #expect(facts.info.replicaCount == 2)
    #expect(facts.info.runIdentifier == "0fe4")
    #expect(!facts.info.isLoading)
    #expect(!facts.info.isClusterNode)
    #expect(facts.info.databases.map(\.number) == [0, 10])
    #expect(facts.info.databases.first?.keyCount == 20000)
    #expect(facts.info.databases.first?.expiringCount == 19000)
    #expect(facts.modules == [])
    #expect(facts.functionLibraries == [])
    #expect(facts.time?.milliseconds == 1_796_030_000_387)
    #expect(facts.notifications?.missing(from: KeyspaceNotifications.springSession) == "")
    #expect(facts.replicaBufferLimit?.byteCount == 268_435_456)
    #expect(facts.replicaBufferLimit?.softByteCount == 67_108_864)
    #expect(facts.replicaBufferLimit?.seconds == 60)
    #expect(facts.refusals.isEmpty)
  }

  @Test("INFO names the replicas with a port, and not clients that only ask for a synchronisation")
  func replicas() throws {
    let replies =
      [
        info(
          "redis_version:7.0.15", "connected_slaves:3", "slave0:ip=10.0.0.7,port=6380,state=online,offset=14,lag=0",
          "slave1:ip=127.0.0.1,port=0,state=online,offset=14,lag=0", "slave2:ip=fe80::1,port=6381,state=online",
          "used_memory_dataset:77", "rdb_changes_since_last_save:5")
      ] + replies.dropFirst()
    let info = try ServerFacts(replies).info
    #expect(info.replicaEndpoints == [Endpoint(host: "10.0.0.7", port: 6380), Endpoint(host: "fe80::1", port: 6381)])
    #expect(info.dataMemory == 77)
    #expect(info.changeCount == 5)
  }

  @Test(
    "The missing letters of notify-keyspace-events are those that neither the setting nor its A has",
    arguments: [
      ("", "Egx", "Egx"), ("A", "Egx", "E"), ("AE", "AE", ""), ("g$lshztdxe", "A", ""), ("g", "AK", "AK"),
      ("Ex", "xxE", ""),
      ("", "EgxEgx", "Egx"),
    ])
  func notifications(setting: String, needed: String, missing: String) {
    #expect(KeyspaceNotifications(setting).missing(from: needed) == missing)
  }

  @Test("The difference of two clocks has an error of half of the time that the answers took")
  func clocks() throws {
    func time(_ seconds: Int, _ microseconds: Int) throws -> ServerTime {
      try #require(ServerTime(array("\(seconds)", "\(microseconds)")))
    }
    // Each answer was written in the middle of its exchange.
    let source = ClockReading(try time(100, 1_000), sent: 5_000_000, received: 7_000_000)
    let target = ClockReading(try time(102, 5_500), sent: 9_000_000, received: 10_000_000)
    let (difference, error) = target.ahead(of: source)
    #expect(difference == 2_001_000)
    #expect(error == 1_502)
  }

  @Test("Valkey tells its own release beside that of Redis, and RESP3 has maps and verbatim text")
  func valkey() throws {
    var replies = replies
    let text =
      "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\ncluster_enabled:1\r\nmaxmemory:5\r\n"
    replies[0] = .verbatim(format: Array("txt".utf8), Array(text.utf8))
    let module: [RESPValue.Pair] = [
      .init(bulk("name"), bulk("lua")), .init(bulk("ver"), .integer(1)), .init(bulk("args"), .array([])),
    ]
    replies[1] = .array([.map(module)])
    replies[2] = .array([.map([.init(bulk("library_name"), bulk("lib")), .init(bulk("functions"), .array([]))])])
    replies[4] = .map([.init(bulk("notify-keyspace-events"), bulk("AK"))])
    let facts = try ServerFacts(replies)
    #expect(facts.version == ServerVersion(.valkey, 9, 1, 2))
    #expect(facts.info.isClusterNode)
    #expect(facts.info.memoryLimit == 5)
    #expect(facts.modules?.map(\.name) == [Array("lua".utf8)])
    #expect(facts.functionLibraries == [Array("lib".utf8)])
    #expect(facts.notifications?.missing(from: "Egx") == "E")
  }

  @Test("An old server has no functions and modules, and a refused command leaves its fact unknown")
  func unknown() throws {
    var replies = replies
    replies[0] = info("redis_version:3.2.13")
    replies[1] = error("ERR unknown command 'MODULE'")
    replies[2] = error("ERR unknown command 'FUNCTION'")
    replies[4] = error("NOPERM this user has no permissions to run the 'config|get' command")
    replies[5] = error("ERR unknown command 'CONFIG'")
    let facts = try ServerFacts(replies)
    #expect(facts.modules == [])
    #expect(facts.functionLibraries == [])
    #expect(facts.notifications == nil)
    #expect(facts.replicaBufferLimit == nil)
    #expect(facts.refusals.map(\.command) == ["CONFIG GET"])
    #expect(facts.refusals.first?.error.kind == .noPermission)
    // A new server that hides a command may have what it lists.
    replies[0] = info("redis_version:7.2.0")
    let hidden = try ServerFacts(replies)
    #expect(hidden.modules == nil)
    #expect(hidden.functionLibraries == nil)
  }

  @Test("Loading has an estimate, unless the server sends none or nonsense")
  func loading() {
    func time(_ lines: String...) -> Duration? {
      ServerInfo(bulk(lines.joined(separator: "\r\n")))?.loadingTime
    }
    #expect(time("loading:1", "loading_eta_seconds:12") == .seconds(12))
    #expect(time("loading:0", "loading_eta_seconds:12") == nil)
    #expect(time("loading:1") == nil)
    #expect(time("loading:1", "loading_eta_seconds:-1") == nil)
    #expect(time("loading:1", "loading_eta_seconds:18446744073709551615") == nil)
  }

  @Test("Events that are missing are added, and A stands for all but keyspace channels, misses and new keys")
  func notifications() {
    let rows = [("", "Egx", "Egx"), ("KEA", "", "KEA"), ("AK", "E", "AKE"), ("Ex", "g", "Exg"), ("Kgx", "E", "KgxE")]
    for (text, missing, all) in rows {
      let notifications = KeyspaceNotifications(text)
      #expect(notifications.missing(from: "Egx") == missing)
      #expect(notifications.adding("Egx") == all)
    }
    #expect(KeyspaceNotifications("A").missing(from: "KEmn") == "KEmn")
  }

  @Test("A reply that no server sends is refused by the name of its command")
  func unexpected() {
    let wrong: [(Int, RESPValue, String)] = [
      (0, .integer(1), "INFO"), (0, bulk("no version"), "INFO"), (1, .array([.integer(1)]), "MODULE LIST"),
      (2, .array([array("name", "x")]), "FUNCTION LIST"), (3, array("1"), "TIME"), (3, array("-1", "0"), "TIME"),
      (3, array("9223372036854775807", "0"), "TIME"), (4, .integer(1), "CONFIG GET"), (5, bulk("x"), "CONFIG GET"),
    ]
    for (index, reply, command) in wrong {
      var replies = replies
      replies[index] = reply
      #expect(throws: Handshake.Failure.unexpectedReply(command: command)) { try ServerFacts(replies) }
    }
    var replies = replies
    replies[0] = error("NOAUTH Authentication required.")
    #expect(
      throws: Handshake.Failure.refused(command: "INFO", ServerError(Array("NOAUTH Authentication required.".utf8)))
    ) { try ServerFacts(replies) }
  }
}
