import Foundation
import RDB
import RDBFormat
import RESP
import TestSupport
import Testing

@Suite("rdb merge")
struct MergeTests {
  /// A snapshot with strings, whose database is 0.
  static func snapshot(
    _ keys: [(String, String)], savedAt time: String? = nil, writer: (String, String) = ("redis-ver", "7.2.6"),
    functions: [String] = [], version: Int = 11, database: UInt64 = 0
  ) -> [UInt8] {
    var snapshot = SnapshotBuilder(version: version)
    snapshot.aux(writer.0, writer.1)
    if let time { snapshot.aux("ctime", time) }
    for code in functions { snapshot.raw([0xF5] + RDBBytes.string(Array(code.utf8))) }
    snapshot.select(database)
    for (name, value) in keys { snapshot.string(name, value) }
    return snapshot.whole
  }

  static func folder(_ inputs: [UInt8]...) -> Scratch {
    let folder = Scratch()
    for (index, input) in inputs.enumerated() { folder.write(input, as: "\(["a", "b", "c"][index]).rdb") }
    return folder
  }

  /// The keys of a snapshot with their values, in file order.
  static func lines(_ name: String, in folder: Scratch) -> String {
    let outcome = Tool.shell("rdb json \(name) --lines -q", in: folder)
    return outcome.text.split(separator: "\n").compactMap { line in
      guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else { return nil }
      guard let key = object["key"] else { return nil }
      return "\(object["db"] ?? "") \(key)=\(object["value"] ?? "")"
    }.joined(separator: ", ")
  }

  @Test(
    "makes the snapshot again that rdb split divided",
    arguments: [
      "--shards 5", "--by db", "--by type", "--by size --size 1kb", "--by prefix --sep e --parts 3",
    ])
  func afterSplit(_ options: String) throws {
    for fixture in [Fixture.named("redis-7.2.6/all"), .named("redis-7.4.1/all"), .named("valkey-9.0.0/all")] {
      let folder = Scratch()
      folder.copy(fixture)
      #expect(Tool.shell("rdb split dump.rdb -o parts \(options) -q", in: folder).status == 0)
      let outcome = Tool.shell("rdb merge parts/* -o whole.rdb", in: folder)
      #expect(outcome.status == 0, "\(outcome.error)")
      let whole = try KeyedEvents([UInt8](#require(folder.contents(of: "whole.rdb"))))
      let original = try KeyedEvents(fixture.bytes)
      #expect(whole.keys == original.keys, "\(fixture)")
      let functions = original.others.filter { $0.hasPrefix("function") }
      #expect(whole.others.filter { $0.hasPrefix("function") } == functions)
      #expect(Tool.shell("rdb check whole.rdb --unique -q", in: folder).status == 0)
    }
  }

  @Test(
    "keeps one key per name, as --on-conflict says, with the same bytes for any number of threads",
    arguments: [
      ("first", "0 x=a, 0 y=a, 0 z=b"), ("last", "0 y=a, 0 x=b, 0 z=b"), ("newest", "0 x=a, 0 y=a, 0 z=b"),
    ])
  func conflicts(_ choice: String, _ expected: String) {
    let folder = Self.folder(
      Self.snapshot([("x", "a"), ("y", "a")], savedAt: "20"), Self.snapshot([("x", "b"), ("z", "b")], savedAt: "10"))
    let outcome = Tool.shell("rdb merge a.rdb b.rdb --on-conflict \(choice) -j 1 -o one.rdb", in: folder)
    #expect(outcome.status == 0)
    #expect(
      outcome.error.hasPrefix(
        """
        rdb: 4 keys read, 3 written, 1 filtered
        rdb: noted: 1 × keys left out because another key has their name: "x"

        """))
    #expect(Self.lines("one.rdb", in: folder) == expected)
    _ = Tool.shell("cat b.rdb | rdb merge a.rdb - --on-conflict \(choice) -j 2 -o two.rdb", in: folder)
    #expect(folder.contents(of: "one.rdb") == folder.contents(of: "two.rdb"))
  }

  @Test("names a renamed key that is left out by its old and its new name")
  func renamed() throws {
    let folder = Self.folder(Self.snapshot([("old:x", "a"), ("new:x", "b")]), [])
    let outcome = Tool.shell(
      "rdb rewrite a.rdb --rename 's/^old:/new:/' --on-conflict last --ledger l.json -o out.rdb; cat l.json", in: folder
    )
    #expect(outcome.error.contains(#"another key has their name: "old:x" -> "new:x""#), "\(outcome.error)")
    #expect(outcome.text.contains(#""key" : "old:x""#) && outcome.text.contains(#""new_key" : "new:x""#))
    #expect(try SchemaValidator.validate("ledger.schema.json", ["\(folder.path)/l.json"]).status == 0)
  }

  @Test("refuses a name that two inputs have, and says which, unless --on-conflict is given")
  func failing() {
    let folder = Self.folder(
      Self.snapshot([("x\n", "a"), ("y", "a")]), Self.snapshot([("q", "b"), ("x\n", "b"), ("y", "b")]))
    let outcome = Tool.shell("rdb merge a.rdb b.rdb -o out.rdb", in: folder)
    #expect(outcome.status == 64)
    #expect(
      outcome.error == """
        rdb: a.rdb and b.rdb both have the key "x\\n" of database 0
        --on-conflict first, last or newest keeps one of them.

        """)
    #expect(folder.names == ["a.rdb", "b.rdb"])
    let newest = Tool.shell("rdb merge a.rdb b.rdb --on-conflict newest -o out.rdb", in: folder)
    #expect(newest.status == 64)
    #expect(newest.error.contains("a.rdb: does not tell when it was saved"))
  }

