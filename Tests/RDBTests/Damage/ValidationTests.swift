import RDB
import RDBFormat
import TestSupport
import Testing

private typealias B = RDBBytes

/// A value with one thing wrong, and what reading and checking it say.
struct BadValue: CustomTestStringConvertible, Sendable {
  let name: String
  let bytes: [UInt8]
  /// What reading its elements ends with; `nil`: nothing, servers read it too.
  let reading: RDBError.Code?
  /// What checking it ends with.
  let checking: RDBError.Code?
  var testDescription: String { name }

  init(
    _ name: String, _ type: UInt8, _ value: [UInt8], _ code: RDBError.Code, version: Int = 12,
    before: [UInt8] = [], onlyChecked: Bool = false
  ) {
    self.name = name
    bytes = B.snapshot(version: version, before + B.key(type, value))
    reading = onlyChecked ? nil : code
    checking = code
  }

  /// Something that is odd and right.
  init(right name: String, _ type: UInt8, _ value: [UInt8], version: Int = 12, before: [UInt8] = []) {
    self.name = name
    bytes = B.snapshot(version: version, before + B.key(type, value))
    (reading, checking) = (nil, nil)
  }
}

@Suite("Checking values")
struct ValidationTests {
  @Test("finds what is wrong", arguments: packed + plain + hashes + streams + newer)
  func finds(_ value: BadValue) {
    #expect(errorOf(value.bytes, .elements)?.code == value.reading)
    #expect(errorOf(value.bytes, .elementsAfterOutline)?.code == value.reading)
    let error = errorOf(value.bytes, .validate)
    #expect(error?.code == value.checking, "\(String(describing: error))")
    #expect(errorOf(value.bytes, .elements, threads: 2)?.code == value.reading)
    if let error {
      #expect(error.key == [UInt8(ascii: "k")])
      #expect(error.valueType != nil)
      #expect((9...value.bytes.count).contains(error.offset))
    }
  }

  static let packed: [BadValue] = [
    .init(right: "a list's ziplist without entries", 10, B.string(B.ziplist([]))),
    .init(right: "a set's listpack without entries", 20, B.string(B.listpack([]))),
    .init(right: "a score with white space around it", 3, [1, 1, 97, 4] + Array("\t1 \n".utf8)),
    .init(right: "a packed score with white space before it", 17, B.string(B.listpack(["a", " 1.5"]))),
    .init("a score of white space", 3, [1, 1, 97, 2, 32, 32], .badScore),
    .init(right: "a zset's listpack without entries", 17, B.string(B.listpack([]))),
    .init(right: "a hash's listpack without entries", 16, B.string(B.listpack([]))),
    .init(right: "a hash's ziplist without entries", 13, B.string(B.ziplist([]))),
    .init("an intset without integers", 11, B.string(B.little(UInt32(2)) + B.little(UInt32(0))), .corruptIntset),
    .init("an empty intset blob", 11, [0], .corruptIntset),
    .init("a zipmap without pairs", 9, B.string([0, 0xFF]), .corruptZipmap),
    .init("an empty zipmap blob", 9, [0], .corruptZipmap),
    .init("an empty listpack blob", 16, [0], .corruptListpack),
    .init("an empty ziplist blob", 13, [0], .corruptZiplist),
    .init(right: "a member twice in a listpack", 20, B.string(B.listpack(["a", "b", "a"]))),
    .init(right: "a member as text and integer", 20, B.string(B.listpack(["5", 5]))),
    .init("a field twice in a listpack", 16, B.string(B.listpack(["a", 1, "a", 2])), .duplicateMember),
    .init("a field twice in a ziplist", 13, B.string(B.ziplist(["a", 1, "a", 2])), .duplicateMember),
    .init("a zset member twice", 17, B.string(B.listpack(["a", 1, "a", 2])), .duplicateMember),
    .init("a field twice in a zipmap", 9, B.string([2, 1, 97, 0, 0, 1, 97, 0, 0, 0xFF]), .duplicateMember),
    .init(
      "a field twice of three", 25, B.little(UInt64(0)) + B.string(B.listpack(["a", 1, 0, "a", 2, 0])), .duplicateMember
    ),
    .init(right: "a value like a field", 16, B.string(B.listpack(["a", "b", "b", "a"]))),
    .init("a field without a value", 16, B.string(B.listpack(["a", 1, "b"])), .corruptListpack),
    .init("a field without a value in a ziplist", 13, B.string(B.ziplist(["a", 1, "b"])), .corruptZiplist),
    .init("a member without a score", 12, B.string(B.ziplist(["a", "1", "b"])), .corruptZiplist),
    .init(
      "a field without an expiry", 25, B.little(UInt64(0)) + B.string(B.listpack(["a", 1, 0, "b", 1])), .corruptListpack
    ),
    .init("a score that is no number", 17, B.string(B.listpack(["a", "x"])), .badScore),
    .init("a score that is empty", 17, B.string(B.listpack(["a", ""])), .badScore),
    .init("a score of NaN", 17, B.string(B.listpack(["a", "nan"])), .badScore),
    .init(
      right: "integers out of order", 11,
      B.string(B.little(UInt32(2)) + B.little(UInt32(2)) + B.little(Int16(2)) + B.little(Int16(1)))),
    .init(
      right: "an integer twice", 11,
      B.string(B.little(UInt32(2)) + B.little(UInt32(2)) + B.little(Int16(2)) + B.little(Int16(2)))),
  ]

