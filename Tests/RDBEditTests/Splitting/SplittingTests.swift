import Foundation
import RDB
import RDBEdit
import RDBFormat
import TestSupport
import Testing

@Suite("A snapshot that is divided into several")
struct SplittingTests {
  /// Splits a snapshot into a folder.
  static func split(_ bytes: [UInt8], _ rule: SplitRule, into folder: Scratch, threads: Int = 1, openLimit: Int = 256)
    throws -> (parts: [SnapshotParts.Summary], summary: SnapshotWritingSummary)
  {
    var reader = RDBReader(MemorySource(bytes))
    let options = SnapshotWritingOptions(copying: try reader.origin())
    let parts = try SnapshotParts(options, in: folder.path, sizeLimit: rule.sizeLimit, openLimit: openLimit)
    try rule.addParts(to: parts)
    let numbered = NumberedParts()
    let result = try reader.write(to: parts, threads: threads) { SplittingSink(rule, parts, numbered, turn: $0) }
    return (try parts.finish(result.summary, keepsEmpty: rule.keepsEmpty), result.summary)
  }

  static func bytes(_ name: String, in folder: Scratch) throws -> [UInt8] {
    [UInt8](try #require(folder.contents(of: name)))
  }

  /// The files of a folder by name.
  static func files(in folder: Scratch) throws -> [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: try folder.names.map { ($0, try bytes($0, in: folder)) })
  }

  /// The rules for a snapshot.
  static func rules(_ bytes: [UInt8]) throws -> [(String, SplitRule)] {
    var reader = RDBReader(MemorySource(bytes))
    let counts = try reader.fold(PrefixCountingSink(NamePrefix(separators: [Array(":".utf8), [0x5F]], depth: 1)))
      .summary
    return [
      ("slots", .slots(SlotOwners(shards: 3))), ("database", .database), ("type", .type),
      ("prefix", .prefix(counts.largest(5))), ("size", .size(1000)),
    ]
  }

  @Test("has all keys and other records of every fixture, and its sizes are right", arguments: Fixture.valid)
  func whole(_ fixture: Fixture) throws {
    // Values that refer to a hash template are written as hashes of their own.
    if fixture.name == "crafted/v15-templates" { return }
    let bytes = fixture.bytes
    let original = try KeyedEvents(bytes)
    for (name, rule) in try Self.rules(bytes) {
      let folder = Scratch()
      let (parts, summary) = try Self.split(bytes, rule, into: folder)
      #expect(!summary.ledger.hasLosses)
      var union = KeyedEvents()
      for part in parts {
        let content = try Self.bytes(part.name, in: folder)
        let events = try KeyedEvents(content)
        #expect(events.others == original.others, "\(name): \(part.name)")
        #expect(part.keyCount == UInt64(events.keyCount))
        #expect(part.byteCount == UInt64(content.count))
        try Self.checkSizes(content)
        try union.add(content)
      }
      #expect(union.keys == original.keys, "\(name)")
      #expect(Set(folder.names) == Set(parts.map(\.name)))
    }
  }

  /// Checks that RESIZEDB of each database has the numbers of its keys.
  static func checkSizes(_ bytes: [UInt8]) throws {
    var sink = RecordingSink(interest: .skip)
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    let sizes = sink.log.filter { $0.hasPrefix("size ") }
    if sink.log[0].hasSuffix(" redis 6") || sizes.isEmpty { return }
    var counts: [Substring: (keys: Int, expiring: Int)] = [:]
    for line in sink.log where line.hasPrefix("key ") {
      let rest = line[line.range(of: " db ", options: .backwards)!.upperBound...]
      let database = rest.prefix { $0 != " " }
      counts[database, default: (0, 0)].keys += 1
      if rest.contains(" expiry ") { counts[database, default: (0, 0)].expiring += 1 }
    }
    for line in sizes {
      let words = line.split(separator: " ")
      #expect(counts[words[2]]?.keys == Int(words[4]))
      #expect(counts[words[2]]?.expiring == Int(words[6]))
    }
  }

  @Test("has the same bytes for any number of threads, and of open files", arguments: [1, 2, 3], [1, 256])
  func threads(threads: Int, openLimit: Int) throws {
    var snapshot = SnapshotBuilder(version: 11)
    snapshot.aux("redis-ver", "7.2.6")
    for index in 0..<40_000 {
      if index % 700 == 0 { snapshot.select(UInt64(index / 700 % 3)) }
      snapshot.string(
        "user_\(index):\(index % 17)", String(repeating: "x", count: index % 90), expiry: index % 5 == 0 ? 5 : nil)
      if index % 9000 == 0 {
        snapshot.list("long:\(index)", (0..<30).map { _ in String(repeating: "y", count: 50_000) })
      }
      if index == 20_000 { snapshot.aux("between", "keys") }
    }
    let bytes = snapshot.whole
    let rules: [SplitRule] = [
      .slots(SlotOwners(shards: 100)), .database, .type, .size(300_000),
    ]
    for rule in rules {
      let (one, several) = (Scratch(), Scratch())
      let first = try Self.split(bytes, rule, into: one)
      let second = try Self.split(bytes, rule, into: several, threads: threads, openLimit: openLimit)
      #expect(first.parts.sorted { $0.name < $1.name } == second.parts.sorted { $0.name < $1.name })
      #expect(try Self.files(in: one) == Self.files(in: several))
    }
  }

