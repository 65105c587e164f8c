import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import RESP
import TestSupport
import Testing

@Suite("A RESP sink")
struct RESPCommandTextTests {
  // MARK: Strings

  static let strings: [(target: String, expiry: Int64?, existing: RESPOptions.Existing, lines: [String])] = [
    ("7.0", nil, .merge, ["SELECT 0", "SET k v"]),
    ("7.0", nil, .replace, ["SELECT 0", "SET k v"]),
    ("7.0", nil, .keep, ["SELECT 0", "SET k v NX"]),
    ("2.6", nil, .keep, ["SELECT 0", "SETNX k v"]),
    ("6.2", 4_102_444_800_001, .merge, ["SELECT 0", "SET k v PXAT 4102444800001"]),
    ("valkey-8.0", 4_102_444_800_001, .merge, ["SELECT 0", "SET k v PXAT 4102444800001"]),
    ("6.2", 4_102_444_800_001, .keep, ["SELECT 0", "SET k v NX PXAT 4102444800001"]),
    ("6.0", 4_102_444_800_001, .merge, ["SELECT 0", "SET k v", "PEXPIREAT k 4102444800001"]),
    ("2.4", 4_102_444_800_001, .merge, ["SELECT 0", "SET k v", "EXPIREAT k 4102444801"]),
    ("2.4", 4_102_444_800_000, .merge, ["SELECT 0", "SET k v", "EXPIREAT k 4102444800"]),
    ("7.0", 0, .merge, ["SELECT 0", "SET k v", "PEXPIREAT k 0"]),
    ("7.0", -1, .merge, ["SELECT 0", "SET k v"]),
    ("7.0", -2, .replace, ["SELECT 0", "SET k v", "PEXPIREAT k -2"]),
    (
      "7.0", -2, .keep,
      [
        "SELECT 0", "UNLINK k:swift-rdb-nx:T", "SET k:swift-rdb-nx:T v",
        "PEXPIREAT k:swift-rdb-nx:T -2", "RENAMENX k:swift-rdb-nx:T k", "UNLINK k:swift-rdb-nx:T",
      ]
    ),
    (
      "3.0", 4_102_444_800_001, .keep,
      [
        "SELECT 0", "DEL k:swift-rdb-nx:T", "SET k:swift-rdb-nx:T v",
        "PEXPIREAT k:swift-rdb-nx:T 4102444800001", "RENAMENX k:swift-rdb-nx:T k",
        "DEL k:swift-rdb-nx:T",
      ]
    ),
  ]

  /// Shortens the temporary name of the key `k`.
  static func generic(_ lines: [String]) -> [String] {
    let name = String(decoding: TemporaryName.of(Array("k".utf8)), as: UTF8.self)
    return lines.map { line in
      line.split(separator: name, omittingEmptySubsequences: false).joined(separator: "k:swift-rdb-nx:T")
    }
  }

  @Test("Writes a string with one command")
  func string() {
    for row in Self.strings {
      let expiry = row.expiry.map { Bytes.expiry($0) } ?? []
      let converted = convert(
        Bytes.snapshot("REDIS0009", expiry, Bytes.text("k", "v")), target: row.target
      ) { $0.existing = row.existing }
      #expect(Self.generic(converted.lines) == row.lines, "\(row)")
      #expect(converted.losses.isEmpty)
      #expect(converted.summary.ledger.keysWritten == 1)
    }
  }

  @Test("Writes a string with RESTORE if SET needs a second command")
  func restoredString() {
    let converted = convert(
      Bytes.snapshot("REDIS0009", Bytes.expiry(4_102_444_800_001), Bytes.text("k", "v")), target: "6.0"
    ) { $0.existing = .keep }
    #expect(converted.lines.count == 2)
    #expect(converted.lines[1].hasPrefix("RESTORE k 4102444800001 \"\\x00\\x01v\\x06\\x00"))
    #expect(converted.lines[1].hasSuffix("ABSTTL"))
  }

  // MARK: Collections

