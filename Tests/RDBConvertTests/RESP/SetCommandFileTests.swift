import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import RESP
import TestSupport
import Testing

@Suite("A file of SET commands")
struct SetCommandFileTests {
  private static func bytes(_ commands: [[String]]) -> [UInt8] {
    commands.flatMap { RESPText.command($0.map { Array($0.utf8) }) }
  }

  private static func options(
    _ target: String = "7.0", _ change: (inout RESPOptions) -> Void = { _ in }
  ) -> RESPOptions {
    var options = RESPOptions(target: ServerVersion(target)!)
    (options.existing, options.replacesWhole, options.keepsWhole, options.marksKeys) = (.keep, true, true, true)
    options.restore = .auto
    change(&options)
    return options
  }

  private static func file(
    _ bytes: [UInt8], _ options: RESPOptions, _ conditions: SetCommandFile.Conditions = .init()
  ) throws -> SetCommandFile? {
    try SetCommandFile(options, conditions) { MemorySource(bytes) }
  }

  private static func output(_ file: SetCommandFile) throws -> [UInt8] {
    let destination = MemoryDestination()
    try file.write(to: destination, ByteCounter())
    return destination.bytes
  }

  @Test("Is passed on with marks, as the sink writes the same keys", arguments: [RESPOptions.Existing.keep, .replace])
  func sameAsSink(_ existing: RESPOptions.Existing) throws {
    let large = String(repeating: "x", count: 200_000)
    var commands: [[String]] = [["SET", "k", "v"], ["set", "", ""]]
    commands += [["SET", "large", large], ["SET", "timed", "t", "PXAT", "4102444800001"]]
    commands += [["SELECT", "3"], ["SET", "k", "w"], ["SELECT", "9"], ["SET", "last", "1"]]
    for map in [[:], [3: 1], [0: 2]] as [[UInt64: UInt64]] {
      // With a limit of 0, the sink writes SET too, and not RESTORE.
      let options = Self.options { ($0.existing, $0.databaseMap, $0.restoreLimit) = (existing, map, 0) }
      let file = try #require(try Self.file(Self.bytes(commands), options))
      #expect(file.keyCount == 6 && file.commandCount == 8 && !file.isSealed)
      let snapshot = Bytes.snapshot(
        "REDIS0009", Bytes.text("k", "v"), Bytes.text("", ""), Bytes.text("large", large),
        Bytes.expiry(4_102_444_800_001), Bytes.text("timed", "t"), Bytes.database(3), Bytes.text("k", "w"),
        Bytes.database(9),
        Bytes.text("last", "1"))
      let destination = MemoryDestination()
      var readerOptions = RDBReader.Options()
      readerOptions.ignoresChecksum = true
      var reader = RDBReader(MemorySource(snapshot), options: readerOptions)
      _ = try reader.write(to: destination, threads: 1) { RESPSink(options, to: $0) }
      func sorted(_ bytes: [UInt8]) -> [String] {
        // The options of SET have another order.
        String(decoding: bytes, as: UTF8.self).split(separator: "@k").map { command in
          command.split(separator: "\r\n").sorted().joined(separator: " ")
        }
      }
      let isEqual = sorted(try Self.output(file)) == sorted(destination.bytes)
      #expect(isEqual)
    }
  }

  @Test("Is known by its trailer to be whole")
  func trailer() throws {
    let commands = Self.bytes([["SET", "a", "1"], ["SET", "b", "2"]])
    func sealed(_ keys: UInt64, _ count: UInt64) -> [UInt8] {
      let trailer = RESPTrailer(keys: keys, commands: count, bytes: UInt64(commands.count), crc64: 0)
      return commands + Self.bytes([["ECHO", trailer.description]])
    }
    let file = try #require(try Self.file(sealed(2, 2), Self.options()))
    #expect(file.isSealed && file.keyCount == 2)
    for bytes in [sealed(3, 2), sealed(2, 3), sealed(2, 2) + commands, sealed(2, 2).dropFirst(commands.count / 2) + []]
    {
      #expect(try Self.file(bytes, Self.options()) == nil)
    }
  }

