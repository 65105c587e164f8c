import RDB
import RDBConvert
import RDBFormat
import RESP
import TestSupport
import Testing

@Suite("Replacing whole keys", .serialized)
struct RESPWholeReplacementTests {
  private static let future: Int64 = 4_102_444_800_001

  /// One key per form that needs several commands: its type on the server, and the rest of a snapshot of this key alone.
  private static func keys(_ kind: LiveServer.Kind) -> [(type: String, expiry: Int64, records: [UInt8])] {
    let elements = (1...20).map { "element \($0)" }
    var keys: [(String, Int64, [UInt8])] = [
      ("string", future, Bytes.expiry(future) + Bytes.text("k", "new")),
      ("list", -1, Bytes.list("k", ["one"])),
      ("list", future, Bytes.expiry(future) + Bytes.list("k", elements)),
      ("hash", -1, Bytes.hash("k", elements.map { ($0, "v") })),
      ("set", future, Bytes.expiry(future) + Bytes.key(2, "k", Bytes.length(1) + Bytes.string("m"))),
    ]
    if kind == .valkey9 {
      keys.append(("hash", -1, Bytes.hash2("k", [("f", "v", -1), ("g", "w", future)])))
      keys.append(("hash", future, Bytes.expiry(future) + Bytes.hash2("k", [("f", "v", future)])))
    }
    return keys
  }

  private static func convertWhole(_ records: [UInt8], target: String) -> Converted {
    let version = target.hasPrefix("valkey-9") ? "VALKEY080" : "REDIS0009"
    return convert(Bytes.snapshot(version, records), target: target) {
      ($0.existing, $0.replacesWhole, $0.commandElementCount) = (.replace, true, 3)
    }
  }

  private static func commands(_ bytes: [UInt8]) throws -> [[[UInt8]]] {
    var reader = RESPCommandReader()
    reader.feed(bytes.span.bytes)
    var commands: [[[UInt8]]] = []
    while try reader.next() {
      commands.append((0..<reader.argumentCount).map { index in reader.argument(index).withUnsafeBytes { Array($0) } })
    }
    return commands
  }

