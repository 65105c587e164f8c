import Foundation
import RDB
import RDBFormat
import RDBSupport
import TestSupport
import Testing

private typealias B = RDBBytes

/// The findings of a snapshot.
struct FindingList: SelectiveSink {
  var findings: [Finding] = []
  let interest: Interest
  static var events: SinkEvents { [.finding] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { interest }
  mutating func finding(_ finding: borrowing Finding) throws(RDBError) { findings.append(copy finding) }

  static func of(_ bytes: [UInt8], _ interest: Interest = .elements, listsFunctions: Bool = false) -> [Finding] {
    var options = RDBReader.Options()
    options.parser.listsFunctionsAndModules = listsFunctions
    var reader = RDBReader(MemorySource(bytes), options: options)
    var sink = FindingList(interest: interest)
    _ = try? reader.read(into: &sink)
    return sink.findings
  }
}

/// A snapshot with oddities that servers load.
struct OddSnapshot: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  /// The findings, in file order, as `kind + inner offset: expected; found`.
  let findings: [String]

  init(_ name: String, version: Int = 12, _ records: [UInt8], _ findings: [String]) {
    testDescription = name
    bytes = B.snapshot(version: version, records)
    self.findings = findings
  }

  /// A stream of one node with these entries.
  init(_ name: String, entries: [RDBBytes.Entry], count: UInt16? = nil, length: UInt64 = 1, _ findings: [String]) {
    let node = B.string(B.streamID(1, 1)) + B.string(B.listpack(entries, count: count))
    self.init(name, B.key(21, [1] + node + Stream.tail(length: length, lastID: 9)), findings)
  }

  static func text(_ finding: Finding) -> String {
    "\(finding.name)\(finding.innerOffset.map { " + \($0)" } ?? ""): \(finding.expected); \(finding.found)"
  }

  static let streams: [OddSnapshot] = [
    OddSnapshot(
      "a stream that is longer than its entries", B.key(21, [1] + Stream.node() + Stream.tail(length: 5)),
      ["streamLength: a length of 1, as there are entries; 5"]),
    OddSnapshot(
      "a stream that is shorter than its entries", B.key(21, [1] + Stream.node() + Stream.tail(length: 0)),
      ["streamLength: a length of 1, as there are entries; 0"]),
    OddSnapshot(
      "a stream whose last ID is below its newest entry", B.key(21, [1] + Stream.node(5) + Stream.tail(lastID: 4)),
      ["streamLastID: a last ID from 5-1 on; 4-1"]),
    OddSnapshot(
      "a stream node without a live entry", entries: [0, 1, 1, "f", 0, 3, 0, 0, "v", 4], length: 0, []),
    OddSnapshot(
      "a node that counts more entries than it has", entries: [2, 0, 1, "f", 0, 2, 0, 0, "v", 4],
      ["streamNodeCounts + 6: 1 live and 0 deleted entries; 2 and 0"]),
    OddSnapshot(
      "a node that counts a live entry as deleted", entries: [0, 1, 1, "f", 0, 2, 0, 0, "v", 4],
      ["streamNodeCounts + 6: 1 live and 0 deleted entries; 0 and 1"]),
    OddSnapshot(
      "a node that counts less than no entries", entries: [-1, 0, 1, "f", 0, 2, 0, 0, "v", 4],
      ["streamNodeCounts + 6: 1 live and 0 deleted entries; -1 and 0"]),
    OddSnapshot(
      "a listpack that counts more entries than it has", entries: [1, 0, 1, "f", 0, 2, 0, 0, "v", 4], count: 11,
      ["streamNodeCounts + 4: a listpack of 10 entries; 11"]),
    OddSnapshot(
      "an entry with unknown flags", entries: [1, 0, 1, "f", 0, 6, 0, 0, "v", 4],
      ["streamFlags + 17: an entry's flags, 0–3; 6"]),
    OddSnapshot(
      "entries that are not in the order of their IDs",
      entries: [2, 0, 1, "f", 0, 2, 0, 1, "v", 4, 2, 0, 0, "w", 4], length: 2,
      ["streamEntryOrder + 28: an ID above 1-2; 1-1"]),
    OddSnapshot(
      "pending entries that are not in the order of their IDs",
      B.key(21, [1] + Stream.node() + Stream.tail(Stream.group(pending: [2, 1], consumers: [("a", [1, 2])]))),
      ["streamPendingOrder: pending IDs in ascending order; another order"]),
    OddSnapshot(
      "a pending entry of two consumers",
      B.key(21, [1] + Stream.node() + Stream.tail(Stream.group(pending: [1], consumers: [("a", [1]), ("b", [1])]))),
      ["pendingOwners: a pending entry of one consumer; 1-1 of two"]),
  ]

