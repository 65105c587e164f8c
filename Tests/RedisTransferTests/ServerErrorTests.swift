import RedisTransfer
import Testing

@Suite("Errors of servers")
struct ServerErrorTests {
  static let rows: [(words: String, kind: ServerError.Kind, remedy: ServerError.Remedy)] = [
    ("NOAUTH Authentication required.", .authenticationRequired, .changingCredentials),
    ("WRONGPASS invalid username-password pair or user is disabled.", .wrongPassword, .changingCredentials),
    ("ERR invalid password", .wrongPassword, .changingCredentials),
    ("ERR Client sent AUTH, but no password is set", .passwordNotConfigured, .changingCredentials),
    (
      "ERR AUTH <password> called without any password configured for the default user. Are you sure?",
      .passwordNotConfigured, .changingCredentials
    ),
    ("NOPERM this user has no permissions to run the 'set' command", .noPermission, .changingCredentials),
    ("NOPROTO unsupported protocol version", .unsupportedProtocol, .none),
    ("LOADING Redis is loading the dataset in memory", .loading, .waiting),
    ("READONLY You can't write against a read only replica.", .readOnly, .findingMaster),
    ("MOVED 3999 127.0.0.1:6381", .moved(slot: 3999, host: "127.0.0.1", port: 6381), .redirecting),
    ("MOVED 16383 ::1:6381", .moved(slot: 16383, host: "::1", port: 6381), .redirecting),
    ("MOVED 0 :6381", .moved(slot: 0, host: nil, port: 6381), .redirecting),
    ("ASK 1 node-1.local:1", .ask(slot: 1, host: "node-1.local", port: 1), .redirecting),
    ("MOVED 16384 h:1", .unknown, .none),
    ("MOVED 1 ?:1", .unknown, .none),
    ("MOVED 1 h:0", .unknown, .none),
    ("MOVED 1 h:65536", .unknown, .none),
    ("MOVED 1 h", .unknown, .none),
    ("MOVED -1 h:1", .unknown, .none),
    ("MOVED", .unknown, .none),
    ("TRYAGAIN Multiple keys request during rehashing of slot", .tryAgain, .waiting),
    ("CLUSTERDOWN Hash slot not served", .clusterDown, .waiting),
    ("CROSSSLOT Keys in request don't hash to the same slot", .crossSlot, .none),
    ("MASTERDOWN Link with MASTER is down", .masterDown, .waiting),
    ("NOMASTERLINK Can't SYNC while not connected with my master", .masterDown, .waiting),
    ("ERR Can't SYNC while not connected with my master", .masterDown, .waiting),
    ("BUSY Redis is busy running a script.", .busyScript, .waiting),
    ("BUSYKEY Target key name already exists.", .keyExists, .none),
    ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory, .repairingServer),
    ("MISCONF Redis is configured to save RDB snapshots", .cannotSave, .repairingServer),
    ("NOREPLICAS Not enough good replicas to write.", .notEnoughReplicas, .waiting),
    ("WRONGTYPE Operation against a key", .wrongType, .none),
    ("EXECABORT Transaction discarded because of previous errors.", .transactionDiscarded, .none),
    ("ERR DUMP payload version or checksum are wrong", .payloadRefused, .none),
    ("ERR Bad data format", .payloadRefused, .none),
    ("ERR max number of clients reached", .tooManyClients, .waiting),
    ("DENIED Redis is running in protected mode because", .protectedMode, .repairingServer),
    ("ERR unknown command 'HELLO'", .unknownCommand, .none),
    ("ERR Unknown subcommand or wrong number of arguments for 'X'", .unknownCommand, .none),
    ("ERR syntax error", .unknown, .none),
    ("ERR", .unknown, .none),
    ("", .unknown, .none),
    ("LOADINGX", .unknown, .none),
  ]

  @Test("Have a kind and a remedy, and keep the words of the server")
  func kinds() {
    for row in Self.rows {
      let error = ServerError(Array(row.words.utf8))
      #expect(error.kind == row.kind, "\(row.words)")
      #expect(error.remedy == row.remedy, "\(row.words)")
      #expect(error.words == Array(row.words.utf8))
      #expect(error.withoutArguments() == error)
    }
  }

  @Test("Are safe for a terminal and short, whatever bytes the server sends")
  func description() {
    #expect(ServerError([27, 0x5B, 0xFF, 10]).description == #"the server answered "\x1b[\xff\n""#)
    #expect(ServerError([UInt8](repeating: 65, count: 100_000)).description.utf8.count < 600)
  }

  @Test("Leave out the arguments that a server repeats after an unknown command")
  func arguments() {
    let error = ServerError(Array("ERR unknown command `X`, with args beginning with: `s3cret`, ".utf8))
    #expect(error.withoutArguments().words == Array("ERR unknown command `X`".utf8))
  }
}
