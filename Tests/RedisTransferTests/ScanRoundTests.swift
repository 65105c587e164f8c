import RDB
import RESP
import RedisTransfer
import TestSupport
import Testing

@Suite("A round of SCAN")
struct ScanRoundTests {
  /// The string `v` as Redis 7.0.15 dumps it.
  static let dump: [UInt8] = [
    0x00, 0x01, 0x76, 0x0A, 0x00, 0x91, 0x08, 0xCE, 0xB2, 0x19, 0x38, 0x8A, 0xCE,
  ]

  static func bulk(_ text: String) -> RESPValue { .bulk(Array(text.utf8)) }

  /// A server of some keys, which answers commands without a network.
  private final class Server {
    var keys: [String: (dump: [UInt8], expiry: Int64)] = [:]
    /// The pages of SCAN; the cursor is the index of a page.
    var pages: [[String]] = []
    /// The time in microseconds, which passes by `step` with each TIME.
    var time: Int64 = 1_700_000_000_000_000
    var step: Int64 = 0
    var refused: [String: String] = [:]
    private(set) var received: [String] = []
    private var queued: [[String]]?
    private var isBroken = false

    func replies(to commands: [[[UInt8]]]) -> [RESPValue] {
      commands.map { reply($0.map { String(decoding: $0, as: UTF8.self) }) }
    }

    private func reply(_ words: [String]) -> RESPValue {
      received.append(words.joined(separator: " "))
      if let text = refused[words[0]] ?? refused[words.last!] {
        isBroken = queued != nil
        return .error(Array(text.utf8))
      }
      switch words[0] {
      case "MULTI":
        queued = []
        return .simple(Array("OK".utf8))
      case "EXEC":
        defer { (queued, isBroken) = (nil, false) }
        return isBroken ? .error(Array("EXECABORT".utf8)) : .array((queued ?? []).map(result))
      default:
        guard queued != nil else { return result(words) }
        queued?.append(words)
        return .simple(Array("QUEUED".utf8))
      }
    }

    private func result(_ words: [String]) -> RESPValue {
      switch words[0] {
      case "SCAN":
        let page = Int(words[1])!
        return .array([
          ScanRoundTests.bulk("\(page + 1 < pages.count ? page + 1 : 0)"),
          .array(pages[page].map { ScanRoundTests.bulk($0) }),
        ])
      case "MEMORY": return keys[words[2]].map { .integer(Int64($0.dump.count + 50)) } ?? .null
      case "DUMP": return keys[words[1]].map { .bulk($0.dump) } ?? .null
      case "PEXPIRETIME": return .integer(keys[words[1]]?.expiry ?? -2)
      case "PTTL":
        guard let expiry = keys[words[1]]?.expiry else { return .integer(-2) }
        return .integer(expiry < 0 ? -1 : expiry - time / 1000)
      default:
        defer { time += step }
        return .array([ScanRoundTests.bulk("\(time / 1_000_000)"), ScanRoundTests.bulk("\(time % 1_000_000)")])
      }
    }
  }

  private struct Result {
    var keys: [String: Int64] = [:]
    var order: [String] = []
    var refused: [String: ServerError] = [:]
    var unreadable: [String: RDBError] = [:]
    /// The largest number of replies that were due.
    var mostDue = 0
    /// The largest number of bytes in replies that were due.
    var mostDueBytes = 0
  }

  private func run(_ round: inout ScanRound, _ server: Server, loseAt: Int? = nil) throws(ScanRound.Failure) -> Result {
    var result = Result()
    var due: [RESPValue] = []
    var count = 0
    while !round.isComplete {
      while let commands = round.takeCommands() { due += server.replies(to: commands) }
      result.mostDue = max(result.mostDue, due.count)
      result.mostDueBytes = max(
        result.mostDueBytes, due.reduce(0) { $0 + ($1.elements ?? []).reduce(0) { $0 + ($1.bytes?.count ?? 0) } })
      guard !due.isEmpty else { break }
      count += 1
      if count == loseAt {
        due = []
        round.reconnect()
        continue
      }
      switch try round.receive(due.removeFirst()) {
      case .key(let key):
        let name = String(decoding: key.name, as: UTF8.self)
        result.keys[name] = key.expiry ?? -1
        result.order.append(name)
      case .refused(let name, let error): result.refused[String(decoding: name, as: UTF8.self)] = error
      case .unreadable(let name, let error): result.unreadable[String(decoding: name, as: UTF8.self)] = error
      case nil: break
      }
    }
    #expect(round.isComplete)
    #expect(round.takeCommands() == nil)
    return result
  }

