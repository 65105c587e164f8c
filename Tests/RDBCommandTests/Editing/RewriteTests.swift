import Foundation
import RDBFormat
import TestSupport
import Testing

/// `rdb rewrite`.
@Suite("rdb rewrite")
struct RewriteTests {
  private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init).sorted() }

  /// The keys of a dump as JSON, without what depends on the stored form.
  private static func contents(_ dump: String, in folder: Scratch) -> [String] {
    lines(Tool.shell("rdb json \(dump) --lines -q", in: folder).text)
  }

  @Test("copies a snapshot byte for byte without a target")
  func copy() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/all"))
    let outcome = Tool.shell("rdb rewrite dump.rdb -o copy.rdb && cmp dump.rdb copy.rdb", in: folder)
    #expect(outcome.status == 0 && outcome.text == "", "\(outcome.error)")
  }

  @Test("lists what the target cannot hold, with exit code 3")
  func losses() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/all"))
    let outcome = Tool.shell("rdb rewrite dump.rdb --target 2.8 -o old.rdb", in: folder)
    #expect(outcome.status == 3)
    #expect(outcome.error.contains("lost: 10 keys: streams need Redis 5.0"))
    #expect(outcome.error.contains("lost: 2 function libraries: functions need Redis 7.0"))
    #expect(Tool.shell("rdb rewrite dump.rdb --target 2.8 --lossy -q -o old.rdb", in: folder).status == 0)
    #expect(Tool.shell("rdb info old.rdb", in: folder).text.hasPrefix("format          REDIS 6 (redis)"))
  }

  @Test(
    "keeps the keys that the same filter keeps for rdb resp",
    arguments: [
      "-k '^user:'", "-K :", "-t hash,zset -n 0", "--expire anyexpire", "--limit 5", "--pattern '*a*' -T string",
    ])
  func filters(_ filter: String) {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/all"))
    let outcome = Tool.shell(
      "rdb rewrite dump.rdb \(filter) -q -o some.rdb; rdb resp dump.rdb \(filter) -q -o some.resp; "
        + "rdb resp some.rdb -q | cmp - some.resp && rdb check --strict some.rdb | head -1",
      in: folder)
    #expect(outcome.text.hasPrefix("some.rdb: whole"), "\(outcome.text)\(outcome.error)")
  }

  @Test(
    "moves and drops expiries as rdb resp does",
    arguments: ["--no-expire", "--ttl-shift 1d", "--expired skip --now 2100-01-01"])
  func expiries(_ options: String) {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.4.1/hashttl"))
    let outcome = Tool.shell(
      "rdb rewrite dump.rdb \(options) -q -o other.rdb; rdb resp dump.rdb \(options) -q | sort >direct; "
        + "rdb resp other.rdb -q | sort | cmp - direct && echo same", in: folder)
    #expect(outcome.text == "same\n", "\(outcome.error)")
  }

  @Test("renumbers databases, and puts two into one if no name occurs in both")
  func databases() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/all"))
    #expect(Tool.shell("rdb rewrite dump.rdb --db-map 0:5 -q -o moved.rdb", in: folder).status == 0)
    #expect(Tool.shell("rdb info moved.rdb", in: folder).text.contains("db 5:"))
    let outcome = Tool.shell("rdb rewrite dump.rdb --db-map 0:3,1:3 -q -o both.rdb", in: folder)
    #expect(outcome.status == 0)
    #expect(Tool.shell("rdb keys both.rdb --format %d -q | sort | uniq -c | xargs", in: folder).text == "71 3 1 9\n")
  }

  @Test("takes commands and append-only files as input")
  func commands() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/all"))
    let resp = Tool.shell(
      "rdb resp dump.rdb -T zset -q -o dump.resp; rdb rewrite dump.resp --target 7.2 -q -o back.rdb; "
        + "rdb resp back.rdb -q | sort | cksum; sort dump.resp | cksum", in: folder)
    let sums = resp.text.split(separator: "\n")
    #expect(sums.count == 2 && sums.first == sums.last, "\(resp.text)\(resp.error)")
    for name in ["redis-2.8.24-rewritten", "redis-2.4.18-plain"] {
      folder.write(readFile("\(Fixture.root)/aof/\(name).aof"), as: "log.aof")
      let outcome = Tool.shell("rdb rewrite log.aof --target 7.0 -q -o log.rdb", in: folder)
      #expect(outcome.status == 0, "\(outcome.error)")
      let (direct, written) = (Self.contents("log.aof", in: folder), Self.contents("log.rdb", in: folder))
      #expect(direct.count == written.count && !direct.isEmpty)
    }
  }

  @Test("writes an envelope of Valkey 9.2 that holds the same snapshot", arguments: ["lz4", "zstd"])
  func envelope(_ codec: String) throws {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/all"))
    let line =
      "rdb rewrite dump.rdb --target valkey-9.2 -q -o plain.rdb && rdb rewrite dump.rdb --target valkey-9.2 "
      + "--envelope \(codec) -q -o packed.rdb && head -c 4 packed.rdb && rdb rewrite packed.rdb -q -o - | cmp - plain.rdb"
    let outcome = Tool.shell(line, in: folder)
    #expect(outcome.status == 0 && outcome.text == "VKCS", "\(outcome.error)")
    let info = Tool.shell("rdb info packed.rdb; rdb info packed.rdb --json >info.json", in: folder).text
    let name = codec == "lz4" ? "LZ4" : codec
    #expect(info.contains("Valkey 9.2 and newer, because of its \(name) envelope"), "\(info)")
    let validation = try SchemaValidator.validate("info.schema.json", ["\(folder.path)/info.json"])
    #expect(validation.status == 0, "\(validation.output)")
    #expect(Tool.shell("grep envelope info.json", in: folder).text.contains(codec))
    #expect(Tool.shell("rdb rewrite dump.rdb --target 7.2 --envelope lz4 -o x", in: folder).status == 64)
    #expect(Tool.shell("rdb rewrite dump.rdb --envelope lz4 -o x", in: folder).status == 64)
  }

  @Test("reads limits from a configuration file, and names the line that it cannot understand")
  func configuration() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/all"))
    folder.write(Array("hash-max-listpack-entries 0\nrdbchecksum no\n".utf8), as: "redis.conf")
    let line =
      "rdb rewrite dump.rdb --target 7.2 --sanitize --config redis.conf -q -o out.rdb && rdb check out.rdb"
    let outcome = Tool.shell(line, in: folder)
    #expect(outcome.status == 0 && outcome.text.contains("the file was written without a checksum"), "\(outcome.error)")
    folder.write(Array("\nrdbchecksum perhaps\n".utf8), as: "bad.conf")
    let bad = Tool.shell("rdb rewrite dump.rdb --config bad.conf -o out2.rdb", in: folder)
    #expect(bad.status == 64 && bad.error.contains("bad.conf: line 2: expected rdbchecksum yes or no"), "\(bad.error)")
    folder.write(Array("port 6379\n".utf8), as: "other.conf")
    let other = Tool.shell("rdb rewrite dump.rdb --config other.conf -o out2.rdb", in: folder)
    #expect(other.status == 64)
    #expect(other.error.hasPrefix("rdb: other.conf: has no setting that decides how snapshots are written\n"))
    #expect(Tool.shell("rdb rewrite dump.rdb --config none.conf -o out2.rdb", in: folder).status == 66)
    #expect(Tool.shell("rdb rewrite dump.rdb --sanitize --trust -o out2.rdb", in: folder).status == 64)
  }

  /// What remains in a sanitized snapshot: code, data of modules, times before 1970, and a name in two places.
  private static let remaining = [
    "functionCode", "modulePayload", "moduleAux", "keys with an expiry before 1970", "twice", "duplicate",
  ]

  @Test("with --sanitize makes a snapshot without findings about layouts of every damaged one that can be read")
  func sanitize() {
    let folder = Scratch()
    var count = 0
    for fixture in Fixture.damaged where fixture.bytes.count < 300_000 {
      folder.copy(fixture)
      let outcome = Tool.shell("rdb rewrite dump.rdb --sanitize -q -o clean.rdb", in: folder)
      guard outcome.status == 0 || outcome.status == 3 else { continue }
      count += 1
      let report = Tool.shell("rdb check --strict --hostile clean.rdb", in: folder).text
      let findings = report.split(separator: "\n").filter { $0.hasPrefix("warning") || $0.hasPrefix("error") }
      for finding in findings where !Self.remaining.contains(where: { finding.contains($0) }) {
        Issue.record("\(fixture): \(finding)")
      }
    }
    #expect(count > 20)
  }
}
