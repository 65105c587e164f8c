import RDB
import RDBEdit
import RDBFormat
import TestSupport
import Testing

@Suite("A comparison of two snapshots")
struct ComparisonTests {
  @Test(
    "finds no difference between a snapshot and itself", arguments: Fixture.valid.filter { $0.bytes.count < 300_000 })
  func same(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let result = try Comparison(bytes, bytes, threads: 2)
    #expect(result.counts.differing == 0)
    #expect(result.keys.isEmpty)
  }

  @Test("finds no difference between the same keys in another order, database by database")
  func order() throws {
    let before = snapshot { builder in
      for number in 0..<300 { builder.string("key:\(number)", "value \(number)") }
      builder.select(3)
      builder.string("key:1", "other")
    }
    let after = snapshot { builder in
      builder.select(3)
      builder.string("key:1", "other")
      builder.select(0)
      for number in (0..<300).reversed() { builder.string("key:\(number)", "value \(number)") }
    }
    #expect(try Comparison(before, after).counts == Self.counts(equal: 301))
  }

  @Test("does not compare a key whose value is damaged in one of the snapshots, nor one that the other lacks")
  func damaged() throws {
    func snapshot(damaged: Bool) -> [UInt8] {
      RDBEditTests.snapshot { builder in
        builder.string("same", "1")
        for name in damaged ? ["both", "alone"] : ["both"] {
          // An intset with an element of two bytes, or of three, which there are not.
          builder.key(11, name, value: [10, damaged ? 3 : 2, 0, 0, 0, 1, 0, 0, 0, 7, 0])
        }
        builder.string("other", damaged ? "1" : "2")
      }
    }
    let (whole, damaged) = (snapshot(damaged: false), snapshot(damaged: true))
    for (before, after) in [(whole, damaged), (damaged, whole)] {
      let result = try Comparison(before, after, threads: 2, skipsDamaged: true)
      var expected = Self.counts(changed: 1, equal: 1)
      expected.notCompared = 2
      #expect(result.counts == expected)
      #expect(result.keys.map(\.name) == [Array("other".utf8)])
      #expect(result.damaged.losses.map(\.count) == [2])
    }
    #expect(throws: RDBError.self) { try Comparison(whole, damaged) }
  }

