import Foundation
import TestSupport
import Testing

/// The runs that the README and the pages of Documentation/ show: a block whose first line begins with `$ `. The commands
/// come first, followed by their output (of both streams); a line `…` stands for any number of lines.
@Suite("The README and the pages of Documentation")
struct ReadmeTests {
  struct Run {
    var commands: [String] = []
    var output: [String] = []
  }

  static let pages = ["README.md", "Documentation/command.md", "Documentation/comparing.md"]

  static func runs(_ page: String) -> [Run] {
    let page = String(decoding: readFile(Fixture.root + "/../" + page), as: UTF8.self)
    let blocks = page.components(separatedBy: "\n```").dropFirst()
    return blocks.compactMap { block in
      let lines = block.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().map(String.init)
      guard lines.first?.hasPrefix("$ ") == true else { return nil }
      let commands = lines.prefix { $0.hasPrefix("$ ") }
      return Run(commands: commands.map { String($0.dropFirst(2)) }, output: Array(lines.dropFirst(commands.count)))
    }
  }

  /// Whether `lines` match `pattern`, in which `…` stands for any number of lines.
  private static func fits(_ lines: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
    guard let first = pattern.first else { return lines.isEmpty }
    if first == "…" {
      return (lines.startIndex...lines.endIndex).contains { fits(lines[$0...], pattern.dropFirst()) }
    }
    return lines.first == first && fits(lines.dropFirst(), pattern.dropFirst())
  }

  @Test("show the output that the command prints", arguments: pages)
  func pasted(_ page: String) throws {
    let folder = Scratch()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/Fixtures", withDestinationPath: Fixture.root)
    try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: true)
    let runs = Self.runs(page)
    #expect(!runs.isEmpty)
    for run in runs {
      let line = run.commands.map { "{ \($0)\n} 2>&1" }.joined(separator: "\n")
      let found = Tool.shell(line, in: folder).text.split(separator: "\n", omittingEmptySubsequences: false).map(
        String.init)
      let output = found.last == "" ? found.dropLast() : found[...]
      #expect(Self.fits(output, run.output[...]), "\(run.commands): \(output.joined(separator: "\n"))")
    }
  }
}