  @Test("Writes collections in batches")
  func batches() {
    let elements = ["a", "b", "c", "d", "e"]
    let bytes = Bytes.snapshot("REDIS0009", Bytes.list("k", elements))
    func lines(_ count: Int, _ byteCount: Int = 1 << 20, target: String = "7.0") -> [String] {
      convert(bytes, target: target) { ($0.commandElementCount, $0.commandByteCount) = (count, byteCount) }.lines
    }
    #expect(lines(500) == ["SELECT 0", "RPUSH k a b c d e"])
    #expect(lines(2) == ["SELECT 0", "RPUSH k a b", "RPUSH k c d", "RPUSH k e"])
    #expect(lines(5) == ["SELECT 0", "RPUSH k a b c d e"])
    #expect(lines(500, 1) == ["SELECT 0"] + elements.map { "RPUSH k \($0)" })
    #expect(lines(500, target: "2.2") == ["SELECT 0"] + elements.map { "RPUSH k \($0)" })
    let hash = Bytes.snapshot("REDIS0009", Bytes.hash("k", [("f", "1"), ("g", "2")]))
    #expect(convert(hash, target: "4.0").lines == ["SELECT 0", "HSET k f 1 g 2"])
    #expect(convert(hash, target: "3.2").lines == ["SELECT 0", "HMSET k f 1 g 2"])
    #expect(convert(hash, target: "valkey-8.0").lines == ["SELECT 0", "HSET k f 1 g 2"])
  }

