import Foundation
import TestSupport
import Testing

/// Names and values must not control the terminal that shows them.
@Suite("Output to a terminal")
struct TerminalTests {
  /// A C1 control, marks of direction, DEL, a line separator and a tag of four bytes, then é and 안, which are visible.
  static let name = "a\u{9B}31m\u{202E}\u{61C}\u{7F}\u{2028}\u{E0041}é안"
  static let inJSON = #"a\u009b31m\u202e\u061c\u007f\u2028\udb40\udc41é안"#
  static let inLines = #"a\xc2\x9b31m\xe2\x80\xae\xd8\x9c\x7f\xe2\x80\xa8\xf3\xa0\x81\x81é안"#

  static func folder() -> Scratch {
    let hash = [1] + RDBBytes.string(name) + RDBBytes.string("1\r2\r\n")
    return self.folder(
      RDBBytes.key(0, RDBBytes.string("\u{1B}]0;x\u{7}\u{85}"), name: name) + RDBBytes.key(4, hash, name: "h"))
  }

  private static func folder(_ records: [UInt8]) -> Scratch {
    let folder = Scratch()
    folder.write(RDBBytes.snapshot(version: 3, records), as: "dump.rdb")
    return folder
  }

  @Test("escapes characters in JSON that a pipe gets unescaped")
  func json() throws {
    let folder = Self.folder()
    let lines = [
      "rdb json dump.rdb --lines -q", "rdb json dump.rdb -q --shape rdbtools", "rdb keys dump.rdb --json -q",
      "rdb memory dump.rdb --json -q", "rdb bigkeys dump.rdb --json -q", "rdb get dump.rdb h --json -q",
      "rdb top-elements dump.rdb h --json -q", "rdb json dump.rdb -q -o /dev/stdout",
    ]
    for line in lines {
      let (shown, piped) = try Self.texts(of: line, in: folder)
      #expect(shown.contains(Self.inJSON), "\(line): \(shown)")
      #expect(Self.isHarmless(shown), "\(line): \(shown)")
      func parsed(_ text: String) throws -> [NSObject?] {
        let isLines = line.contains("--lines") || line.hasPrefix("rdb keys") || line.hasPrefix("rdb memory")
        return try (isLines ? text.split(separator: "\n").map(String.init) : [text]).map {
          try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSObject
        }
      }
      #expect(try parsed(shown) == parsed(piped), "\(line)")
    }
  }

  @Test("escapes CSV, raw names and commands as redis-cli does")
  func lines() throws {
    let folder = Self.folder()
    let lines = [
      "rdb keys dump.rdb --csv -q", "rdb memory dump.rdb --csv -q", "rdb keys dump.rdb --format '%d,%K' -q",
      "rdb resp dump.rdb -q", "rdb get dump.rdb h --resp -q", "rdb bigkeys dump.rdb --csv -q",
    ]
    for line in lines {
      let shown = try Self.texts(of: line, in: folder).shown
      #expect(shown.contains(Self.inLines), "\(line): \(shown)")
      #expect(Self.isHarmless(shown.replacing("\r\n", with: "\n")), "\(line): \(shown)")
    }
  }

  /// The output on a terminal, and in a pipe, which has the name unchanged.
  private static func texts(of line: String, in folder: Scratch) throws -> (shown: String, piped: String) {
    let shown = try Tool.terminal(line, in: folder)
    #expect(shown.status == 0 && shown.error == "", "\(line): \(shown.error)")
    let piped = Tool.shell("\(line) | cat", in: folder)
    #expect(piped.text.contains(name), "\(line)")
    return (shown.text, piped.text)
  }

  @Test("keeps characters together that are split between two writes")
  func pieces() throws {
    let folder = Self.folder(RDBBytes.key(0, RDBBytes.string(String(repeating: "é안\u{9B}𝄞", count: 3000))))
    let shown = try Tool.terminal("rdb json --lines -q dump.rdb", in: folder)
    #expect(shown.text.contains("\"" + String(repeating: #"é안\u009b𝄞"#, count: 3000) + "\""))
  }

  @Test(
    "escapes control characters of arguments in error messages",
    arguments: ["keys %@", "keys x %@", "%@", "json x --%@", "get x y --range %@"])
  func arguments(_ line: String) {
    let argument = "\u{1B}[31mx\u{9B}y\u{202E}"
    let outcome = Tool.shell("rdb " + line.replacing("%@", with: "'\(argument)'"))
    #expect(outcome.status == 64 || outcome.status == 66)
    #expect(Self.isHarmless(outcome.error), "\(outcome.error)")
    #expect(outcome.error.contains(#"\x1b[31mx\xc2\x9by\xe2\x80\xae"#), "\(outcome.error)")
  }

  private static func isHarmless(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control: scalar == "\n"
      case .format, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
  }
}
