import Foundation
import TestSupport
import Testing

/// `rdb get`, `index` and `top-elements`: one key.
@Suite("rdb get, index and top-elements")
struct GetTests {
  /// Run in a folder that has `dump.rdb`, which is a snapshot of many types.
  struct Case: Sendable, CustomStringConvertible {
    var line: String
    var output: String
    var status: Int32 = 0
    var error = ""
    var description: String { line }
  }

  static let cases: [Case] = [
    Case(
      line: "rdb get dump.rdb cart:9",
      output: """
        key         "cart:9"
        database    0
        expires     2100-01-01T00:00:00.000Z (4102444800000)
        type        hash (hashtable)

        1# "sku" => "A-17"
        2# "naïve" => "\\x00\\xff"

        elements    2
        stored      20 bytes

        """),
    Case(line: "rdb get dump.rdb cart:9 --field sku --raw", output: "A-17"),
    Case(
      line: "rdb get dump.rdb cart:9 --field 'naïve' --hex",
      output: """
        key         "cart:9"
        database    0
        expires     2100-01-01T00:00:00.000Z (4102444800000)
        type        hash (hashtable)

        1#
        00000000  6e 61 c3 af 76 65                                 |na..ve|
        =>
        00000000  00 ff                                             |..|

        shown       1 element
        stored      20 bytes

        """),
    Case(
      line: "rdb get dump.rdb cart:9 --field price", output: "", status: 1,
      error: "rdb: dump.rdb: key \"cart:9\" has no \"price\"\n"),
    Case(
      line: "rdb get dump.rdb cart:9 --json",
      output: """
        {"db":0,"key":"cart:9","type":"hash","encoding":"hashtable","expiration":"2100-01-01T00:00:00.000Z","expire_ms":4102444800000,"hash":{"sku":"A-17","naïve":{"$base64":"AP8="}}}

        """),
    Case(
      line: "rdb get dump.rdb cart:9 --resp | tr '\\r\\377\\000' '_??'",
      output: """
        *2_
        $6_
        SELECT_
        $1_
        0_
        *6_
        $4_
        HSET_
        $6_
        cart:9_
        $3_
        sku_
        $4_
        A-17_
        $6_
        naïve_
        $2_
        ??_
        *3_
        $9_
        PEXPIREAT_
        $6_
        cart:9_
        $13_
        4102444800000_

        """),
    Case(
      line: "rdb get dump.rdb cart:9 --field -x", output: "", status: 1,
      error: "rdb: dump.rdb: key \"cart:9\" has no \"-x\"\n"),
    Case(line: "rdb get dump.rdb jobs --raw", output: "zero\none\ntwo\nthree\n"),
    Case(line: "rdb get dump.rdb jobs --range 1:2 --raw", output: "one\ntwo\n"),
    Case(line: "rdb get dump.rdb jobs --range -2: --raw", output: "two\nthree\n"),
    Case(line: "rdb get dump.rdb jobs --range -9:0 --raw", output: "zero\n"),
    Case(line: "rdb get dump.rdb jobs --range 3:2 --raw", output: ""),
    Case(line: "rdb get dump.rdb jobs --range -1:-2 --raw", output: ""),
    Case(
      line: "rdb get dump.rdb jobs --range 4:9 --json | cut -d, -f 3-",
      output: "\"type\":\"list\",\"encoding\":\"quicklist\",\"values\":[]}\n"),
    Case(line: "rdb get dump.rdb jobs --range 2: --raw", output: "two\nthree\n"),
    Case(line: "rdb get dump.rdb jobs --range :1 --raw", output: "zero\none\n"),
    Case(line: "rdb get dump.rdb jobs --range : --raw", output: "zero\none\ntwo\nthree\n"),
    Case(line: "rdb get dump.rdb none --field= --raw", output: "empty"),
    Case(line: "rdb get dump.rdb none --field '' --raw", output: "empty"),
    Case(line: "rdb get dump.rdb none --field --field= --raw", output: "equals"),
    Case(
      line: "rdb get dump.rdb greeting --range 0:4 --json",
      output: #"{"db":0,"key":"greeting","type":"string","value":"hello"}"# + "\n"),
    Case(line: "rdb get dump.rdb greeting --json | cut -d, -f4", output: "\"encoding\":\"embstr\"\n"),
    Case(line: "rdb get dump.rdb greeting --range 0:4 | sed -n '3,5p'", output: "type        string\n\n\"hello\"\n"),
    Case(line: "rdb get dump.rdb greeting --raw", output: "hello, 안녕"),
    Case(line: "rdb get dump.rdb greeting --range 0:4 --raw", output: "hello"),
    Case(line: "rdb get dump.rdb greeting --range -3: --raw", output: "녕"),
    Case(line: "rdb get dump.rdb greeting | sed -n '5p'", output: "\"hello, 안녕\"\n"),
    Case(
      line: "rdb get dump.rdb greeting --hex | sed -n '5,6p'",
      output: "00000000  68 65 6c 6c 6f 2c 20 ec  95 88 eb 85 95           |hello, ......|\n\n"),
    Case(line: "rdb get dump.rdb high --raw", output: "ann\n1.5\nbob\ninf\n"),
    Case(line: "rdb get dump.rdb high --field bob --raw", output: "inf"),
    Case(
      line: "rdb get dump.rdb jobs --field 2", output: "", status: 64,
      error: "rdb: \"jobs\": expected the whole value or a range, found a choice by name for the type list\n"),
    Case(
      line: "rdb get dump.rdb greeting --field x", output: "", status: 64,
      error:
        "rdb: \"greeting\": expected the whole value or a range of bytes, found a choice by name for the type string\n"
    ),
    Case(
      line: "rdb get dump.rdb cart:9 -n 3", output: "", status: 1,
      error: """
        rdb: dump.rdb: no key "cart:9" in database 3
        Databases 0, 7 have a key of this name: -n 0.

        """),
    Case(
      line: "rdb get dump.rdb cart:", output: "", status: 1,
      error: """
        rdb: dump.rdb: no key "cart:" in database 0
        Similar names:
          "cart:9"
          "cart:10"

        """),
    Case(line: "rdb get dump.rdb cart: -q", output: "", status: 1),
    Case(
      line: #"rdb get dump.rdb 'a\nb'"#, output: "", status: 1,
      error: """
        rdb: dump.rdb: no key "a\\\\nb" in database 0
        The name has a backslash: --escaped reads it as rdb keys writes it.

        """),
    Case(line: #"rdb get dump.rdb 'a\nb\xff' --escaped --raw"#, output: "binary"),
    Case(line: #"rdb get dump.rdb "$(printf 'a\nb\377')" --raw"#, output: "binary"),
    Case(
      line: #"rdb get dump.rdb 'a\qb' --escaped 2>&1 | head -1"#,
      output: #"rdb: a\qb is not an escaped name: the escapes are \n \r \t \a \b \\ \" and \xhh."# + "\n"),
    Case(line: "rdb get dump.rdb cart:9 -n 7 --raw", output: "seven"),
    Case(
      line: "rdb get dump.rdb cart:9 --json --raw 2>&1 | head -1",
      output: "rdb: --json, --raw, --resp and --hex contradict each other: give one.\n"),
    Case(
      line: "rdb top-elements dump.rdb jobs",
      output: """
        key             "jobs", database 0
        type            list, 4 elements, 15 B
        sizes           mean 4 B, p50 3 B, p90 5 B, p99 5 B

        size   share  number
         5 B  33.3 %       3
         4 B  26.7 %       0
         3 B    20 %       1
         3 B    20 %       2

        bytes  elements
          2–3         2  ████████████████████████████████████████
          4–7         2  ████████████████████████████████████████
        Percentiles are at most 1.6 % off; other figures are exact.

        """),
    Case(
      line: "rdb top-elements dump.rdb cart:9 --csv --top 1 | tr '\\r' '_'",
      output: "rank,number,name,name_is_cut,bytes,value_bytes_\n1,1,naïve,false,8,2_\n"),
    Case(
      line: "rdb top-elements dump.rdb greeting", output: "", status: 64,
      error:
        "rdb: \"greeting\": expected a list, set, sorted set, hash, stream, array or path hash, found a value without elements, of type string\n"
    ),
  ]

  /// A folder with `dump.rdb`, which has keys of several types, in databases 0 and 7.
  static func folder() -> Scratch {
    var builder = SnapshotBuilder(version: 9)
    let fields = [(Array("sku".utf8), Array("A-17".utf8)), (Array("naïve".utf8), [0, 0xFF])]
    // 2100-01-01T00:00:00Z
    builder.hash("cart:9", fields, expiry: 4_102_444_800_000)
    builder.list("jobs", ["zero", "one", "two", "three"])
    builder.string("greeting", "hello, 안녕")
    builder.string("cart:10", "ten")
    builder.string(Array("a\nb".utf8) + [0xFF], "binary")
    builder.zset("high", [("ann", 1.5), ("bob", .infinity)])
    builder.hash("none", [("", "empty"), ("--field=", "equals")])
    builder.select(7)
    builder.string("cart:9", "seven")
    let folder = Scratch()
    folder.write(builder.whole, as: "dump.rdb")
    return folder
  }

  @Test("show a key in the chosen form, with an index and without", arguments: cases.indices, [false, true])
  func shown(_ number: Int, _ isIndexed: Bool) {
    let one = Self.cases[number]
    let folder = Self.folder()
    if isIndexed {
      let made = Tool.shell("rdb index dump.rdb", in: folder)
      #expect(made == Outcome(status: 0, output: Data(), error: "rdb: 8 keys in dump.rdb.idx, 256 bytes\n"))
    }
    let outcome = Tool.shell(one.line, in: folder)
    #expect(outcome.text == one.output)
    #expect(outcome.error == one.error)
    #expect(outcome.status == one.status)
  }

  @Test("show the same key from a file, a pipe, a compressed file, and by an index")
  func ways() {
    let folder = Scratch()
    let outcome = Tool.shell(
      """
      rdb gen -o dump.rdb --profile mixed --compress --keys 3000 --seed 5 2>/dev/null
      rdb keys dump.rdb -q | awk 'NR % 97 == 1' >names
      gzip -k dump.rdb
      all() { while read -r name; do "$@"; done <names; }
      one() { rdb get "$1" "$name" --json; }
      all one dump.rdb >scanned
      all one dump.rdb.gz >compressed
      pipe() { rdb get - "$name" --json <dump.rdb; }
      all pipe >piped
      rdb index dump.rdb -q
      all one dump.rdb >indexed
      cmp scanned compressed && cmp scanned piped && cmp scanned indexed
      while read -r name; do rdb json dump.rdb --lines -q | grep -F "\\"key\\":\\"$name\\","; done <names | cmp - scanned
      wc -l <scanned
      """, in: folder)
    #expect(outcome.text.trimmingCharacters(in: .whitespacesAndNewlines) == "31")
    #expect(outcome.error == "")
    #expect(folder.names.filter { $0.contains("partial") } == [])
  }

  @Test("refuse an index that is stale, damaged, missing or of another file")
  func refused() {
    let folder = Self.folder()
    let outcome = Tool.shell(
      """
      rdb index dump.rdb -o kept.idx -q
      (head -c 40 dump.rdb; tail -c +41 dump.rdb) >other.rdb
      rdb get other.rdb jobs --index kept.idx; echo $?
      cp kept.idx other.rdb.idx; rdb top-elements other.rdb jobs; echo $?
      head -c 200 kept.idx >cut.idx; rdb get dump.rdb jobs --index cut.idx; echo $?
      rdb get dump.rdb jobs --index dump.rdb; echo $?
      rdb get dump.rdb jobs --index nothing.idx; echo $?
      rdb get other.rdb jobs --raw --no-index; echo $?
      rdb index other.rdb -q; rdb get other.rdb jobs --raw; echo $?
      """, in: folder)
    #expect(
      outcome.text == """
        65
        65
        65
        65
        66
        zero
        one
        two
        three
        0
        zero
        one
        two
        three
        0

        """)
    #expect(
      outcome.error == """
        rdb: kept.idx: is stale, or belongs to another dump: the dump was modified after it was made
        Write it again (rdb index other.rdb), or ignore it (--no-index).
        rdb: other.rdb.idx: is stale, or belongs to another dump: the dump was modified after it was made
        Write it again (rdb index other.rdb), or ignore it (--no-index).
        rdb: cut.idx: is damaged: it has 200 bytes instead of 256
        Write it again (rdb index dump.rdb), or ignore it (--no-index).
        rdb: dump.rdb: cannot be used as an index: it does not begin as an index of rdb does
        Write it again (rdb index dump.rdb), or ignore it (--no-index).
        rdb: nothing.idx: cannot be read: No such file or directory

        """)
  }

  @Test("refuse to index, and to count from the end of, an input that cannot seek")
  func unseekable() {
    let folder = Self.folder()
    let outcome = Tool.shell(
      """
      gzip dump.rdb
      rdb index dump.rdb.gz; echo $?
      zcat dump.rdb.gz | rdb index -; echo $?
      rdb get dump.rdb.gz jobs --index x.idx; echo $?
      rdb get dump.rdb.gz jobs --range -2:; echo $?
      rdb get dump.rdb.gz jobs --range 1:1 --raw
      rdb get dump.rdb.gz nothing -q; echo $?
      zcat dump.rdb.gz >plain; rdb index - <plain; echo $?
      echo no index >./-.idx; rdb get - jobs --range 1:1 --raw <plain
      rm -f plain ./-.idx
      """, in: folder)
    #expect(outcome.text == "64\n64\n64\n64\none\n1\n64\none\n")
    #expect(
      outcome.error == """
        rdb: dump.rdb.gz: cannot be indexed, because it is compressed (gzip)
        Decompress it to a file first.
        rdb: standard input: cannot be indexed, because it is not a file
        Write it to a file first.
        rdb: dump.rdb.gz: cannot be used with an index, because it can be read from its beginning only
        Decompress it into a file, or leave --index out.
        rdb: "jobs": expected numbers from 0 on (the end of the value is not known in advance), found numbers from the end for the type list
        rdb: the index of standard input has no default name
        Give -o FILE.

        """)
    #expect(folder.names == ["dump.rdb.gz"])
  }

  @Test("show a key before the damage, and report the damage for a key after it")
  func damaged() {
    let folder = Self.folder()
    let outcome = Tool.shell(
      """
      head -c 90 dump.rdb >cut.rdb
      rdb get cut.rdb jobs --raw -q; echo $?
      rdb get cut.rdb high --raw -q 2>&1; echo $?
      rdb index cut.rdb -q 2>&1; echo $?
      """, in: folder)
    #expect(
      outcome.text == """
        zero
        one
        two
        three
        0
        rdb: cut.rdb: truncated at offset 90 in key "greeting" (string, db 0): expected 6 bytes, found 0
        The file is cut: copy it again, or have the server write a new one (BGSAVE).
        65
        rdb: cut.rdb: truncated at offset 90 in key "greeting" (string, db 0): expected 6 bytes, found 0
        The file is cut: copy it again, or have the server write a new one (BGSAVE).
        65

        """)
    #expect(folder.names == ["cut.rdb", "dump.rdb"])
  }

