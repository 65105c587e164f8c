import Foundation
import TestSupport
import Testing

/// The output of `rdb memory`, `keys`, `bigkeys`, `prefix`, `ttl`, `stats`, `analyze` and `merge-reports`.
@Suite("The output of reports")
struct ReportOutputTests {
  static let folder = HelpTests.folder + "/reports"

  /// The commands whose output for each fixture is in `Expected/reports/`, written by `scripts/update-reports.sh`.
  static let lines = [
    "prefix": "rdb prefix -j 2 --fold-uuid", "ttl": "rdb ttl --depth 2 --now 2026-01-01", "stats": "rdb stats",
    "bigkeys": "rdb bigkeys", "memkeys": "rdb memkeys --top 5 --per-type", "hotkeys": "rdb hotkeys",
    "idle": "rdb idle --top 4",
    "memory-csv": "rdb memory --csv -q", "keys-csv": "rdb keys --csv -q --format %d%k%t%e%i%r%f%E%b%m%s",
  ]
  static let fixtures = ["redis-2.4.18/all", "redis-6.2.16/sessions", "redis-7.2.6/rich", "valkey-9.1.2/all"]

  @Test("equal the files in Expected/reports", arguments: fixtures, lines.keys.sorted())
  func golden(_ fixture: String, _ name: String) throws {
    let line = try #require(Self.lines[name])
    let outcome = Tool.shell("\(line) '\(Fixture.named(fixture).path)'")
    let expected = String(decoding: readFile("\(Self.folder)/\(fixture).\(name).txt"), as: UTF8.self)
    #expect(outcome.text == expected)
    #expect(outcome.error == "" && outcome.status == 0)
  }