  private let redis7 = ServerVersion(.redis, 7, 0)
  private let redis6 = ServerVersion(.redis, 6, 2)

  private func server(_ count: Int, perPage: Int = 10) -> Server {
    let server = Server()
    let names = (0..<count).map { "k\($0)" }
    for (index, name) in names.enumerated() {
      server.keys[name] = (Self.dump, index % 2 == 0 ? -1 : 1_700_000_100_000 + Int64(index))
    }
    server.pages = stride(from: 0, to: max(count, 1), by: perPage).map { Array(names[$0..<min($0 + perPage, count)]) }
    return server
  }

  @Test("Each key comes with its value and its exact expiry, from old and new servers")
  func whole() throws {
    for version in [redis7, redis6, ServerVersion(.valkey, 7, 2)] {
      let server = server(95)
      var round = ScanRound(from: version)
      let result = try run(&round, server)
      #expect(result.keys == server.keys.mapValues(\.expiry))
      #expect(round.keyCount == 95)
      #expect(round.inexactCount == 0)
      #expect(server.received.contains("PTTL k1") == (version == redis6))
    }
  }

  @Test("An empty database is one SCAN")
  func empty() throws {
    let server = server(0)
    var round = ScanRound(from: redis7)
    #expect(try run(&round, server).keys.isEmpty)
    #expect(server.received == ["SCAN 0 COUNT 512"])
  }

  @Test("A key between two milliseconds is read again until its expiry is exact")
  func betweenMilliseconds() throws {
    let server = server(20)
    // Every second pair of times is in two milliseconds.
    server.step = 300
    var round = ScanRound(from: redis6)
    let result = try run(&round, server)
    #expect(result.keys == server.keys.mapValues(\.expiry))
    #expect(round.inexactCount == 0)
    #expect(server.received.count { $0 == "PTTL k1" } >= 1)
  }

  @Test("A server that is too slow for an exact expiry gives the later time, counted")
  func slow() throws {
    let server = server(2)
    server.step = 5000
    var round = ScanRound(from: redis6)
    let result = try run(&round, server)
    let expiry = try #require(result.keys["k1"])
    #expect((0...5).contains(expiry - server.keys["k1"]!.expiry))
    #expect(round.inexactCount == 1)
    #expect(server.received.count { $0 == "PTTL k1" } == 16)
    #expect(server.received.count { $0 == "PTTL k0" } == 1)
  }

  @Test("A key that is gone is counted, and one that SCAN repeats comes twice")
  func goneAndRepeated() throws {
    let server = server(3)
    server.pages = [["k0", "gone"], ["k1", "k0"], ["k2", "gone"]]
    for version in [redis7, redis6] {
      var round = ScanRound(from: version)
      let result = try run(&round, server)
      #expect(result.order.sorted() == ["k0", "k0", "k1", "k2"])
      #expect(round.vanishedCount == 2)
      #expect(round.keyCount == 4)
    }
  }

  @Test("A refused key is told with the words of the server, and the others come")
  func refused() throws {
    let server = server(3)
    server.refused["k1"] = "NOPERM No permissions to access a key"
    var round = ScanRound(from: redis7)
    let result = try run(&round, server)
    #expect(result.refused.mapValues(\.kind) == ["k1": .noPermission])
    #expect(result.keys.keys.sorted() == ["k0", "k2"])
  }

  @Test("A value whose checksum is wrong is told as unreadable")
  func damaged() throws {
    let server = server(2)
    server.keys["k0"]!.dump[2] ^= 1
    var round = ScanRound(from: redis7)
    let result = try run(&round, server)
    #expect(result.unreadable.mapValues(\.code) == ["k0": .checksumMismatch])
    #expect(result.keys.keys.sorted() == ["k1"])
  }

  @Test("Refused SCAN or MULTI ends the round by the name of the command", arguments: ["SCAN", "MULTI"])
  func refusedCommand(_ command: String) {
    let server = server(2)
    server.refused[command] = "NOPERM no permissions"
    var round = ScanRound(from: redis7)
    let error = #expect(throws: ScanRound.Failure.self) { try run(&round, server) }
    #expect(error == .refused(command: command, ServerError(Array("NOPERM no permissions".utf8))))
  }

  @Test("A lost connection loses no key, whatever reply was due")
  func reconnecting() throws {
    let server = server(25)
    for loss in 1...130 {
      var round = ScanRound(from: redis7)
      let result = try run(&round, server, loseAt: loss)
      #expect(result.keys == server.keys.mapValues(\.expiry), "lost at \(loss)")
    }
  }