  static let plain: [BadValue] = [
    .init(right: "a list without elements", 1, [0]),
    .init(right: "a set without members", 2, [0]),
    .init(right: "a zset with text scores without members", 3, [0]),
    .init(right: "a zset without members", 5, [0]),
    .init(right: "a hash without fields", 4, [0]),
    .init(right: "a quicklist without nodes", 18, [0]),
    .init(right: "a quicklist of ziplists without nodes", 14, [0]),
    .init(right: "a quicklist of an empty node", 18, [1, 2] + B.string(B.listpack([]))),
    .init(
      right: "a quicklist with an empty node", 18, [2, 2] + B.string(B.listpack([])) + [2] + B.string(B.listpack([1]))),
    .init("a quicklist node without bytes", 18, [1, 2, 0], .corruptQuicklist),
    .init("a plain node without bytes", 18, [1, 1, 0], .corruptQuicklist),
    .init("a ziplist node without bytes", 14, [1, 0], .corruptQuicklist),
    .init("a container that is none", 18, [1, 3] + B.string("x"), .corruptQuicklist),
    .init("a container of 0", 18, [1, 0] + B.string("x"), .corruptQuicklist),
    .init("a packed node that is no listpack", 18, [1, 2] + B.string("not a listpack"), .corruptListpack),
    .init("a node that is no ziplist", 14, [1] + B.string("not a ziplist"), .corruptZiplist),
    .init("NaN in binary", 5, [1] + B.string("m") + B.little(Double.nan.bitPattern), .badScore),
    .init("NaN with a sign", 5, [1] + B.string("m") + B.little((-Double.nan).bitPattern), .badScore),
    .init("NaN as a mark", 3, [1] + B.string("m") + [253], .badScore),
    .init("NaN as text", 3, [1] + B.string("m") + [3] + Array("nan".utf8), .badScore),
    .init("a score of no bytes", 3, [1] + B.string("m") + [0], .badScore),
    .init("LZF that refers to before its start", 0, [0xC3, 2, 5, 0x20, 0], .corruptLZF),
    .init("LZF for more than was said", 0, [0xC3, 3, 1, 1, 97, 97], .corruptLZF),
    .init("LZF for less than was said", 0, [0xC3, 3, 3, 1, 97, 97], .corruptLZF),
    .init("LZF of an absurd size", 0, [0xC3, 3, 0x80, 0, 0, 1, 0x50, 1, 97, 97], .corruptLZF),
    .init("a bad LZF element", 1, [1, 0xC3, 2, 5, 0x20, 0], .corruptLZF),
    .init("a bad LZF field", 4, [1] + B.string("f") + [0xC3, 2, 5, 0x20, 0], .corruptLZF),
    .init("a string of an unknown encoding", 0, [0xC4, 1], .badString),
    .init("a length that is none", 0, [0x82], .badLength),
    .init("a count that is a string encoding", 2, [0xC0, 1], .badLength),
    .init("a module item that is none", 7, B.length(0xBDE7_2DA2_BB1E_B400) + [6], .corruptModule),
    .init("a bad string in a module", 7, B.length(0xBDE7_2DA2_BB1E_B400) + [5, 0xC3, 2, 5, 0x20, 0, 0], .corruptLZF),
  ]

