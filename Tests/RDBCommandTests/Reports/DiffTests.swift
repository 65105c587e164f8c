import Foundation
import RDBFormat
import TestSupport
import Testing

/// `rdb diff`.
@Suite("The comparison of two inputs")
struct DiffTests {
  /// A folder with two snapshots that differ in each way.
  static func folder() -> Scratch {
    let scratch = Scratch()
    var before = SnapshotBuilder(version: 80, vendor: .valkey)
    before.string("gone", "1")
    before.string("same", "1")
    before.string("timed", "1", expiry: 2_000_000_000_000)
    before.list("list", ["a", "b", "c"])
    before.hash("hash", expiringFields: [("f", "1", -1), ("g", "2", 2_000_000_000_000)])
    before.zset("zset", [("m", 1)])
    scratch.write(before.whole, as: "before.rdb")
    var after = SnapshotBuilder(version: 12)
    after.zset("zset", [("m", 2.5)])
    after.hash("hash", [("g", "2"), ("f", "x")])
    after.list("list", ["b", "c", "d"])
    after.string("timed", "1")
    after.string("same", "1")
    after.string([0x1B, 0x5B, 0x41, 0xFF], "1")
    scratch.write(after.whole, as: "after.rdb")
    return scratch
  }

  static let text = """
    - db0 gone: string, 1 byte
    ~ db0 timed: string, 1 byte
        ~ expiry: 2033-05-18T03:33:20.000Z → never
    ~ db0 list: list, 3 bytes
        - element 0: "a"
        + element 2: "d"
    ~ db0 hash: hash, 4 bytes
        ~ field "f": "1" → "x"
        ~ field "g": "2", expires 2033-05-18T03:33:20.000Z → "2"
    ~ db0 zset: zset, 9 bytes
        ~ member "m": 1 → 2.5
    + db0 \\x1b[A\\xff: string, 1 byte

    before          6 keys, 19 B of data  (before.rdb)
    after           6 keys, 19 B of data  (after.rdb)
    difference      1 added, 1 removed, 4 changed, 1 equal

    """

  @Test("shows each kind of change as text, escapes names, and exits with 1")
  func text() {
    let outcome = Tool.shell("rdb diff before.rdb after.rdb", in: Self.folder())
    #expect(outcome.text == Self.text)
    #expect(outcome.error == "")
    #expect(outcome.status == 1)
  }

  @Test("shows the same for any number of threads, and for a pipe, a compressed file and a process substitution")
  func inputs() {
    let outcome = Tool.shell(
      """
      for n in 1 2 5; do rdb diff before.rdb after.rdb -j $n; done
      cat before.rdb | rdb diff - after.rdb | sed 's/standard input/before.rdb/'
      cat after.rdb | rdb diff before.rdb - | sed 's/standard input/after.rdb/'
      gzip -k after.rdb && rdb diff before.rdb after.rdb.gz | sed 's/.gz//'
      mkfifo pipe && { cat after.rdb >pipe & rdb diff before.rdb pipe | sed 's/(pipe)/(after.rdb)/'; }
      """, in: Self.folder())
    #expect(outcome.text == String(repeating: Self.text, count: 7))
    #expect(outcome.error == "")
  }