  @Test("show a key although the packed value of another key is damaged")
  func damagedBeside() {
    let folder = Scratch()
    // The listpack of a hash says that it has 11 bytes; it has 13. RDB 10, without a checksum.
    let listpack: [UInt8] = [11, 0, 0, 0, 2, 0, 0x81, 0x61, 7, 0x81, 0x62, 2, 0xFF]
    var builder = SnapshotBuilder(version: 10)
    builder.key(16, "h", value: RDBBytes.string(listpack))
    builder.string("k", "v")
    folder.write(builder.whole, as: "dump.rdb")
    let outcome = Tool.shell(
      """
      rdb get dump.rdb k --raw -q; echo $?
      rdb index dump.rdb -q; echo $?
      rdb get dump.rdb k --raw -q; echo $?
      rdb check dump.rdb >out -q; echo $?
      rdb get dump.rdb h >out -q 2>error; echo $?
      """, in: folder)
    #expect(outcome.text == "v0\n0\nv0\n65\n65\n" && outcome.error == "")
    #expect(String(decoding: folder.contents(of: "error") ?? Data(), as: UTF8.self).contains("corruptListpack"))
  }

  @Test("escape control characters of names and values")
  func escapes() {
    let folder = Scratch()
    var builder = SnapshotBuilder(version: 3)
    builder.list("\u{1B}[31mred", ["\u{1B}]0;x\u{7}"])
    folder.write(builder.whole, as: "dump.rdb")
    let outcome = Tool.shell(
      #"rdb get dump.rdb '\x1b[31mred' --escaped; rdb get dump.rdb x; rdb top-elements dump.rdb '\x1b[31mred' --escaped"#,
      in: folder)
    #expect(!outcome.text.contains("\u{1B}") && !outcome.error.contains("\u{1B}"))
    #expect(outcome.text.contains(#"1) "\x1b]0;x\a""#))
  }

