import RDB
import RDBConvert
import RDBSupport
import RedisTransfer
import TestSupport
import Testing

@Suite("Units of keys")
struct KeyCutterTests {
  private static let ways: [@Sendable (inout RESPOptions) -> Void] = [
    { _ in }, { ($0.existing, $0.replacesWhole) = (.replace, true) },
    { ($0.existing, $0.commandElementCount) = (.keep, 3) },
    { ($0.existing, $0.restore, $0.scripts) = (.replace, .always, .load) },
  ]
  private static let limits: [KeyCutter.Limits] = [
    KeyCutter.Limits(), .init(bytes: 1, commands: 1, piece: 1), .init(bytes: 200, commands: 5, piece: 300),
    .init(bytes: 1 << 20, commands: 3, piece: 64),
  ]

  @Test("Have the same bytes as the commands without marks, however they are cut", arguments: Fixture.valid)
  func fixtures(_ fixture: Fixture) throws {
    let snapshot = fixture.bytes
    for way in snapshot.count < 20_000 ? Self.ways : [Self.ways[1]] {
      let plain = try commands(of: snapshot, marked: false, way)
      let marked = try commands(of: snapshot, marked: true, way)
      let expected = MarkedCommand.all(in: marked)
      for limits in plain.count < 20_000 ? Self.limits : [Self.limits[0]] {
        let units = try units(marked, limits: limits, pieces: [7, 4096])
        #expect(units.withSelects == plain)
        try check(units, expected, namesOfCommands: plain.count < 4000)
      }
    }
  }

  /// Checks the numbers, keys and commands of all units.
  private func check(_ units: [KeyUnit], _ expected: [MarkedCommand], namesOfCommands: Bool) throws {
    var (commands, ordinal): ([(key: UInt64, command: MarkedCommand)], UInt64) = ([], 0)
    for (number, unit) in units.enumerated() {
      try #require(unit.number == UInt64(number))
      try #require(!unit.bytes.isEmpty)
      try #require(unit.publishes || unit.firstOrdinal == ordinal - (unit.startsInsideKey ? 1 : 0))
      if unit.publishes { try #require(units[number - 1].endsInsideKey && !unit.endsInsideKey) }
      try #require(unit.startsInsideKey == (number > 0 && units[number - 1].endsInsideKey))
      try #require(unit.startsInsideCommand == (number > 0 && units[number - 1].endsInsideCommand))
      for key in unit.keys.suffix(unit.newKeyCount) {
        try #require(key.ordinal == ordinal)
        try #require(unit.bytes[key.byteOffset] == UInt8(ascii: "*"))
        ordinal += 1
      }
      // A key is complete when it is published.
      if !unit.endsInsideKey {
        try #require(unit.endOrdinal == ordinal)
      } else if units[number + 1].publishes {
        try #require(unit.endOrdinal == units[number + 1].firstOrdinal)
      } else {
        try #require(unit.endOrdinal < ordinal)
      }
      for command in 0..<unit.commandCount where namesOfCommands {
        let own = MarkedCommand(
          key: Array(unit.name(of: unit.key(ofCommand: command))), name: unit.commandName(command))
        commands.append((unit.key(ofCommand: command).ordinal, own))
      }
    }
    if namesOfCommands {
      let inKeyOrder = commands.inOrder(by: \.key).map(\.command)
      #expect(inKeyOrder == expected)
    }
    #expect(units.reduce(0) { $0 + $1.commandCount } == expected.count)
  }

  /// A snapshot with two databases, names with line ends, a long value, and a large key.
  private static func sample(longByteCount: Int = 300) throws -> [UInt8] {
    var snapshot = SnapshotBuilder(version: 10)
    snapshot.aux("lua", "return 1")
    snapshot.raw([245] + RDBBytes.string(Array("#!lua name=lib\nredis.register_function('f', function() end)".utf8)))
    snapshot.string("a", "SELECT")
    snapshot.string("", "")
    snapshot.select(12)
    snapshot.list("@k$1\r\nx\r\n", ["one", "two", "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n", "", "five", "six", "seven"])
    snapshot.string("expiring", "v", expiry: 4_102_444_800_000)
    snapshot.string("long", [UInt8](repeating: 13, count: longByteCount))
    snapshot.select(0)
    snapshot.hash("h", (1...9).map { ("f\($0)", "v") }, expiry: 4_102_444_800_000)
    return try commands(of: snapshot.whole, target: "7.0", marked: true) {
      ($0.scripts, $0.existing, $0.replacesWhole, $0.commandElementCount) = (.load, .replace, true, 2)
    }
  }

  @Test("Do not depend on the pieces in which the commands arrive")
  func pieces() throws {
    let marked = try Self.sample()
    for limits in Self.limits {
      let whole = try units(marked, limits: limits)
      for first in 0..<marked.count {
        try #require(try units(marked, limits: limits, pieces: [first, .max]) == whole, "cut at \(first)")
      }
      for size in [1, 2, 3, 5, 64] {
        let inPieces = try units(marked, limits: limits, pieces: [size])
        #expect(inPieces == whole)
      }
    }
  }

  @Test("End before a function library, a script and another database, and after them")
  func subjects() throws {
    let units = try units(try Self.sample())
    #expect(
      units.map { $0.keys.map(\.subject) } == [
        [.script], [.functionLibrary], [.key, .key], [.key, .key, .key], [.key], [.key], [.key],
      ])
    #expect(units.map(\.database) == [0, 0, 0, 12, 12, 0, 0])
    #expect(units.map(\.firstOrdinal) == [0, 1, 2, 4, 4, 7, 7])
    #expect(units.map(\.publishes) == [false, false, false, false, true, false, true])
    #expect(units.map(\.endOrdinal) == [1, 2, 4, 4, 7, 7, 8])
    #expect(units[1].name(of: units[1].keys[0]).elementsEqual("lib".utf8))
    #expect(units[3].name(of: units[3].keys[0]).elementsEqual("@k$1\r\nx\r\n".utf8))
  }