  @Test("finds an input equal to its commands, and exits with 0")
  func equal() {
    let outcome = Tool.shell(
      """
      rdb resp before.rdb --target valkey-9.0 -q -o commands.resp
      rdb diff before.rdb commands.resp; echo $?
      rdb diff before.rdb before.rdb --json >/dev/null; echo $?
      """, in: Self.folder())
    #expect(
      outcome.text == """
        before          6 keys, 19 B of data  (before.rdb)
        after           6 keys, 19 B of data  (commands.resp)
        difference      none: all keys are equal
        0
        0

        """)
    #expect(outcome.error == "")
  }

  @Test("shows only names with --keys-only, and no expiries with --ignore-expiry")
  func options() {
    let folder = Self.folder()
    let names = Tool.shell("rdb diff before.rdb after.rdb --keys-only | grep -c '^    '", in: folder)
    #expect(names.text == "1\n")
    let ignoring = Tool.shell(
      "rdb diff before.rdb after.rdb --ignore-expiry | grep -e timed -e expi -e difference", in: folder)
    #expect(ignoring.text == "difference      1 added, 1 removed, 3 changed, 2 equal\n")
    let limited = Tool.shell("rdb diff before.rdb after.rdb --max-changes 1 --key '^list$'", in: folder)
    #expect(
      limited.text.hasPrefix(
        """
        ~ db0 list: list, 3 bytes
            - element 0: "a"
            … 1 element added, 1 element removed, of which 1 are shown

        """))
    #expect(limited.status == 1)
    let chosen = Tool.shell("rdb diff before.rdb after.rdb --type set", in: folder)
    #expect(chosen.status == 1)
    #expect(chosen.error == "rdb: no key matched\n")
  }

  @Test("writes rows of CSV for keys and for changes inside")
  func csv() {
    let outcome = Tool.shell("rdb diff before.rdb after.rdb --csv --pattern '[hgz]*' | tr -d '\\r'", in: Self.folder())
    #expect(
      outcome.text == """
        change,database,key,part,group,name,before,after,type_before,type_after,bytes_before,bytes_after,expire_ms_before,expire_ms_after,score_before,score_after,index_before,index_after
        removed,0,gone,key,,,,,string,,1,,,,,,,
        changed,0,hash,key,,,,,hash,hash,4,4,,,,,,
        changed,0,hash,field,,f,1,x,,,1,1,,,,,,
        changed,0,hash,field,,g,2,2,,,1,1,2000000000000,,,,,
        changed,0,zset,key,,,,,zset,zset,9,9,,,,,,
        changed,0,zset,member,,m,,,,,,,,,1,2.5,,

        """)
  }

  @Test("writes one JSON document, with a key per line and bytes that are not text in base64")
  func json() throws {
    let outcome = Tool.shell("rdb diff before.rdb after.rdb --json", in: Self.folder())
    let document = try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
    let summary = try #require(document["summary"] as? [String: Any])
    #expect(summary["changed"] as? Int == 4)
    let keys = try #require(document["differences"] as? [[String: Any]])
    #expect(keys.count == 6)
    #expect((keys.last?["key"] as? [String: String]) == ["$base64": "G1tB/w=="])
    #expect(outcome.text.split(separator: "\n").count == 6 + 8)
    #expect(outcome.status == 1)
  }

  @Test("sums up the growth by prefix")
  func growth() {
    let folder = Scratch()
    var before = SnapshotBuilder()
    before.string("user:1:name", "Ann")
    before.string("cart:1", "12345")
    folder.write(before.whole, as: "a.rdb")
    var after = SnapshotBuilder()
    after.string("user:1:name", "Annabel")
    after.string("user:2:name", "Ben")
    folder.write(after.whole, as: "b.rdb")
    let outcome = Tool.shell("rdb diff a.rdb b.rdb --keys-only --depth 1 | sed -n '/^prefix/,/^$/p'", in: folder)
    #expect(
      outcome.text == """
        prefix      added  removed  changed  keys  data
        cart:           0        1        0    -1  -5 B
        user:           1        0        1    +1  +7 B
        (all keys)      1        1        1     0  +2 B


        """)
  }

  @Test(
    "counts a damaged key as not compared, in whichever input, names it on standard error, and exits with 3",
    arguments: ["before.rdb dump.rdb", "dump.rdb before.rdb"])
  func notCompared(_ inputs: String) throws {
    let folder = TrustOptionTests.folder()
    let outcome = Tool.shell(
      """
      rdb rewrite dump.rdb --skip-damaged -q --lossy -o before.rdb
      rdb diff \(inputs) --skip-damaged -q -j 2 2>error.txt; echo $?; cat error.txt
      rdb diff \(inputs) --skip-damaged -q --csv 2>/dev/null | wc -l
      rdb diff \(inputs) --skip-damaged -q --key '^h7$' 2>/dev/null | tail -2; echo $?
      rdb diff \(inputs) -q 2>/dev/null; echo $?
      """, in: folder)
    let names = inputs.split(separator: " ")
    #expect(outcome.text.contains("before          19 keys, "))
    #expect(
      outcome.text.hasSuffix(
        """
        difference      none: all compared keys are equal
        not compared    1 key with a damaged value
        3
        rdb: lost: 1 key: its value is damaged (corruptListpack): "h7"
        1
        difference      none: all compared keys are equal
        not compared    1 key with a damaged value
        0
        65

        """), "\(names): \(outcome.text)")
    let document = try #require(
      try JSONSerialization.jsonObject(
        with: Tool.shell("rdb diff \(inputs) --skip-damaged -q --json 2>/dev/null", in: folder).output)
        as? [String: Any])
    let summary = try #require(document["summary"] as? [String: Any])
    #expect(summary["not_compared"] as? Int == 1)
    #expect(summary["added"] as? Int == 0 && summary["removed"] as? Int == 0)
  }

  @Test("names the damaged input, exits with 65, and leaves no output")
  func damage() {
    let folder = Self.folder()
    let outcome = Tool.shell(
      """
      head -c 60 after.rdb >cut.rdb
      rdb diff before.rdb cut.rdb -o out; echo $?
      rdb diff cut.rdb before.rdb -o out; echo $?
      rdb diff before.rdb missing.rdb -o out; echo $?
      rdb diff - - -o out </dev/null 2>/dev/null; echo $?
      rdb diff before.rdb after.rdb -o after.rdb; echo $?
      """, in: folder)
    #expect(outcome.text == "65\n65\n66\n64\n64\n")
    #expect(outcome.error.components(separatedBy: "rdb: cut.rdb: truncated").count == 3)
    #expect(!folder.names.contains { $0.hasPrefix("out") })
  }
}
