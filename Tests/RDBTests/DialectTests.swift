import RDB
import RDBFormat
import TestSupport
import Testing

/// Codes and fields of servers that extend the files of Redis.
@Suite("Files of Redis Enterprise, KeyDB and Dragonfly")
struct DialectTests {
  /// A file of KeyDB: a hash, a set and a sorted set with member expiries, a cron job, and keys without.
  static let keyDB: [UInt8] = {
    var builder = SnapshotBuilder(version: 9)
    builder.aux("redis-ver", "6.3.4")
    builder.select(0)
    builder.aux("mvcc-tstamp", "1700941248263623573")
    builder.hash("h", [("f", "1"), ("g", "2"), ("i", "3")], expiry: 4_102_444_800_000)
    for (member, time) in [("f", "4102444800001"), ("i", "5")] { expire(member, time, &builder) }
    builder.string("s", "plain")
    builder.set("members", ["a", "b"])
    expire("b", "4102444800002", &builder)
    builder.zset("scores", [("a", 1), ("b", 2)])
    expire("a", "4102444800003", &builder)
    builder.hash("plain", [("f", "v")])
    let listpack = RDBBytes.ziplist(["x", "1", "y", "2"])
    builder.key(13, "packed", value: RDBBytes.string(listpack))
    expire("y", "4102444800004", &builder)
    let lists = RDBBytes.length(1) + RDBBytes.string("key") + RDBBytes.length(2) + RDBBytes.string("a") + [0xC0, 7]
    builder.key(
      64, "job",
      value: RDBBytes.string("return 1") + RDBBytes.little(Int64(1000)) + RDBBytes.little(Int64(2000)) + lists)
    builder.string("last", "v")
    return builder.whole
  }()

  private static func expire(_ member: String, _ time: String, _ builder: inout SnapshotBuilder) {
    builder.aux("keydb-subexpire-key", member)
    builder.aux("keydb-subexpire-when", time)
  }

