import RedisTransfer
import Testing

@Suite("The settings of a server")
struct ServerSettingsTests {
  @Test("The scheme rediss turns TLS on for servers and sentinels")
  func scheme() throws {
    let settings = ServerSettings(try ServerAddress(uri: "rediss://host"))
    #expect(settings.tls.isOn)
    #expect(settings.sentinelTLS.isOn)
    #expect(!ServerSettings(try ServerAddress(uri: "redis://host")).tls.isOn)
  }

  @Test("TLS turned on by an option shows in the address")
  func option() throws {
    let settings = ServerSettings(try ServerAddress(uri: "redis://host"), tls: TLSSettings(isOn: true))
    #expect("\(settings.address)" == "rediss://host:6379")
  }

  private func map(_ entries: String...) throws(AnnounceMapError) -> AnnounceMap {
    var map = AnnounceMap()
    for entry in entries { try map.add(entry) }
    return map
  }

  @Test("An announced address is replaced by the one of its entry, others stay")
  func replacement() throws {
    let map = try map("10.0.0.1:6379=localhost:7001", "[fd00::2]:6379=[::1]:7002", "Redis-0.svc=127.0.0.1")
    #expect(map.reached(Endpoint(host: "10.0.0.1", port: 6379)) == Endpoint(host: "localhost", port: 7001))
    #expect(map.reached(Endpoint(host: "fd00::2", port: 6379)) == Endpoint(host: "::1", port: 7002))
    #expect(map.reached(Endpoint(host: "redis-0.SVC", port: 6380)) == Endpoint(host: "127.0.0.1", port: 6380))
    #expect(map.reached(Endpoint(host: "10.0.0.1", port: 6380)) == Endpoint(host: "10.0.0.1", port: 6380))
  }

  @Test("An entry with a port takes precedence over one without")
  func precedence() throws {
    let map = try map("a=b", "a:1=c:2")
    #expect(map.reached(Endpoint(host: "a", port: 1)) == Endpoint(host: "c", port: 2))
    #expect(map.reached(Endpoint(host: "a", port: 3)) == Endpoint(host: "b", port: 3))
  }

  @Test(
    "An entry of another form is refused with the reason",
    arguments: [
      ("a:1", AnnounceMapError.notTwoSides), ("a:1=b:2=c:3", .notTwoSides), ("a:1=b", .portOnOneSide),
      ("a=b:1", .portOnOneSide), ("=b", .badAddress(.missingHost)), ("a:1=b:0", .badAddress(.badPort)),
      ("a:1=b:65536", .badAddress(.badPort)), ("::1=b", .badAddress(.unbracketedAddress)),
      ("a b=c", .badAddress(.badHost)),
    ])
  func refused(_ text: String, _ expected: AnnounceMapError) {
    #expect(throws: expected) { _ = try map(text) }
  }

  @Test("An address with two entries is refused")
  func repeated() {
    #expect(throws: AnnounceMapError.repeated("a", 1)) { _ = try map("a:1=b:2", "A:1=c:3") }
  }
}