  /// Of every type; one of arrays, one of path hashes.
  static let fixtures = ["redis-7.2.6/all", "valkey-9.1.2/all", "crafted/v14-arrays", "crafted/v81-pathhash"]

  @Test("write JSON that its schema accepts", arguments: fixtures)
  func schemas(_ name: String) throws {
    let folder = Scratch()
    folder.copy(Fixture.named(name))
    let outcome = Tool.shell(
      """
      rdb index dump.rdb -q
      rdb keys dump.rdb -q -n 0 -T string,module >names
      n=0
      while read -r name; do
        n=$((n + 1))
        rdb top-elements --json --escaped dump.rdb "$name" -o top-$n.json
        rdb get --json --escaped dump.rdb "$name"
      done <names >keys.jsonl
      """, in: folder)
    #expect(outcome.error == "" && outcome.status == 0)
    let reports = folder.names.filter { $0.hasPrefix("top-") }
    #expect(!reports.isEmpty)
    let (status, text) = try SchemaValidator.validate(
      "top-elements.schema.json", reports.map { "\(folder.path)/\($0)" })
    #expect(status == 0, "\(text.prefix(2000))")
    let (lines, said) = try SchemaValidator.validate("rdb-json.schema.json", ["\(folder.path)/keys.jsonl"], lines: true)
    #expect(lines == 0, "\(said.prefix(2000))")
  }
}