  @Test("finds added, removed and changed keys, in the order of the first snapshot, then of the second")
  func keys() throws {
    let before = snapshot { builder in
      builder.string("removed", "1")
      builder.string("same", "1")
      builder.string("changed", "12345")
      builder.string("moved", "1")
    }
    let after = snapshot { builder in
      builder.string("new 2", "1")
      builder.string("changed", "12945")
      builder.string("same", "1")
      builder.string("new 1", "1")
      builder.select(1)
      builder.string("moved", "1")
    }
    let result = try Comparison(before, after)
    #expect(result.counts == Self.counts(added: 3, removed: 2, changed: 1, equal: 1))
    #expect(
      result.lines == [
        "removed 0 removed", "changed 0 changed", "  changed value : 12345 → 12945", "removed 0 moved", "added 0 new 2",
        "added 0 new 1", "added 1 moved",
      ])
    #expect(result.keys[1].changes[0].commonByteCount == 2)
    #expect(result.keys[1].before?.byteCount == 5)
  }

  @Test("finds changed fields with their values and expiries")
  func hashes() throws {
    let before = snapshot(.valkey) { builder in
      builder.hash("h", expiringFields: [("a", "1", -1), ("b", "2", 5_000), ("c", "3", -1), ("d", "4", 1)])
    }
    let after = snapshot(.valkey) { builder in
      builder.hash("h", expiringFields: [("e", "9", -1), ("d", "4", 2), ("b", "2", -1), ("a", "x", -1)])
    }
    #expect(
      try Comparison(before, after).lines == [
        "changed 0 h", "  changed field a: 1 → x", "  changed field b: 2 5000 → 2", "  removed field c: 3 → none",
        "  changed field d: 4 1 → 4 2", "  added field e: none → 9",
      ])
    let ignoring = try Comparison(before, after) { $0.ignoresExpiries = true }
    #expect(
      ignoring.lines == [
        "changed 0 h", "  changed field a: 1 → x", "  removed field c: 3 → none", "  added field e: none → 9",
      ])
  }

  @Test("finds changed members and scores")
  func sets() throws {
    let before = snapshot { builder in
      builder.set("s", ["a", "b", "c"])
      builder.zset("z", [("a", 1), ("b", 2), ("c", -0.0)])
    }
    let after = snapshot { builder in
      builder.set("s", ["d", "c", "a"])
      builder.zset("z", [("c", 0), ("a", 1.5), ("d", 4)])
    }
    let bits = { (score: Double) in "\(score.bitPattern)" }
    #expect(
      try Comparison(before, after).lines == [
        "changed 0 s", "  removed member b:  → none", "  added member d: none → ",
        "changed 0 z", "  changed member a:  \(bits(1)) →  \(bits(1.5))", "  removed member b:  \(bits(2)) → none",
        "  added member d: none →  \(bits(4))",
      ])
  }

  @Test("finds changed expiries, unless they are ignored")
  func expiries() throws {
    let before = snapshot { builder in
      builder.string("a", "1", expiry: 1_000)
      builder.string("b", "1")
      builder.hash("c", [("f", "1")], expiry: 7)
    }
    let after = snapshot { builder in
      builder.string("a", "1", expiry: 2_000)
      builder.string("b", "1", expiry: 5)
      builder.hash("c", [("f", "2")], expiry: 7)
    }
    let result = try Comparison(before, after)
    #expect(result.lines == ["changed 0 a", "changed 0 b", "changed 0 c", "  changed field f: 1 → 2"])
    #expect(result.keys.map(\.before?.expiry?.value) == [1_000, nil, 7])
    #expect(result.keys.map(\.after?.expiry?.value) == [2_000, 5, 7])
    #expect(try Comparison(before, after) { $0.ignoresExpiries = true }.counts.changed == 1)
  }

  @Test("tells that a key has another type, without its parts")
  func types() throws {
    let before = snapshot { $0.string("k", "a") }
    let after = snapshot { $0.list("k", ["a"]) }
    let result = try Comparison(before, after)
    #expect(result.lines == ["changed 0 k"])
    #expect(result.keys[0].before?.type == .string)
    #expect(result.keys[0].after?.type == .list)
    #expect(result.keys[0].counts.isEmpty)
  }

  @Test("finds only names if asked to")
  func keysOnly() throws {
    let before = snapshot { $0.set("s", ["a"]) }
    let after = snapshot { $0.set("s", ["b"]) }
    #expect(try Comparison(before, after) { $0.keysOnly = true }.lines == ["changed 0 s"])
  }

  @Test("reports the first changes inside a key, and counts the others")
  func limit() throws {
    let before = snapshot { $0.set("s", (0..<5_000).map { "old \($0)" }) }
    let after = snapshot { $0.set("s", (0..<4_000).map { "new \($0)" }) }
    let result = try Comparison(before, after) { $0.changeLimit = 3 }
    #expect(result.keys[0].changes.map { String(decoding: $0.name, as: UTF8.self) } == ["old 0", "old 1", "old 2"])
    #expect(result.keys[0].counts[.member] == ChangeCounts.of(added: 4_000, removed: 5_000))
    #expect(result.keys[0].omittedCount == 8_997)
  }

  @Test("takes the last of several records with the same name")
  func repeated() throws {
    let before = snapshot { builder in
      builder.string("k", "1")
      builder.string("k", "2")
    }
    let after = snapshot { $0.string("k", "2") }
    let result = try Comparison(before, after)
    #expect(result.counts.differing == 0)
    #expect(result.counts.repeated == 1)
  }

  @Test(
    "is the same for any number of threads",
    arguments: [("redis-7.2.6/all", "redis-6.2.16/all"), ("valkey-9.1.2/all", "redis-7.4.1/rich")])
  func threads(_ before: String, _ after: String) throws {
    let (a, b) = (Fixture.named(before).bytes, Fixture.named(after).bytes)
    let one = try Comparison(a, b)
    let three = try Comparison(a, b, threads: 3)
    #expect(one.counts == three.counts)
    #expect(one.lines == three.lines)
    #expect(!one.lines.isEmpty)
  }

  static func counts(added: UInt64 = 0, removed: UInt64 = 0, changed: UInt64 = 0, equal: UInt64 = 0)
    -> KeyMatches.Counts
  {
    var counts = KeyMatches.Counts()
    (counts.added, counts.removed, counts.changed, counts.equal) = (added, removed, changed, equal)
    return counts
  }
}

extension ChangeCounts {
  static func of(added: UInt64 = 0, removed: UInt64 = 0, changed: UInt64 = 0) -> ChangeCounts {
    var counts = ChangeCounts()
    (counts.added, counts.removed, counts.changed) = (added, removed, changed)
    return counts
  }
}