  @Test("ends a part with the key that reaches the size")
  func size() throws {
    var snapshot = SnapshotBuilder(version: 9)
    snapshot.select(0)
    for index in 0..<10 { snapshot.string("key:\(index)", String(repeating: "x", count: 100)) }
    let folder = Scratch()
    // A key has 1 byte for its type, 6 for its name, 102 for its value.
    let parts = try Self.split(snapshot.whole, .size(250), into: folder).parts
    #expect(parts.map(\.keyCount) == [3, 3, 3, 1])
    #expect(parts.map(\.name) == ["part-1.rdb", "part-2.rdb", "part-3.rdb", "part-4.rdb"])
  }

  @Test("has the keys of a slot without an owner in no part, and lists them as lost")
  func unowned() throws {
    var snapshot = SnapshotBuilder(version: 9)
    for name in ["a", "b", "c", "d"] { snapshot.string(name, "1") }
    // The slots of a, b, c and d are 15495, 3300, 7365 and 11298.
    let text = "0a 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8000 15495\n"
    let owners = try NodesFile.slotOwners(in: Array(text.utf8))
    #expect(owners.unowned == [8001...15494, 15496...16383])
    let folder = Scratch()
    let (parts, summary) = try Self.split(snapshot.whole, .slots(owners), into: folder)
    #expect(parts.map(\.name) == ["127.0.0.1-7000.rdb"])
    #expect(parts.map(\.keyCount) == [3])
    #expect(summary.ledger.losses.map(\.why) == ["no node owns its hash slot"])
    #expect(summary.ledger.keysRead == 4)
    #expect(summary.ledger.keysWritten == 3)
  }

  @Test("has one file without keys if there are no keys")
  func empty() throws {
    var snapshot = SnapshotBuilder(version: 10)
    snapshot.aux("redis-ver", "7.0.15")
    for rule in [SplitRule.database, .type, .size(100)] {
      let folder = Scratch()
      let parts = try Self.split(snapshot.whole, rule, into: folder).parts
      #expect(parts.map(\.keyCount) == [0])
      #expect(try KeyedEvents(Self.bytes(parts[0].name, in: folder)).others.count == 1)
    }
    let folder = Scratch()
    #expect(try Self.split(snapshot.whole, .slots(SlotOwners(shards: 4)), into: folder).parts.count == 4)
  }

  @Test("has hostile prefixes in files with harmless names")
  func hostileNames() throws {
    let prefixes = [
      "../../etc/passwd:", "/:", "..:", ".hidden:", "a/b:", "nul\0byte:", "User:", "user:", "\u{1B}[31m:",
      String(repeating: "x", count: 300) + ":", String(repeating: "x", count: 301) + ":", "%2F:", "ä:",
    ]
    var snapshot = SnapshotBuilder(version: 9)
    for prefix in prefixes { snapshot.string(prefix + "1", "1") }
    snapshot.string("none", "1")
    snapshot.string(":", "1")
    var reader = RDBReader(MemorySource(snapshot.whole))
    let counts = try reader.fold(PrefixCountingSink(NamePrefix(separators: [Array(":".utf8)], depth: 1))).summary
    let folder = Scratch()
    let parts = try Self.split(snapshot.whole, .prefix(counts.largest(100)), into: folder).parts
    #expect(parts.count == prefixes.count + 2)
    #expect(parts.allSatisfy { $0.keyCount == 1 })
    #expect(folder.names.count == parts.count)
    #expect(folder.names.allSatisfy { $0.utf8.count < 160 && !$0.hasPrefix(".") })
    #expect(Set(folder.names.map { $0.lowercased() }).count == parts.count)
  }

  @Test("has the prefixes with most keys in parts of their own, and all other keys in one")
  func prefixes() throws {
    var snapshot = SnapshotBuilder(version: 9)
    for (prefix, count) in [("a:", 3), ("b:", 5), ("c:", 1), ("d:", 4)] {
      for index in 0..<count { snapshot.string("\(prefix)\(index)", "1") }
    }
    snapshot.string("e", "1")
    var reader = RDBReader(MemorySource(snapshot.whole))
    let counts = try reader.fold(PrefixCountingSink(NamePrefix(separators: [Array(":".utf8)], depth: 1))).summary
    #expect(counts.prefixCount == 4)
    let folder = Scratch()
    let parts = try Self.split(snapshot.whole, .prefix(counts.largest(2)), into: folder).parts
    #expect(parts.map(\.name) == ["prefix-b%3A.rdb", "prefix-d%3A.rdb", "rest.rdb"])
    #expect(parts.map(\.keyCount) == [5, 4, 5])
  }
}
