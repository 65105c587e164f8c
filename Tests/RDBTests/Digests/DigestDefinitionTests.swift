import RDB
import RDBFormat
import RDBSupport
import TestSupport
import Testing

/// Computes digests from messages that are put together byte by byte, as the documentation of `ValueDigester` says.
@Suite("The definition of digests")
struct DigestDefinitionTests {
  // MARK: Messages

  /// A word of ASCII characters, followed by zeros.
  static func tag(_ text: String) -> [UInt8] { Array(text.utf8) + [UInt8](repeating: 0, count: 8 - text.utf8.count) }
  static func word(_ number: UInt64) -> [UInt8] { RDBBytes.little(number) }
  /// The length, the bytes, and zeros.
  static func s(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return word(UInt64(bytes.count)) + bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
  }
  static func digest(_ message: [UInt8]) -> ValueDigest {
    let key = Array("rdb digest no. 1".utf8)
    let halves = [0, 8].map { start in (0..<8).reduce(UInt64(0)) { $0 | UInt64(key[start + $1]) << UInt64(8 * $1) } }
    let (low, high) = SipHash.hash(message.span.bytes, key: halves[0], halves[1])
    return ValueDigest(low: low, high: high)
  }
  /// The number of digests, and their sum.
  static func sum(_ messages: [[UInt8]]) -> [UInt8] {
    let sum = messages.map(digest).reduce(UInt128(0)) { $0 &+ (UInt128($1.high) << 64 | UInt128($1.low)) }
    return word(UInt64(messages.count)) + word(UInt64(truncatingIfNeeded: sum))
      + word(UInt64(truncatingIfNeeded: sum >> 64))
  }

  static func value(_ type: UInt8, _ stored: [UInt8], version: Int = 12, vendor: Vendor = .redis) throws -> ValueDigest
  {
    var builder = SnapshotBuilder(version: version, vendor: vendor)
    builder.key(type, "k", value: stored)
    return try #require(try DigestCollector.digests(of: builder.whole).first).digest
  }

  // MARK: Types

  @Test("covers a string, whose digest OpenSSL computes as well")
  func string() throws {
    let found = try Self.value(0, RDBBytes.string("hello"))
    #expect(found == Self.digest(Self.tag("string") + Self.s("hello")))
    // printf 'string\0\0\5\0\0\0\0\0\0\0hello\0\0\0' | openssl mac -macopt size:16 \
    //   -macopt hexkey:"$(printf 'rdb digest no. 1' | od -An -tx1 | tr -d ' \\n')" SIPHASH
    #expect(found.description == "2db3934aaae80b06eb36df4d732493a6")
  }

  @Test("is read from its text, and from no other text")
  func text() throws {
    let digest = try Self.value(0, RDBBytes.string("hello"))
    #expect(ValueDigest(digest.description) == digest && ValueDigest(digest.description.uppercased()) == digest)
    #expect(ValueDigest("01000000000000002000000000000000") == ValueDigest(low: 1, high: 32))
    let (whole, part) = (digest.description, String(digest.description.dropFirst()))
    for text in ["", part, whole + "0", "g" + part] {
      #expect(ValueDigest(text) == nil, "\(text)")
    }
  }

  @Test("covers lists in order, with the number of elements")
  func list() throws {
    var builder = SnapshotBuilder(version: 12)
    builder.list("k", ["a", "", "12345678"])
    builder.list("l", ["", "a", "12345678"])
    let found = try DigestCollector.digests(of: builder.whole).map(\.digest)
    #expect(found[0] == Self.digest(Self.tag("list") + Self.s("a") + Self.s("") + Self.s("12345678") + Self.word(3)))
    #expect(found[0] != found[1])
  }

  @Test("covers sets, sorted sets and hashes in any order")
  func unordered() throws {
    var builder = SnapshotBuilder(version: 80, vendor: .valkey)
    builder.set("a", ["x", "yy"])
    builder.set("b", ["yy", "x"])
    builder.zset("c", [("x", 1.5), ("yy", -.infinity)])
    builder.zset("d", [("yy", -.infinity), ("x", 1.5)])
    builder.hash("e", expiringFields: [("f", "1", -1), ("g", "2", 5_000)])
    builder.hash("f", expiringFields: [("g", "2", 5_000), ("f", "1", -1)])
    let found = try DigestCollector.digests(of: builder.whole).map(\.digest)
    let members = ["x", "yy"].map { Self.tag("member") + Self.s($0) }
    let scored = [("x", 1.5), ("yy", -.infinity)].map {
      Self.tag("scored") + Self.word(($0.1 as Double).bitPattern) + Self.s($0.0)
    }
    let fields = [
      Self.tag("field") + Self.s("f") + Self.s("1"),
      Self.tag("expiring") + Self.s("g") + Self.s("2") + Self.word(5_000),
    ]
    let expected = [
      Self.digest(Self.tag("set") + Self.sum(members)), Self.digest(Self.tag("zset") + Self.sum(scored)),
      Self.digest(Self.tag("hash") + Self.sum(fields)),
    ]
    #expect(found == expected.flatMap { [$0, $0] })
  }

