import RedisTransfer
import Testing

@Suite("The name of a host")
struct HostNameTests {
  @Test(
    "is among the DNS names of a certificate",
    arguments: [
      ("redis.example", ["redis.example"]), ("Redis.Example.", ["a.example", "redis.EXAMPLE"]),
      ("a.redis.example", ["*.redis.example"]), ("localhost", ["localhost"]),
    ])
  func isAmong(_ name: String, _ names: [String]) {
    #expect(HostName(name).isAmong(names.map { Array($0.utf8) }))
  }

  @Test(
    "is not among other names, nor matched by a wildcard that is too wide",
    arguments: [
      ("redis.example", []), ("redis.example", ["example", "xredis.example", "redis.example.org"]),
      ("redis.example", ["*.example", "*"]), ("a.b.redis.example", ["*.redis.example"]), ("localhost", ["*"]),
      ("a.redis.example", ["a*.redis.example", "*a.redis.example"]), ("a.redis.example", ["a.*.example", ""]),
    ])
  func isNotAmong(_ name: String, _ names: [String]) {
    #expect(!HostName(name).isAmong(names.map { Array($0.utf8) }))
  }
}
