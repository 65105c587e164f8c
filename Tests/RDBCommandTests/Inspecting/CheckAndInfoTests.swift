import Foundation
import TestSupport
import Testing

/// `rdb check` and `rdb info`, as people and programs see them.
@Suite("rdb check and rdb info")
struct CheckAndInfoTests {
  @Test("check reports the contents of a whole snapshot")
  func whole() {
    let outcome = Tool.shell("rdb check dump.rdb", in: ErrorTests.folder())
    #expect(
      outcome
        == Outcome(
          status: 0,
          output: Data(
            """
            dump.rdb: whole
            format          REDIS 11
            read            72 keys, 234 elements, 7004 bytes
              hash          3 keys, 25 elements, 262 B
              list          5 keys, 92 elements, 1.1 kB
              set           7 keys, 50 elements, 342 B
              stream        10 keys, 39 elements, 2.1 kB
              string        45 keys, 1.0 kB
              zset          2 keys, 28 elements, 447 B
            checksum        verified (4da3b4980fa9b80b)

            """.utf8), error: ""))
  }

  @Test("check reports the offset of damage, and the counts before it")
  func damaged() {
    let outcome = Tool.shell("rdb check red.rdb; rdb check text", in: ErrorTests.folder())
    #expect(
      outcome.text == """
        red.rdb: damaged
        damage          corruptIntset at offset 21 + 0 in key "\\x1b[31mred" (set_intset, db 0): expected at least 8 bytes, found 3
        format          REDIS 3
        before damage   0 keys, 0 elements
        text: damaged
        damage          notRDB at offset 0: expected "REDIS" or "VALKEY", found "just text"
        before damage   0 keys, 0 elements

        """)
    #expect(outcome.status == 65 && outcome.error == "")
  }

  @Test("check lists findings with the exit code 0, and --strict exits with 65 for more than notes")
  func findings() {
    let folder = Scratch()
    for name in ["stream-length", "stream-node-without-entry"] {
      folder.write(Fixture.named("reports/\(name)").bytes, as: "\(name).rdb")
    }
    let outcome = Tool.shell("rdb check stream-length.rdb", in: folder)
    #expect(outcome.status == 0 && outcome.error == "")
    #expect(outcome.text.hasPrefix("stream-length.rdb: whole\n"))
    #expect(
      outcome.text.hasSuffix(
        """
        warning         1 × streamLength: The stored length of a stream is not the number of its entries. The entries count. (refused by Valkey 9.1)
                        key "s" of db 0 at offset 84: expected a length of 3, as there are entries, found 5

        """))
    let strict = Tool.shell("rdb check --strict stream-length.rdb", in: folder)
    #expect(strict.status == 65 && strict.error == "")
    #expect(strict.text.hasPrefix("stream-length.rdb: whole, but refused by --strict\n"))
    let healthy = Tool.shell("rdb check --strict stream-node-without-entry.rdb", in: folder)
    #expect(healthy.status == 0 && !healthy.text.contains("note") && !healthy.text.contains("warning"))
    let json = Tool.shell("rdb check --json --strict stream-length.rdb", in: folder)
    #expect(json.status == 65)
    #expect(json.text.contains("\"kind\" : \"streamLength\"") || json.text.contains("\"kind\":\"streamLength\""))
  }

  @Test("check names the option of the command that would read on, as text and as JSON")
  func option() throws {
    let folder = ErrorTests.folder()
    let text = Tool.shell("rdb check new.rdb", in: folder)
    #expect(text.status == 65)
    #expect(text.text.contains("expected RDB version 1–15 (--force-version reads on as far as it can)"))
    let json = Tool.shell("rdb check new.rdb --json", in: folder)
    let report = try #require(try JSONSerialization.jsonObject(with: json.output) as? [String: Any])
    let damage = try #require(report["damage"] as? [String: Any])
    #expect((damage["expected"] as? String)?.contains("(--force-version ") == true)
    let message = try #require(damage["message"] as? String)
    #expect(text.text.contains(message))
  }

  @Test("check --hostile lists malformed HyperLogLogs, modules and functions, and --strict refuses them")
  func hostile() {
    let folder = Scratch()
    folder.write(Fixture.named("redis-7.2.6/modules").bytes, as: "modules.rdb")
    folder.write(Fixture.named("redis-7.2.6/functions").bytes, as: "functions.rdb")
    let log = Array("HYLL".utf8) + [1] + [UInt8](repeating: 0, count: 11) + [0x7F, 0xFF, 0x80]
    folder.write(RDBBytes.snapshot(RDBBytes.key(0, RDBBytes.string(log))), as: "log.rdb")
    for (name, kind) in [("modules", "modulePayload"), ("functions", "functionCode"), ("log", "hyperLogLog")] {
      let plain = Tool.shell("rdb check \(name).rdb", in: folder)
      #expect(plain.status == 0 && !plain.text.contains(kind))
      for threads in [1, 2] {
        let found = Tool.shell("rdb check --hostile -j\(threads) \(name).rdb", in: folder)
        #expect(found.status == 0 && found.text.contains(" × \(kind): "), "\(name)")
        #expect(Tool.shell("rdb check --strict -j\(threads) \(name).rdb", in: folder).status == 65)
      }
    }
  }

  @Test("check --strict refuses keys that occur twice in a database")
  func strictlyUnique() {
    let folder = Scratch()
    folder.write(Crafted.twice, as: "dump.rdb")
    #expect(Tool.shell("rdb check --strict dump.rdb", in: folder).status == 65)
  }

  @Test("check --unique reports keys that occur twice in a database")
  func unique() {
    let folder = Scratch()
    folder.write(Crafted.twice, as: "dump.rdb")
    #expect(Tool.shell("rdb check dump.rdb", in: folder).status == 0)
    let outcome = Tool.shell("rdb check --unique dump.rdb", in: folder)
    #expect(outcome.status == 65)
    #expect(outcome.text.hasPrefix("dump.rdb: whole, but with duplicates\n"))
    #expect(
      outcome.text.hasSuffix(
        """
        duplicates      1
                        key "k" of db 0 at offset 16 repeats the key at offset 11

        """))
  }

  /// What becomes of a file of commands on its way.
  static let changes: [(line: String, condition: String, status: Int32)] = [
    ("cat dump.resp", "whole", 0),
    ("gzip -c dump.resp", "whole", 0),
    ("head -c 400 dump.resp", "cut", 65),
    ("printf '\\357\\273\\277'; cat dump.resp", "rewritten", 65),
    ("sed 's/\\r$//' dump.resp", "rewritten", 65),
    ("sed 's/\\r$/\\r\\r/' dump.resp", "rewritten", 65),
    ("sed 's/^\\*3/*x/' dump.resp", "damaged", 65),
    ("sed 's/cart/carp/' dump.resp", "changed", 65),
  ]

  @Test("check reports whether a file of commands is whole, cut, rewritten or changed", arguments: changes.indices)
  func commands(_ index: Int) {
    let change = Self.changes[index]
    let folder = ErrorTests.folder()
    let outcome = Tool.shell(
      "rdb resp -q dump.rdb --trailer -o dump.resp && { \(change.line); } >file; rdb check file", in: folder)
    #expect(outcome.text.hasPrefix("file: \(change.condition)\n"), "\(change.line): \(outcome.text)")
    #expect(outcome.status == change.status)
    #expect(outcome.error == "")
  }

  @Test("info shows the origin, the contents and the loading servers of a snapshot")
  func info() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/rich"))
    let text = Tool.shell("rdb info dump.rdb", in: folder).text
    #expect(text == String(decoding: readFile("\(HelpTests.folder)/info-rich.txt"), as: UTF8.self))
  }

  @Test("info and check write JSON with --json", arguments: Fixture.valid)
  func json(_ fixture: Fixture) throws {
    let folder = Scratch()
    folder.copy(fixture)
    for command in ["info", "check"] {
      let outcome = Tool.run(command, "--json", "dump.rdb", in: folder)
      let object = try #require(
        try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
      #expect(object["format"] as? Int == 1)
      #expect(outcome.status == 0)
    }
  }
}