  @Test("End at the next key when they are full, and inside a key only if it is large itself")
  func sizes() throws {
    var snapshot = SnapshotBuilder()
    for key in 0..<10_000 { snapshot.string("key:\(key)", "value") }
    snapshot.list("large", (0..<30_000).map { "element \($0)" })
    snapshot.string("after", "v")
    let marked = try commands(of: snapshot.whole, marked: true) { $0.commandByteCount = 10_000 }
    let units = try units(marked)
    let byteCount = KeyCutter.Limits().byteCount
    for unit in units.dropLast() {
      #expect(unit.bytes.count >= byteCount || unit.commandCount == 1024 || unit.startsInsideKey)
      #expect(unit.bytes.count < 2 * byteCount + 12_000)
      #expect(unit.commandCount <= 1024)
    }
    let large = units.filter { $0.keys.contains { $0.ordinal == 10_000 } }
    #expect(large.count > 4)
    #expect(large.dropLast().allSatisfy { $0.endsInsideKey })
    #expect(large.dropFirst().allSatisfy { $0.name(of: $0.keys[0]).elementsEqual("large".utf8) })
    #expect(large.last?.endsInsideKey == false)
    #expect(large.last?.keys.count == 1)
    #expect(!units.contains { $0.endsInsideCommand })
  }

  @Test("Carry a command that is longer than a unit in pieces, whose reply belongs to the last one")
  func longCommand() throws {
    let units = try units(try Self.sample(longByteCount: 1_000_000), pieces: [10_000])
    let long = units.filter { !$0.publishes && $0.keys.contains { $0.ordinal == 6 } }
    #expect(long.count == 4)
    #expect(long.dropLast().allSatisfy { $0.endsInsideCommand && $0.bytes.count == 256 << 10 })
    #expect(long.dropFirst().dropLast().allSatisfy { $0.commandCount == 0 })
    #expect(long[3].commandCount == 1)
    #expect(long[3].commandName(0).elementsEqual("SET".utf8))
    #expect(long[3].name(of: long[3].key(ofCommand: 0)).elementsEqual("long".utf8))
  }

  @Test("Leave out the keys that are on the server already, and keep the numbers of the others")
  func resuming() throws {
    let marked = try Self.sample()
    let all = try units(marked, limits: .init(bytes: 1, commands: 1, piece: 50))
    for skipped: UInt64 in 0...9 {
      for pieces in [[Int.max], [1]] {
        let rest = try units(marked, limits: .init(bytes: 1, commands: 1, piece: 50), skipping: skipped, pieces: pieces)
        let expected = all.filter { $0.firstOrdinal >= skipped }
        #expect(rest.map(\.bytes) == expected.map(\.bytes))
        #expect(rest.map(\.keys) == expected.map(\.keys))
        #expect(rest.map(\.database) == expected.map(\.database))
        #expect(rest.first?.number ?? 0 == 0)
      }
    }
  }

  @Test(
    "Refuse an output that is not marks and commands",
    arguments: [
      ("SET k v", 0), ("@x$1\r\n", 1), ("@k*", 2), ("@k$1a\r\n", 4), ("*1\r\n$4\r\nPING\r\n", 0),
      ("@k$0\r\n\r\n*0\r\n", 12),
      ("@k$0\r\n\r\n*1\r\n:1", 12), ("@k$9999999999999999999\r\n", 21), ("@k$3\r\nab", 8),
      ("@k$0\r\n\r\n*1\r\n$4\r\nPI", 18),
    ])
  func malformed(_ text: String, _ offset: UInt64) {
    for pieces in [[Int.max], [1]] {
      let error = #expect(throws: KeyCutter.Malformed.self) { try units(Array(text.utf8), pieces: pieces) }
      #expect(error?.offset == offset)
    }
  }

  @Test("End the writing with the error of the receiver")
  func receiverFails() throws {
    struct Full: Error {}
    let cutter = KeyCutter { _ in throw Full() }
    let marked = try Self.sample()
    #expect(throws: Full.self) { try cutter.write(marked) }
  }
}