  @Test("Writes an element too long for a batch alone and in order")
  func longElements() {
    let long = String(repeating: "x", count: 5000)
    let bytes = Bytes.snapshot("REDIS0009", Bytes.list("k", ["a", long, "b", "c"]))
    #expect(
      convert(bytes, target: "7.0").lines
        == ["SELECT 0", "RPUSH k a", "RPUSH k \(long)", "RPUSH k b c"])
    let key = String(repeating: "k", count: 100_000)
    let longKey = Bytes.snapshot("REDIS0009", Bytes.list(key, ["a", "b"]))
    #expect(
      convert(longKey, target: "7.0").lines == ["SELECT 0", "RPUSH \(key) a", "RPUSH \(key) b"])
  }

  @Test("Writes the same batches through windows of any size")
  func largeBatches() throws {
    // More than the buffer in one key, and batches of close to a mebibyte.
    let elements = (0..<3000).map { "\($0)" + String(repeating: "y", count: 1000) }
    let bytes = Bytes.snapshot("REDIS0009", Bytes.text("a", "b"), Bytes.list("k", elements))
    let one = convert(bytes, target: "7.0") { $0.commandElementCount = 100_000 }
    #expect(one.error == nil)
    let commands = try RESPFileCheckTests.split(one.bytes)
    #expect(commands.count == 5)
    #expect(commands.dropFirst(2).allSatisfy { $0.count <= 1 << 20 })
    #expect(commands[2].count > 1_000_000)
    let found = commands.dropFirst(2).map { RESPFileCheckTests.arguments($0).dropFirst(2) }.joined()
    #expect(found.elementsEqual(elements.map { Array($0.utf8) }))
    for threads in [2, 3] {
      #expect(convert(bytes, target: "7.0", threads: threads, window: 64) { $0.commandElementCount = 100_000 } == one)
    }
  }

  // MARK: What stands before

  static let existing: [(target: String, existing: RESPOptions.Existing, lines: [String])] = [
    ("7.0", .merge, ["SELECT 0", "RPUSH k a", "PEXPIREAT k 4102444800001"]),
    ("7.0", .replace, ["SELECT 0", "UNLINK k", "RPUSH k a", "PEXPIREAT k 4102444800001"]),
    ("3.2", .replace, ["SELECT 0", "DEL k", "RPUSH k a", "PEXPIREAT k 4102444800001"]),
    (
      "3.2", .keep,
      [
        "SELECT 0", "DEL k:swift-rdb-nx:T", "RPUSH k:swift-rdb-nx:T a",
        "PEXPIREAT k:swift-rdb-nx:T 4102444800001", "RENAMENX k:swift-rdb-nx:T k",
        "DEL k:swift-rdb-nx:T",
      ]
    ),
  ]

  @Test("Writes the commands required before and after the value")
  func existing() {
    let bytes = Bytes.snapshot("REDIS0009", Bytes.expiry(4_102_444_800_001), Bytes.list("k", ["a"]))
    for row in Self.existing {
      let lines = convert(bytes, target: row.target) { $0.existing = row.existing }.lines
      #expect(Self.generic(lines) == row.lines, "\(row)")
    }
    let kept = convert(bytes, target: "7.0") { $0.existing = .keep }.lines
    #expect(kept.count == 2)
    #expect(kept[1].hasPrefix("RESTORE k 4102444800001 ") && kept[1].hasSuffix(" ABSTTL"))
  }

  // MARK: Fields that expire

  static let fields: [(target: String, lines: [String], losses: [String])] = [
    (
      "valkey-9.0",
      [
        "SELECT 0", "HSET k a 1 b 2 c 3 d 4", "HPEXPIREAT k 4102444800001 FIELDS 2 b d",
        "HPEXPIREAT k 4611686018427387904 FIELDS 1 c",
      ], []
    ),
    (
      "7.4",
      ["SELECT 0", "HSET k a 1 b 2 c 3 d 4", "HPEXPIREAT k 4102444800001 FIELDS 2 b d"],
      ["expiry: Redis takes no expiry of a hash field above 2^46-1 ms ×1"]
    ),
    (
      "7.2", ["SELECT 0", "HSET k a 1 b 2 c 3 d 4"],
      ["expiry: expiries of hash fields need Redis 7.4 or Valkey 9.0 ×3"]
    ),
    (
      "valkey-8.0", ["SELECT 0", "HSET k a 1 b 2 c 3 d 4"],
      ["expiry: expiries of hash fields need Redis 7.4 or Valkey 9.0 ×3"]
    ),
  ]

  @Test("Writes expiries of hash fields, or lists them as lost")
  func fieldExpiries() {
    let bytes = Bytes.snapshot(
      "VALKEY080",
      Bytes.hash2(
        "k",
        [("a", "1", -1), ("b", "2", 4_102_444_800_001), ("c", "3", 1 << 62), ("d", "4", 4_102_444_800_001)]))
    for row in Self.fields {
      for restore in RESPOptions.Restore.allCases where row.target != "valkey-9.0" || restore == .never {
        let converted = convert(bytes, target: row.target) { $0.restore = restore }
        #expect(converted.lines == row.lines, "\(row.target)")
        #expect(converted.losses == row.losses, "\(row.target)")
      }
    }
  }

  @Test("Sets the expiries of a batch before the next batch")
  func fieldExpiryBatches() {
    let bytes = Bytes.snapshot(
      "VALKEY080",
      Bytes.hash2(
        "k",
        [("a", "1", 5_000_000_000_000), ("b", "2", 0), ("c", String(repeating: "z", count: 4096), 6_000_000_000_000)]))
    let lines = convert(bytes, target: "valkey-9.0") { $0.commandElementCount = 1 }.lines
    #expect(
      lines == [
        "SELECT 0", "HSET k a 1", "HPEXPIREAT k 5000000000000 FIELDS 1 a", "HSET k b 2",
        "HPEXPIREAT k 1 FIELDS 1 b", "HSET k c \(String(repeating: "z", count: 4096))",
        "HPEXPIREAT k 6000000000000 FIELDS 1 c",
      ])
  }

  // MARK: Databases

  @Test("Selects the database of each key")
  func databases() {
    let bytes = Bytes.snapshot(
      "REDIS0009", Bytes.text("a", "1"), Bytes.database(3), Bytes.text("b", "2"), Bytes.text("c", "3"),
      Bytes.database(0), Bytes.text("d", "4"))
    #expect(
      convert(bytes, target: "7.0").lines
        == ["SELECT 0", "SET a 1", "SELECT 3", "SET b 2", "SET c 3", "SELECT 0", "SET d 4"])
    #expect(
      convert(bytes, target: "7.0") { $0.databaseMap = [0: 5, 3: 5] }.lines
        == ["SELECT 5", "SET a 1", "SET b 2", "SET c 3", "SET d 4"])
    #expect(
      convert(bytes, target: "7.0") { ($0.singleDatabase, $0.existing) = (true, .replace) }.lines
        == ["SELECT 0", "SET a 1", "SET b 2", "SET c 3", "SET d 4"])
  }

  @Test("Rejects a key of a database that the server lacks, with any number of threads")
  func databaseTooHigh() {
    let bytes = Bytes.snapshot(
      "REDIS0009", Bytes.text("a", "1"), Bytes.database(16), Bytes.text("b", "2"))
    for threads in [1, 2, 7] {
      let converted = convert(bytes, target: "7.0", threads: threads) { $0.databaseCount = 16 }
      #expect(converted.error?.contains("refused") == true)
      #expect(converted.error?.contains("`databaseMap`") == true)
      #expect(converted.error?.contains("`databaseCount`") == true)
      #expect(!converted.lines.contains { $0.contains("SELECT 16") || $0.contains("SET b") })
      let mapped = convert(bytes, target: "7.0", threads: threads) {
        ($0.databaseCount, $0.databaseMap) = (16, [16: 1])
      }
      #expect(mapped.lines == ["SELECT 0", "SET a 1", "SELECT 1", "SET b 2"])
    }
  }

  @Test("Rejects keys of two databases for a single one, with the same error for any number of workers")
  func twoDatabases() {
    // Each key is a batch of its own. The damage after the conflict must not hide it.
    let long = String(repeating: "v", count: 700_000)
    let parts = [
      Bytes.text("a", long), Bytes.text("b", long), Bytes.database(3), Bytes.text("c", long),
      Bytes.text("d", long), [250, 1],
    ]
    let bytes = Array("REDIS0009".utf8) + parts.joined()
    var errors: Set<String> = []
    for threads in [1, 2, 3, 7] {
      let converted = convert(bytes, target: "7.0", threads: threads, window: 64) { $0.singleDatabase = true }
      errors.insert(converted.error ?? "none")
    }
    #expect(errors.count == 1)
    #expect(errors.first?.contains("databases 0 and 3") == true)
    let damaged = Array("REDIS0009".utf8) + parts[0] + parts[1] + [34] + parts[2] + parts[3]
    for threads in [1, 2, 3, 7] {
      let converted = convert(damaged, target: "7.0", threads: threads, window: 64) { $0.singleDatabase = true }
      #expect(converted.error?.contains("unknownValueType") == true)
    }
  }

  // MARK: RESTORE

  @Test("Restores the stored value with a footer that the target reads")
  func restore() throws {
    let bytes = Bytes.snapshot(
      "REDIS0009", Bytes.expiry(4_102_444_800_001) + [248, 9], Bytes.list("k", ["a", "b"]))
    let payload = [UInt8](Bytes.list("", ["a", "b"]).dropFirst(2))
    var full: [UInt8] = [1] + payload + [6, 0]
    var checksum = CRC64()
    checksum.update(full.span.bytes)
    full += Bytes.little(checksum.value)
    let converted = convert(bytes, target: "7.0") { ($0.restore, $0.existing) = (.auto, .replace) }
    let command = RESPFileCheckTests.arguments(try RESPFileCheckTests.split(converted.bytes)[1])
    #expect(
      command == [
        Array("RESTORE".utf8), Array("k".utf8), Array("4102444800001".utf8), full, Array("REPLACE".utf8),
        Array("ABSTTL".utf8), Array("IDLETIME".utf8), Array("9".utf8),
      ])
    #expect(converted.notes.isEmpty)
    let old = convert(bytes, target: "2.8") { ($0.restore, $0.existing) = (.auto, .replace) }.lines
    #expect(old.count == 4)
    #expect(old[1] == "DEL k")
    #expect(old[2].hasPrefix("RESTORE k 0 "))
    #expect(old[3] == "PEXPIREAT k 4102444800001")
  }

  @Test("Restores the value of a module as DUMP returns it, module ID included", arguments: Fixture.valid)
  func modules(_ fixture: Fixture) throws {
    var expected: [[UInt8]: Golden.Bytes] = [:]
    for row in try Golden.rows(at: fixture.goldenPath) {
      if case .module(_, let dump) = row.value, let key = row.key { expected[key] = dump }
    }
    guard !expected.isEmpty else { return }
    let bytes = fixture.bytes
    let version = try #require(Int(String(decoding: bytes[6..<9], as: UTF8.self)))
    for command in try RESPFileCheckTests.split(convert(bytes).bytes).map(RESPFileCheckTests.arguments)
    where command[0] == Array("RESTORE".utf8) {
      guard let dump = expected.removeValue(forKey: command[1]) else { continue }
      let payload = command[3]
      let own = Array(payload.dropLast(10))
      // The golden's footer has the version of the server that was asked.
      if case .all(let said) = dump {
        // The key's metadata stands in front; goldens have it not.
        let isWithMetadata = own.first == 243
        let value = isWithMetadata ? Array(own.suffix(said.count - 10)) : own
        #expect(value == Array(said.dropLast(10)), "\(printable(command[1]))")
      } else {
        #expect(dump.matches(RDBBytes.payload(own, version: version)), "\(printable(command[1]))")
      }
      let footer = Int(payload[payload.count - 10]) | Int(payload[payload.count - 9]) << 8
      #expect(footer <= version)
      #expect(payload == RDBBytes.payload(own, version: footer))
    }
    #expect(expected.isEmpty, "not restored: \(expected.keys.map { printable($0) })")
  }

  @Test("Writes elements where RESTORE is not possible")
  func restoreLimits() {
    let bytes = Bytes.snapshot("REDIS0009", Bytes.list("k", ["a", "b"]))
    #expect(convert(bytes, target: "7.0") { ($0.restore, $0.restoreLimit) = (.auto, 4) }.lines[1] == "RPUSH k a b")
    #expect(convert(bytes, target: "7.0") { ($0.restore, $0.restoreLimit) = (.auto, 5) }.lines[1].hasPrefix("RESTORE"))
    #expect(
      convert(bytes, target: "7.0") { ($0.restore, $0.restoreLimit) = (.always, 4) }.lines[1].hasPrefix("RESTORE"))
    #expect(convert(bytes, target: "2.4") { $0.restore = .always }.lines[1] == "RPUSH k a b")
  }

  // MARK: Limits of the server

  @Test("Lists data that is too long for the server as lost")
  func bulkLimit() {
    let bytes = Bytes.snapshot(
      "REDIS0009", Bytes.text("k", "0123456789x"), Bytes.text("0123456789x", "v"),
      Bytes.list("l", ["0123456789x", "b"]), Bytes.hash("h", [("f", "0123456789x")]))
    let converted = convert(bytes, target: "7.0") { $0.bulkLimit = 10 }
    #expect(converted.lines == ["SELECT 0", "RPUSH l b"])
    #expect(
      converted.losses == [
        "element: an element is longer than the bulk limit ×2",
        "key: its name is longer than the bulk limit ×1", "key: its value is longer than the bulk limit ×1",
      ])
    #expect(converted.summary.ledger.keysWritten == 1)
  }
}

extension RESPFileCheckTests {
  /// The arguments of one whole command.
  static func arguments(_ command: [UInt8]) -> [[UInt8]] {
    var reader = RESPCommandReader()
    reader.feed(command.span.bytes)
    guard (try? reader.next()) == true else { return [] }
    return (0..<reader.argumentCount).map { index in
      reader.argument(index).withUnsafeBytes { Array($0) }
    }
  }
}
