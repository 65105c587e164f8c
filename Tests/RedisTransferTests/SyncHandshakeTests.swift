import RedisTransfer
import Testing

@Suite("The handshake of a synchronisation")
struct SyncHandshakeTests {
  static let identifier = String(repeating: "4d17ed4854", count: 4)
  private let position = ReplicationPosition(identifier: Array(identifier.utf8), offset: 71)

  /// Answers each command with the next of `replies`. Returns the commands as text, and the bytes after the last reply.
  private func run(_ handshake: inout SyncHandshake, _ replies: [String], pieces: Int = .max)
    throws(SyncHandshake.Failure) -> (commands: [String], rest: String)
  {
    var commands: [String] = []
    var rest: [UInt8] = []
    for reply in replies {
      guard let command = handshake.takeCommand() else { break }
      commands.append(command.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
      #expect(handshake.takeCommand() == nil)
      rest = Array(reply.utf8)
      while !rest.isEmpty {
        let chunk = Array(rest.prefix(pieces))
        let count = try handshake.receive(chunk.span.bytes)
        rest.removeFirst(count)
        if count < chunk.count { break }
      }
    }
    return (commands, String(decoding: rest, as: UTF8.self))
  }

  @Test("A snapshot alone is asked for with rdb-only, without a listening port, and begins after the reply")
  func snapshot() throws {
    for pieces in [1, 3, .max] {
      var handshake = SyncHandshake(.snapshot)
      let reply = "\n\n+FULLRESYNC \(Self.identifier) 71\r\n\n$5\r\n"
      let (commands, rest) = try run(&handshake, ["+OK\r\n", "+OK\r\n", "+OK\r\n", reply], pieces: pieces)
      #expect(
        commands == [
          "REPLCONF version 9.1.0", "REPLCONF capa eof capa psync2", "REPLCONF rdb-only 1", "PSYNC ? -1",
        ])
      #expect(handshake.outcome == .snapshot(position))
      #expect(handshake.closesAfterSnapshot)
      #expect(rest == "\n$5\r\n")
      #expect(handshake.takeCommand() == nil)
      #expect(try handshake.receive([36, 53].span.bytes) == 0)
    }
  }

  @Test("Options that a server does not know are left out")
  func oldServer() throws {
    var handshake = SyncHandshake(.snapshot)
    let unknown = "-ERR Unrecognized REPLCONF option: version\r\n"
    let replies = [unknown, "+OK\r\n", unknown, "+FULLRESYNC \(Self.identifier) 0\r\n"]
    _ = try run(&handshake, replies)
    #expect(handshake.outcome == .snapshot(ReplicationPosition(identifier: position.identifier, offset: 0)))
    #expect(!handshake.closesAfterSnapshot)
  }

  @Test("A server without PSYNC is asked by SYNC, and the snapshot begins at once")
  func sync() throws {
    var handshake = SyncHandshake(.following)
    let unknown = "-ERR unknown command 'PSYNC'\r\n"
    let (commands, rest) = try run(&handshake, [unknown, unknown, unknown, "\n\n$186\r\nREDIS"], pieces: 4)
    #expect(commands.suffix(2) == ["PSYNC ? -1", "SYNC"])
    #expect(handshake.outcome == .snapshot(nil))
    #expect(rest == "$186\r\nREDIS")
  }

  @Test("A position is resumed at under the identifier that the server tells, or else begun anew")
  func resuming() throws {
    let new = String(repeating: "b", count: 40)
    let outcomes: [(String, SyncHandshake.Outcome)] = [
      ("+CONTINUE\r\n", .commands(position)),
      ("+CONTINUE \(new)\r\n", .commands(ReplicationPosition(identifier: Array(new.utf8), offset: 71))),
      ("+FULLRESYNC \(new) 9\r\n", .snapshot(ReplicationPosition(identifier: Array(new.utf8), offset: 9))),
    ]
    for (reply, outcome) in outcomes {
      var handshake = SyncHandshake(.resuming(position))
      let (commands, _) = try run(&handshake, ["+OK\r\n", "+OK\r\n", reply])
      #expect(commands.last == "PSYNC \(Self.identifier) 72")
      #expect(handshake.outcome == outcome)
    }
  }

  @Test(
    "A refusal names the command, the kind and the words",
    arguments: [
      ("NOMASTERLINK Can't SYNC while not connected with my master", ServerError.Kind.masterDown),
      ("ERR Can't SYNC while not connected with my master", .masterDown),
      ("NOPERM this user has no permissions to run the 'psync' command", .noPermission),
      ("LOADING Redis is loading the dataset in memory", .loading), ("ERR no", .unknown),
    ])
  func refused(_ words: String, _ kind: ServerError.Kind) {
    var handshake = SyncHandshake(.following)
    let error = #expect(throws: SyncHandshake.Failure.self) {
      try run(&handshake, ["+OK\r\n", "+OK\r\n", "-\(words)\r\n"], pieces: 5)
    }
    #expect(error == .refused(command: "PSYNC", ServerError(Array(words.utf8))))
    #expect(ServerError(Array(words.utf8)).kind == kind)
  }

  @Test("A missing permission or user is told at the first command, and a server without SYNC too")
  func refusedEarlier() {
    for words in ["NOPERM no permissions to run the 'replconf' command", "NOAUTH Authentication required."] {
      var handshake = SyncHandshake(.snapshot)
      let error = #expect(throws: SyncHandshake.Failure.self) { try run(&handshake, ["-\(words)\r\n"]) }
      #expect(error == .refused(command: "REPLCONF", ServerError(Array(words.utf8))))
    }
    var handshake = SyncHandshake(.following)
    let error = #expect(throws: SyncHandshake.Failure.self) {
      try run(&handshake, ["+OK\r\n", "+OK\r\n", "-ERR unknown command\r\n", "-ERR unknown command\r\n"])
    }
    #expect(error == .refused(command: "SYNC", ServerError(Array("ERR unknown command".utf8))))
  }

  @Test(
    "A reply that no server sends is refused",
    arguments: [
      "+FULLRESYNC abc 1\r\n", "+FULLRESYNC \(identifier)\r\n", "+FULLRESYNC \(identifier) -1\r\n",
      "+FULLRESYNC \(identifier) 1 2\r\n", "+FULLRESYNC \(identifier) 99999999999999999999\r\n", "+CONTINUE\r\n",
      "+OK\r\n", "$5\r\n", "*1\r\n", ":1\r\n", "\r\n", String(repeating: "x", count: 3000),
      String(repeating: "\n", count: 70_000),
    ])
  func unexpected(_ reply: String) {
    for pieces in [1, .max] {
      var handshake = SyncHandshake(.following)
      let error = #expect(throws: SyncHandshake.Failure.self) {
        try run(&handshake, ["+OK\r\n", "+OK\r\n", reply], pieces: pieces)
      }
      #expect(error == .unexpectedReply(command: "PSYNC"))
    }
  }

  @Test("An acknowledgement is a command with the offset")
  func acknowledgement() {
    #expect(
      String(decoding: position.acknowledgement, as: UTF8.self)
        == "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$2\r\n71\r\n")
  }
}
