import Foundation
import RESP
import RDBSupport
import RedisTransfer
import TestSupport
import Testing

/// Connections to real servers, and to servers that behave as no honest one does.
@Suite struct ConnectionTests {
  private static func settings(_ port: UInt16, _ change: (inout ServerSettings) -> Void = { _ in }) -> ServerSettings {
    var settings = ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: port))))
    settings.connectTimeout = .seconds(2)
    settings.replyTimeout = .milliseconds(300)
    settings.retryCount = 0
    change(&settings)
    return settings
  }

  private static func condition(_ body: () throws(TransferError) -> Void) -> TransferError.Condition? {
    do throws(TransferError) {
      try body()
      return nil
    } catch { return error.condition }
  }

  @Test("commands and replies pass, over TCP and over a Unix socket", arguments: LiveServer.Kind.allCases)
  func talks(kind: LiveServer.Kind) throws {
    // A path relative to the server's folder, which is removed with it.
    let server = try LiveServer(kind, arguments: ["--unixsocket", "server.sock"])
    defer { server.stop() }
    var unix = Self.settings(server.port)
    unix.address = ServerAddress(.socket(Array("\(server.folder)/server.sock".utf8)), database: 3)
    for settings in [Self.settings(server.port), unix] {
      let connection = try Connector(settings).connect(to: .master)
      #expect(connection.protocolVersion == 3)
      let big = [UInt8](repeating: 7, count: 9 << 20)
      #expect(try connection.call([Array("SET".utf8), Array("key".utf8), big]).bytes == Array("OK".utf8))
      // Larger than the inbox: reading pauses and resumes.
      #expect(try connection.call("GET", "key").bytes == big)
    }
    #expect(try LiveConnection(port: server.port).command("DBSIZE") == .integer(1))
  }

  @Test("a password reaches the server, and a wrong one is refused by user name without the password in the error")
  func refusesWrongPassword() throws {
    let server = try LiveServer(.redis7, arguments: ["--requirepass", "s3cret"])
    defer { server.stop() }
    var settings = Self.settings(server.port)
    settings.address.credentials = Credentials(password: Secret("s3cret".utf8))
    #expect(try Connector(settings).connect(to: .master).call("PING").bytes == Array("PONG".utf8))
    settings.address.credentials = Credentials(user: Array("alice".utf8), password: Secret("hidden!".utf8))
    do throws(TransferError) {
      _ = try Connector(settings).connect(to: .any)
      Issue.record("a wrong password was accepted")
    } catch {
      guard case .refused(_, let refusal) = error.condition else { throw error }
      #expect(refusal.kind == .wrongPassword)
      #expect("\(error)".contains("user \"alice\"") && !"\(error)".contains("hidden!"))
    }
  }

  @Test("a replica is refused for writing, and taken for reading")
  func findsRole() throws {
    let master = try LiveServer(.redis7)
    defer { master.stop() }
    let replica = try LiveServer(.redis7, arguments: ["--replicaof", "127.0.0.1 \(master.port)"])
    defer { replica.stop() }
    #expect(
      Self.condition { () throws(TransferError) in
        _ = try Connector(Self.settings(replica.port)).connect(to: .master)
      } == .notMaster)
    _ = try Connector(Self.settings(replica.port)).connect(to: .any)
  }

  @Test(
    "a server that sends messages without end, or a large first reply, is left",
    arguments: [String(repeating: ">1\r\n+x\r\n", count: 2000), "$1000000\r\n", "*100000\r\n"])
  func refusesHostileServer(reply: String) throws {
    let server = try ScriptedServer { peer in
      _ = peer.read()
      peer.write(reply)
      while !peer.read().isEmpty {}
    }
    let condition = Self.condition { () throws(TransferError) in
      _ = try Connector(Self.settings(server.port)).connect(to: .any)
    }
    switch condition {
    case .unexpectedReply, .malformedReply: break
    default: Issue.record("\(condition as Any)")
    }
  }

  @Test("a user who may use RESTORE for some names only has it, and one without RESTORE has it not")
  func probesRestore() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    try live.command("ACL", "SETUSER", "some", "on", ">word", "~session:*", "+@all")
    try live.command("ACL", "SETUSER", "none", "on", ">word", "~*", "+@all", "-restore")
    for (user, expected) in [("some", true), ("none", false)] {
      let settings = Self.settings(server.port) {
        $0.address.credentials = Credentials(user: Array(user.utf8), password: Secret("word".utf8))
      }
      let canRestore = try RestoreProbe.canRestore(Connector(settings).connect(to: .any))
      #expect(canRestore == expected)
    }
  }

  @Test("a closed port is an error that says so")
  func refusesClosedPort() throws {
    let port = try LiveServer.freePort()
    #expect(
      Self.condition { () throws(TransferError) in
        _ = try Connector(Self.settings(port)).connect(to: .any)
      } == .unreachable("connection refused"))
  }

  @Test("a host without an address in the wanted family is an error")
  func refusesWrongFamily() throws {
    let settings = Self.settings(6379) { $0.addressFamily = .ipv6 }
    guard
      case .unreachable = Self.condition({ () throws(TransferError) in _ = try Connector(settings).connect(to: .any) })
    else { return _ = Issue.record("127.0.0.1 was found among the IPv6 addresses") }
  }

  @Test("a server that says nothing is left after the timeout")
  func leavesSilentServer() throws {
    let server = try ScriptedServer { peer in while !peer.read().isEmpty {} }
    let settings = Self.settings(server.port)
    #expect(
      Self.condition { () throws(TransferError) in
        _ = try Connector(settings).connect(to: .any)
      } == .timedOut(.milliseconds(300)))
  }

  @Test(
    "a server that closes, sends garbage or claims a huge length is an error",
    arguments: [
      "", "garbage\r\n", "$9223372036854775807\r\n", "*1000000000\r\n", "%-5\r\n", "+OK",
    ])
  func refusesHostileReplies(reply: String) throws {
    let server = try ScriptedServer { peer in
      _ = peer.read()
      peer.write(reply)
    }
    let condition = Self.condition { () throws(TransferError) in
      _ = try Connector(Self.settings(server.port)).connect(to: .any)
    }
    switch condition {
    case .closed: #expect(["", "+OK"].contains(reply))
    case .malformedReply: #expect(!["", "+OK"].contains(reply))
    default: Issue.record("\(reply): \(String(describing: condition))")
    }
  }

  @Test("a server that sends without end cannot fill the memory, and a reply that is too large is an error")
  func boundsMemory() throws {
    let sent = Counter()
    let server = try ScriptedServer { peer in
      while peer.write([UInt8](repeating: 43, count: 1 << 20)) { sent.add(1) }
    }
    let connector = try Connector(Self.settings(server.port))
    let condition = Self.condition { () throws(TransferError) in _ = try connector.connect(to: .any) }
    guard case .malformedReply = condition else { return _ = Issue.record("\(String(describing: condition))") }
    // What the server could send before it was left fits the inbox and the buffers of the system.
    #expect(sent.value < 64)
  }

  @Test("without a server that speaks TLS, or with a certificate that cannot be read, TLS is an error")
  func refusesPlainServer() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    var settings = Self.settings(server.port)
    settings.tls.isOn = true
    let condition = Self.condition { () throws(TransferError) in _ = try Connector(settings).connect(to: .any) }
    guard case .encryption = condition else { return _ = Issue.record("\(String(describing: condition))") }
    settings.tls.caFile = "/nowhere/ca.pem"
    #expect(
      Self.condition { () throws(TransferError) in _ = try Connector(settings) }
        == .badSetting("\"/nowhere/ca.pem\" is no readable PEM file"))
  }

  @Test("TLS verifies the authority and the name or address, and sends a client certificate")
  func verifiesCertificates() throws {
    let other = try TestCertificates(server: "DNS:elsewhere.example")
    try Self.withTLS("DNS:localhost") { ping in
      // Closures inside `#expect` can be confused with others of the function (Swift 6.3.1).
      let accepted = [
        ping("localhost") { _ in },
        ping("127.0.0.1") { $0.sni = "localhost" },
        ping("127.0.0.1") { ($0.caFile, $0.isInsecure) = (nil, true) },
      ]
      #expect(accepted == [nil, nil, nil])
      let refusals = [
        "another authority": ping("localhost") { $0.caFile = other.authority },
        "the authorities of the system": ping("localhost") { $0.caFile = nil },
        "another name": ping("localhost") { $0.sni = "elsewhere.example" },
        "an address that the certificate lacks": ping("127.0.0.1") { _ in },
        "no client certificate": ping("localhost") { ($0.certificate, $0.key) = (nil, nil) },
      ]
      for (what, condition) in refusals {
        switch condition {
        case .encryption: break
        // With TLS 1.3 the server looks at the client's certificate after the handshake.
        case .closed where what == "no client certificate": break
        default: Issue.record("\(what): \(String(describing: condition))")
        }
      }
    }
    try Self.withTLS("IP:127.0.0.1") { ping in
      let condition = ping("127.0.0.1") { _ in }
      #expect(condition == nil)
      // A name server decides which address a host has.
      let byName = ping("localhost") { _ in }
      #expect(byName == .encryption("the certificate of the server names its address, not the host"))
    }
  }

  /// Runs `body` beside a server that has a certificate for `names` and wants one from clients.
  private static func withTLS(
    _ names: String,
    _ body: ((_ host: String, _ change: (inout TLSSettings) -> Void) -> TransferError.Condition?) throws -> Void
  ) throws {
    let certificates = try TestCertificates(server: names)
    let port = try LiveServer.freePort()
    let server = try LiveServer(
      .redis7,
      arguments: [
        "--tls-port", "\(port)", "--tls-cert-file", certificates.certificate("server"),
        "--tls-key-file", certificates.key("server"), "--tls-ca-cert-file", certificates.authority,
      ])
    defer { server.stop() }
    try body { host, change in
      var settings = settings(port) {
        $0.address = ServerAddress(.server(Endpoint(host: host, port: port)))
        $0.tls = TLSSettings(isOn: true)
        $0.tls.caFile = certificates.authority
        $0.tls.certificate = certificates.certificate("client")
        $0.tls.key = certificates.key("client")
      }
      change(&settings.tls)
      return condition { () throws(TransferError) in
        #expect(try Connector(settings).connect(to: .master).call("PING").bytes == Array("PONG".utf8))
      }
    }
  }
}

/// A counter for several threads.
private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  var value: Int { lock.withLock { count } }
  func add(_ more: Int) { lock.withLock { count += more } }
}
