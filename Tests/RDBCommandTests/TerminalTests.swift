import Foundation
import TestSupport
import Testing

/// What names and values hold must not steer whoever looks at them.
@Suite("A terminal")
struct TerminalTests {
  /// C1, a direction, DEL, a line separator, a tag of four bytes; and what is shown: é, 안.
  static let name = "a\u{9B}31m\u{202E}\u{61C}\u{7F}\u{2028}\u{E0041}é안"
  static let inJSON = #"a\u009b31m\u202e\u061c\u007f\u2028\udb40\udc41é안"#
  static let inLines = #"a\xc2\x9b31m\xe2\x80\xae\xd8\x9c\x7f\xe2\x80\xa8\xf3\xa0\x81\x81é안"#

  static func folder() -> Scratch {
    func string(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
    let folder = Scratch()
    folder.write(
      Array("REDIS0003".utf8) + [0] + string(name) + string("\u{1B}]0;x\u{7}\u{85}") + [4] + string("h") + [1] + string(name)
        + string("1\r2\r\n") + [0xFF], as: "dump.rdb")
    return folder
  }

  @Test("gets JSON with escapes, other programs get it with the characters")
  func json() throws {
    let folder = Self.folder()
    let lines = [
      "rdb json dump.rdb --lines -q", "rdb json dump.rdb -q --shape rdbtools", "rdb keys dump.rdb --json -q",
      "rdb memory dump.rdb --json -q", "rdb bigkeys dump.rdb --json -q", "rdb get dump.rdb h --json -q",
      "rdb top-elements dump.rdb h --json -q", "rdb json dump.rdb -q -o /dev/stdout",
    ]
    for line in lines {
      let shown = try Tool.terminal(line, in: folder)
      #expect(shown.status == 0 && shown.error == "", "\(line): \(shown.error)")
      #expect(shown.text.contains(Self.inJSON), "\(line): \(shown.text)")
      #expect(Self.isHarmless(shown.text), "\(line): \(shown.text)")
      let piped = Tool.shell("\(line) | cat", in: folder)
      #expect(piped.text.contains(Self.name), "\(line)")
      func parsed(_ text: String) throws -> [NSObject?] {
        let isLines = line.contains("--lines") || line.hasPrefix("rdb keys") || line.hasPrefix("rdb memory")
        return try (isLines ? text.split(separator: "\n").map(String.init) : [text]).map {
          try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSObject
        }
      }
      #expect(try parsed(shown.text) == parsed(piped.text), "\(line)")
    }
  }

  @Test("gets CSV, names as they are and commands with redis-cli's escapes")
  func lines() throws {
    let folder = Self.folder()
    let lines = [
      "rdb keys dump.rdb --csv -q", "rdb memory dump.rdb --csv -q", "rdb keys dump.rdb --format '%d,%K' -q",
      "rdb resp dump.rdb -q", "rdb get dump.rdb h --resp -q", "rdb bigkeys dump.rdb --csv -q",
    ]
    for line in lines {
      let shown = try Tool.terminal(line, in: folder)
      #expect(shown.status == 0 && shown.error == "")
      #expect(shown.text.contains(Self.inLines), "\(line): \(shown.text)")
      #expect(Self.isHarmless(shown.text.replacing("\r\n", with: "\n")), "\(line): \(shown.text)")
      #expect(Tool.shell("\(line) | cat", in: folder).text.contains(Self.name), "\(line)")
    }
  }

  @Test("gets characters whole that lie across the pieces in which they are written")
  func pieces() throws {
    let folder = Scratch()
    let name = String(repeating: "é안\u{9B}𝄞", count: 3000)
    let count = UInt32(name.utf8.count)
    folder.write(
      Array("REDIS0003".utf8) + [0, 1, UInt8(ascii: "k"), 0x80] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
        + Array(name.utf8) + [0xFF], as: "dump.rdb")
    let shown = try Tool.terminal("rdb json --lines -q dump.rdb", in: folder)
    #expect(shown.text.contains("\"" + String(repeating: #"é안\u009b𝄞"#, count: 3000) + "\""))
  }

  @Test("gets no control characters of arguments that make no sense", arguments: ["keys %@", "keys x %@", "%@", "json x --%@", "get x y --range %@"])
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