  @Test("Is not taken as such if it has anything else, or is damaged")
  func others() throws {
    let plain = Self.bytes([["SET", "a", "1"], ["SET", "b", "2"]])
    let more: [[String]] = [
      ["SET", "a", "2"], ["SET", "c", "1", "NX", "PX"], ["SET", "c", "1", "PX", "10"], ["SET", "c", "1", "PXAT", "0"],
      ["SET", "c", "1", "PXAT", "-1"], ["SET", "c", "1", "PXAT", "01"], ["SET", "c"], ["SELECT", "16"],
      ["SELECT", "x"],
      ["ECHO", "x"], ["DEL", "a"], ["APPEND", "c", "1"], ["SEX", "c", "1"], ["SET", "c", "1", "PXAT", "1", "NX"],
    ]
    for command in more {
      #expect(try Self.file(plain + Self.bytes([command]), Self.options()) == nil, "\(command)")
    }
    let back = Self.bytes([["SELECT", "1"]]) + plain + Self.bytes([["SELECT", "0"], ["SET", "c", "1"]])
    #expect(try Self.file(back, Self.options()) == nil)
    for text in [
      "#TS:1\r\n", "SET c 1\r\n", "*03\r\n$3\r\nSET\r\n$1\r\nc\r\n$1\r\n1\r\n",
      "*3\r\n$3\r\nSET\r\n$01\r\nc\r\n$1\r\n1\r\n", "*3\r\n$03\r\nSET\r\n$1\r\nc\r\n$1\r\n1\r\n", "*0\r\n", "\n",
    ] {
      #expect(try Self.file(plain + Array(text.utf8), Self.options()) == nil, "\(text)")
    }
    // Cut at each byte, it has fewer keys, or is no such file.
    for count in 0..<plain.count {
      let file = try Self.file(Array(plain[..<count]), Self.options())
      #expect(
        file.map { $0.keyCount == UInt64(count) / UInt64(plain.count / 2) && count % (plain.count / 2) == 0 } ?? true)
    }
    let timed = Self.bytes([["SET", "a", "1", "PXAT", "4102444800001"]])
    #expect(try Self.file(timed, Self.options("6.2")) != nil)
    #expect(try Self.file(timed, Self.options("6.0")) == nil)
    #expect(try Self.file(plain, Self.options("6.0")) != nil)
    #expect(try Self.file(plain, Self.options("2.4")) == nil)
    #expect(try Self.file(plain, Self.options { $0.restore = .always }) == nil)
    #expect(try Self.file(plain, Self.options { $0.databaseMap = [0: 16] }) == nil)
    #expect(try Self.file(plain, Self.options { $0.databaseMap = [0: 15] }) != nil)
    #expect(try Self.file(Self.bytes([["SELECT", "1"]]) + plain, Self.options { $0.singleDatabase = true }) == nil)
    var conditions = SetCommandFile.Conditions()
    conditions.hashByteCount = 1 << 10
    let many = Self.bytes((0..<2000).map { ["SET", "key \($0)", ""] })
    #expect(try Self.file(many, Self.options())?.keyCount == 2000)
    #expect(try Self.file(many, Self.options(), conditions) == nil)
  }

  @Test("That was changed between both readings is an error")
  func changed() throws {
    let bytes = Self.bytes([["SET", "a", "1"], ["SET", "b", "2"]])
    for changed in [Array(bytes.prefix(bytes.count / 2)), bytes + Self.bytes([["SET", "c", "3"]]), bytes + [0]] {
      var sources = [bytes, changed]
      let file = try #require(try SetCommandFile(Self.options()) { MemorySource(sources.removeFirst()) })
      #expect(throws: RDBError.self) { try Self.output(file) }
    }
  }
}
