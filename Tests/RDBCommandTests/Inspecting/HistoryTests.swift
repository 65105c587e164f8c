import Foundation
import TestSupport
import Testing

/// `rdb history`, and `rdb check` and `rdb info` of append-only files.
@Suite("Looking into an append-only file")
struct HistoryTests {
  /// A folder with an append-only file of two parts, times, a transaction and FLUSHALL.
  static func folder() -> Scratch {
    let scratch = Scratch()
    mkdir("\(scratch.path)/aof", 0o700)
    scratch.write(
      Array("file a.aof.1.base.aof seq 1 type b\nfile a.aof.1.incr.aof seq 1 type i\n".utf8), as: "aof/a.aof.manifest")
    scratch.write(commands("SELECT 0", "SET cart:9 1", "SET other 1"), as: "aof/a.aof.1.base.aof")
    scratch.write(
      commands(
        "#TS:1700000000", "SELECT 0", "MULTI", "EXPIRE cart:9 100", "SET other 2", "EXEC", "INCR other",
        "#TS:1700000060", "LPUSH other x", "FLUSHALL"), as: "aof/a.aof.1.incr.aof")
    return scratch
  }

  private static func commands(_ lines: String...) -> [UInt8] {
    lines.flatMap { line -> [UInt8] in
      if line.hasPrefix("#") { return Array("\(line)\r\n".utf8) }
      let words = line.split(separator: " ")
      return Array(("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
    }
  }

  @Test("history shows the commands that touched a key, with file, offset, time and database")
  func history() {
    let outcome = Tool.shell("rdb history aof cart:9", in: Self.folder())
    #expect(
      outcome.text == """
        a.aof.1.base.aof:23 -                    db0  SET cart:9 1
        a.aof.1.incr.aof:54 2023-11-14T22:13:20Z db0  EXPIRE cart:9 100  (MULTI at 39)
        a.aof.1.incr.aof:210 2023-11-14T22:14:20Z db0  FLUSHALL

        """)
    #expect(outcome.error == "" && outcome.status == 0)
  }

  @Test("history takes several patterns and the last commands only, and writes JSON")
  func forms() throws {
    let folder = Self.folder()
    let last = Tool.shell("rdb history aof --pattern 'cart:*' --pattern o* --tail 2", in: folder)
    #expect(
      last.text == """
        a.aof.1.incr.aof:177 2023-11-14T22:14:20Z db0  LPUSH other x
        a.aof.1.incr.aof:210 2023-11-14T22:14:20Z db0  FLUSHALL

        """)
    let json = Tool.shell("rdb history aof cart:9 --json | tee history.jsonl | head -n 1", in: folder)
    #expect(
      json.text == """
        {"command":["SET","cart:9","1"],"database":0,"file":"a.aof.1.base.aof","keys":["cart:9"],"offset":23}

        """)
    let (status, text) = try SchemaValidator.validate(
      "history.schema.json", ["\(folder.path)/history.jsonl"], lines: true)
    #expect(status == 0, "\(text)")
  }

  @Test("history gives an offset for the state before a command")
  func undone() {
    let folder = Self.folder()
    let outcome = Tool.shell(
      "rdb keys aof; rdb keys aof --until-offset a.aof.1.incr.aof:210 --format %k", in: folder)
    #expect(outcome.text.split(separator: "\n").suffix(2).sorted() == ["cart:9", "other"])
  }

  @Test("history exits with 1 if no command touched the key, and with 64 for a snapshot")
  func nothing() {
    let folder = Self.folder()
    let outcome = Tool.shell("rdb history aof nokey", in: folder)
    #expect(outcome.status == 1 && outcome.text == "")
    #expect(outcome.error == "rdb: aof: no command touched the key \"nokey\"\n")
    folder.copy(.named("redis-7.2.6/all"))
    #expect(Tool.shell("rdb history dump.rdb nokey", in: folder).status == 64)
    #expect(Tool.shell("rdb history aof", in: folder).status == 64)
  }

  @Test("check lists the files of a folder, and the commands that fail")
  func check() throws {
    let folder = Self.folder()
    let outcome = Tool.shell("rdb check aof; rdb check aof --json >whole.json", in: folder)
    #expect(
      outcome.text == """
        aof: whole
        base            a.aof.1.base.aof: whole, 3 commands, 86 bytes
        incremental     a.aof.1.incr.aof: whole, 8 commands, 228 bytes
        failed          1 × LPUSH: the key holds a value of another type, first at a.aof.1.incr.aof:177

        """)
    #expect(outcome.status == 0)
    // Two files are cut, of which the last may be.
    for name in ["a.aof.1.base.aof", "a.aof.1.incr.aof"] {
      let bytes = [UInt8](folder.contents(of: "aof/\(name)")!)
      folder.write(Array(bytes.dropLast()), as: "aof/\(name)")
    }
    let cut = Tool.shell("rdb check aof --allow-truncated; rdb check aof --json >cut.json", in: folder)
    #expect(
      cut.text == """
        aof: cut
        base            a.aof.1.base.aof: cut, 2 commands, 55 bytes before it
          damage        at offset 85: truncatedCommands: expected the rest of the command that begins at 55, found the end of the file; all before 55 is whole
        incremental     a.aof.1.incr.aof: whole, 7 commands, 227 bytes
          note          the file ends inside a command (17 bytes left out) at offset 210

        """)
    #expect(cut.status == 65)
    let (status, text) = try SchemaValidator.validate(
      "log-check.schema.json", ["whole.json", "cut.json"].map { "\(folder.path)/\($0)" })
    #expect(status == 0, "\(text)")
  }

  @Test("check lists the failing commands of a single file too")
  func checkFile() throws {
    let folder = Scratch()
    folder.write(readFile("\(Fixture.root)/commands/errors-ignored.aof"), as: "a.aof")
    let outcome = Tool.shell("rdb check a.aof; rdb check a.aof --json >a.json", in: folder)
    #expect(outcome.text.hasPrefix("a.aof: whole\n"))
    #expect(outcome.text.contains("failed          1 × INCR: not an integer or out of range, first at 82"))
    #expect(outcome.status == 0)
    let (status, text) = try SchemaValidator.validate("resp-check.schema.json", ["\(folder.path)/a.json"])
    #expect(status == 0, "\(text)")
  }

  @Test("info shows the keyspace, and then the files, times and commands")
  func info() throws {
    let folder = Self.folder()
    let outcome = Tool.shell("rdb info aof; rdb info aof --json >info.json", in: folder)
    #expect(
      outcome.text.hasSuffix(
        """
        base            a.aof.1.base.aof: 3 commands, 86 B
        incremental     a.aof.1.incr.aof: 8 commands, 228 B
        times           2023-11-14T22:13:20Z to 2023-11-14T22:14:20Z
        transactions    1
        touched         2 keys
          SET           3, 94 B
          SELECT        2, 46 B
          EXEC          1, 14 B
          EXPIRE        1, 37 B
          FLUSHALL      1, 18 B
          INCR          1, 25 B
          LPUSH         1, 33 B
          MULTI         1, 15 B

        """))
    let (status, text) = try SchemaValidator.validate("info.schema.json", ["\(folder.path)/info.json"])
    #expect(status == 0, "\(text)")
  }
}
