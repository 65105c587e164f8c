import Foundation
import TestSupport
import Testing

/// `rdb resp` with `--trust`, `--untrusted` and `--skip-damaged`, and `rdb json --skip-damaged`.
@Suite("Trust options")
struct TrustOptionTests {
  static func folder() -> Scratch {
    let folder = Scratch()
    folder.copy(Fixture.named("reports/one-damaged-key"))
    return folder
  }

  @Test("Name the lost key and its damage, with exit code 3, from a file and from a pipe")
  func skipDamaged() {
    let folder = Self.folder()
    for line in [
      "rdb resp dump.rdb --skip-damaged", "cat dump.rdb | rdb resp - --skip-damaged --restore always",
      "rdb json dump.rdb --skip-damaged -j 1", "cat dump.rdb | rdb json - --skip-damaged --lines",
    ] {
      let outcome = Tool.shell(line + " -q", in: folder)
      #expect(outcome.status == 3, "\(line)")
      #expect(outcome.error == "rdb: lost: 1 key: its value is damaged (corruptListpack): \"h7\"\n")
      #expect(Tool.shell(line + " -q --lossy", in: folder).status == 0)
    }
    #expect(Tool.shell("rdb json dump.rdb -q", in: folder).status == 65)
    let kept = Tool.shell("rdb json dump.rdb --skip-damaged --lines -q -K '^h7$'", in: folder)
    #expect(kept.status == 0 && kept.error == "")
  }

  @Test(
    "Leave the damaged key out of every report, and list it as lost, also under -q",
    arguments: [
      "keys", "keys --csv", "keys -j 2", "memory", "memory --top 5", "bigkeys", "memkeys", "prefix", "ttl", "stats",
      "stats -j 3", "report --json", "analyze --reports all -o reports",
    ])
  func reports(_ command: String) {
    let folder = Self.folder()
    let line = "rdb \(command.replacing(" ", with: " dump.rdb ", maxReplacements: 1))"
    let whole = command.contains(" ") ? line : line + " dump.rdb"
    let outcome = Tool.shell("\(whole) --skip-damaged -q", in: folder)
    #expect(outcome.status == 3, "\(whole): \(outcome.error)")
    #expect(outcome.error == "rdb: lost: 1 key: its value is damaged (corruptListpack): \"h7\"\n")
    #expect(!outcome.text.contains("h7"))
    if command == "keys" { #expect(outcome.text.split(separator: "\n").count == 19) }
  }

  @Test("Write RESTORE of a damaged value under --trust only")
  func trust() {
    let folder = Self.folder()
    #expect(Tool.shell("rdb resp dump.rdb --restore always -q", in: folder).status == 65)
    #expect(Tool.shell("rdb resp dump.rdb --restore always --trust -q", in: folder).status == 0)
  }

  @Test("Skip modules, functions and scripts under --untrusted")
  func untrusted() {
    for name in ["redis-8.2.3/json", "redis-7.2.6/functions", "redis-7.2.6/all"] {
      let outcome = Tool.shell("rdb resp '\(Fixture.named(name).path)' --untrusted --lossy -q")
      #expect(outcome.status == 0, "\(outcome.error)")
      for command in ["RESTORE", "FUNCTION", "SCRIPT"] {
        #expect(outcome.output.range(of: Data("\r\n\(command)\r\n".utf8)) == nil, "\(name)")
      }
    }
  }

  @Test("Refuse a malformed HyperLogLog under --untrusted only")
  func hyperLogLog() {
    let folder = Scratch()
    let log = Array("HYLL".utf8) + [1] + [UInt8](repeating: 0, count: 11) + [0x7F, 0xFF, 0x80]
    for size in [0, 5000] {
      // A long one does not take the fast path for short strings.
      let bytes = log + [UInt8](repeating: 0x80, count: size)
      folder.write(RDBBytes.snapshot(RDBBytes.key(0, RDBBytes.string(bytes))), as: "dump.rdb")
      #expect(Tool.shell("rdb resp dump.rdb -q", in: folder).status == 0)
      let refused = Tool.shell("rdb resp dump.rdb -q --untrusted", in: folder)
      #expect(refused.status == 65 && refused.error.contains("hyperLogLog"), "\(refused.error)")
      #expect(!refused.text.contains("HYLL"))
    }
  }

  @Test("Refuse a key that some servers refuse, under --untrusted only")
  func findings() {
    let path = Fixture.named("reports/stream-length").path
    #expect(Tool.shell("rdb resp '\(path)' -q").status == 0)
    let refused = Tool.shell("rdb resp '\(path)' -q --untrusted")
    #expect(refused.status == 65)
    #expect(refused.error.contains(": streamLength at offset 84 in key \"s\""), "\(refused.error)")
    #expect(refused.error.contains("so does --untrusted"))
  }

  @Test(
    "Contradict each other",
    arguments: ["--trust", "--restore auto", "--modules forward", "--functions append", "--scripts load"])
  func contradictions(_ option: String) {
    let outcome = Tool.shell("rdb resp dump.rdb --untrusted \(option)", in: Self.folder())
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("\(option)") && outcome.error.contains("contradict each other: give one."))
    #expect(
      Tool.shell("rdb resp '\(Fixture.named("redis-7.2.6/all").path)' --untrusted --restore never -q").status == 0)
  }
}