  static let hashes: [BadValue] = [
    .init(
      "an expiry below none", 22, [1] + B.string("f") + B.string("v") + B.little(Int64(-2)), .corruptHash, version: 80),
    .init(right: "an expiry of 0 in Valkey", 22, [1] + B.string("f") + B.string("v") + B.little(Int64(0)), version: 80),
    .init(right: "no fields in Valkey", 22, [0], version: 80),
    .init(right: "no fields", 24, B.little(UInt64(0)) + [0]),
    .init("an expiry of 2^48", 22, [1] + B.length(1 << 48) + B.string("f") + B.string("v"), .corruptHash),
    .init(right: "an expiry of 2^48-1", 22, [1] + B.length((1 << 48) - 1) + B.string("f") + B.string("v")),
    .init(
      "a sum of 2^48", 24, B.little(UInt64(1 << 47)) + [1] + B.length((1 << 47) + 1) + B.string("f") + B.string("v"),
      .corruptHash),
    .init("a sum beyond 64 bits", 24, B.little(UInt64.max) + [1, 2] + B.string("f") + B.string("v"), .corruptHash),
    .init("an expiry that is text", 25, B.little(UInt64(0)) + B.string(B.listpack(["f", "v", "x"])), .corruptHash),
    .init("a negative expiry", 25, B.little(UInt64(0)) + B.string(B.listpack(["f", "v", -1])), .corruptHash),
    .init(right: "a packed expiry of 2^48", 23, B.string(B.listpack(["f", "v", .integer(1 << 48)]))),
    .init(right: "a packed expiry of 2^48-1", 23, B.string(B.listpack(["f", "v", .integer((1 << 48) - 1)]))),
    .init(
      right: "expiries out of order", 25, B.little(UInt64(0)) + B.string(B.listpack(["f", "v", 9, "g", "w", 8]))),
    .init(
      right: "an expiry after a field without one", 25,
      B.little(UInt64(0)) + B.string(B.listpack(["f", "v", 0, "g", "w", 8]))),
    .init(
      right: "expiries in order", 25,
      B.little(UInt64(0)) + B.string(B.listpack(["f", "v", 8, "g", "w", 8, "h", "x", 0, "i", "y", 0]))),
  ]

  /// A node with one entry `1-1 f=v`, its listpack changed.
  private static func node(
    _ milliseconds: UInt64 = 1, _ sequence: UInt64 = 1, _ entries: [B.Entry] = [1, 0, 1, "f", 0, 2, 0, 0, "v", 4]
  ) -> [UInt8] {
    B.string(B.streamID(milliseconds, sequence)) + B.string(B.listpack(entries))
  }

  /// Length 1, last ID 1-1, first ID, greatest deleted ID, entries added; no groups unless given.
  private static func tail(length: UInt64 = 1, lastID: UInt64 = 1, _ groups: [UInt8] = [0]) -> [UInt8] {
    B.length(length) + B.length(lastID) + [1, 1, 1, 0, 0, 1] + groups
  }

  private static func group(
    _ name: String, pending: [UInt64] = [], consumers: [(String, [UInt64])] = []
  ) -> [UInt8] {
    var bytes = B.string(name) + [1, 1, 0, UInt8(pending.count)]
    for id in pending { bytes += B.streamID(id, 1) + B.little(Int64(5)) + [1] }
    bytes.append(UInt8(consumers.count))
    for (name, ids) in consumers {
      bytes += B.string(name) + B.little(Int64(5)) + B.little(Int64(5)) + [UInt8(ids.count)]
      for id in ids { bytes += B.streamID(id, 1) }
    }
    return bytes
  }

  private static func stream(_ name: String, _ entries: [B.Entry], onlyChecked: Bool = false) -> BadValue {
    .init(name, 21, [1] + node(1, 1, entries) + tail(), .corruptStream, onlyChecked: onlyChecked)
  }

