import Foundation
import TestSupport
import Testing

/// The page about other tools, compared with the help texts.
@Suite("The page about other tools")
struct OtherToolsTests {
  /// The texts in backquotes in the columns about `rdb`.
  private static func code() -> [String] {
    let page = String(
      decoding: readFile(Fixture.root + "/../Documentation/coming-from-other-tools.md"), as: UTF8.self)
    return page.split(separator: "\n").filter { $0.hasPrefix("| ") }.flatMap { row -> [String] in
      let column = row.components(separatedBy: " | ").last ?? ""
      return column.components(separatedBy: "`").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    }
  }

  @Test("names only options and commands that rdb has")
  func options() {
    let texts = HelpTests.commands.map { (name: $0, text: Tool.expectedHelp($0)) }
    var count = 0
    for code in Self.code() {
      let words = code.split(separator: " ").map(String.init)
      let command = words.first == "rdb" ? words.dropFirst().first : nil
      let help = command.map { name in texts.filter { $0.name == name } } ?? texts
      #expect(!help.isEmpty, "\(code)")
      for word in words where word.hasPrefix("-") {
        count += 1
        let isKnown = help.contains { $0.text.contains("  \(word)") || $0.text.contains(", \(word)") }
        #expect(isKnown, "\(code)")
      }
    }
    #expect(count > 60)
  }
}

extension Tool {
  /// The expected help text of a command.
  fileprivate static func expectedHelp(_ command: String) -> String {
    String(decoding: readFile("\(HelpTests.folder)/\(command).txt"), as: UTF8.self)
  }
}
