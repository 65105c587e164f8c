import RESP
import RedisTransfer
import TestSupport
import Testing

/// Masters found through real sentinels.
@Suite struct SentinelTests {
  private static func settings(_ sentinels: [LiveServer], closedPort: UInt16) -> ServerSettings {
    let endpoints = [closedPort] + sentinels.map(\.port)
    var settings = ServerSettings(
      ServerAddress(
        .sentinels(endpoints.map { Endpoint(host: "127.0.0.1", port: $0) }, masterName: Array("mymaster".utf8))))
    settings.replyTimeout = .seconds(10)
    settings.retryCount = 20
    return settings
  }

  @Test("a master is found although a sentinel is down, and the new master after the old one is killed")
  func followsFailover() throws {
    let processes = try LiveSentinels(replicas: 2, sentinels: 3)
    defer { processes.stop() }
    let settings = Self.settings(processes.sentinels, closedPort: try LiveServer.freePort())
    let connector = try Connector(settings)
    let first = try connector.connect(to: .master)
    #expect(first.server == "127.0.0.1:\(processes.servers[0].port)")
    #expect(try first.call("SET", "key", "value").bytes == Array("OK".utf8))
    #expect(try first.call("WAIT", "2", "5000") == .integer(2))
    processes.servers[0].stop()
    #expect(throws: TransferError.self) { try first.call("PING") }
    let second = try connector.reconnect(to: .master)
    #expect(second.server != first.server)
    #expect(try second.call("GET", "key").bytes == Array("value".utf8))
    #expect(
      try processes.waitForMaster(otherThan: processes.servers[0].port)
        == UInt16(second.server.suffix(while: \.isNumber)))
  }

  @Test("a name that no sentinel knows is an error that says so, and announced addresses are translated")
  func translatesAddresses() throws {
    let processes = try LiveSentinels(replicas: 0, sentinels: 1)
    defer { processes.stop() }
    var settings = Self.settings(processes.sentinels, closedPort: try LiveServer.freePort())
    settings.retryCount = 0
    let elsewhere = try LiveServer(.redis7)
    defer { elsewhere.stop() }
    try settings.announceMap.add("127.0.0.1:\(processes.servers[0].port)=127.0.0.1:\(elsewhere.port)")
    #expect(try Connector(settings).connect(to: .master).server == "127.0.0.1:\(elsewhere.port)")

    settings.address.target = .sentinels(
      [Endpoint(host: "127.0.0.1", port: processes.sentinels[0].port)], masterName: Array("other".utf8))
    do throws(TransferError) {
      _ = try Connector(settings).connect(to: .master)
      Issue.record("an unknown name was found")
    } catch {
      #expect("\(error)".contains("\"other\"") && "\(error)".contains("does not know it"))
    }
  }
}

extension String {
  /// The longest ending of which each character fulfils `predicate`.
  fileprivate func suffix(while predicate: (Character) -> Bool) -> String {
    String(reversed().prefix(while: predicate).reversed())
  }
}