  /// A few MiB of keys of every type: several batches for each worker.
  static func generated(_ folder: Scratch, _ name: String = "dump.rdb", seed: Int = 1) {
    let outcome = Tool.shell("rdb gen -o \(name) --profile mixed --keys 4000 --seed \(seed)", in: folder)
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  @Test("are the same with 1, 2 and 7 threads")
  func threads() {
    let folder = Scratch()
    Self.generated(folder)
    let lines = [
      "memory --csv", "memory --json --top 50", "memory", "keys --format '%K %m'", "keys --json", "keys -0",
      "bigkeys --top 3",
      "memkeys --json", "idle", "hotkeys", "prefix --json --max-nodes 9", "prefix", "ttl --json", "stats --json",
    ]
    let shell =
      lines.map { line in
        """
        rdb \(line) dump.rdb -q -j 1 >one
        for j in 2 7; do rdb \(line) dump.rdb -q -j $j | cmp - one || echo "\(line) -j $j"; done
        """
      } + [
        "for j in 1 2 7; do rdb analyze dump.rdb -q -j $j -o reports-$j --max-nodes 9; done",
        "diff -r reports-1 reports-2 && diff -r reports-1 reports-7 && ls reports-7 | wc -l",
      ]
    let outcome = Tool.shell(shell.joined(separator: "\n"), in: folder)
    #expect(outcome.text.trimmingCharacters(in: .whitespacesAndNewlines) == "12")
    #expect(outcome.error == "")
  }

  @Test("of several dumps equal the merged reports of each dump, in any order")
  func merged() {
    let folder = Scratch()
    for seed in 1...3 { Self.generated(folder, "\(seed).rdb", seed: seed) }
    let outcome = Tool.shell(
      """
      options='-q --depth 2 --max-nodes 6 --now 2026-01-01'
      rdb analyze 1.rdb 2.rdb 3.rdb $options -o whole
      for part in 1 2 3; do rdb analyze $part.rdb $options -o part-$part; done
      rdb merge-reports part-1 part-2 part-3 -o merged && diff -r whole merged
      rdb merge-reports part-3 part-1 -o some && rdb merge-reports some part-2 -o again
      for name in prefix ttl stats bigkeys; do cmp whole/$name.json again/$name.json; cmp whole/$name.csv again/$name.csv; done
      rdb stats 1.rdb -q --json --now 2026-01-01 | cmp - part-1/stats.json
      rdb prefix 1.rdb --json $options | cmp - part-1/prefix.json
      rdb ttl 1.rdb --json $options | cmp - part-1/ttl.json
      rdb memory 1.rdb -q --csv | cmp - part-1/memory.csv
      rdb keys 1.rdb -q --json | cmp - part-1/keys.jsonl
      """, in: folder)
    #expect(outcome == Outcome(status: 0, output: Data(), error: ""))
  }

  @Test("with different options, and files that are no reports, are not merged")
  func refused() {
    let folder = Scratch()
    Self.generated(folder)
    let outcome = Tool.shell(
      """
      rdb analyze dump.rdb -q --reports prefix -o a; rdb analyze dump.rdb -q --reports prefix --depth 1 -o b
      rdb analyze dump.rdb -q --reports stats -o c; mkdir d
      cp -r c e; sed 's/"format" : 1/"format" : 2/' c/stats.json >e/stats.json
      cp -r c f; sed 's/"keys_error"/"other"/; s/"level"/"x"/; s/"slots" : \\[/"slots" : [["x"],/' c/stats.json >f/stats.json
      for other in b c d e f; do
        first=a; [ $other = e -o $other = f ] && first=c
        rdb merge-reports $first $other -o out; echo $?
      done; ls out 2>/dev/null
      """, in: folder)
    #expect(outcome.text == "64\n64\n66\n65\n65\n")
    #expect(outcome.error.contains("b: was made with other options than the first"))
    #expect(outcome.error.contains("a and c have different reports: prefix, stats"))
    #expect(outcome.error.contains("d: has no reports"))
    #expect(outcome.error.contains("e/stats.json: expected format 1, found 2"))
    #expect(outcome.error.contains("f/stats.json: is not a report of rdb analyze: at /slots"))
  }

  /// Names that need care on a terminal and in a spreadsheet.
  static func awkward(_ folder: Scratch) {
    let names: [[UInt8]] =
      [
        "한국어:키", "emoji:🚀:x", "שלום:עולם", "مرحبا:بالعالم", "esc:\u{1B}[31mred\u{07}:x", "new\nline:x", "family:👨‍👩‍👧:x",
        "=1+2", "+cmd", "-5", "@sum", "comma,quote\":x", "plain:ascii:name", "combining:e\u{301}:x", "wide：colon",
        "nul\0:x",
      ].map { Array($0.utf8) } + [[0xFF, 0xFE, 0x3A, 0x00], Array("'=x".utf8)]
    var builder = SnapshotBuilder(version: 9)
    for name in names { builder.string(name, "x") }
    folder.write(builder.whole, as: "dump.rdb")
  }

  @Test("line up in columns of a terminal, and escape control characters of names")
  func widths() throws {
    let folder = Scratch()
    Self.awkward(folder)
    for line in ["prefix --top 99", "ttl --top 99"] {
      let text = Tool.shell("rdb \(line) dump.rdb", in: folder).text
      #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control }, "\(line)")
      if line == "prefix --top 99" {
        for name in ["한국어:", "שלום:", "\\x1b[31mred\\a"] { #expect(text.contains(name), "\(name)") }
      }
      // All rows of a table end in the same column.
      let blocks = text.components(separatedBy: "\n\n").filter { $0.contains("한국어") }
      #expect(!blocks.isEmpty)
      for block in blocks {
        let widths = block.split(separator: "\n").filter { !$0.contains("candidates for an expiry") }.map {
          Self.width($0)
        }
        #expect(Set(widths).count == 1, "\(line): \(widths)\n\(block)")
        #expect(widths.allSatisfy { $0 <= 80 })
      }
    }
    for line in ["memory", "bigkeys --top 99", "stats"] {
      let text = Tool.shell("rdb \(line) dump.rdb", in: folder).text
      #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control }, "\(line)")
    }
  }

  /// The width of a line in columns, by East Asian Width; combining characters count nothing.
  static func width(_ line: Substring) -> Int {
    line.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: return sum
      default: break
      }
      switch scalar.value {
      case 0x1100...0x115F, 0x3000...0x303E, 0xAC00...0xD7A3, 0xFF01...0xFF60, 0x1F300...0x1FAFF: return sum + 2
      default: return sum + 1
      }
    }
  }

  @Test("defuse formulas in CSV unless --no-defuse is given, and escape bytes that are not UTF-8")
  func formulas() {
    let folder = Scratch()
    Self.awkward(folder)
    let columns = Tool.shell("rdb keys --csv --format %k dump.rdb -q", in: folder).text
    for cell in ["\r\n'=1+2\r\n", "\r\n'+cmd\r\n", "\r\n'-5\r\n", "\r\n'@sum\r\n", "\r\n\\x27=x\r\n"] {
      #expect(columns.contains(cell), "\(cell)")
    }
    #expect(columns.contains("\r\n\"comma,quote\"\":x\"\r\n"))
    #expect(columns.contains("\r\n\"new\nline:x\"\r\n"))
    #expect(columns.contains("\r\n\\xff\\xfe:\\x00\r\n"))
    #expect(columns.contains("\r\nnul\\x00:x\r\n"))
    let raw = Tool.shell("rdb keys --csv --format %k dump.rdb -q --no-defuse", in: folder).text
    #expect(raw.contains("\r\n=1+2\r\n") && raw.contains("\r\n-5\r\n"))
  }

