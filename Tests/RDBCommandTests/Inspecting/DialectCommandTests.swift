import Foundation
import TestSupport
import Testing

/// Files of other servers, through the command.
@Suite("The command and files of other servers")
struct DialectCommandTests {
  @Test("json shows KeyDB's member expiries of sets, and resp counts them as lost")
  func keyDB() {
    let json = Tool.shell("rdb json -q reports/keydb-subexpire.rdb")
    #expect(json.status == 0)
    #expect(
      json.text.contains(#""members":["m1","m2"],"expiring_members":[{"member":"m1","expire_ms":4102444800000}]"#))
    let resp = Tool.shell("rdb resp -q reports/keydb-subexpire.rdb")
    #expect(resp.status == 3)
    #expect(resp.error == "rdb: lost: 1 expiry: no command sets KeyDB's expiries of single members: \"myset\"\n")
    let info = Tool.shell("rdb info reports/keydb-subexpire.rdb")
    #expect(info.text.contains("dialect         KeyDB\n"))
  }

  @Test("KeyDB's expiries of fields are field expiries in json and HPEXPIREAT in resp, where the target has it")
  func fields() {
    let folder = Scratch()
    var builder = SnapshotBuilder(version: 9)
    builder.aux("redis-ver", "6.3.4")
    builder.hash("h", [("f", "1"), ("g", "2")])
    builder.aux("keydb-subexpire-key", "f")
    builder.aux("keydb-subexpire-when", "4102444800000")
    builder.key(
      64, "job", value: RDBBytes.string("return 1") + RDBBytes.little(Int64(1)) + RDBBytes.little(Int64(2)) + [0, 0])
    folder.write(builder.whole, as: "keydb.rdb")
    let json = Tool.shell("rdb json -q --lines keydb.rdb", in: folder)
    #expect(json.text.contains(#"{"field":"f","value":"1","expire_ms":4102444800000},{"field":"g","value":"2"}"#))
    #expect(
      json.text.contains(
        #"{"type":"cron","name":"job","script":"return 1","start_ms":1,"interval_ms":2,"keys":[],"args":[]}"#))
    let new = Tool.shell("rdb resp keydb.rdb --target 7.4", in: folder)
    #expect(new.text.contains("HPEXPIREAT\r\n$1\r\nh\r\n$13\r\n4102444800000\r\n"))
    #expect(new.status == 3)
    #expect(new.error.contains("rdb: lost: 1 key: cron jobs exist only in KeyDB: \"job\"\n"))
    let old = Tool.shell("rdb resp -q keydb.rdb --target 6.2", in: folder)
    #expect(old.error.contains("rdb: lost: 1 expiry: expiries of hash fields need Redis 7.4 or Valkey 9.0: \"h\"\n"))
    #expect(Tool.shell("rdb info keydb.rdb", in: folder).text.contains("cron job        \"job\": every 2 ms from 1 on"))
  }

  @Test(
    "--skip-unknown steps over Dragonfly's records and counts them as lost",
    arguments: ["json", "resp", "keys", "stats"])
  func skipUnknown(_ command: String) {
    let folder = Scratch()
    var builder = SnapshotBuilder(version: 9)
    builder.aux("df-ver", "df-v1.20.0")
    builder.key(30, "doc", value: RDBBytes.string("{}"))
    builder.string("k", "v")
    folder.write(builder.whole, as: "dragonfly.rdb")
    let refused = Tool.shell("rdb \(command) -q dragonfly.rdb", in: folder)
    #expect(refused.status == 65)
    #expect(refused.error.contains("--skip-unknown steps over others"))
    let skipped = Tool.shell("rdb \(command) -q --skip-unknown dragonfly.rdb", in: folder)
    #expect(skipped.status == 3)
    #expect(
      skipped.error
        == "rdb: lost: 1 key: Dragonfly's type 30 (a JSON document) was stepped over: \"doc\"\n")
    let check = Tool.shell("rdb check dragonfly.rdb", in: folder)
    #expect(check.status == 65 && check.text.hasPrefix("dragonfly.rdb: not supported\n"))
  }
}

/// Files that are not what their name says, and numbers at the end of their range.
@Suite("Unusual files")
struct UnusualFileTests {
  @Test("Keys of database 2^64-1 are never written into database 0")
  func lastDatabase() {
    for options in ["", "--replace", "--nx", "-j2"] {
      let outcome = Tool.shell("rdb resp -q \(options) reports/database-max.rdb")
      #expect(outcome.status == 64 && outcome.output.isEmpty, "\(options): \(outcome.text)")
      #expect(outcome.error.contains("keys in database 18446744073709551615"))
    }
    let mapped = Tool.shell("rdb resp -q --db-map 18446744073709551615:3 reports/database-max.rdb")
    #expect(mapped.status == 0 && mapped.text.hasPrefix("*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"))
    let folder = Scratch()
    var builder = SnapshotBuilder(version: 9)
    for database in (UInt64.max - 4)...UInt64.max {
      builder.select(database)
      builder.string("k", "v")
    }
    folder.write(builder.whole, as: "databases.rdb")
    let json = Tool.shell("rdb json -q --shape rdbtools databases.rdb", in: folder)
    #expect(json.text == "[{\n" + Array(repeating: "\"k\":\"v\"", count: 5).joined(separator: "\n},{\n") + "\n}]\n")
    let single = Tool.shell("rdb resp -q --single-db databases.rdb", in: folder)
    #expect(single.status == 64)
  }

  @Test("A file whose name is not UTF-8 is read")
  func fileName() {
    let folder = Scratch()
    folder.write(Crafted.hello, as: "dump.rdb")
    let script =
      #"a=$(printf 'a\377.rdb'); cp dump.rdb "$a"; rdb json -q "$a"; rdb get "$a" k; rdb check "$a" >/dev/null"#
    let outcome = Tool.shell(script, in: folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.text.contains("hello"))
  }

  @Test("A tar archive and a file with changed line ends are named")
  func named() {
    let folder = Scratch()
    folder.write(Crafted.hello, as: "dump.rdb")
    let tar = Tool.shell("tar -czf dump.tar.gz dump.rdb && rdb json dump.tar.gz", in: folder)
    #expect(tar.status == 65 && tar.error.contains("found a tar archive"), "\(tar.error)")
    let script = "sed 's/$/\\r/' '\(Fixture.root)/redis-7.0.15/all.rdb' > mangled.rdb; rdb json -q mangled.rdb"
    let mangled = Tool.shell(script, in: folder)
    #expect(mangled.status == 65 && mangled.error.contains("as a transfer in text mode writes"), "\(mangled.error)")
  }

  @Test("info says that libraries of 7.0's release candidates load into 7.0 only")
  func releaseCandidate() {
    let info = Tool.shell("for f in redis-7.0.rc2/*.rdb; do rdb info $f; done")
    #expect(info.text.contains("loads into      redis-7.0 only\n"), "\(info.text)")
  }
}