  @Test("writes equal function libraries once, and refuses different ones of the same name")
  func functions() throws {
    let (one, other) = ("#!lua name=lib\nreturn 1", "#!lua name=lib\nreturn 2")
    let more = "#!lua name=more\nreturn 1"
    let folder = Self.folder(
      Self.snapshot([("x", "a")], functions: [one]), Self.snapshot([("y", "b")], functions: [one, more]),
      Self.snapshot([("z", "c")], functions: [other]))
    #expect(Tool.shell("rdb merge a.rdb b.rdb -o out.rdb -q", in: folder).status == 0)
    let events = try KeyedEvents([UInt8](#require(folder.contents(of: "out.rdb"))))
    #expect(events.others.filter { $0.hasPrefix("function") }.count == 2)
    let outcome = Tool.shell("rdb merge a.rdb b.rdb c.rdb -o out.rdb", in: folder)
    #expect(outcome.status == 64)
    #expect(outcome.error.hasPrefix("rdb: a.rdb and c.rdb have a different function library \"lib\"\n"))
    let last = Tool.shell("rdb merge a.rdb c.rdb -o out.rdb --on-conflict last", in: folder)
    #expect(last.status == 0)
    #expect(last.error.contains("function libraries left out because another input has one of this name: \"lib\""))
    let kept = try KeyedEvents([UInt8](#require(folder.contents(of: "out.rdb"))))
    #expect(kept.others.contains { $0.contains("return 2") })
    #expect(!kept.others.contains { $0.contains("return 1") })
  }

  @Test("takes the version of the newest input, and asks for a target if the vendors differ")
  func versions() {
    let folder = Self.folder(
      Self.snapshot([("x", "a")], writer: ("redis-ver", "6.2.1"), version: 9), Self.snapshot([("y", "b")]),
      Self.snapshot([("z", "c")], writer: ("valkey-ver", "8.0.1")))
    #expect(Tool.shell("rdb merge a.rdb b.rdb -o out.rdb -q", in: folder).status == 0)
    #expect(folder.contents(of: "out.rdb")?.prefix(9) == Data("REDIS0011".utf8))
    let mixed = Tool.shell("rdb merge a.rdb c.rdb -o mixed.rdb", in: folder)
    #expect(mixed.status == 64)
    #expect(
      mixed.error == """
        rdb: a.rdb is of Redis, c.rdb of Valkey
        Say with --target which server shall load the result.

        """)
    #expect(Tool.shell("rdb merge a.rdb c.rdb -o mixed.rdb --target valkey-9.0 -q", in: folder).status == 0)
    #expect(folder.contents(of: "mixed.rdb")?.prefix(9) == Data("VALKEY080".utf8))
    #expect(Self.lines("mixed.rdb", in: folder) == "0 x=a, 0 z=c")
  }

  @Test("merges snapshots, commands and compressed files, with filters, new databases and new names")
  func mixed() {
    let folder = Self.folder(
      Self.snapshot([("user:1", "a"), ("tmp:1", "a")]), Self.snapshot([("user:1", "b")], database: 1))
    folder.write(Array("*3\r\n$3\r\nSET\r\n$6\r\nuser:3\r\n$1\r\nc\r\n".utf8), as: "c.aof")
    let outcome = Tool.shell(
      "gzip b.rdb && rdb merge a.rdb b.rdb.gz c.aof -K '^tmp:' --db-map 1:0 --rename 's/user:3/user:2/' "
        + "--on-conflict last -o out.rdb -q && rdb check out.rdb -q --strict", in: folder)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(Self.lines("out.rdb", in: folder) == "0 user:1=b, 0 user:2=c")
  }

  @Test("has sizes of databases that are the sums of the inputs, and a limit for all inputs together")
  func sizes() throws {
    let folder = Self.folder(
      Self.snapshot([("a", "1"), ("b", "1")]), Self.snapshot([("c", "1")]), Self.snapshot([("d", "1")], database: 5))
    #expect(Tool.shell("rdb merge a.rdb b.rdb c.rdb -o out.rdb -q", in: folder).status == 0)
    var sink = RecordingSink(interest: .skip)
    var reader = RDBReader(MemorySource([UInt8](try #require(folder.contents(of: "out.rdb")))))
    try reader.read(into: &sink)
    #expect(sink.log.filter { $0.hasPrefix("size") } == ["size db 0 keys 3 expiring 0", "size db 5 keys 1 expiring 0"])
    #expect(Tool.shell("rdb merge a.rdb b.rdb c.rdb --limit 3 -o some.rdb -q", in: folder).status == 0)
    #expect(Self.lines("some.rdb", in: folder) == "0 a=1, 0 b=1, 0 c=1")
  }

  @Test("makes a snapshot that a server loads with all keys")
  func live() throws {
    let folder = Scratch()
    folder.copy(.named("redis-6.2.16/all"))
    #expect(
      Tool.shell("rdb split dump.rdb -o parts --shards 3 -q && rdb merge parts/* -o out.rdb -q", in: folder).status == 0
    )
    let bytes = [UInt8](try #require(folder.contents(of: "out.rdb")))
    let server = try LiveServer(.redis7, dump: bytes)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    let info = try connection.command("INFO", "keyspace")
    guard case .bulk(let text) = info else { throw LiveServer.Failure(description: "no INFO") }
    let counts = String(decoding: text, as: UTF8.self).split(separator: "\r\n").compactMap { line in
      line.contains("keys=") ? Int(line.split(separator: "=")[1].prefix { $0.isNumber }) : nil
    }
    #expect(counts.reduce(0, +) <= (try KeyedEvents(bytes).keyCount))
    #expect(counts.reduce(0, +) > 50)
  }

  @Test(
    "says what is wrong, and leaves no file",
    arguments: [
      ("- -", "Only one input can be standard input.", 64), ("a.rdb none.rdb", "none.rdb: cannot be opened", 66),
      ("a.rdb b.rdb --rename s/a/", "--rename: expected three /", 64),
      ("a.rdb b.rdb --on-conflict oldest", "is invalid", 64), ("a.rdb cut.rdb", "cut.rdb: ", 65),
    ] as [(String, String, Int32)])
  func wrong(_ arguments: String, _ message: String, _ status: Int32) {
    let folder = Self.folder(Self.snapshot([("x", "a")]), Self.snapshot([("y", "b")]))
    folder.write(Self.snapshot([("z", "c")]).dropLast(12) + [], as: "cut.rdb")
    let outcome = Tool.shell("rdb merge \(arguments) -o out.rdb", in: folder)
    #expect(outcome.status == status, "\(outcome.error)")
    #expect(outcome.error.contains(message), "\(outcome.error)")
    #expect(folder.names == ["a.rdb", "b.rdb", "cut.rdb"])
  }
}

@Suite("rdb rewrite --rename")
struct RenameTests {
  @Test("gives keys new names as sed does, with the same bytes for any number of threads, from files and pipes")
  func renames() {
    let folder = MergeTests.folder(MergeTests.snapshot([("old:1", "a"), ("gold:2", "b"), ("x", "c")]))
    #expect(
      Tool.shell("rdb rewrite a.rdb --rename 's/^old:/new:/' --rename 's/o/0/g' -o out.rdb -q -j 1", in: folder).status
        == 0)
    #expect(MergeTests.lines("out.rdb", in: folder) == "0 new:1=a, 0 g0ld:2=b, 0 x=c")
    _ = Tool.shell(
      "cat a.rdb | rdb rewrite - --rename 's/^old:/new:/' --rename 's/o/0/g' -o two.rdb -q -j 2", in: folder)
    #expect(folder.contents(of: "out.rdb") == folder.contents(of: "two.rdb"))
  }

  @Test("refuses two keys that get the same name, unless --on-conflict says which one stays")
  func clash() {
    let folder = MergeTests.folder(MergeTests.snapshot([("old:1", "a"), ("new:1", "b"), ("x", "c")]))
    let line = "rdb rewrite a.rdb --rename 's/^old:/new:/' -o out.rdb -q"
    let outcome = Tool.shell(line, in: folder)
    #expect(outcome.status == 64)
    #expect(
      outcome.error == """
        rdb: a.rdb: two keys would be "new:1" of database 0
        --on-conflict first or last keeps one of them.

        """)
    #expect(folder.names == ["a.rdb"])
    #expect(Tool.shell(line + " --on-conflict first", in: folder).status == 0)
    #expect(MergeTests.lines("out.rdb", in: folder) == "0 new:1=a, 0 x=c")
    #expect(Tool.shell(line + " --on-conflict last", in: folder).status == 0)
    #expect(MergeTests.lines("out.rdb", in: folder) == "0 new:1=b, 0 x=c")
  }

  @Test("refuses keys that --db-map brings into one database only if their names clash")
  func databases() throws {
    var snapshot = SnapshotBuilder(version: 10)
    snapshot.aux("redis-ver", "7.0.15")
    for database in [0, 1] as [UInt64] {
      snapshot.select(database)
      snapshot.string("only:\(database)", "\(database)")
    }
    let folder = MergeTests.folder(snapshot.whole)
    #expect(Tool.shell("rdb rewrite a.rdb --db-map 1:0 -o out.rdb -q", in: folder).status == 0)
    #expect(MergeTests.lines("out.rdb", in: folder) == "0 only:0=0, 0 only:1=1")
    let clash = Tool.shell("rdb rewrite a.rdb --db-map 1:0 --rename s/:.// -o clash.rdb", in: folder)
    #expect(clash.status == 64)
    #expect(clash.error.contains(#"two keys would be "only" of database 0"#))
  }
}
