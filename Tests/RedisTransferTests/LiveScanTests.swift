import Foundation
import RDB
import RESP
import RedisTransfer
import TestSupport
import Testing

/// Rounds of SCAN and facts of real servers.
@Suite struct LiveScanTests {
  private static func connect(_ server: LiveServer) throws -> Connection {
    var settings = ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: server.port))))
    settings.replyTimeout = .seconds(10)
    return try Connector(settings).connect(to: .any)
  }

  private static func scan(_ connection: Connection, as version: ServerVersion) throws -> (
    keys: [[UInt8]: ScanRound.Key], round: ScanRound
  ) {
    var round = ScanRound(from: version)
    var keys: [[UInt8]: ScanRound.Key] = [:]
    while !round.isComplete {
      while let commands = round.takeCommands() {
        try connection.link.write(commands.flatMap { RESPCommand.encode($0) })
      }
      switch try round.receive(try connection.receive()) {
      case .key(let key): keys[key.name] = key
      case .refused(let name, let error): Issue.record("\(name): \(error)")
      case .unreadable(let name, let error): Issue.record("\(name): \(error)")
      case nil: break
      }
    }
    return (keys, round)
  }

  @Test(
    "each key, value and expiry of a server arrives, also in the way for old servers",
    arguments: LiveServer.Kind.allCases)
  func wholeDatabase(kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try Self.connect(server)
    var expected: [[UInt8]: Int64] = [:]
    for index in 0..<700 {
      let name = Array("key\u{0}\(index)".utf8) + [0xFF]
      let expiry: Int64 = index % 3 == 0 ? -1 : 4_000_000_000_000 + Int64(index)
      expected[name] = expiry
      let value = [Array("RPUSH".utf8), name] + (0...(index % 200)).map { Array("\($0)".utf8) }
      _ = try connection.call(index % 2 == 0 ? value : [Array("SET".utf8), name, name])
      if expiry >= 0 { _ = try connection.call([Array("PEXPIREAT".utf8), name, Array("\(expiry)".utf8)]) }
    }
    let facts = try ServerFacts(
      try ServerFacts.commands.map { command in try connection.reply(to: command) })
    #expect(facts.refusals.isEmpty)
    #expect("\(facts.version)".hasSuffix(kind.rawValue.split(separator: "-")[1]))
    #expect(facts.info.databases.map(\.keyCount) == [700])
    #expect(facts.notifications?.missing(from: "Egx") == "Egx")
    #expect(facts.replicaBufferLimit?.byteCount == 268_435_456)
    #expect(facts.functionLibraries == [])
    for version in [facts.version, ServerVersion(.redis, 6, 2)] {
      let (keys, round) = try Self.scan(connection, as: version)
      #expect(keys.mapValues { $0.expiry ?? -1 } == expected)
      #expect(round.vanishedCount == 0)
      #expect(round.inexactCount == 0)
      for name in expected.keys.prefix(20) {
        #expect(keys[name]?.dump == (try connection.call([Array("DUMP".utf8), name]).bytes))
      }
    }
  }
}