  @Test("KeyDB's expiries of fields come with the fields, those of other members before their key's end")
  func memberExpiries() {
    let log = Way.whole.read(Self.keyDB, interest: .elements).log
    let values = log.filter { $0.hasPrefix("field") || $0.hasPrefix("member") || $0.contains("subexpire") }
    #expect(
      values == [
        #"field "f" "1" expiry 4102444800001"#, #"field "g" "2""#, #"field "i" "3" expiry 5"#,
        #"member "a""#, #"member "b""#, #"aux "keydb-subexpire-key" "b""#,
        #"aux "keydb-subexpire-when" "4102444800002""#,
        #"member "a" score 1.0"#, #"member "b" score 2.0"#, #"aux "keydb-subexpire-key" "a""#,
        #"aux "keydb-subexpire-when" "4102444800003""#,
        #"field "f" "v""#, #"field "x" "1""#, #"field "y" "2" expiry 4102444800004"#,
      ])
    let set = log.firstIndex { $0.hasPrefix("key \"members\"") }!
    let end = log[set...].firstIndex { $0.hasPrefix("end ") }!
    #expect(log[set...end].contains { $0.contains("subexpire-when") })
    #expect(log.contains(#"aux "keydb-cron-job" "job""#))
  }

  @Test("KeyDB's file gives the same events however its bytes arrive", arguments: ReadingTests.interests)
  func everyWay(_ interest: Interest) {
    let whole = Way.whole.read(Self.keyDB, interest: interest)
    #expect(whole.error == nil)
    for way in Way.allCases { #expect(way.read(Self.keyDB, interest: interest) == whole, "\(way)") }
  }

  @Test("KeyDB's files of many keys give the same records with several workers", arguments: [2, 3])
  func workers(_ threads: Int) throws {
    var builder = SnapshotBuilder(version: 9)
    builder.aux("redis-ver", "6.3.4")
    for number in 0..<40_000 {
      builder.hash("h:\(number)", [("field", "value"), ("other", String(repeating: "x", count: number % 50))])
      if number % 3 == 0 { Self.expire("field", "\(4_102_444_800_000 + number)", &builder) }
      builder.set("s:\(number)", ["a", "b"])
      Self.expire("a", "\(number)", &builder)
    }
    let source = MemorySource(builder.whole)
    var first = RDBReader(MemorySource(builder.whole))
    var second = RDBReader(source)
    let one = try first.fold(threads: 1) { RecordingSink() }
    let many = try second.fold(threads: threads) { RecordingSink() }
    #expect(many.summary.values.sorted() == one.summary.values.sorted())
    #expect(many.end == one.end)
  }

  @Test("A file says which dialect it is in")
  func names() throws {
    func dialect(_ build: (inout SnapshotBuilder) -> Void) throws -> Dialect? {
      var builder = SnapshotBuilder(version: 9)
      build(&builder)
      builder.string("k", "v")
      var reader = RDBReader(MemorySource(builder.whole))
      var sink = RecordingSink()
      return try reader.read(into: &sink)?.dialect
    }
    #expect(try dialect { _ in } == nil)
    #expect(try dialect { $0.aux("redis-ver", "6.2.6") } == nil)
    #expect(try dialect { $0.aux("redis-ver", "6.3.4") } == .keyDB)
    #expect(try dialect { $0.aux("mvcc-tstamp", "1") } == .keyDB)
    #expect(try dialect { $0.aux("df-ver", "df-v1.20.0") } == .dragonfly)
    #expect(try dialect { $0.raw([121, 5]) } == .redisEnterprise)
    #expect(try dialect { $0.raw([220, 1, 0, 0, 0]) } == .dragonfly)
  }

  /// A file of Dragonfly with one record, and the end of the error's text.
  static let refused: [(record: [UInt8], name: String)] = [
    (RDBBytes.key(30, RDBBytes.string("{}")), "Dragonfly's type 30 (a JSON document)"),
    (RDBBytes.key(20, RDBBytes.string("{}")), "Dragonfly's type 20 (a JSON document)"),
    (
      RDBBytes.key(31, [1] + RDBBytes.string("f") + RDBBytes.string("v") + RDBBytes.string("9")),
      "Dragonfly's type 31 (a hash with field expiries)"
    ),
    (RDBBytes.key(32, [1] + RDBBytes.string("m") + [0xC0, 1]), "Dragonfly's type 32 (a set with member expiries)"),
    (RDBBytes.key(33, [1]), "Dragonfly's type 33 (a Bloom filter)"),
    (RDBBytes.key(35, [1]), "Dragonfly's type 35"),
    ([201] + RDBBytes.string("blob"), "Dragonfly's opcode 201 (records compressed with zstd)"),
    ([202] + RDBBytes.string("blob"), "Dragonfly's opcode 202 (records compressed with LZ4)"),
    ([200] + [UInt8](repeating: 0, count: 8), "Dragonfly's opcode 200 (the end of a full synchronisation)"),
    ([210, 1] + RDBBytes.string("entry"), "Dragonfly's opcode 210 (entries of a journal)"),
    ([211] + [UInt8](repeating: 0, count: 8), "Dragonfly's opcode 211 (an offset in a journal)"),
    ([238], "Dragonfly's opcode 238"),
  ]

  @Test("Dragonfly's own records are unsupported by name, and stepped over where their length is known")
  func dragonfly() throws {
    for version in [9, 15] {
      for (record, name) in Self.refused {
        var builder = SnapshotBuilder(version: version)
        builder.aux("df-ver", "df-v1.20.0")
        builder.string("a", "1")
        builder.raw(record)
        builder.string("b", "2")
        let reading = Way.whole.read(builder.whole, interest: .elements)
        #expect(reading.error?.hasPrefix("unsupportedValueType") == true, "\(reading)")
        #expect(reading.error?.hasSuffix("found " + name) == true, "\(reading)")
        var options = RDBReader.Options()
        options.skipsUnknown = true
        for pieces in [Int.max, 1] {
          var sink = RecordingSink()
          var reader = RDBReader(MemorySource(builder.whole, readLimit: pieces, canSeek: false), options: options)
          if name.contains("33") || name.contains("35") || name.contains("238") {
            #expect(throws: RDBError.self) { try reader.read(into: &sink) }
          } else {
            let end = try #require(try reader.read(into: &sink))
            #expect(end.losses.lost.values.map(\.count) == [1])
            #expect(sink.log.count { $0.hasPrefix("string") } == 2)
          }
        }
      }
    }
  }

  @Test("Type 30 without evidence names both owners; the release in redis-ver decides")
  func ambiguous() {
    var builder = SnapshotBuilder(version: 9)
    builder.key(30, "k", value: RDBBytes.string("{}"))
    let error = Way.whole.read(builder.whole, interest: .elements).error
    #expect(error?.contains("hash_template_listpack of Redis RDB 15 or Dragonfly's type 30 (a JSON document)") == true)
    var newer = SnapshotBuilder(version: 9)
    newer.aux("redis-ver", "255.255.255")
    newer.key(30, "k", value: RDBBytes.string("{}"))
    #expect(Way.whole.read(newer.whole, interest: .skip).error == nil)
  }

  @Test("Redis Enterprise's access times and slots are stepped over; its options are refused by name")
  func redisEnterprise() throws {
    let bytes = readFile("\(Fixture.root)/reports/redis-enterprise.rdb")
    for way in Way.allCases {
      let reading = way.read(bytes, interest: .elements)
      #expect(reading.error == nil && reading.log.count { $0.hasPrefix("string") } == 2, "\(reading)")
    }
    for (code, name): (UInt8, String) in [(101, "GCAS"), (102, "GFLAGS")] {
      var builder = SnapshotBuilder(version: 9)
      builder.raw([code, 0])
      let error = Way.whole.read(builder.whole, interest: .elements).error
      #expect(error?.hasSuffix("found Redis Enterprise's opcode \(code) (\(name))") == true)
    }
  }

  @Test("Dragonfly's flags of a key belong to the key")
  func keyMask() {
    let bytes = readFile("\(Fixture.root)/reports/dragonfly-mask.rdb")
    for way in Way.allCases {
      let reading = way.read(bytes, interest: .elements)
      #expect(reading.error == nil)
      #expect(reading.log.contains(#"key "a" db 0 string at 47"#), "\(reading.log)")
    }
    var builder = SnapshotBuilder(version: 9)
    builder.raw([220, 2, 0, 0, 0, 9, 0, 0, 0])
    builder.string("k", "v", expiry: 7)
    let log = Way.whole.read(builder.whole, interest: .elements).log
    #expect(log.contains(#"key "k" db 0 string at 9 expiry 7"#), "\(log)")
  }

  @Test("Valkey's inline updates are unsupported by name; four numbers of slot-info are read")
  func valkey() {
    for (record, name): ([UInt8], String) in [([242], "opcode 242 of a Valkey 9.2 forkless save")] {
      var builder = SnapshotBuilder(version: 81, vendor: .valkey)
      builder.aux("slot-info", "3443,1,1,0")
      builder.raw(record)
      let reading = Way.whole.read(builder.whole, interest: .elements)
      #expect(reading.error?.hasPrefix("unsupportedValueType") == true && reading.error?.hasSuffix(name) == true)
      #expect(reading.log.contains(#"aux "slot-info" "3443,1,1,0""#))
    }
  }
}
