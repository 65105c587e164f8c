import Foundation
import TestSupport
import Testing

/// The runs that README.md shows: a block whose first line begins with `$ `. All of a block's commands stand in
/// front, their output (of both streams) follows; a line `…` stands for any number of lines.
@Suite("The README")
struct ReadmeTests {
  struct Run {
    var commands: [String] = []
    var output: [String] = []
  }

  static func runs() -> [Run] {
    let page = String(decoding: readFile(Fixture.root + "/../README.md"), as: UTF8.self)
    let blocks = page.components(separatedBy: "\n```").dropFirst()
    return blocks.compactMap { block in
      let lines = block.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().map(String.init)
      guard lines.first?.hasPrefix("$ ") == true else { return nil }
      let commands = lines.prefix { $0.hasPrefix("$ ") }
      return Run(commands: commands.map { String($0.dropFirst(2)) }, output: Array(lines.dropFirst(commands.count)))
    }
  }

  /// Whether `lines` are those of `pattern`, in which `…` stands for any.
  private static func fits(_ lines: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
    guard let first = pattern.first else { return lines.isEmpty }
    if first == "…" {
      return (lines.startIndex...lines.endIndex).contains { fits(lines[$0...], pattern.dropFirst()) }
    }
    return lines.first == first && fits(lines.dropFirst(), pattern.dropFirst())
  }

  @Test("shows runs as they are")
  func pasted() throws {
    let folder = Scratch()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/Fixtures", withDestinationPath: Fixture.root)
    try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: true)
    let runs = Self.runs()
    #expect(runs.count >= 2)
    for run in runs {
      let line = run.commands.map { "{ \($0)\n} 2>&1" }.joined(separator: "\n")
      let found = Tool.shell(line, in: folder).text.split(separator: "\n", omittingEmptySubsequences: false).map(
        String.init)
      let output = found.last == "" ? found.dropLast() : found[...]
      #expect(Self.fits(output, run.output[...]), "\(run.commands): \(output.joined(separator: "\n"))")
    }
  }
}