  static let collections: [OddSnapshot] = [
    OddSnapshot("a list without elements", B.key(1, [0]), ["emptyKey: at least one element; none"]),
    OddSnapshot("a quicklist without nodes", B.key(18, [0]), ["emptyKey: at least one element; none"]),
    OddSnapshot(
      "a listpack without members", B.key(20, B.string(B.listpack([]))), ["emptyKey: at least one element; none"]),
    OddSnapshot(
      "integers out of order", B.key(11, B.string([2, 0, 0, 0, 3, 0, 0, 0, 2, 0, 1, 0, 1, 0])),
      ["intsetOrder + 10: integers in ascending order; 1 after 2"]),
    OddSnapshot(
      "a set member twice", B.key(20, B.string(B.listpack(["a", "b", "a"]))),
      ["repeatedMember + 12: a member only once; it again"]),
    OddSnapshot(
      "field expiries out of order, and one that is too late",
      B.key(25, B.little(UInt64(0)) + B.string(B.listpack(["f", "v", .integer(1 << 48), "g", "w", 8]))),
      [
        "fieldExpiryRange + 12: a field's expiry, 0 to 2^48-1; 281474976710656",
        "fieldExpiryOrder + 28: field expiries in ascending order, none last; 8 after 281474976710656",
      ]),
    OddSnapshot(
      "an earliest expiry beyond 63 bits, and no field with one",
      B.key(24, B.little(UInt64(1) << 63) + [1, 0] + B.string("f") + B.string("v")),
      ["earliestExpiry: an earliest expiry below 2^63; 9223372036854775808"]),
    OddSnapshot(
      "a zipmap with the count 0xFF", B.key(9, B.string([0xFF, 1, 97, 1, 0, 98, 0xFF])),
      ["zipmapCount + 0: a count of pairs, or 0xFE; 0xFF"]),
    OddSnapshot(
      "a zipmap length below 254 in five bytes", B.key(9, B.string([1, 1, 97, 0xFE, 1, 0, 0, 0, 0, 98, 0xFF])),
      ["zipmapLength + 3: a length below 254 in one byte; five bytes"]),
  ]

  static let records: [OddSnapshot] = [
    OddSnapshot(
      "a type of a later version, after an expiry", version: 9,
      [252] + B.little(Int64(5)) + B.key(20, B.string(B.listpack(["a"]))) + B.key(0, B.string("v")),
      ["newerType: a value type of version 9 or earlier; set_listpack (type 20), of version 11 and later"]),
    OddSnapshot(
      "a type of Valkey's own version", version: 80,
      B.key(22, [1] + B.string("f") + B.string("v") + B.little(Int64(-1))), []),
    OddSnapshot(
      "an idle time that is the error mark of servers", [248] + B.length(.max) + B.key(0, B.string("v")),
      ["idleTime: an idle time below 2^64-1 s; 2^64-1"]),
    OddSnapshot(
      "a database that no server has", [254] + B.length(1 << 31) + B.key(0, B.string("v")),
      ["databaseNumber: a database number below 2^31; 2147483648"]),
    OddSnapshot(
      "a hint of more keys than fit into memory", [251] + B.length(1 << 40) + [0] + B.key(0, B.string("v")),
      ["sizeHint: numbers of keys below 2^36; 1099511627776 keys, 0 with expiry"]),
    OddSnapshot(
      "slot-info that is no list of numbers", [250] + B.string("slot-info") + B.string("1,2"),
      ["slotInfo: slot-info of three or more numbers; other text"]),
    OddSnapshot("slot-info that is one", [250] + B.string("slot-info") + B.string("1,2,3,4"), []),
    OddSnapshot(
      "an expiry without a key", B.key(0, B.string("v")) + [252] + B.little(Int64(5)),
      ["danglingAttributes: the key that the expiry, idle time or frequency is of; the end of the snapshot"]),
    OddSnapshot(
      "a function library without a name", [245] + B.string("return 1"),
      ["functionHeader: a first line such as #!lua name=library; 8 bytes that begin otherwise"]),
    OddSnapshot(
      "a function library twice", [245] + B.string("#!lua name=a\nx") + [245] + B.string("#!lua engine name=a\ny"),
      ["functionTwice: a library of another name; \"a\""]),
    OddSnapshot(
      "two function libraries", [245] + B.string("#!lua name=a\nx") + [245] + B.string("#!lua name=b\nx"), []),
    OddSnapshot(
      "a function library of release candidates twice",
      Array(repeating: [246] + B.string("lib") + B.string("LUA") + [0] + B.string("return 1"), count: 2).flatMap { $0 },
      ["functionTwice: a library of another name; \"lib\""]),
    OddSnapshot(
      "a function library of release candidates",
      [246] + B.string("lib") + B.string("LUA") + [0] + B.string("return 1"), []),
  ]
}

