import RDB
import RDBFormat
import RDBLZF
import TestSupport
import Testing

@Suite("A snapshot that is written")
struct WritingTests {
  static func write(
    _ version: Int, _ vendor: Vendor = .redis, _ body: (inout RDBWriter) throws -> Void
  ) throws -> [UInt8] {
    let destination = MemoryDestination()
    var writer = try RDBWriter(
      to: destination, header: SnapshotHeader(vendor: vendor, version: version))
    try body(&writer)
    _ = try writer.finish()
    return destination.bytes
  }

  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("has the header, the end and the checksum of its version")
  func envelope() throws {
    #expect(try Self.write(2) { _ in } == Self.bytes("REDIS0002") + [0xFF])
    let ten = try Self.write(10) { _ in }
    #expect(ten.prefix(10) == (Self.bytes("REDIS0010") + [0xFF])[...])
    #expect(ten.count == 18)
    #expect(try Self.write(80, .valkey) { _ in }.prefix(9) == Self.bytes("VALKEY080")[...])
  }

  @Test("has the bytes that Redis 7.0.15 wrote")
  func exactBytes() throws {
    let written = try Self.write(10) { writer in
      try writer.aux("redis-ver", "7.0.15")
      try writer.aux("redis-bits", "64")
      try writer.aux("ctime", "1795484751")
      try writer.aux("used-mem", "1112184")
      try writer.aux("aof-base", "0")
      try writer.selectDatabase(0)
      try writer.databaseSize(keys: 2, expiring: 1)
      let (n, number, k, v) = (Self.bytes("n"), Self.bytes("300"), Self.bytes("k"), Self.bytes("v"))
      try writer.string(
        n.span.bytes, number.span.bytes,
        KeyAttributes(expiry: UnixMilliseconds(1_893_456_000_000)))
      try writer.string(k.span.bytes, v.span.bytes)
    }
    let head: [UInt8] =
      Self.bytes("REDIS0010")
      + [0xFA, 9] + Self.bytes("redis-ver") + [6] + Self.bytes("7.0.15")
      + [0xFA, 10] + Self.bytes("redis-bits") + [0xC0, 64]
      + [0xFA, 5] + Self.bytes("ctime") + [0xC2, 0x4F, 0xEC, 0x04, 0x6B]
      + [0xFA, 8] + Self.bytes("used-mem") + [0xC2, 0x78, 0xF8, 0x10, 0]
      + [0xFA, 8] + Self.bytes("aof-base") + [0xC0, 0]
    let tail: [UInt8] = [
      0xFE, 0, 0xFB, 2, 1, 0xFC, 0, 0xB4, 0xC5, 0xDA, 0xB8, 1, 0, 0, 0, 1, 0x6E, 0xC1, 0x2C, 1, 0, 1,
      0x6B, 1, 0x76, 0xFF, 0x63, 0xEE, 0xE0, 0x61, 0x33, 0x6C, 0x91, 0x95,
    ]
    #expect(written == head + tail)
  }

  @Test(
    "stores integers and lengths in their shortest form",
    arguments: [
      ("0", [0xC0, 0]), ("-5", [0xC0, 0xFB]), ("128", [0xC1, 0x80, 0]), ("1000", [0xC1, 0xE8, 3]),
      ("-100000", [0xC2, 0x60, 0x79, 0xFE, 0xFF]), ("007", [3, 0x30, 0x30, 0x37]),
      ("-0", [2, 0x2D, 0x30]), ("+1", [2, 0x2B, 0x31]), ("", [0]),
      ("2147483648", [10] + Array("2147483648".utf8)),
    ] as [(String, [UInt8])])
  func strings(text: String, stored: [UInt8]) throws {
    let (name, value) = (Self.bytes("k"), Self.bytes(text))
    let written = try Self.write(4) { try $0.string(name.span.bytes, value.span.bytes) }
    #expect(written == Self.bytes("REDIS0004") + [0, 1, 0x6B] + stored + [0xFF])
  }