  @Test("cut names after 1024 bytes in text, at a whole character, and show their size")
  func longNames() {
    let folder = Scratch()
    var builder = SnapshotBuilder(version: 9)
    for start in ["", "x", "xx", "xxx"] {
      builder.string(start + String(repeating: "🚀", count: 300), "v")
      builder.string(start + String(repeating: "n", count: 1 << 20), "v")
    }
    builder.string(String(repeating: "w", count: 1024), "v")
    builder.string([UInt8](repeating: 0x80, count: 2000), "v")
    folder.write(builder.whole, as: "dump.rdb")
    for command in ["memory", "bigkeys --top 9"] {
      let text = Tool.shell("rdb \(command) dump.rdb -q -j 1", in: folder).text
      #expect(text.utf8.count < 16 << 10)
      #expect(!text.contains("\\xf0") && !text.contains("\u{FFFD}"))
      if command == "memory" {
        #expect(text.contains(" \(String(repeating: "🚀", count: 256))… (1200 bytes)\n"))
        #expect(text.contains(" x\(String(repeating: "🚀", count: 255))… (1201 bytes)\n"))
        #expect(text.contains(" \(String(repeating: "w", count: 1024))\n"))
        #expect(text.contains("\\x80… (2000 bytes)\n"))
      }
      #expect(text.contains("… (1048576 bytes)"))
    }
    #expect(Tool.shell("rdb memory dump.rdb -q --csv | wc -c", in: folder).text.contains("4208"))
  }

  @Test("list keys in the given --format")
  func format() {
    let folder = Scratch()
    Self.awkward(folder)
    let outcome = Tool.shell(
      """
      rdb keys dump.rdb -q --format '%d,%k,%t,%e,%i,%b,%E,%%' | head -3
      rdb keys dump.rdb -q -0 | tr '\\000' '\\n' | wc -c
      rdb keys dump.rdb -q -0 | xargs -0 -n 1 printf '<%s>\\n' | sed -n 1,2p
      rdb keys dump.rdb --format '%x'; rdb keys dump.rdb --format '50%'
      """, in: folder)
    #expect(
      outcome.text == """
        0,\\xed\\x95\\x9c\\xea\\xb5\\xad\\xec\\x96\\xb4:\\xed\\x82\\xa4,string,,1,2,embstr,%
        0,emoji:\\xf0\\x9f\\x9a\\x80:x,string,,1,2,embstr,%
        0,\\xd7\\xa9\\xd7\\x9c\\xd7\\x95\\xd7\\x9d:\\xd7\\xa2\\xd7\\x95\\xd7\\x9c\\xd7\\x9d,string,,1,2,embstr,%
        221
        <한국어:키>
        <emoji:🚀:x>

        """)
    #expect(outcome.status == 64)
  }

  @Test(
    "have the same values in CSV and JSON, as read by pandas and DuckDB",
    arguments: [
      "redis-2.4.18/all", "redis-6.2.16/sessions", "redis-7.2.6/rich", "redis-8.2.3/all", "valkey-9.1.2/all", "awkward",
    ])
  func tables(_ name: String) throws {
    let folder = Scratch()
    if name == "awkward" { Self.awkward(folder) } else { folder.copy(Fixture.named(name)) }
    let python = Fixture.root + "/../.venv-servers/bin/python"
    let outcome = Tool.shell(
      """
      rdb memory dump.rdb -q --csv --no-defuse -o memory.csv && rdb memory dump.rdb -q --json -o memory.jsonl
      '\(python)' '\(HelpTests.folder)/../tables.py' memory.csv memory.jsonl
      """, in: folder)
    #expect(outcome.status == 0, "\(outcome.error.suffix(1500)); `make test-setup` installs pandas and DuckDB")
    #expect(outcome.text.hasSuffix(" rows\n"))
  }

  @Test("cover the keys that the filters keep, and end with 1 if there are none")
  func filters() {
    let outcome = Tool.shell(
      """
      cp '\(Fixture.named("redis-6.2.16/sessions").path)' "$PWD/d.rdb" 2>/dev/null
      rdb prefix d.rdb -k '^nothing'; echo $?
      rdb memory d.rdb --csv -q -t zset | wc -l
      rdb memory d.rdb --csv -q --bytes 5kb | wc -l
      rdb stats d.rdb -t list | head -1
      """, in: Scratch())
    #expect(
      outcome.text == """
        1
        2
        5
        30 keys, 6.9 kB estimated, 2.4 kB in the file; 30 without expiry, 0 expired

        """)
    #expect(outcome.error == "rdb: no key matched\n")
  }
}