/// The parts of a stream of type 21.
private enum Stream {
  /// A node with one entry, whose ID is the master ID.
  static func node(
    _ milliseconds: UInt64 = 1, _ sequence: UInt64 = 1, _ entries: [B.Entry] = [1, 0, 1, "f", 0, 2, 0, 0, "v", 4]
  ) -> [UInt8] {
    B.string(B.streamID(milliseconds, sequence)) + B.string(B.listpack(entries))
  }

  /// Length, last ID, first ID, greatest deleted ID, entries added; no groups unless given.
  static func tail(length: UInt64 = 1, lastID: UInt64 = 1, _ groups: [UInt8] = [0]) -> [UInt8] {
    B.length(length) + B.length(lastID) + [1, 1, 1, 0, 0, 1] + groups
  }

  static func tail(_ groups: [UInt8]) -> [UInt8] { tail(length: 1, lastID: 1, [1] + groups) }

  static func group(pending: [UInt64], consumers: [(String, [UInt64])]) -> [UInt8] {
    var bytes = B.string("g") + [1, 1, 0, UInt8(pending.count)]
    for id in pending { bytes += B.streamID(id, 1) + B.little(Int64(5)) + [1] }
    bytes.append(UInt8(consumers.count))
    for (name, ids) in consumers {
      bytes += B.string(name) + B.little(Int64(5)) + B.little(Int64(5)) + [UInt8(ids.count)]
      for id in ids { bytes += B.streamID(id, 1) }
    }
    return bytes
  }
}

@Suite("Findings")
struct FindingTests {
  @Test("Do not occur in files that servers wrote", arguments: Fixture.valid)
  func none(_ fixture: Fixture) throws {
    for interest in [Interest.elements, .validate] {
      #expect(FindingList.of(fixture.bytes, interest).map(\.description) == [])
    }
  }

  static let odd = OddSnapshot.streams + OddSnapshot.collections + OddSnapshot.records

  @Test("Name the kind, the expected and the found", arguments: odd)
  func described(_ odd: OddSnapshot) {
    for interest in [Interest.elements, .validate] {
      #expect(FindingList.of(odd.bytes, interest).map(OddSnapshot.text) == odd.findings, "\(interest)")
    }
  }

  @Test("Are the same for every way of reading elements", arguments: odd)
  func same(_ odd: OddSnapshot) {
    for interest in [Interest.elements, .elementsAfterOutline, .validate] {
      let whole = Way.whole.read(odd.bytes, interest: interest)
      #expect(whole.error == nil)
      for way in Way.allCases { #expect(way.read(odd.bytes, interest: interest) == whole, "\(interest) \(way)") }
    }
  }

  @Test("Do not concern a key that is stepped over", arguments: OddSnapshot.streams + OddSnapshot.collections)
  func skipped(_ odd: OddSnapshot) {
    #expect(FindingList.of(odd.bytes, .skip).isEmpty)
  }

  @Test("Describe themselves with the key, the servers that refuse, and the published attack")
  func description() {
    let bytes = B.snapshot(B.key(9, B.string([1, 1, 97, 0xFE, 1, 0, 0, 0, 0, 98, 0xFF])))
    #expect(
      FindingList.of(bytes).map(\.description) == [
        "zipmapLength at offset 12 + 3 in key \"k\": expected a length below 254 in one byte, found five bytes "
          + "(refused by Redis 7.0 and later, Valkey; CVE-2026-25243)"
      ])
  }

