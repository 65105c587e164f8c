import Foundation
import TestSupport
import Testing

/// `rdb sql`, run as a user would.
@Suite("rdb sql")
struct SQLTests {
  static let dump = Fixture.named("redis-7.2.6/all").path

  @Test("prints what rdb memory prints, as CSV")
  func sameAsMemory() {
    let columns = "db, type, key, memory_bytes, encoding, elements, largest_element_bytes, stored_bytes"
    let sql = Tool.run("sql", Self.dump, "SELECT \(columns) FROM keys ORDER BY id", "--csv")
    let memory = Tool.run("memory", Self.dump, "--csv")
    let wanted = memory.text.split(separator: "\r\n").dropFirst().map { line in
      let cells = Self.cells(line)
      return (cells[0..<7] + [cells[8]]).joined(separator: ",")
    }
    let found = sql.text.split(separator: "\r\n").dropFirst().map { Self.cells($0).joined(separator: ",") }
    #expect(found == wanted && wanted.count > 50)
    #expect(sql.status == 0 && sql.text.hasPrefix(columns.replacing(" ", with: "") + "\r\n"), "\(sql.error)")
  }

  /// The cells of a line of CSV, as they stand there.
  private static func cells(_ line: Substring) -> [String] {
    var (cells, cell, isQuoted) = ([String](), "", false)
    for character in line {
      if character == "\"" { isQuoted.toggle() }
      if character == ",", !isQuoted {
        cells.append(cell)
        cell = ""
      } else {
        cell.append(character)
      }
    }
    return cells + [cell]
  }

  @Test("writes a file that it and other programs read, and nothing beside it")
  func file() {
    let folder = Scratch()
    let made = Tool.run("sql", Self.dump, "--values", "-o", "keys.sqlite", in: folder)
    #expect(made.status == 0 && made.text == "", "\(made.error)")
    #expect(made.error.contains("keys read"))
    #expect(folder.names == ["keys.sqlite"])
    let count = Tool.run("sql", "keys.sqlite", "SELECT count(*) AS n FROM hash_fields", "--json", in: folder)
    #expect(count.status == 0 && count.text.hasPrefix("{\"n\":"), "\(count.error)")
    let python = Tool.shell(
      "python3 -c \"import sqlite3; print(sqlite3.connect('keys.sqlite').execute('PRAGMA integrity_check').fetchone()[0])\"",
      in: folder)
    #expect(python.text == "ok\n", "\(python.error)")
    let again = Tool.run("sql", "keys.sqlite", "-o", "other.sqlite", in: folder)
    #expect(again.status == 64 && folder.names == ["keys.sqlite"])
  }

  @Test("with a query keeps no file, and asks a pipe or an append-only file as well")
  func noFile() {
    let folder = Scratch()
    let query = "'SELECT count(*) AS keys FROM keys'"
    for line in ["rdb sql '\(Self.dump)' \(query)", "cat '\(Self.dump)' | gzip | rdb sql - \(query)"] {
      let outcome = Tool.shell("TMPDIR=$PWD \(line) --json -q", in: folder)
      #expect(outcome.status == 0 && outcome.text.hasPrefix("{\"keys\":"), "\(outcome.error)")
    }
    let log = Tool.shell(
      "printf 'SET a 1\\r\\nSET b 2\\r\\nDEL a\\r\\n' | rdb sql - 'SELECT key_text FROM keys' -q", in: folder)
    #expect(log.text == "key_text\nb\n", "\(log.error)")
    #expect(folder.names == [])
  }

  @Test("keeps no file where it failed, and says what to do")
  func failures() {
    let folder = Scratch()
    folder.write(Fixture.named("redis-7.2.6/all").bytes.dropLast(200), as: "cut.rdb")
    folder.write(Array("not a snapshot, and nothing else".utf8), as: "text.rdb")
    for (line, status, words) in [
      ("rdb sql cut.rdb -o keys.sqlite", 65, "cut.rdb"), ("rdb sql text.rdb -o keys.sqlite", 65, "text.rdb"),
      ("rdb sql missing.rdb -o keys.sqlite", 66, "missing.rdb"), ("rdb sql cut.rdb", 64, "Give a query"),
      ("rdb sql '\(Self.dump)' 'SELECT missing FROM keys'", 64, "no such column: missing"),
      ("rdb sql '\(Self.dump)' 'DELETE FROM keys' -o keys.sqlite", 64, "queries can only read"),
      ("rdb sql '\(Self.dump)' 'SELECT * FROM hash_fields'", 64, "with --values"),
      ("rdb sql '\(Self.dump)' 'SELECT kez FROM keys'", 64, "no such column: kez"),
      ("rdb sql '\(Self.dump)' -o -", 64, "cannot be written to standard output"),
      ("rdb sql '\(Self.dump)' 'SELECT 1 AS a, 2 AS a' --json", 64, "same name"),
      ("rdb sql '\(Self.dump)' 'SELECT * FROM keys' -k '^nothing$' -q", 1, ""),
      ("ulimit -f 16; rdb sql '\(Self.dump)' -o keys.sqlite", 74, "keys.sqlite"),
    ] {
      let outcome = Tool.shell(line, in: folder)
      #expect(outcome.status == status, "\(line): \(outcome.status) \(outcome.error)")
      #expect(words.isEmpty || outcome.error.contains(words), "\(line): \(outcome.error)")
      #expect(folder.names == ["cut.rdb", "text.rdb"], "\(line)")
    }
  }

  @Test("counts values of modules as lost with --values, and shows names that a terminal would obey as escapes")
  func lossesAndEscapes() {
    let folder = Scratch()
    let modules = Fixture.all.first { $0.topic == "modules" }
    if let modules {
      let outcome = Tool.run("sql", modules.path, "--values", "-o", "keys.sqlite", in: folder)
      #expect(outcome.status == 3 && outcome.error.contains("lost:"), "\(outcome.error)")
      let lossless = Tool.run("sql", modules.path, "-o", "keys.sqlite", in: folder)
      #expect(lossless.status == 0, "\(lossless.error)")
    }
    let shown = Tool.shell("printf 'SET \"a\\\\x1b[2J\" 1\\r\\n' | rdb sql - 'SELECT key FROM keys' -q", in: folder)
    #expect(!shown.text.contains("\u{1b}") && shown.text.contains("x1b"), "\(shown.text)\(shown.error)")
  }

  @Test("makes the same file again, whatever the number of threads")
  func same() {
    let folder = Scratch()
    let outcome = Tool.shell(
      "for j in 1 2 3; do rdb sql '\(Self.dump)' --values -o $j.sqlite -q -j $j; done; cmp 1.sqlite 2.sqlite && cmp 1.sqlite 3.sqlite",
      in: folder)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
  }
}
