import Foundation
import TestSupport
import Testing

/// The help of every command, compared with the files in `Expected/`, which `scripts/update-help.sh` writes.
@Suite("Help")
struct HelpTests {
  static let folder: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(2).joined(separator: "/") + "/Expected"
  }()

  static let commands = [
    "rdb", "resp", "json", "sql", "parquet", "rewrite", "merge", "split", "mask", "salvage", "migrate", "load", "fetch",
    "verify", "info",
    "check",
    "keys",
    "get", "index", "split-plan",
    "top-elements", "history", "memory", "bigkeys", "memkeys", "hotkeys", "idle", "prefix", "ttl", "stats", "analyze",
    "merge-reports", "report", "diff", "bench", "gen",
  ]

  @Test("of each command equals its file in Expected", arguments: commands)
  func text(_ command: String) {
    let arguments = command == "rdb" ? ["--help"] : [command, "--help"]
    let outcome =
      arguments.count == 1 ? Tool.run(arguments[0]) : Tool.run(arguments[0], arguments[1])
    let expected = String(decoding: readFile("\(Self.folder)/\(command).txt"), as: UTF8.self)
    #expect(outcome.text == expected)
    #expect(outcome.error == "")
    #expect(outcome.status == 0)
  }

  /// A description begins in column 27, and goes on in lines that are indented as far.
  @Test("describes each option and argument in at most two lines of 80 columns", arguments: commands)
  func lengths(_ command: String) {
    let margin = String(repeating: " ", count: 26)
    let lines = (command == "rdb" ? Tool.run("--help") : Tool.run(command, "--help")).text.split(separator: "\n")
    let heads = lines.indices.filter { lines[$0].hasPrefix("  -") || lines[$0].hasPrefix("  <") }
    #expect(heads.count >= 2)
    for head in heads {
      let rest = lines[(head + 1)...].prefix { $0.hasPrefix(margin) }.count
      // A long name has a line of its own.
      let first = lines[head].dropFirst(24).hasPrefix("  ") ? 1 : 0
      #expect(first + rest <= 2, "\(lines[head])")
      #expect(lines[head...].prefix(rest + 1).allSatisfy { $0.count <= 80 })
    }
  }

  @Test("is not shown for -h, which stays free")
  func short() {
    #expect(Tool.run("info", "-h", "dump.rdb").status == 64)
  }

  @Test("lists each exit code once")
  func codes() {
    let lines = Tool.run("--help").text.split(separator: "\n").map(String.init)
    let start = lines.firstIndex(of: "Exit codes:")!
    let codes = lines[(start + 1)...].prefix { $0.hasPrefix("  ") }
      .map { $0.split(separator: " ")[0] }
    #expect(codes == ["0", "1", "3", "64", "65", "66", "69", "70", "74", "76", "77", "141", "128+n"])
  }

  @Test("and version and completion scripts end with exit code 0")
  func others() {
    #expect(Tool.run("--version") == Outcome(status: 0, output: Data("2.0.0\n".utf8), error: ""))
    for shell in ["bash", "zsh", "fish"] {
      let script = Tool.run("--generate-completion-script", shell)
      #expect(script.status == 0 && script.text.contains("batch-bytes"))
    }
  }
}