  @Test("Of one kind in one value are counted, and only the first are kept")
  func bounded() {
    var entries: [B.Entry] = [100, 0, 1, "f", 0]
    for number in 0..<100 { entries += [.integer(6), 0, .integer(Int64(number)), "v", 4] }
    let node = B.string(B.streamID(1, 1)) + B.string(B.listpack(entries))
    let bytes = B.snapshot(B.key(21, [1] + node + Stream.tail(length: 100, lastID: 9)))
    #expect(FindingList.of(bytes, .elements).count == 100)
    let kept = FindingList.of(bytes, .validate)
    #expect(kept.count == 16)
    #expect(kept.reduce(0) { $0 + $1.count } == 100)
  }

  @Test("Give a pending entry of two consumers to the last one")
  func owners() {
    let bytes = B.snapshot(
      B.key(21, [1] + Stream.node() + Stream.tail(Stream.group(pending: [1], consumers: [("a", [1]), ("b", [1])]))))
    let log = Way.whole.read(bytes, interest: .elements).log
    #expect(log.filter { $0.hasPrefix("pending") }.count == 1)
    #expect(log.contains { $0.hasPrefix("pending") && $0.contains("\"b\"") }, "\(log)")
  }

  @Test("Do not decide between two servers that use one type number", arguments: [30, 31, 32] as [UInt8])
  func ambiguous(_ type: UInt8) {
    let error = errorOf(B.snapshot(version: 9, B.key(type, B.string("{}"))), .elements)
    #expect(error?.code == .unsupportedValueType)
    #expect(error?.found.contains("of Redis RDB 15") == true && error?.found.contains("Dragonfly") == true)
  }

  @Test("Leave a stream the numbers of its entries")
  func corrected() {
    let bytes = B.snapshot(B.key(21, [1] + Stream.node(5) + Stream.tail(length: 9, lastID: 4)))
    let log = Way.whole.read(bytes, interest: .elements).log
    #expect(log.contains { $0.contains("length: 1,") && $0.contains("5-1") }, "\(log)")
  }