  /// Something that a version lacks, and the version.
  struct Lacking: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var version: Int
    var vendor: Vendor = .redis
    var write: @Sendable (inout RDBWriter) throws -> Void
  }

  static let lacking: [Lacking] = [
    Lacking(testDescription: "AUX in 6", version: 6) { try $0.aux("a", "b") },
    Lacking(testDescription: "RESIZEDB in 6", version: 6) { try $0.databaseSize(keys: 1, expiring: 0) },
    Lacking(testDescription: "a function in 9", version: 9) { try $0.functionLibrary([1].span.bytes) },
    Lacking(testDescription: "slots in 11", version: 11) { try $0.slotInfo(slot: 1, keys: 1, expiring: 0) },
    Lacking(testDescription: "slots in Valkey", version: 80, vendor: .valkey) {
      try $0.slotInfo(slot: 1, keys: 1, expiring: 0)
    },
    Lacking(testDescription: "64-bit lengths in 7", version: 7) { try $0.selectDatabase(1 << 40) },
    Lacking(testDescription: "milliseconds in 2", version: 2) {
      try $0.string([1].span.bytes, [2].span.bytes, KeyAttributes(expiry: UnixMilliseconds(1001)))
    },
    Lacking(testDescription: "seconds of 2100 in 2", version: 2) {
      try $0.string(
        [1].span.bytes, [2].span.bytes, KeyAttributes(expiry: UnixMilliseconds(4_102_444_800_000)))
    },
    Lacking(testDescription: "idle time in 8", version: 8) {
      try $0.string([1].span.bytes, [2].span.bytes, KeyAttributes(idleSeconds: 1))
    },
    Lacking(testDescription: "LFU counter in 8", version: 8) {
      try $0.string([1].span.bytes, [2].span.bytes, KeyAttributes(frequency: 1))
    },
    Lacking(testDescription: "listpack in 9", version: 9) {
      try $0.packed([1].span.bytes, .hashListpack, [2].span.bytes)
    },
    Lacking(testDescription: "binary scores in 7", version: 7) {
      try $0.beginElements([1].span.bytes, .zset2, count: 1)
    },
    Lacking(testDescription: "Redis's field expiries in Valkey", version: 80, vendor: .valkey) {
      try $0.beginElements([1].span.bytes, .hashMetadata, count: 1)
    },
    Lacking(testDescription: "Valkey's field expiries in Redis", version: 12) {
      try $0.beginElements([1].span.bytes, .hash2, count: 1)
    },
    Lacking(testDescription: "a field expiry in a hash", version: 12) {
      try $0.beginElements([1].span.bytes, .hash, count: 1)
      try $0.hashField([1].span.bytes, value: [2].span.bytes, expiry: UnixMilliseconds(5))
    },
    Lacking(testDescription: "a field expiry before the first", version: 12) {
      try $0.beginElements(
        [1].span.bytes, .hashMetadata, count: 1, firstExpiry: UnixMilliseconds(10))
      try $0.hashField([1].span.bytes, value: [2].span.bytes, expiry: UnixMilliseconds(5))
    },
    Lacking(testDescription: "a score that is not a number", version: 12) {
      try $0.beginElements([1].span.bytes, .zset2, count: 1)
      try $0.zsetMember([1].span.bytes, score: .nan)
    },
    Lacking(testDescription: "no elements", version: 12) {
      try $0.beginElements([1].span.bytes, .set, count: 0)
    },
    Lacking(testDescription: "a stream in 8", version: 8) {
      try $0.beginStream([1].span.bytes, .streamListpacks, nodeCount: 0)
    },
    Lacking(testDescription: "a plain node in a quicklist of ziplists", version: 9) {
      try $0.beginQuicklist([1].span.bytes, .listQuicklist, nodeCount: 1)
      try $0.quicklistNode(plain: [1].span.bytes)
    },
  ]

  @Test("refuses what its version or type lacks", arguments: lacking)
  func refuses(_ lacking: Lacking) throws {
    let error = #expect(throws: RDBError.self) {
      try Self.write(lacking.version, lacking.vendor, lacking.write)
    }
    #expect(error?.code == .notRepresentable)
  }

  @Test(
    "refuses a stored value that refers to a record of another snapshot",
    arguments: [ValueType.hashTemplateListpack, .hashTemplateArray])
  func notSelfContained(_ type: ValueType) {
    let error = #expect(throws: RDBError.self) {
      try Self.write(15) { try $0.beginStored([1].span.bytes, type) }
    }
    #expect(error?.code == .notRepresentable)
    #expect(error?.found == type.name)
  }

  @Test("has a key's metadata and the data of modules as they were read", arguments: [true, false])
  func metadataAndModuleData(isStored: Bool) throws {
    // KEY_META: one class, and of its items one integer (kind 2) and one string (kind 5).
    let metadata: [UInt8] = [243, 1, 1, 2, 3, 4, 2, 7, 5, 3] + Self.bytes("abc") + [0]
    // Module data: one integer (kind 2) and one string (kind 5).
    let data: [UInt8] = [2, 9, 5, 2] + Self.bytes("xy") + [0]
    let module = ModuleID(rawValue: 0x1234_5678_9ABC_DE01)
    let written = try Self.write(13) { writer in
      try writer.beginModuleAux(ModuleAux(module: module, when: 2, offset: 0))
      try writer.stored(data.span.bytes)
      try writer.endModuleAux()
      try writer.selectDatabase(0)
      let attributes = KeyAttributes(expiry: UnixMilliseconds(1_893_456_000_000), metadata: metadata)
      let (name, value) = (Self.bytes("k"), Self.bytes("v"))
      if isStored {
        try writer.beginStored(name.span.bytes, .string, attributes)
        let stored: [UInt8] = [1] + value
        try writer.stored(stored.span.bytes)
        try writer.endKey()
      } else {
        try writer.string(name.span.bytes, value.span.bytes, attributes)
      }
    }
    var sink = MetadataSink()
    var reader = RDBReader(MemorySource(written))
    try reader.read(into: &sink)
    #expect(sink.metadata == [metadata])
    #expect(sink.modules == [module])
    #expect(sink.moments == [2])
    #expect(sink.moduleData == data)
    #expect(sink.values == [Self.bytes("v")])
    #expect(sink.expiries == [UnixMilliseconds(1_893_456_000_000)])
  }

  /// Collects what a snapshot says beside its values.
  private struct MetadataSink: SelectiveSink {
    static var events: SinkEvents { [.beginKey, .string, .moduleAux, .stored] }
    var metadata: [[UInt8]] = []
    var expiries: [UnixMilliseconds?] = []
    var values: [[UInt8]] = []
    var modules: [ModuleID] = []
    var moments: [UInt64] = []
    var moduleData: [UInt8] = []

    mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
      metadata.append([UInt8](key.metadata))
      expiries.append(key.expiry)
      return .elements
    }
    mutating func string(_ value: RawSpan) throws { values.append([UInt8](value)) }
    mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
      modules.append(aux.module)
      moments.append(aux.when)
      return true
    }
    mutating func stored(_ chunk: RawSpan) throws { moduleData += [UInt8](chunk) }
  }

  @Test("refuses versions that there are not", arguments: [(Vendor.redis, 0), (.redis, 16), (.valkey, 11)])
  func versions(vendor: Vendor, version: Int) {
    let error = #expect(throws: RDBError.self) { try Self.write(version, vendor) { _ in } }
    #expect(error?.code == .notRepresentable)
  }

  static let misplaced: [Lacking] = [
    Lacking(testDescription: "an element of no key", version: 12) { try $0.setMember([1].span.bytes) },
    Lacking(testDescription: "an element of another type", version: 12) {
      try $0.beginElements([1].span.bytes, .set, count: 1)
      try $0.listElement([1].span.bytes)
    },
    Lacking(testDescription: "one element too many", version: 12) {
      try $0.beginElements([1].span.bytes, .set, count: 1)
      try $0.setMember([1].span.bytes)
      try $0.setMember([2].span.bytes)
    },
    Lacking(testDescription: "one element too few", version: 12) {
      try $0.beginElements([1].span.bytes, .set, count: 2)
      try $0.setMember([1].span.bytes)
      try $0.endKey()
    },
    Lacking(testDescription: "the end within a key", version: 12) {
      try $0.beginElements([1].span.bytes, .set, count: 1)
    },
    Lacking(testDescription: "a record within a key", version: 12) {
      try $0.beginElements([1].span.bytes, .set, count: 1)
      try $0.selectDatabase(1)
    },
    Lacking(testDescription: "a stream without its numbers", version: 12) {
      try $0.beginStream([1].span.bytes, .streamListpacks3, nodeCount: 0)
      try $0.endKey()
    },
    Lacking(testDescription: "a group that was not announced", version: 12) {
      try $0.beginStream([1].span.bytes, .streamListpacks, nodeCount: 0)
      try $0.streamInfo(
        StreamInfo(
          length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 0))
      try $0.streamGroup(
        [1].span.bytes, lastDelivered: .zero, entriesRead: .absent, pendingCount: 0, consumerCount: 0)
    },
    Lacking(testDescription: "a consumer before the pending entries", version: 12) {
      try $0.beginStream([1].span.bytes, .streamListpacks, nodeCount: 0)
      try $0.streamInfo(
        StreamInfo(
          length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 1))
      try $0.streamGroup(
        [1].span.bytes, lastDelivered: .zero, entriesRead: .absent, pendingCount: 1, consumerCount: 1)
      try $0.streamConsumer(
        [1].span.bytes, seen: UnixMilliseconds(0), active: UnixMilliseconds(0), pendingCount: 0)
    },
  ]

  @Test("refuses parts that were not announced, or lacks some that were", arguments: misplaced)
  func outOfOrder(_ misplaced: Lacking) throws {
    let error = #expect(throws: RDBError.self) {
      try Self.write(misplaced.version, misplaced.vendor, misplaced.write)
    }
    #expect(error?.code == .misplaced)
  }
}
