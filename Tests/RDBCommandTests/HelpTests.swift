import Foundation
import TestSupport
import Testing

/// The whole help of every command, compared with the files in `Expected/`; `scripts/update-help.sh` writes those.
@Suite("The help")
struct HelpTests {
  static let folder: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast().joined(separator: "/") + "/Expected"
  }()

  static let commands = [
    "rdb", "resp", "json", "info", "check", "keys", "get", "index", "top-elements", "memory", "bigkeys", "memkeys",
    "hotkeys", "idle", "prefix",
    "ttl", "stats", "analyze", "merge-reports", "bench", "gen",
  ]

  @Test("is what its file says", arguments: commands)
  func text(_ command: String) {
    let arguments = command == "rdb" ? ["--help"] : [command, "--help"]
    let outcome =
      arguments.count == 1 ? Tool.run(arguments[0]) : Tool.run(arguments[0], arguments[1])
    let expected = String(decoding: readFile("\(Self.folder)/\(command).txt"), as: UTF8.self)
    #expect(outcome.text == expected)
    #expect(outcome.error == "")
    #expect(outcome.status == 0)
  }

  @Test("leaves -h free")
  func short() {
    #expect(Tool.run("info", "-h", "dump.rdb").status == 64)
  }

  @Test("has the table of exit codes, and every code is in it once")
  func codes() {
    let lines = Tool.run("--help").text.split(separator: "\n").map(String.init)
    let start = lines.firstIndex(of: "Exit codes:")!
    let codes = lines[(start + 1)...].prefix { $0.hasPrefix("  ") }
      .map { $0.split(separator: " ")[0] }
    #expect(codes == ["0", "1", "3", "64", "65", "66", "70", "74", "141", "128+n"])
  }

  @Test("has a version, and completions for three shells")
  func others() {
    #expect(Tool.run("--version").text.split(separator: ".").count == 3)
    for shell in ["bash", "zsh", "fish"] {
      let script = Tool.run("--generate-completion-script", shell)
      #expect(script.status == 0 && script.text.contains("batch-bytes"))
    }
  }
}
