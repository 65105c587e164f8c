import RESP
import RedisTransfer
import Testing

@Suite("The window of commands in flight")
struct SendWindowTests {
  private static let ok = RESPValue.simple(Array("OK".utf8))

  private static func error(_ text: String) -> RESPValue { .error(Array(text.utf8)) }

  private func window(
    bytes: Int = 100, commands: Int = 10, onError policy: SendWindow.ErrorPolicy = .skip
  ) -> SendWindow {
    var limits = SendWindow.Limits()
    (limits.byteCount, limits.commandCount) = (bytes, commands)
    return SendWindow(limits: limits, onError: policy)
  }

  private func name(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func add(_ command: String, _ byteCount: Int, to window: inout SendWindow) -> Bool {
    window.add(command: name(command), byteCount: byteCount)
  }

  @Test("Takes commands up to its limits of bytes and commands, and again after replies")
  func backPressure() throws {
    var window = self.window(bytes: 100, commands: 3)
    window.beginKey(database: 0, name: name("k"))
    #expect(add("RPUSH", 60, to: &window))
    #expect(!window.hasRoom(for: 41))
    #expect(!add("RPUSH", 41, to: &window))
    #expect(add("RPUSH", 40, to: &window))
    #expect(window.byteCount == 100)
    _ = try window.receive(.integer(1))
    #expect(window.byteCount == 40)
    #expect(add("RPUSH", 1, to: &window))
    #expect(add("RPUSH", 1, to: &window))
    #expect(!window.hasRoom(for: 1))
    #expect(window.commandCount == 3)
  }

  @Test("Takes a command that is larger than its limit only alone")
  func largeCommand() throws {
    var window = self.window(bytes: 100)
    window.beginKey(database: 0, name: name("k"))
    #expect(add("SET", 1, to: &window))
    #expect(!add("SET", .max, to: &window))
    _ = try window.receive(Self.ok)
    #expect(add("SET", .max, to: &window))
    #expect(!window.hasRoom(for: 0))
    _ = try window.receive(Self.ok)
    #expect(window.byteCount == 0)
  }

  @Test("Takes no command before the first key")
  func noKey() {
    var window = self.window()
    #expect(!add("SET", 1, to: &window))
  }

  @Test("Counts a key when its last command is answered and no more of it follows")
  func position() throws {
    var window = self.window()
    #expect(window.lastAnsweredKey == nil)
    window.beginKey(database: 3, name: name("a"))
    #expect(add("RPUSH", 1, to: &window))
    _ = try window.receive(.integer(1))
    #expect(window.answeredKeyCount == 0)
    #expect(add("PEXPIREAT", 1, to: &window))
    window.beginKey(database: 4, name: name("b"))
    #expect(add("SET", 1, to: &window))
    #expect(window.answeredKeyCount == 0)
    _ = try window.receive(.integer(1))
    #expect(window.answeredKeyCount == 1)
    #expect(window.lastAnsweredKey == SendWindow.Key(database: 3, name: name("a")))
    _ = try window.receive(Self.ok)
    #expect(window.answeredKeyCount == 1)
    window.endKey()
    #expect(window.answeredKeyCount == 2)
    #expect(window.lastAnsweredKey == SendWindow.Key(database: 4, name: name("b")))
    window.beginKey(database: 4, name: name("without commands"))
    window.endKey()
    #expect(window.answeredKeyCount == 3)
  }

  @Test("Reports an error with database, key, command and the words of the server, and goes on")
  func skippedError() throws {
    var window = self.window()
    for key in ["a", "b", "c"] {
      window.beginKey(database: 2, name: name(key))
      #expect(add("RESTORE", 1, to: &window))
    }
    window.endKey()
    let found1 = try window.receive(Self.ok)
    #expect(found1.isEmpty)
    let failures = try window.receive(Self.error("BUSYKEY Target key name already exists."))
    #expect(failures.count == 1)
    #expect(failures.first?.key == SendWindow.Key(database: 2, name: name("b")))
    #expect(failures.first?.command == name("RESTORE"))
    #expect(failures.first?.error.kind == .keyExists)
    #expect(failures.first?.error.words == name("BUSYKEY Target key name already exists."))
    #expect(!window.isStopped)
    _ = try window.receive(Self.ok)
    #expect(window.answeredKeyCount == 3)
  }

  @Test("Stops before the key with an error if errors are not skipped, or if another attempt could succeed")
  func stoppingError() throws {
    for (policy, words) in [
      (SendWindow.ErrorPolicy.stop, "BUSYKEY exists"), (.skip, "READONLY replica"), (.skip, "OOM full"),
      (.skip, "LOADING"), (.skip, "MOVED 1 h:1"), (.skip, "NOPERM no"),
    ] {
      var window = self.window(onError: policy)
      for key in ["a", "b", "c"] {
        window.beginKey(database: 0, name: name(key))
        #expect(add("SET", 1, to: &window))
      }
      window.endKey()
      _ = try window.receive(Self.ok)
      let found2 = try window.receive(Self.error(words))
      #expect(found2.first?.key.name == name("b"))
      #expect(window.isStopped)
      #expect(!window.hasRoom(for: 1))
      let found3 = try window.receive(Self.error(words))
      #expect(found3.first?.key.name == name("c"))
      #expect(window.answeredKeyCount == 1, "\(words)")
      #expect(window.lastAnsweredKey?.name == name("a"))
    }
  }

  @Test("Finds each error in the reply to EXEC")
  func transaction() throws {
    var window = self.window()
    window.beginKey(database: 0, name: name("k"))
    for command in ["MULTI", "RPUSH", "PEXPIREAT", "EXEC"] {
      #expect(add(command, 1, to: &window))
    }
    window.endKey()
    for reply in ["OK", "QUEUED", "QUEUED"] {
      let failures = try window.receive(.simple(name(reply)))
      #expect(failures.isEmpty)
    }
    let failures = try window.receive(.array([Self.error("WRONGTYPE no list"), .integer(1), Self.error("ERR x")]))
    #expect(failures.map(\.error.kind) == [.wrongType, .unknown])
    #expect(failures.allSatisfy { $0.command == name("EXEC") && $0.key.name == name("k") })
    #expect(window.answeredKeyCount == 1)
  }

  @Test("Takes a push for no reply, and refuses a reply without a command")
  func unrequested() throws {
    var window = self.window()
    window.beginKey(database: 0, name: name("k"))
    #expect(add("SET", 1, to: &window))
    let afterPush = try window.receive(.push([Self.error("READONLY")]))
    #expect(afterPush.isEmpty)
    #expect(window.commandCount == 1)
    _ = try window.receive(Self.ok)
    #expect(throws: SendWindow.UnrequestedReply.self) { try window.receive(Self.ok) }
  }

  @Test("Agrees with a plain model over many keys, whatever the order of commands and replies")
  func model() throws {
    for seed: UInt64 in 1...20 {
      var state = seed
      func random(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
      }
      var window = self.window(bytes: 500, commands: 200)
      var inFlight: [(key: Int, size: Int)] = []
      var key = -1
      for _ in 0..<5000 {
        switch random(5) {
        case 0:
          key += 1
          window.beginKey(database: 0, name: name("\(key)"))
        case 1, 2:
          let size = random(20)
          if window.add(command: name("SET"), byteCount: size) { inFlight.append((key, size)) }
        default:
          guard !inFlight.isEmpty else { continue }
          let first = inFlight.removeFirst()
          let failures = try window.receive(Self.error("ERR x"))
          try #require(failures.map(\.key.name) == [name("\(first.key)")])
        }
        try #require(window.byteCount == inFlight.reduce(0) { $0 + $1.size })
        try #require(window.commandCount == inFlight.count)
        let answered = max(0, min(inFlight.first?.key ?? key, key))
        try #require(window.answeredKeyCount == UInt64(answered))
        try #require(window.lastAnsweredKey?.name == (answered == 0 ? nil : name("\(answered - 1)")))
      }
    }
  }
}