  static let streams: [BadValue] = [
    .init(right: "one entry", 21, [1] + node() + tail()),
    .init(
      "a master ID of 15 bytes", 21,
      [1] + B.string([UInt8](repeating: 0, count: 15)) + B.string(B.listpack([1])) + tail(), .corruptStream),
    .init("an empty node", 21, [1] + B.string(B.streamID(1, 1)) + [0] + tail(), .corruptListpack),
    .init("a node without entries", 21, [1] + node(1, 1, []) + tail(), .corruptListpack),
    stream("a count that is text", ["1", 0, 1, "f", 0, 2, 0, 0, "v", 4]),
    .init(right: "a count below zero", 21, [1] + node(1, 1, [-1, 0, 1, "f", 0, 2, 0, 0, "v", 4]) + tail()),
    stream("a count of fields below zero", [1, 0, -1, "f", 0, 2, 0, 0, "v", 4]),
    stream("a master entry with another end", [1, 0, 1, "f", 1, 2, 0, 0, "v", 4]),
    stream("flags that are text", [1, 0, 1, "f", 0, "2", 0, 0, "v", 4]),
    .init(right: "flags that are none", 21, [1] + node(1, 1, [1, 0, 1, "f", 0, 4, 0, 0, 1, "f", "v", 6]) + tail()),
    stream("a time difference that is text", [1, 0, 1, "f", 0, 2, "x", 0, "v", 4]),
    stream("a size that is wrong", [1, 0, 1, "f", 0, 2, 0, 0, "v", 5]),
    .init(right: "fewer entries than counted", 21, [1] + node(1, 1, [2, 0, 1, "f", 0, 2, 0, 0, "v", 4]) + tail()),
    .init(
      right: "more entries than counted", 21,
      [1] + node(1, 1, [1, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 1, "w", 4]) + tail()),
    .init(
      right: "deleted entries that are not", 21,
      [1] + node(1, 1, [1, 1, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 1, "w", 4]) + tail()),
    .init(
      right: "IDs out of order", 21, [1] + node(1, 1, [2, 0, 1, "f", 0, 2, 0, 1, "v", 4, 2, 0, 0, "w", 4]) + tail()),
    .init(right: "an ID twice", 21, [1] + node(1, 1, [2, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 0, "w", 4]) + tail()),
    stream("a count of own fields below zero", [1, 0, 1, "f", 0, 0, 0, 0, -1, 5]),
    .init("an entry that is cut", 21, [1] + node(1, 1, [1, 0, 1, "f", 0, 2, 0, 0]) + tail(), .corruptListpack),
    .init(
      "own fields that are too many", 21, [1] + node(1, 1, [1, 0, 1, "f", 0, 0, 0, 0, 100, "f", "v", 6]) + tail(),
      .corruptListpack),
    .init(
      right: "a node of nothing but deleted entries", 21,
      [1] + node(1, 1, [0, 1, 1, "f", 0, 3, 0, 0, "v", 4]) + tail(length: 0)),
    .init("a node twice", 21, [2] + node() + node() + tail(length: 2), .corruptStream),
    .init("nodes out of order", 21, [2] + node(2) + node(1) + tail(length: 2, lastID: 9), .corruptStream),
    .init(
      "a deleted node's ID twice", 21,
      [2] + node(1, 1, [0, 1, 1, "f", 0, 3, 0, 0, "v", 4]) + node() + tail(), .corruptStream),
    .init(right: "a length that is not that of the entries", 21, [1] + node() + tail(length: 2)),
    .init(right: "a last ID below the last entry", 21, [1] + node(2) + tail()),
    .init(right: "a stream without entries", 21, [0] + tail(length: 0)),
    .init(right: "two groups", 21, [1] + node() + tail([2] + group("g") + group("h"))),
    .init("a group twice", 21, [1] + node() + tail([2] + group("g") + group("g")), .corruptStream),
    .init(
      "a consumer twice", 21, [1] + node() + tail([1] + group("g", consumers: [("c", []), ("c", [])])), .corruptStream),
    .init(
      right: "pending entries", 21,
      [1] + node() + tail([1] + group("g", pending: [1, 2], consumers: [("a", [2]), ("b", [1])]))),
    .init(
      "a pending ID twice", 21, [1] + node() + tail([1] + group("g", pending: [1, 1], consumers: [("a", [1])])),
      .corruptStream),
    .init(
      right: "pending IDs out of order", 21,
      [1] + node() + tail([1] + group("g", pending: [2, 1], consumers: [("a", [1, 2])]))),
    .init(
      "a pending entry without a consumer", 21,
      [1] + node() + tail([1] + group("g", pending: [1], consumers: [("a", [])])),
      .corruptStream),
    .init(
      right: "a pending entry of two", 21,
      [1] + node() + tail([1] + group("g", pending: [1], consumers: [("a", [1]), ("b", [1])]))),
    .init(
      "a consumer's entry that is not the group's", 21,
      [1] + node() + tail([1] + group("g", pending: [1], consumers: [("a", [2])])), .corruptStream),
  ]

  private static let template: [UInt8] = [0xF2, 5, 2] + B.string("f") + B.string("g")