  @Test("takes a score of −0 for 0, and no other two scores for the same")
  func scores() throws {
    var builder = SnapshotBuilder(version: 12)
    let scores = [0.0, -0.0, .leastNonzeroMagnitude, 1, 1.0000000000000002, .infinity, -.infinity]
    for (number, score) in scores.enumerated() { builder.zset("k\(number)", [("m", score)]) }
    let found = try DigestCollector.digests(of: builder.whole).map(\.digest)
    #expect(found[0] == found[1])
    #expect(Set(found).count == scores.count - 1)
  }

  @Test("leaves field expiries out if asked to")
  func fieldExpiries() throws {
    var builder = SnapshotBuilder(version: 80, vendor: .valkey)
    builder.hash("e", expiringFields: [("f", "1", -1), ("g", "2", 5_000)])
    builder.hash("f", expiringFields: [("f", "1", 7_000), ("g", "2", -1)])
    builder.hash("g", [("f", "1"), ("g", "2")])
    let exact = try DigestCollector.digests(of: builder.whole).map(\.digest)
    #expect(Set(exact).count == 3)
    let digester = ValueDigester(ignoresFieldExpiries: true)
    #expect(Set(try DigestCollector.digests(of: builder.whole, digester).map(\.digest)) == [exact[2]])
  }

  @Test("distinguishes types, and where one string ends and the next begins")
  func separation() throws {
    var builder = SnapshotBuilder(version: 12)
    builder.string("a", "ab")
    builder.list("b", ["ab"])
    builder.list("c", ["a", "b"])
    builder.set("d", ["ab"])
    builder.set("e", ["a", "b"])
    builder.hash("f", [("a", "b")])
    builder.hash("g", [("ab", "")])
    builder.hash("h", [("", "ab")])
    builder.zset("i", [("ab", 0)])
    builder.string("j", "ab\0")
    builder.list("k", ["ab", ""])
    let digests = try DigestCollector.digests(of: builder.whole).map(\.digest)
    #expect(Set(digests).count == digests.count)
  }

  @Test("covers the entries, numbers, groups and pending entries of a stream")
  func stream() throws {
    let bytes = Fixture.named("redis-7.2.6/streams").bytes
    var keys = SnapshotKeys(MemorySource(bytes))
    let digests = Dictionary(
      uniqueKeysWithValues: try DigestCollector.digests(of: bytes).map {
        ([UInt8]("\($0.database)".utf8) + $0.name, $0.digest)
      })
    var groupCount = 0
    while let key = try keys.next() {
      guard case .stream(let stream) = key.value else { continue }
      groupCount += stream.groups.count
      #expect(digests[[UInt8]("\(key.database)".utf8) + key.name] == Self.digest(Self.message(of: stream)))
    }
    #expect(groupCount > 2)
  }

  static func message(of stream: SnapshotStream) -> [UInt8] {
    func s(_ bytes: [UInt8]) -> [UInt8] {
      word(UInt64(bytes.count)) + bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
    }
    func id(_ id: StreamID) -> [UInt8] { word(id.milliseconds) + word(id.sequence) }
    var message = tag("stream")
    for entry in stream.entries {
      message += id(entry.id) + word(UInt64(entry.fields.count)) + entry.fields.flatMap { s($0.name) + s($0.value) }
    }
    message += word(UInt64(stream.entries.count)) + id(stream.info.lastID) + id(stream.info.maxDeletedID!)
    message += word(stream.info.entriesAdded!)
    message += sum(
      stream.groups.map { group in
        let read: UInt64
        switch group.entriesRead {
        case .known(let count): read = count
        case .unknown, .absent: read = .max
        }
        return tag("group") + s(group.name) + id(group.lastDelivered) + word(read)
          + sum(group.consumers.map { tag("consumer") + s($0.name) })
          + sum(
            group.pending.map {
              tag("pending") + id($0.id) + word(UInt64($0.delivered.value)) + word($0.deliveryCount) + s($0.consumer!)
            })
      })
    return message + word(0)
  }

  @Test("covers the items of a module's value, with the module's ID")
  func module() throws {
    let id: UInt64 = 0x45E2_5238_DF91_2C03
    let items = [2] + RDBBytes.length(7) + [5] + RDBBytes.string("text") + [4] + RDBBytes.little((1.5).bitPattern)
    let found = try Self.value(7, RDBBytes.length(id) + items + [0])
    let message =
      Self.tag("module") + Self.word(id) + Self.word(2) + Self.word(7) + Self.word(5) + Self.s("text") + Self.word(4)
      + Self.word((1.5).bitPattern) + Self.word(3)
    #expect(found == Self.digest(message))
  }
}
