import RDBConvert
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

@Suite("Units in flight")
struct SentUnitsTests {
  /// Cuts keys with their commands into units.
  private func units(
    _ keys: [(name: String, commands: [String])], database: Int = 0, limits: KeyCutter.Limits = KeyCutter.Limits()
  ) throws -> [KeyUnit] {
    var marked = RESPText.command("SELECT", "\(database)")
    for key in keys {
      marked += Array("@k".utf8) + RESPText.bulk(Array(key.name.utf8))
      for command in key.commands {
        if command == "@p" {
          marked += Array("@p$0\r\n\r\n".utf8)
        } else {
          marked += RESPText.command(command.split(separator: " ").map { Array($0.utf8) })
        }
      }
    }
    return try RedisTransferTests.units(marked, limits: limits)
  }

  private func receive(_ text: String, _ inFlight: inout SentUnits) throws -> [SentUnits.Event] {
    var decoder = RESPDecoder()
    decoder.feed(Array(text.utf8))
    let events = try inFlight.receive(from: &decoder)
    #expect(decoder.isBetweenValues)
    return events
  }

  private func failures(_ events: [SentUnits.Event]) -> [SentUnits.Failure] {
    events.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
  }

  private static let small = KeyCutter.Limits(bytes: 1, commands: 1, piece: 1 << 20)

  @Test("Has room for units up to its limits of bytes and commands, and for a larger unit only alone")
  func room() throws {
    let units = try units((0..<9).map { ("k", ["SET k \($0)"]) }, limits: Self.small)
    var limits = SentUnits.Limits()
    (limits.byteCount, limits.commandCount) = (3 * units[0].bytes.count, 100)
    var inFlight = SentUnits(limits: limits, onError: .skip)
    for unit in units[..<3] {
      #expect(inFlight.hasRoom(for: unit))
      inFlight.sent(unit)
    }
    #expect(!inFlight.hasRoom(for: units[3]))
    #expect(inFlight.byteCount == limits.byteCount)
    #expect(inFlight.commandCount == 3)
    #expect(try receive("+OK\r\n", &inFlight).isEmpty)
    #expect(inFlight.hasRoom(for: units[3]))
    #expect(inFlight.firstUnanswered == 1)
    #expect(inFlight.answeredUnitCount == 1)
    limits.commandCount = 2
    var other = SentUnits(limits: limits, onError: .skip)
    let large = try self.units([("large", ["SET a 1", "SET a 2", "SET a 3"])])[0]
    #expect(other.hasRoom(for: large))
    other.sent(large)
    #expect(!other.hasRoom(for: units[0]))
  }

  @Test("Publishes keys after the replies to their other commands, and only those whose commands all succeeded")
  func publication() throws {
    var keys: [(name: String, commands: [String])] = ["a", "b", "c"].map {
      ($0, ["RPUSH t\($0) v", "PEXPIREAT t\($0) 9", "@p", "RENAMENX t\($0) \($0)"])
    }
    keys.insert(("s", ["SET s 1"]), at: 1)
    let units = try units(keys)
    #expect(units.map(\.publishes) == [false, true])
    var inFlight = SentUnits(onError: .skip)
    inFlight.sent(units[0])
    #expect(!inFlight.hasRoom(for: units[1]))
    let events = try receive(":1\r\n:1\r\n+OK\r\n:1\r\n-ERR invalid expire time\r\n:1\r\n", &inFlight)
    #expect(failures(events).map(\.key) == [Array("b".utf8)])
    #expect(!inFlight.hasRoom(for: units[1]))
    #expect(try receive(":1\r\n", &inFlight).isEmpty)
    #expect(inFlight.hasRoom(for: units[1]))
    let sent = inFlight.sent(units[1])
    let expected = [["RENAMENX", "ta", "a"], ["DEL", "tb"], ["RENAMENX", "tc", "c"]]
    #expect(sent.bytes == expected.flatMap { RESPText.command($0.map { Array($0.utf8) }) })
    #expect(sent.commandCount == 3)
    #expect(try receive(":1\r\n:1\r\n:1\r\n", &inFlight).isEmpty)
    #expect(inFlight.isEmpty && inFlight.answeredUnitCount == 2)
  }