  static let newer: [BadValue] = [
    .init("an array without elements", 28, [0, 0], .corruptArray, version: 14),
    .init("a cursor mark of 2", 28, [1, 2, 0, 0, 0, 0], .corruptArray, version: 14),
    .init("an index of 2^64-1", 28, [1, 0] + B.length(.max) + [0] + B.string("x"), .corruptArray, version: 14),
    .init("a tag of 4", 28, [1, 0, 0, 4], .corruptArray, version: 14),
    .init("an element that is NaN", 28, [1, 0, 0, 2] + B.little(Double.nan.bitPattern), .corruptArray, version: 14),
    .init(
      "an index twice", 28, [2, 0, 1, 0] + B.string("x") + [1, 0] + B.string("y"), .corruptArray, version: 14,
      onlyChecked: true),
    .init("a template that is not there", 32, [6] + B.string("v"), .corruptHashTemplate, version: 15, before: template),
    .init(
      "a packed template that is not there", 30, B.string(B.listpack([6, "v", "w"])), .corruptHashTemplate, version: 15,
      before: template),
    .init(
      "a template's ID that is text", 30, B.string(B.listpack(["5", "v", "w"])), .corruptHashTemplate, version: 15,
      before: template),
    .init("too few values", 30, B.string(B.listpack([5, "v"])), .corruptHashTemplate, version: 15, before: template),
    .init(
      "too many values", 30, B.string(B.listpack([5, "v", "w", "x"])), .corruptListpack, version: 15, before: template),
    .init("no values", 30, B.string(B.listpack([])), .corruptListpack, version: 15, before: template),
    .init(
      "a form of fields that is none", 31, [2, 1] + B.string("f") + B.string("v"), .corruptHashTemplate, version: 15),
    .init("no fields", 31, [1, 0], .corruptHashTemplate, version: 15),
    .init(
      "fields out of order", 31, [1, 2] + B.string("g") + B.string("f") + B.string("v") + B.string("w"),
      .corruptHashTemplate, version: 15),
    .init(
      "fields out of order by length", 29, [0] + B.string(B.listpack(["aa", "b"])) + B.string(B.listpack([0, 1, 2])),
      .corruptHashTemplate, version: 15),
    .init(
      "a field twice", 31, [1, 2] + B.string("f") + B.string("f") + B.string("v") + B.string("w"), .corruptHashTemplate,
      version: 15),
  ]
}

