import Foundation
import TestSupport
import Testing

/// `rdb report` and its page. `scripts/setup.sh test` installs the browser.
@Suite("rdb report")
struct ReportPageTests {
  /// Compares the page with the JSON form in a browser, and operates it.
  ///
  /// - Parameter arguments: The arguments of `rdb report` but the output.
  static func check(_ arguments: String, in folder: Scratch) throws {
    let made = Tool.shell(
      "rdb report \(arguments) -q -o page.html && rdb report \(arguments) -q --json -o page.json", in: folder)
    #expect(made.status == 0, "\(arguments): \(made.error)")
    let script = Fixture.root + "/../Tests/Browser/report_page.py"
    let outcome = Tool.shell("python3 '\(script)' page.html page.json 2>&1", in: folder)
    #expect(outcome.status == 0, "\(arguments): \(outcome.text)")
    let count = Int(outcome.text.prefix { $0.isNumber }) ?? 0
    #expect(count > 150 && outcome.text.hasSuffix(" figures compared\n"), "\(arguments): \(outcome.text)")
    let (status, faults) = try SchemaValidator.validate("report.schema.json", [folder.path + "/page.json"])
    #expect(status == 0, "\(faults.prefix(2000))")
  }

  /// A snapshot with names that a page must show as text, and in any script.
  static var hostile: [UInt8] {
    var builder = SnapshotBuilder(version: 9)
    builder.aux("redis-ver", "6.2.16")
    builder.aux("ctime", "1760000000")
    let names = [
      "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>:", "\"' onfocus=alert(1) autofocus x=\"",
      "<!--<script>", "&amp;&lt;b&gt;:", "장바구니:사용자:", "😀:👩‍🚀:", "שלום:עולם:", "عربة:", "\u{202E}txt:", "a b;c:",
      String(repeating: "long", count: 512) + ":",
    ]
    for (index, name) in names.enumerated() {
      for number in 0..<4 {
        builder.string(
          name + "\(number)", String(repeating: "v", count: 100 * (index + 1)),
          expiry: number == 0 ? 1_760_000_600_000 : number == 1 ? 1_759_000_000_000 : nil)
      }
    }
    for number: UInt8 in 0..<4 { builder.string([0xFF, 0x3A, 0xFE, number], "value") }
    builder.string("{tag</script>}1", "value")
    builder.string("{tag</script>}2", "value")
    builder.list("<b>list", (0..<300).map { "element \($0)" })
    return builder.whole
  }

  @Test("Writes a page whose figures are those of the JSON form, and that mouse and keyboard operate")
  func sessions() throws {
    let folder = Scratch()
    #expect(Tool.run("gen", "--profile", "mixed", "--size", "2mb", "-o", "dump.rdb", in: folder).status == 0)
    try Self.check("dump.rdb", in: folder)
    #expect(folder.contents(of: "page.html")?.count ?? .max < 1_000_000)
  }

  @Test("Keeps hostile names as text, in any script and of any length")
  func names() throws {
    let folder = Scratch()
    folder.write(Self.hostile, as: "dump.rdb")
    try Self.check("dump.rdb", in: folder)
  }

  @Test("Compares the shards of a cluster, and the states of a keyspace over time")
  func several() throws {
    let folder = Scratch()
    for (number, size) in ["500kb", "900kb", "700kb"].enumerated() {
      let made = Tool.run(
        "gen", "--profile", "mixed", "--size", size, "--seed", "\(number)", "-o", "\(number).rdb", in: folder)
      #expect(made.status == 0, "\(made.error)")
    }
    try Self.check("0.rdb 1.rdb 2.rdb", in: folder)
    try Self.check("0.rdb 1.rdb 2.rdb --over-time", in: folder)
  }

  @Test("Replaces names by tokens that depend on the salt, in the page and in JSON")
  func redacted() throws {
    let folder = Scratch()
    folder.copy(Fixture.all.first { $0.topic == "sessions" }!)
    folder.write(Array("a secret\n".utf8), as: "salt")
    try Self.check("dump.rdb --redact --salt salt", in: folder)
    let text = String(decoding: folder.contents(of: "page.html") ?? Data(), as: UTF8.self)
    #expect(!text.contains("spring:") && text.contains("Spring Session"))
    let plain = Tool.shell("rdb report dump.rdb --json -q", in: folder).output
    let json = folder.contents(of: "page.json") ?? Data()
    let documents = try [plain, json].map { try JSONSerialization.jsonObject(with: $0) as? [String: Any] ?? [:] }
    let totals = documents.map { $0["total"] as? [String: Int] ?? [:] }
    #expect(totals[0] == totals[1] && totals[0]["keys"] == 890)
  }

  @Test("Names commands that run, and show what a step is about")
  func commands() throws {
    let folder = Scratch()
    folder.write(Self.hostile, as: "it's a dump.rdb")
    let outcome = Tool.shell("rdb report \"it's a dump.rdb\" --json -q", in: folder)
    let document = try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any]
    let steps = document?["next_steps"] as? [[String: Any]] ?? []
    #expect(steps.count >= 3)
    for step in steps {
      let command = step["command"] as? String ?? ""
      let shown = Tool.shell("\(command) -q", in: folder)
      #expect(shown.status == 0 && !shown.output.isEmpty, "\(command): \(shown.error)")
    }
  }

  @Test("Refuses a terminal, one dump over time, and a salt without tokens")
  func refusals() throws {
    let folder = Scratch()
    folder.write(Self.hostile, as: "dump.rdb")
    let terminal = try Tool.terminal("rdb report dump.rdb", in: folder)
    #expect(terminal.status == 64 && terminal.error.contains("a page is not for a terminal"))
    #expect(Tool.run("report", "dump.rdb", "--over-time", in: folder).status == 64)
    #expect(Tool.run("report", "dump.rdb", "--salt", "salt", in: folder).status == 64)
    #expect(Tool.run("report", "none.rdb", "-o", "page.html", in: folder).status == 66)
    #expect(!folder.names.contains("page.html"))
  }

  @Test("Writes folded stacks whose bytes add up to the memory of all keys")
  func folded() throws {
    let folder = Scratch()
    folder.write(Self.hostile, as: "dump.rdb")
    let outcome = Tool.shell("rdb prefix dump.rdb --folded -q", in: folder)
    let lines = outcome.text.split(separator: "\n")
    let sum = lines.reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? -1) }
    let report = try JSONSerialization.jsonObject(
      with: Tool.run("prefix", "dump.rdb", "--json", "-q", in: folder).output)
    let nodes = (report as? [String: Any])?["nodes"] as? [[String: Any]]
    let all = nodes?.first?["totals"] as? [String: Any]
    #expect(outcome.status == 0 && sum == all?["memory_bytes"] as? Int, "\(outcome.text)")
    #expect(lines.count == 11 && lines.allSatisfy { $0.split(separator: " ").count == 2 && $0.hasPrefix("(all)") })
    #expect(lines.contains { $0.hasPrefix("(all);장바구니:;사용자: ") })
    #expect(outcome.text.contains(#"a\x20b\x3bc:"#))
    #expect(Tool.run("prefix", "dump.rdb", "--folded", "--csv", in: folder).status == 64)
  }
}