  @Test("Does not repeat the arguments of a command that the server does not know, which are data of users")
  func argumentsInErrors() throws {
    let units = try units([("k", ["HSET k field secret"])])
    var inFlight = SentUnits(onError: .skip)
    inFlight.sent(units[0])
    let failure = failures(
      try receive("-ERR unknown command 'HSET', with args beginning with: 'k' 'field' 'secret' \r\n", &inFlight)
    ).first
    #expect(failure?.error.words == Array("ERR unknown command 'HSET'".utf8))
    inFlight.sentSelect(1)
    let events = try receive("-ERR unknown command 'SELECT', with args beginning with: '1' \r\n", &inFlight)
    #expect(events == [.selectFailed(database: 1, ServerError(Array("ERR unknown command 'SELECT'".utf8)))])
  }

  @Test("Refuses a stream of messages that nothing asked for")
  func pushes() throws {
    let units = try units([("k", ["SET k v"])])
    var inFlight = SentUnits(onError: .skip)
    inFlight.sent(units[0])
    var decoder = RESPDecoder()
    decoder.feed(Array(String(repeating: ">1\r\n+x\r\n", count: 2000).utf8))
    #expect(throws: SentUnits.UnrequestedReply.self) { try inFlight.receive(from: &decoder) }
  }

  @Test("Has room for the rest of a command whose first part is in flight")
  func pieces() throws {
    let value = String(repeating: "v", count: 5000)
    let units = try units([("k", ["SET k \(value)"])], limits: .init(bytes: 1, commands: 1, piece: 1000))
    #expect(units.count == 6)
    var limits = SentUnits.Limits()
    limits.byteCount = 1500
    var inFlight = SentUnits(limits: limits, onError: .skip)
    for unit in units {
      #expect(inFlight.hasRoom(for: unit))
      inFlight.sent(unit)
    }
    #expect(try receive("", &inFlight).isEmpty)
    #expect(inFlight.firstUnanswered == 5)
    let failures = failures(try receive("-OOM full\r\n", &inFlight))
    #expect(failures.map(\.command) == [Array("SET".utf8)])
    #expect(failures.map(\.key) == [Array("k".utf8)])
  }

  @Test("Names database, key and command of an error at each command of a unit")
  func failureAtEachCommand() throws {
    let keys = (0..<20).map { key in ("key:\(key)", (0...key % 3).map { "COMMAND\($0) x \($0)" }) }
    let all = keys.flatMap { key in key.1.map { (key.0, String($0.prefix { $0 != " " })) } }
    for limits in [KeyCutter.Limits(), Self.small, .init(bytes: 1 << 20, commands: 2, piece: 1 << 20)] {
      let units = try units(keys, database: 7, limits: limits)
      for failing in 0..<all.count {
        var inFlight = SentUnits(onError: .skip)
        for unit in units { inFlight.sent(unit) }
        let replies = (0..<all.count).map { $0 == failing ? "-WRONGTYPE no\r\n" : $0 % 2 == 0 ? "+OK\r\n" : ":3\r\n" }
        let failures = failures(try receive(replies.joined(), &inFlight))
        try #require(failures.count == 1)
        #expect(failures[0].database == 7)
        #expect(failures[0].key == Array(all[failing].0.utf8))
        #expect(failures[0].command == Array(all[failing].1.utf8))
        #expect(failures[0].error.kind == .wrongType)
        #expect("key:\(failures[0].ordinal)" == all[failing].0)
        #expect(inFlight.answeredUnitCount == units.count)
        #expect(inFlight.byteCount == 0 && inFlight.commandCount == 0 && inFlight.isEmpty)
      }
    }
  }

  @Test(
    "Stops at an error if errors are not skipped, or if another attempt could succeed",
    arguments: [
      (SentUnits.ErrorPolicy.stop, "BUSYKEY exists"), (.skip, "READONLY replica"), (.skip, "OOM full"),
      (.skip, "LOADING"), (.skip, "MOVED 1 h:1"), (.skip, "NOPERM no"),
    ])
  func stops(_ policy: SentUnits.ErrorPolicy, _ words: String) throws {
    let units = try units(["a", "b", "c"].map { ($0, ["SET \($0) 1"]) }, limits: Self.small)
    var inFlight = SentUnits(onError: policy)
    for unit in units { inFlight.sent(unit) }
    let events = try receive("+OK\r\n-\(words)\r\n-\(words)\r\n", &inFlight)
    #expect(failures(events).map(\.key) == [Array("b".utf8)])
    #expect(inFlight.isStopped)
    #expect(inFlight.answeredUnitCount == 1)
    #expect(inFlight.firstUnanswered == 1)
    #expect(!inFlight.hasRoom(for: units[2]))
  }