  @Test("Leaves the existing key as it was until the last command of the new one", arguments: LiveServer.Kind.allCases)
  func interrupted(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    for (type, expiry, records) in Self.keys(kind) {
      for target in type == "string" ? ["6.0", "3.2"] : [kind.target, "6.0"]
      where type != "hash" || target == kind.target {
        let commands = try Self.commands(Self.convertWhole(records, target: target).bytes)
        #expect(commands.count >= 4)
        for count in 0...commands.count {
          let setup = try LiveConnection(port: server.port)
          try setup.command("FLUSHALL")
          try setup.command("SET", "k", "old")
          do {
            let connection = try LiveConnection(port: server.port)
            for reply in try connection.commands(Array(commands[..<count])) { #expect(reply.errorText == nil) }
          }
          let connection = try LiveConnection(port: server.port)
          if count < commands.count {
            #expect(try connection.command("GET", "k").bytes == Array("old".utf8), "\(type), \(count) commands")
            #expect(try connection.command("PTTL", "k") == .integer(-1), "\(type), \(count) commands")
          } else {
            #expect(try connection.command("TYPE", "k").bytes == Array(type.utf8))
            #expect(try connection.command("PEXPIRETIME", "k") == .integer(expiry))
            #expect(try connection.command("DBSIZE") == .integer(1))
          }
        }
      }
    }
  }

  @Test("Leaves the existing key as it was when the memory of the server is full", arguments: LiveServer.Kind.allCases)
  func fullMemory(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    let other = try LiveConnection(port: server.port)
    var refusalCount = 0
    for (type, _, records) in Self.keys(kind) {
      let commands = try Self.commands(Self.convertWhole(records, target: type == "string" ? "6.0" : kind.target).bytes)
      let renaming = try #require(commands.firstIndex { ["MULTI", "RENAME"].map { Array($0.utf8) }.contains($0[0]) })
      for count in 0..<renaming {
        try connection.command("FLUSHALL")
        try connection.command("SET", "k", "old")
        _ = try connection.commands(Array(commands[..<count]))
        try other.command("CONFIG", "SET", "maxmemory", "1")
        let replies = try connection.commands(Array(commands[count...]))
        try other.command("CONFIG", "SET", "maxmemory", "0")
        guard replies[..<(renaming - count)].contains(where: { $0.errorText?.hasPrefix("OOM") == true }) else {
          continue
        }
        refusalCount += 1
        #expect(try connection.command("GET", "k").bytes == Array("old".utf8), "\(type), \(count) commands")
        #expect(try connection.command("PTTL", "k") == .integer(-1), "\(type), \(count) commands")
      }
      for reply in try connection.commands(commands) { #expect(reply.errorText == nil) }
      #expect(try connection.command("TYPE", "k").bytes == Array(type.utf8))
    }
    #expect(refusalCount > 10)
  }

  @Test("Makes no part of a new key visible when the memory of the server is full", arguments: LiveServer.Kind.allCases)
  func fullMemoryWithoutKey(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    let other = try LiveConnection(port: server.port)
    for (type, expiry, records) in Self.keys(kind) {
      let version = kind == .valkey9 ? "VALKEY080" : "REDIS0009"
      let converted = convert(Bytes.snapshot(version, records), target: type == "string" ? "6.0" : kind.target) {
        ($0.existing, $0.keepsWhole, $0.commandElementCount, $0.restoreLimit) = (.keep, true, 3, 0)
      }
      let commands = try Self.commands(converted.bytes)
      let renaming = try #require(commands.firstIndex { $0[0] == Array("RENAMENX".utf8) })
      for count in 0..<renaming {
        try connection.command("FLUSHALL")
        _ = try connection.commands(Array(commands[..<count]))
        try other.command("CONFIG", "SET", "maxmemory", "1")
        let replies = try connection.commands(Array(commands[count...]))
        try other.command("CONFIG", "SET", "maxmemory", "0")
        guard replies.contains(where: { $0.errorText?.hasPrefix("OOM") == true }) else { continue }
        #expect(try connection.command("EXISTS", "k") == .integer(0), "\(type), \(count) commands")
      }
      for reply in try connection.commands(commands) { #expect(reply.errorText == nil) }
      #expect(try connection.command("TYPE", "k").bytes == Array(type.utf8))
      #expect(try connection.command("PEXPIRETIME", "k") == .integer(expiry))
      #expect(try connection.command("DBSIZE") == .integer(1))
    }
  }

  @Test("Removes the existing key if the new one, or each of its fields, has expired")
  func expired() throws {
    let server = try LiveServer(.valkey9)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    let past: Int64 = 1000
    let expired = [
      Bytes.expiry(past) + Bytes.list("k", ["one"]), Bytes.expiry(past) + Bytes.text("k", "new"),
      Bytes.expiry(-past) + Bytes.text("k", "new"), Bytes.hash2("k", [("f", "v", past)]),
      Bytes.expiry(Self.future) + Bytes.hash2("k", [("f", "v", past), ("g", "v", past)]),
      Bytes.expiry(past) + Bytes.hash2("k", [("f", "v", past)]),
    ]
    for records in expired {
      try connection.command("FLUSHALL")
      try connection.command("SET", "k", "old")
      let converted = Self.convertWhole(records, target: "valkey-9.0")
      _ = try connection.commands(try Self.commands(converted.bytes))
      #expect(try connection.command("EXISTS", "k") == .integer(0), "\(converted.lines)")
      #expect(try connection.command("KEYS", "*") == .array([]), "\(converted.lines)")
    }
  }

  @Test("Uses a temporary name only for keys that need several commands")
  func names() throws {
    func lines(_ records: [UInt8], target: String, restore: RESPOptions.Restore = .never) -> [String] {
      convert(Bytes.snapshot("REDIS0009", records), target: target) {
        ($0.existing, $0.replacesWhole, $0.restore) = (.replace, true, restore)
      }.lines
    }
    let expiring = Bytes.expiry(Self.future)
    #expect(lines(Bytes.text("k", "v"), target: "2.8") == ["SELECT 0", "SET k v"])
    #expect(lines(expiring + Bytes.text("k", "v"), target: "6.2") == ["SELECT 0", "SET k v PXAT \(Self.future)"])
    let temporary = "k:swift-rdb-nx:"
    let list = lines(Bytes.list("k", ["a"]), target: "7.0")
    #expect(list.count == 4)
    #expect(list[1].hasPrefix("UNLINK \(temporary)") && list[2].hasPrefix("RPUSH \(temporary)"))
    #expect(list[3].hasPrefix("RENAME \(temporary)") && list[3].hasSuffix(" k"))
    let restored = lines(expiring + Bytes.list("k", ["a"]), target: "7.0", restore: .always)
    #expect(restored.count == 2)
    #expect(restored[1].hasPrefix("RESTORE k \(Self.future)") && restored[1].hasSuffix("REPLACE ABSTTL"))
    // RESTORE has no REPLACE before 3.0, and no ABSTTL before 5.0.
    #expect(lines(Bytes.list("k", ["a"]), target: "2.8", restore: .always).count == 4)
    let old = lines(expiring + Bytes.list("k", ["a"]), target: "4.0", restore: .always)
    #expect(
      old.map { $0.prefix { $0 != " " } } == [
        "SELECT", "UNLINK", "RESTORE", "MULTI", "RPUSHX", "RENAME", "PEXPIREAT", "EXEC",
      ])
  }

  @Test("Restores the same values as without replacing, with REPLACE before ABSTTL", arguments: Fixture.valid)
  func restores(_ fixture: Fixture) throws {
    let merged = try Self.commands(convert(fixture.bytes) { $0.restore = .always }.bytes)
    let replaced = try Self.commands(
      convert(fixture.bytes) { ($0.restore, $0.existing, $0.replacesWhole) = (.always, .replace, true) }.bytes)
    func restored(_ commands: [[[UInt8]]]) -> [[[UInt8]]] { commands.filter { $0[0] == Array("RESTORE".utf8) } }
    let (old, new) = (restored(merged), restored(replaced))
    try #require(old.count == new.count)
    for (index, command) in old.enumerated() {
      // A key with a temporary name is renamed.
      guard new[index][1] == command[1] else { continue }
      #expect(new[index] == Array(command[..<4]) + [Array("REPLACE".utf8)] + Array(command[4...]))
    }
  }
}