  @Test("A key that is asked for again comes again")
  func retry() throws {
    let server = server(1)
    var round = ScanRound(from: redis7)
    round.retry(Array("k0".utf8))
    #expect(try run(&round, server).order == ["k0", "k0"])
  }

  @Test("Few large values are due at a time, and many small ones")
  func window() throws {
    let server = server(2000, perPage: 500)
    var round = ScanRound(from: redis7)
    let small = try run(&round, server)
    #expect(small.mostDue > 500)
    // At most 256 keys of 4 commands, the sizes of as many, and a SCAN.
    #expect(small.mostDue <= 256 * 5 + 1)
    var limits = ScanRound.Limits()
    limits.byteCount = 2 * (Self.dump.count + 50)
    round = ScanRound(from: redis7, limits: limits)
    #expect(try run(&round, server).mostDueBytes <= 2 * Self.dump.count + 512 * 5)
    server.refused["MEMORY"] = "NOPERM this user has no permissions to run the 'memory' command"
    round = ScanRound(from: redis7)
    let unsized = try run(&round, server)
    #expect(unsized.keys.count == 2000)
    #expect(unsized.mostDue <= 16 * 4 + 256 + 1)
  }

  @Test("Many small values before large ones do not make many large ones due")
  func largeAfterSmall() throws {
    let server = server(1500, perPage: 500)
    // A string of 64 KiB; a checksum of zero means none.
    let large: [UInt8] =
      [0, 0x80, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65536) + [10, 0] + [UInt8](repeating: 0, count: 8)
    for index in 1000..<1500 { server.keys["k\(index)"]?.dump = large }
    for isSized in [true, false] {
      if !isSized { server.refused["MEMORY"] = "ERR unknown command 'MEMORY'" }
      var limits = ScanRound.Limits()
      limits.byteCount = 16 * large.count
      var round = ScanRound(from: redis7, limits: limits)
      let result = try run(&round, server)
      #expect(result.keys.count == 1500)
      #expect(result.mostDueBytes <= 17 * large.count)
    }
  }

  @Test("A reply that no server sends ends the round")
  func unexpected() {
    let wrong: [RESPValue] = [
      .integer(1), .array([Self.bulk("1")]), .array([Self.bulk("x"), .array([])]), .array([Self.bulk(""), .array([])]),
      .array([Self.bulk("1"), .integer(1)]), .array([Self.bulk("1"), .array([.integer(1)])]),
      .array([Self.bulk("123456789012345678901"), .array([])]), .null,
    ]
    for reply in wrong {
      var round = ScanRound(from: redis7)
      _ = round.takeCommands()
      #expect(throws: ScanRound.Failure.unexpectedReply(command: "SCAN")) { _ = try round.receive(reply) }
    }
    var round = ScanRound(from: redis7)
    #expect(throws: ScanRound.Failure.unexpectedReply(command: "")) { _ = try round.receive(.integer(1)) }
  }

  @Test("A cursor that does not move ends the round")
  func loop() throws {
    var round = ScanRound(from: redis7)
    let reply = RESPValue.array([Self.bulk("7"), .array([])])
    _ = round.takeCommands()
    _ = try round.receive(reply)
    _ = round.takeCommands()
    #expect(throws: ScanRound.Failure.unexpectedReply(command: "SCAN")) { _ = try round.receive(reply) }
  }

  @Test("Replies to a transaction that no server sends end the round")
  func unexpectedTransaction() throws {
    let ok = RESPValue.simple(Array("OK".utf8))
    let queued = RESPValue.simple(Array("QUEUED".utf8))
    let rows: [([RESPValue], String)] = [
      ([.integer(1)], "MULTI"), ([ok, ok], "DUMP"), ([ok, queued, queued, .null], "EXEC"),
      ([ok, queued, queued, .array([.integer(1)])], "EXEC"),
      ([ok, queued, queued, .array([Self.bulk("x"), .bulk(Self.dump)])], "EXEC"),
      ([ok, queued, queued, .array([.integer(-3), .bulk(Self.dump)])], "EXEC"),
      ([ok, queued, queued, .array([.integer(1), .integer(1)])], "EXEC"),
    ]
    for (replies, command) in rows {
      var round = ScanRound(from: redis7)
      _ = round.takeCommands()
      _ = try round.receive(.array([Self.bulk("0"), .array([Self.bulk("k")])]))
      _ = round.takeCommands()
      _ = try round.receive(.integer(60))
      _ = round.takeCommands()
      #expect(throws: ScanRound.Failure.unexpectedReply(command: command)) {
        for reply in replies { _ = try round.receive(reply) }
      }
    }
  }
}