  @Test("Counts the keys that the server kept, by the reply of each form")
  func keptKeys() throws {
    let units = try units([
      ("restore", ["RESTORE restore 0 x"]), ("set", ["SET set v NX"]), ("setnx", ["SETNX setnx v"]),
      ("list", ["UNLINK t", "RPUSH t v", "RENAMENX t list", "UNLINK t"]),
      ("gone", ["UNLINK t", "RPUSH t v", "PEXPIREAT t 1", "RENAMENX t gone", "UNLINK t"]),
    ])
    let kept = "-BUSYKEY Target key name already exists.\r\n$-1\r\n:0\r\n:0\r\n:1\r\n:0\r\n:1\r\n"
    let expired = ":0\r\n:1\r\n:1\r\n-ERR no such key\r\n:0\r\n"
    for isAgain in [false, true] {
      var inFlight = SentUnits(onError: .stop, countsKept: true)
      inFlight.sent(units[0], again: isAgain)
      // Keys that were perhaps sent before are compared with what the server has.
      let compared = try receive(kept + expired, &inFlight).compactMap { event in
        if case .kept(let key) = event { String(decoding: key.failure.key, as: UTF8.self) } else { nil }
      }
      #expect(compared == (isAgain ? ["restore", "set", "setnx", "list"] : []))
      #expect(inFlight.keptKeyCount == 4)
      #expect(inFlight.keptKeyCountOfSecondSending == (isAgain ? 4 : 0))
      #expect(inFlight.expiredKeyCount == 1)
    }
    var written = SentUnits(onError: .stop, countsKept: true)
    written.sent(units[0])
    #expect(try receive("+OK\r\n+OK\r\n:1\r\n:0\r\n:1\r\n:1\r\n:0\r\n:0\r\n:1\r\n:1\r\n:1\r\n:0\r\n", &written).isEmpty)
    #expect(written.keptKeyCount == 0)
    var merging = SentUnits(onError: .skip)
    merging.sent(units[0])
    #expect(failures(try receive(kept + expired, &merging)).count == 2)
    #expect(merging.keptKeyCount == 0)
  }