  @Test("Have a table in which every kind has its own name and a sentence")
  func table() {
    for kind in FindingKind.allCases {
      let row = kind.row
      #expect(row.sentence.hasSuffix("."), "\(kind)")
      if row.severity == .warning { #expect(!row.refusedBy.isEmpty, "\(kind)") }
      if row.severity == .note { #expect(row.refusedBy.isEmpty && row.cve.isEmpty, "\(kind)") }
    }
  }

  @Test("Are all in the table of Documentation/findings.md, in the words of the code")
  func documented() throws {
    let page = try String(contentsOfFile: Fixture.root + "/../Documentation/findings.md", encoding: .utf8)
    let rows = FindingKind.allCases.map { kind in
      let row = kind.row
      return "| `\(kind.rawValue)` | \(row.severity.rawValue) | \(row.sentence) | \(row.refusedBy) | \(row.cve) |"
        .replacing("|  |", with: "| |").replacing("|  |", with: "| |")
    }
    let written = page.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") }
    #expect(written == rows, "\n\(rows.joined(separator: "\n"))\n")
  }
}

@Suite("Patterns of attacks")
struct HostileTests {
  static func hyperLogLog(_ encoding: UInt8, _ registers: [UInt8]) -> [UInt8] {
    Array("HYLL".utf8) + [encoding] + [UInt8](repeating: 0, count: 11) + registers
  }

  /// Strings, and the fault in each; `nil`: none.
  static let strings: [(String, [UInt8], String?)] = [
    ("text", Array("HYPER".utf8), nil),
    ("a sparse HyperLogLog", hyperLogLog(1, [0x7F, 0xFF]), nil),
    ("a sparse HyperLogLog of several runs", hyperLogLog(1, [0x80, 0x3F, 0x7F, 0xBE]), nil),
    ("a dense HyperLogLog", hyperLogLog(0, [UInt8](repeating: 0, count: 12_288)), nil),
    ("a header that is cut", Array("HYLL".utf8) + [1, 0], "a HyperLogLog of at least 16 bytes; 6"),
    ("an unknown encoding", hyperLogLog(2, []), "an encoding of a HyperLogLog, 0 or 1; 2"),
    ("a dense one that is too short", hyperLogLog(0, [0]), "a dense HyperLogLog of 12304 bytes; 17"),
    ("runs beyond the last register", hyperLogLog(1, [0x7F, 0xFF, 0x80]), "runs of 16384 registers; 16385 or more"),
    ("runs that end too early", hyperLogLog(1, [0x7F, 0xFE]), "runs of 16384 registers; 16383"),
    ("a run that is cut", hyperLogLog(1, [0x7F]), "a run of two bytes; the end"),
    (
      "a string that is too long", hyperLogLog(1, [UInt8](repeating: 0x80, count: 20_000)),
      "a HyperLogLog of at most 16400 bytes; 20016"
    ),
  ]

  @Test("Are found in HyperLogLogs only on demand, in every way of reading", arguments: strings.indices)
  func hyperLogLogs(_ index: Int) throws {
    let (name, value, fault) = Self.strings[index]
    let bytes = B.snapshot(B.key(0, B.string(value)) + B.key(0, B.string("v"), name: "l"))
    for interest in [Interest.validate, .elements, .elementsAfterOutline, .stored(atMost: 0)] {
      #expect(FindingList.of(bytes, interest).isEmpty, "\(name)")
      for size in [1, 7, 4096, 1 << 20] {
        var options = RDBReader.Options()
        options.parser.findsHyperLogLogs = true
        options.windowByteCount = size < 1 << 20 ? 64 : 1 << 20
        var reader = RDBReader(MemorySource(bytes, readLimit: size, canSeek: false), options: options)
        var sink = FindingList(interest: interest)
        try reader.read(into: &sink)
        let found = sink.findings.map { "\($0.expected); \($0.found)" }
        #expect(found == (fault.map { [$0] } ?? []), "\(name), \(interest)")
        #expect(sink.findings.allSatisfy { $0.kind == .hyperLogLog && $0.key == [UInt8(ascii: "k")] })
      }
    }
  }

  @Test("Include function libraries, with size and SHA-256, only on demand")
  func functions() {
    let bytes = B.snapshot([245] + B.string("#!lua name=lib\nabc"))
    #expect(FindingList.of(bytes).isEmpty)
    #expect(
      FindingList.of(bytes, listsFunctions: true).map(OddSnapshot.text) == [
        "functionCode: no function library; 18 bytes, SHA-256 "
          + SHA256.digest(Array("#!lua name=lib\nabc".utf8)).map {
            String(($0 >> 4), radix: 16) + String($0 & 15, radix: 16)
          }
          .joined()
      ])
  }

  @Test("Are named in errors")
  func named() {
    // The size of the integers wraps around 32 bits.
    let intset = B.little(UInt32(8)) + B.little(UInt32(0x4000_0001)) + B.little(Int64(7))
    #expect(errorOf(B.snapshot(B.key(11, B.string(intset))), .elements)?.found.contains("CVE-2021-32687") == true)
    let ziplist = B.ziplist([.raw([0x80, 0xFF, 0xFF, 0xFF, 0xFF])])
    #expect(errorOf(B.snapshot(B.key(13, B.string(ziplist))), .elements)?.found.contains("CVE-2021-32628") == true)
    let listpack: [UInt8] = [17, 0, 0, 0, 1, 0, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4, 5, 0xFF]
    #expect(errorOf(B.snapshot(B.key(16, B.string(listpack))), .elements)?.found.contains("CVE-2021-32627") == true)
    let group =
      B.string("g") + [1, 1, 0, 0, 2] + [1, 99] + B.little(Int64(5)) + B.little(Int64(5)) + [0] + [1, 99]
      + B.little(Int64(5)) + B.little(Int64(5)) + [0]
    let stream = B.key(21, [1] + Stream.node() + Stream.tail(group))
    #expect(errorOf(B.snapshot(stream), .elements)?.found.contains("CVE-2026-66373") == true)
  }
}
