import RDBConvert
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// A load of units into a live server over connections that are lost at random moments.
private struct UnsteadyLoad {
  let server: LiveServer
  let units: [KeyUnit]
  var random: SeededGenerator
  var retained = RetainedUnits(replicaCount: 0)
  var connection: LiveConnection
  var sent = SentUnits(onError: .skip)
  var id = 0
  var database: UInt64?
  var failures: [SentUnits.Failure] = []
  var lossCount = 0

  init(_ server: LiveServer, _ units: [KeyUnit], seed: UInt64) throws {
    (self.server, self.units) = (server, units)
    random = SeededGenerator(seed: seed)
    connection = try LiveConnection(port: server.port)
  }

  mutating func run() throws {
    var waiting = Array(units.reversed())
    while let unit = waiting.popLast() {
      if database != unit.database { try select(unit.database) }
      retained.sent(unit, on: id)
      sent.sent(unit)
      var commands = try Self.commands(of: unit)
      // The units of a large key need the same connection for a while.
      let isLost = Int.random(in: 0..<(unit.startsInsideKey ? 100 : 6), using: &random) == 0
      if isLost { commands.removeLast(Int.random(in: 0...commands.count, using: &random)) }
      let replies = try connection.commands(commands)
      guard isLost else {
        try receive(replies)
        continue
      }
      // The replies are lost with the connection.
      lossCount += 1
      guard case .units(let again) = retained.lost(id) else { throw LiveServer.Failure(description: "not kept") }
      waiting += again.reversed()
      connection = try LiveConnection(port: server.port)
      (sent, database, id) = (SentUnits(onError: .skip), nil, id + 1)
    }
    #expect(retained.isEmpty)
  }

  private mutating func select(_ database: UInt64) throws {
    sent.sentSelect(database)
    try receive([try connection.command("SELECT", "\(database)")])
    self.database = database
  }

  private mutating func receive(_ replies: [RESPValue]) throws {
    var decoder = RESPDecoder()
    decoder.feed(replies.flatMap(Self.encode))
    for case .failure(let failure) in try sent.receive(from: &decoder) { failures.append(failure) }
    retained.answered(unitCount: sent.answeredUnitCount, on: id)
  }

  private static func commands(of unit: KeyUnit) throws -> [[[UInt8]]] {
    var reader = RESPCommandReader()
    reader.feed(unit.bytes.span.bytes)
    var commands: [[[UInt8]]] = []
    while try reader.next() {
      commands.append((0..<reader.argumentCount).map { index in reader.argument(index).withUnsafeBytes { Array($0) } })
    }
    return commands
  }

  private static func encode(_ reply: RESPValue) -> [UInt8] {
    switch reply {
    case .null: Array("$-1\r\n".utf8)
    case .integer(let number): Array(":\(number)\r\n".utf8)
    case .simple(let text): [43] + text + [13, 10]
    case .error(let text): [45] + text + [13, 10]
    case .array(let elements): Array("*\(elements.count)\r\n".utf8) + elements.flatMap(encode)
    default: RESPText.bulk(reply.bytes ?? [])
    }
  }
}

@Suite("Loading over connections that are lost", .serialized)
struct LostConnectionTests {
  @Test("Brings every key of a snapshot to the server once", arguments: LiveServer.Kind.allCases)
  func fixtures(_ kind: LiveServer.Kind) throws {
    let (folder, target) =
      switch kind {
      case .redis6, .redis7: ("redis-7.0.15", "7.0")
      case .redis8: ("redis-8.2.3", "8.2")
      case .valkey9: ("valkey-9.1.2", "valkey-9.0")
      }
    let topics = ["all", "rich", "streams", "hashttl", "multidb", "expiry"]
    let fixtures = Fixture.all.filter { $0.folder == folder && topics.contains($0.topic) }
    #expect(fixtures.count >= 4)
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    for (index, fixture) in fixtures.enumerated() {
      let rows = try Golden.rows(at: fixture.goldenPath)
      for restore in [RESPOptions.Restore.never, .auto] {
        try connection.command("FLUSHALL")
        let marked = try commands(of: fixture.bytes, target: target, marked: true) {
          ($0.existing, $0.replacesWhole, $0.restore, $0.commandElementCount) = (.replace, true, restore, 5)
          $0.functions = .replace
        }
        let units = try units(
          marked, limits: .init(bytes: max(300, marked.count / 100), commands: 1 << 20, piece: 1 << 30))
        for repetition in 0..<(isDeep ? 20 : 2) {
          var load = try UnsteadyLoad(server, units, seed: UInt64(index * 2 + repetition))
          try load.run()
          #expect(load.failures.isEmpty, "\(fixture), \(restore)")
          #expect(units.count < 20 || load.lossCount > 0)
          let differences = try LiveComparison.differences(connection, kind, rows)
          #expect(differences.isEmpty, "\(fixture), \(restore): \(differences.prefix(5))")
        }
      }
    }
  }
}