  @Test("Finds each error in the reply to EXEC, and counts a hash whose fields have expired as expired")
  func transactions() throws {
    let units = try units([
      ("list", ["UNLINK t", "RPUSH t v", "MULTI", "RPUSHX u x", "RENAME t list", "PEXPIREAT list 1", "EXEC"]),
      (
        "hash",
        [
          "UNLINK t", "HSET t f v", "HPEXPIREAT t 1 FIELDS 1 f", "MULTI", "RPUSHX u x", "UNLINK h", "RENAME t h",
          "EXEC",
        ]
      ),
    ])
    let list = ":0\r\n:1\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
    let hash = ":0\r\n:1\r\n*1\r\n:2\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
    var inFlight = SentUnits(onError: .skip)
    inFlight.sent(units[0])
    #expect(
      try receive(list + "*3\r\n:0\r\n+OK\r\n:1\r\n" + hash + "*3\r\n:0\r\n:1\r\n-ERR no such key\r\n", &inFlight)
        .isEmpty)
    #expect(inFlight.expiredKeyCount == 1)
    #expect(inFlight.isEmpty)
    var failing = SentUnits(onError: .skip)
    failing.sent(units[0])
    let failures = failures(
      try receive(list + "*3\r\n:0\r\n-ERR no such key\r\n-ERR x\r\n" + hash + "*3\r\n:0\r\n:1\r\n-ERR y\r\n", &failing)
    )
    #expect(failures.map { String(decoding: $0.error.words, as: UTF8.self) } == ["ERR no such key", "ERR x", "ERR y"])
    #expect(failures.map { String(decoding: $0.command, as: UTF8.self) } == ["EXEC", "EXEC", "EXEC"])
    #expect(failures.map { String(decoding: $0.key, as: UTF8.self) } == ["list", "list", "hash"])
  }

  @Test("Counts keys that the server kept by the reply to RENAMENX in a transaction")
  func keptInTransactions() throws {
    let commands = ["UNLINK t", "RPUSH t v", "RPUSH t w", "MULTI", "RPUSHX u x", "RENAMENX t k", "EXEC", "UNLINK t"]
    let units = try units([("kept", commands), ("new", commands), ("expired", commands), ("refused", commands)])
    var inFlight = SentUnits(onError: .skip, countsKept: true)
    inFlight.sent(units[0])
    let before = ":0\r\n:1\r\n:2\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:0\r\n"
    let replies = [":0", ":1", "-ERR no such key", "-ERR x"].map { before + $0 + "\r\n:0\r\n" }
    let failures = failures(try receive(replies.joined(), &inFlight))
    #expect(failures.map { String(decoding: $0.key, as: UTF8.self) } == ["refused"])
    #expect(inFlight.keptKeyCount == 1)
    #expect(inFlight.expiredKeyCount == 1)
    #expect(inFlight.isEmpty)
  }

  @Test("Sends no unit before the reply to SELECT, and reports to how many units a reply to WAIT refers")
  func selectAndWait() throws {
    let units = try units(["a", "b", "c"].map { ($0, ["SET \($0) 1"]) }, limits: Self.small)
    var inFlight = SentUnits(onError: .skip)
    inFlight.sentSelect(3)
    #expect(!inFlight.hasRoom(for: units[0]))
    #expect(try receive("+OK\r\n", &inFlight) == [.selected(3)])
    #expect(inFlight.hasRoom(for: units[0]))
    inFlight.sent(units[0])
    inFlight.sent(units[1])
    inFlight.sentWait()
    inFlight.sent(units[2])
    #expect(try receive("+OK\r\n+OK\r\n:2\r\n+OK\r\n", &inFlight) == [.replicated(replicaCount: 2, unitCount: 2)])
    #expect(inFlight.answeredUnitCount == 3)
    inFlight.sentSelect(99)
    inFlight.sentWait()
    let events = try receive("-ERR DB index is out of range\r\n-NOPERM no\r\n", &inFlight)
    #expect(events.count == 2)
    guard case .selectFailed(99, let error)? = events.first, case .waitFailed? = events.last else {
      Issue.record("\(events)")
      return
    }
    #expect(error.words.starts(with: "ERR DB".utf8))
  }

  @Test("Takes a push for no reply, and refuses a reply without a command")
  func unrequested() throws {
    let unit = try units([("k", ["SET k v"])])[0]
    var inFlight = SentUnits(onError: .skip)
    inFlight.sent(unit)
    #expect(try receive(">1\r\n-READONLY\r\n", &inFlight).isEmpty)
    #expect(inFlight.firstUnanswered == 0)
    _ = try receive("+OK\r\n", &inFlight)
    #expect(throws: SentUnits.UnrequestedReply.self) { try receive("+OK\r\n", &inFlight) }
  }

  @Test("Agrees with a plain model, whatever the order of commands and replies and the pieces of replies")
  func model() throws {
    let keys = (0..<400).map { key in ("\(key)", (0..<1 + key % 4).map { "C\($0) \(key)" }) }
    let names = keys.flatMap { key in key.1.map { "\(key.0) \($0.prefix { $0 != " " })" } }
    for seed: UInt64 in 1...20 {
      var random = SeededGenerator(seed: seed)
      let units = try units(
        keys, limits: .init(bytes: Int.random(in: 1...200, using: &random), commands: 9, piece: 1 << 20))
      var inFlight = SentUnits(onError: .skip)
      var decoder = RESPDecoder()
      var (sent, replied, expected, found): (Int, Int, [String], [String]) = (0, 0, [], [])
      var wire: [UInt8] = []
      while found.count < expected.count || sent < units.count || inFlight.firstUnanswered != nil {
        if sent < units.count, Bool.random(using: &random), inFlight.hasRoom(for: units[sent]) {
          inFlight.sent(units[sent])
          for _ in 0..<units[sent].commandCount {
            let fails = Int.random(in: 0..<10, using: &random) == 0
            wire += Array(
              (fails
                ? "-ERR \(replied)\r\n" : ["+OK\r\n", ":1\r\n", ":0\r\n", "$-1\r\n"].randomElement(using: &random)!)
                .utf8)
            if fails { expected.append(names[replied]) }
            replied += 1
          }
          sent += 1
        }
        let count = Int.random(in: 0...min(30, wire.count), using: &random)
        decoder.feed(wire[..<count])
        wire.removeFirst(count)
        for failure in failures(try inFlight.receive(from: &decoder)) {
          found.append(String(decoding: failure.key + [32] + failure.command, as: UTF8.self))
        }
      }
      #expect(found == expected, "seed \(seed)")
      #expect(inFlight.isEmpty && inFlight.byteCount == 0 && inFlight.commandCount == 0)
      #expect(inFlight.answeredUnitCount == units.count)
    }
  }
}
