import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// The questions about permissions and keys, with real servers.
@Suite("Questions before a migration")
struct PermissionProbeTests {
  private static func connect(_ server: LiveServer, user: String? = nil) throws -> Connection {
    var settings = ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: server.port))))
    if let user {
      settings.address.credentials = Credentials(user: Array(user.utf8), password: Secret(Array("word".utf8)))
    }
    return try Connector(settings).connect(to: .any)
  }

  @Test("forbidden commands are named, and nothing is written", arguments: LiveServer.Kind.allCases)
  func forbidden(kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    try live.command("ACL", "SETUSER", "limited", "on", ">word", "~*", "+@all", "-set", "-xadd", "-dump")
    try live.command("ACL", "SETUSER", "plain", "on", ">word", "~*", "+@all", "-multi")
    try live.command("ACL", "SETUSER", "prefix", "on", ">word", "~app:*", "+@all")
    let all = PermissionProbe.writing + PermissionProbe.scanning
    let limited = try Self.connect(server, user: "limited")
    #expect(try PermissionProbe.forbidden(all, on: limited) == ["SET", "XADD", "DUMP"])
    // The connection is usable afterwards.
    #expect(try limited.call("PING").bytes == Array("PONG".utf8))
    #expect(try PermissionProbe.forbidden(all, on: try Self.connect(server, user: "plain")) == ["MULTI"])
    #expect(try PermissionProbe.forbidden(all, on: try Self.connect(server, user: "prefix")) == [])
    #expect(try PermissionProbe.forbidden(all, on: try Self.connect(server)) == [])
    #expect(try live.command("DBSIZE") == .integer(0))
  }

  @Test("keys are found by a glob in the databases that are named")
  func keys() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    try live.command("SELECT", "3")
    try live.command("SET", "spring:session:sessions:1", "v")
    let connection = try Self.connect(server)
    #expect(try connection.hasKeys(like: "spring:session:*", in: [0, 3]))
    #expect(try !connection.hasKeys(like: "spring:session:*", in: [0]))
    #expect(try !connection.hasKeys(like: "other:*", in: [0, 3]))
  }

  @Test("two readings of one server's clock agree within their error")
  func clock() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let connection = try Self.connect(server)
    let (first, second) = (try #require(try connection.clock()), try #require(try connection.clock()))
    let (difference, error) = second.ahead(of: first)
    #expect(abs(difference) <= error)
  }
}
