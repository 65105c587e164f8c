import RESP
import RedisTransfer
import Testing

@Suite("The handshake")
struct HandshakeTests {
  /// Returns the commands of a handshake that gets `replies`, and its end.
  private func run(
    _ credentials: (user: String?, password: String)? = nil, database: Int32 = 0, prefersRESP3: Bool = true,
    _ replies: [String]
  ) throws -> (commands: [String], handshake: Handshake, failure: Handshake.Failure?) {
    var handshake = Handshake(
      credentials: credentials.map { given in
        Credentials(user: given.user.map { Array($0.utf8) }, password: Secret(given.password.utf8))
      }, clientName: "rdb", database: database, prefersRESP3: prefersRESP3)
    var commands: [String] = []
    var rest = replies[...]
    while let command = handshake.command {
      commands.append(command.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
      guard let text = rest.popFirst() else { break }
      var decoder = RESPDecoder()
      decoder.feed(text.utf8)
      let reply = try #require(try decoder.next())
      do throws(Handshake.Failure) { try handshake.receive(reply) } catch { return (commands, handshake, error) }
    }
    #expect(rest.isEmpty)
    return (commands, handshake, nil)
  }

  private static let hello3 =
    "%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.0.1\r\n$5\r\nproto\r\n:3\r\n"
  private static let unknown =
    "-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `u`, `s3cret`, \r\n"

  @Test("Needs one command at a server with RESP3, and one more for a database")
  func resp3() throws {
    let plain = try run(nil, [Self.hello3])
    #expect(plain.commands == ["HELLO 3 SETNAME rdb"])
    #expect(plain.handshake.command == nil)
    #expect(plain.handshake.protocolVersion == 3)
    #expect(plain.handshake.serverVersion == Array("7.0.1".utf8))
    let full = try run(("alice", "s3cret"), database: 5, [Self.hello3, "+OK\r\n"])
    #expect(full.commands == ["HELLO 3 AUTH alice s3cret SETNAME rdb", "SELECT 5"])
    #expect(try run((nil, "s3cret"), [Self.hello3]).commands == ["HELLO 3 AUTH default s3cret SETNAME rdb"])
  }

  @Test("Falls back to AUTH, CLIENT SETNAME and RESP2 at a server without HELLO or without RESP3")
  func fallback() throws {
    for refusal in [Self.unknown, "-NOPROTO unsupported protocol version\r\n"] {
      let run = try self.run(("alice", "s3cret"), database: 1, [refusal, "+OK\r\n", "+OK\r\n", "+OK\r\n"])
      #expect(run.failure == nil)
      #expect(run.commands.dropFirst() == ["AUTH alice s3cret", "CLIENT SETNAME rdb", "SELECT 1"])
      #expect(run.handshake.protocolVersion == 2)
    }
    for user in [nil, "default"] {
      let commands = try run((user, "s3cret"), prefersRESP3: false, ["+OK\r\n", "+OK\r\n"]).commands
      #expect(commands == ["AUTH s3cret", "CLIENT SETNAME rdb"])
    }
  }

  @Test("Goes on without a name if the user may not set one")
  func name() throws {
    let run = try self.run(nil, database: 1, prefersRESP3: false, ["-NOPERM no permission\r\n", "+OK\r\n"])
    #expect(run.failure == nil)
    #expect(run.commands == ["CLIENT SETNAME rdb", "SELECT 1"])
  }

  @Test("Ends at a refusal with the name of the command and the kind of the error")
  func refusals() throws {
    let rows: [(replies: [String], command: String, kind: ServerError.Kind)] = [
      (["-WRONGPASS invalid username-password pair\r\n"], "HELLO", .wrongPassword),
      (["-LOADING Redis is loading\r\n"], "HELLO", .loading),
      ([Self.unknown, "-ERR invalid password\r\n"], "AUTH", .wrongPassword),
      ([Self.unknown, "-ERR Client sent AUTH, but no password is set\r\n"], "AUTH", .passwordNotConfigured),
      ([Self.hello3, "-ERR DB index is out of range\r\n"], "SELECT", .unknown),
      ([Self.unknown, "+OK\r\n", "+OK\r\n", "-NOPERM no\r\n"], "SELECT", .noPermission),
    ]
    for row in rows {
      let failure = try run(("u", "s3cret"), database: 1, row.replies).failure
      guard case .refused(let command, let error) = failure else {
        Issue.record("\(row.replies)")
        continue
      }
      #expect(command == row.command)
      #expect(error.kind == row.kind)
    }
  }

  @Test("Shows the password neither in an error that repeats it nor in its own dump")
  func secrets() throws {
    let replies = [
      "-ERR s3cret is no syntax\r\n", "-WRONGPASS AUTH u s3cret\r\n", "!10\r\nERR s3cret\r\n",
    ]
    for reply in replies {
      let run = try self.run(("u", "s3cret"), [reply])
      var text = "\(run.failure as Any)"
      dump(run.handshake, to: &text)
      if case .refused(_, let error) = run.failure { text += error.description } else { Issue.record("\(reply)") }
      #expect(!text.contains("s3cret"))
    }
    let auth = try run(("u", "s3cret"), [Self.unknown, Self.unknown.replacing("HELLO", with: "AUTH")])
    guard case .refused("AUTH", let error) = auth.failure else {
      Issue.record("not refused")
      return
    }
    #expect(!error.description.contains("s3cret"))
  }

  @Test("Refuses replies that no server sends")
  func unexpected() throws {
    for reply in ["+OK\r\n", "*0\r\n", ":3\r\n", "%1\r\n+proto\r\n:2\r\n", "%1\r\n*0\r\n:3\r\n", "_\r\n"] {
      #expect(try run(nil, [reply]).failure == .unexpectedReply(command: "HELLO"), "\(reply)")
    }
    #expect(try run(nil, database: 1, [Self.hello3, ":1\r\n"]).failure == .unexpectedReply(command: "SELECT"))
  }
}