@Suite("Checking what stands between the keys")
struct RecordTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let code: RDBError.Code?
    var testDescription: String { name }
    init(_ name: String, _ records: [UInt8], _ code: RDBError.Code?, version: Int = 12) {
      self.name = name
      bytes = B.snapshot(version: version, records)
      self.code = code
    }
  }

  static let cases: [Case] = [
    Case("nothing", [], nil),
    Case("a type 8", [8] + B.string("k"), .unknownValueType),
    Case("a type 34", [34] + B.string("k"), .unknownValueType),
    Case("Valkey's hash in a Redis file is another's", [22, 0x41, 0x61], .truncated),
    Case("a Redis hash with expiries in a Valkey file", B.key(24, [0]), .unknownValueType, version: 80),
    Case("slot info in a Valkey file", [244, 1, 1, 1], nil, version: 80),
    Case("an inline update", [242] + Array("*1\r\n".utf8), .unsupportedValueType, version: 81),
    Case("a module value of the release candidates", B.key(6, B.length(0xBDE7_2DA2_BB1E_B400)), .unsupportedValueType),
    Case("an expiry of no key", [252] + B.little(Int64(5)), nil),
    Case("a template without fields", [242, 1, 0], .corruptHashTemplate, version: 15),
    Case(
      "a template with a field twice", [242, 1, 2] + B.string("f") + B.string("f"), .corruptHashTemplate, version: 15),
    Case(
      "slots beyond the last", [243] + B.string("job") + [1] + B.length(0) + B.length(16_384), .corruptOpcode,
      version: 80),
    Case("slots from back to front", [243] + B.string("job") + [1, 2, 1], .corruptOpcode, version: 80),
    Case("more ranges than slots", [243] + B.string("job") + B.length(16_385), .corruptOpcode, version: 80),
    Case("a module AUX without its first item", [247, 5, 1, 1, 0], .corruptModule),
    Case("metadata with an item that is none", [243, 1, 0, 0, 0, 0, 9, 0], .corruptModule, version: 13),
    Case("the greatest database number", [254] + B.length(.max) + B.key(0, B.string("v")), nil),
    Case("hints beyond belief", [251] + B.length(.max) + B.length(.max) + B.key(0, B.string("v")), nil),
    Case("the greatest idle time", [248] + B.length(.max) + B.key(0, B.string("v")), nil),
  ]

  @Test("finds what is wrong", arguments: cases)
  func finds(_ record: Case) {
    for interest in [Interest.elements, .validate, .skip, .stored] {
      #expect(errorOf(record.bytes, interest)?.code == record.code)
      #expect(errorOf(record.bytes, interest, threads: 2)?.code == record.code)
    }
  }

  @Test("takes a millisecond of -1 as no expiry, and a second of -1 as a time")
  func minusOne() {
    func expiry(_ opcode: [UInt8]) -> String? {
      let bytes = B.snapshot(opcode + B.key(0, B.string("v")))
      return Way.whole.read(bytes, interest: .skip).log.first { $0.hasPrefix("key") }
    }
    #expect(expiry([252] + B.little(Int64(-1))) == "key \"k\" db 0 string at 9")
    #expect(expiry([253] + B.little(Int32(-1))) == "key \"k\" db 0 string at 9 expiry -1000")
  }

  @Test("finds a member twice, however many members are between", arguments: [false, true])
  func farDuplicates(_ isZiplist: Bool) {
    // More than are noted at a time.
    let count = 600_000
    var entries: [B.Entry] = []
    for number in 0..<count {
      entries.append(.raw([isZiplist ? 4 : 0x84] + B.little(UInt32(number * 7))))
      if isZiplist { entries.append(.raw([0xF1])) }
    }
    func isFound(_ entries: [B.Entry]) -> Bool {
      let blob = isZiplist ? B.ziplist(entries, count: .max) : B.listpack(entries, count: .max)
      return hasTwin(B.snapshot(B.key(isZiplist ? 13 : 20, B.string(blob))))
    }
    #expect(!isFound(entries))
    let twin = [B.Entry.raw([isZiplist ? 4 : 0x84] + B.little(UInt32(500_000 * 7)))]
    #expect(isFound(entries + twin + (isZiplist ? [.raw([0xF1])] : [])))
  }

  /// Whether reading reports a member that occurs twice: as a finding of a set, as an error of all else.
  private func hasTwin(_ bytes: [UInt8]) -> Bool {
    errorOf(bytes, .elements)?.code == .duplicateMember || FindingList.of(bytes).contains { $0.kind == .repeatedMember }
  }

  @Test(
    "finds a member twice among few, and nothing where they are only alike", arguments: [12, 13, 16, 17, 20] as [UInt8])
  func nearDuplicates(_ type: UInt8) {
    var random = SeededGenerator(seed: UInt64(type))
    let isZiplist = type < 16
    let width = type == 20 ? 1 : 2
    func isFound(_ members: [String]) -> Bool {
      let entries = members.flatMap { [B.Entry.text(Array($0.utf8))] + (width == 2 ? [B.Entry.integer(7)] : []) }
      let blob = isZiplist ? B.ziplist(entries) : B.listpack(entries)
      return hasTwin(B.snapshot(B.key(type, B.string(blob))))
    }
    // Alike in their first and last eight bytes, and in length; or of every short length, one of none.
    let alike = (0..<32).map { "abcdefgh\(UnicodeScalar(65 + UInt8($0)))ijklmnop" }
    let short = (0..<33).map { String(repeating: "x", count: $0) }
    for members in [alike, short, (0..<40).map { "member:\($0)" }] {
      #expect(!isFound(members))
      for _ in 0..<20 {
        let twin = members[Int(random.next() % UInt64(members.count))]
        var twice = members
        twice.insert(twin, at: Int(random.next() % UInt64(members.count + 1)))
        #expect(isFound(twice))
        let few = Array(members.prefix(Int(2 + random.next() % 30)))
        #expect(!isFound(few))
        #expect(isFound(few + [few[0]]))
      }
    }
  }

  @Test(
    "ends where the first record claims more than any file holds", arguments: [0x7FFF_FFFF_FFFF_FFFF, .max] as [UInt64])
  func firstRecord(_ claim: UInt64) {
    // The bytes before make the sum of what is there and what is missing pass 2^63.
    let bytes = Array("REDIS0011".utf8) + [254, 0] + B.key(0, B.length(claim) + [1, 2, 3])
    for threads in [1, 2, 3] {
      #expect(errorOf(bytes, .skip, threads: threads)?.code == .truncated)
      #expect(errorOf(bytes, .elements, threads: threads)?.code == .truncated)
    }
  }
}
