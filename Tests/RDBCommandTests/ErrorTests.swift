import Foundation
import TestSupport
import Testing

/// What the command says when it cannot do what it was asked, word for word, and its exit code.
@Suite("An error")
struct ErrorTests {
  struct Case: Sendable, CustomStringConvertible {
    var line: String
    var status: Int32
    var error: String
    var description: String { line }

    init(_ line: String, _ status: Int32, _ error: String) {
      (self.line, self.status, self.error) = (line, status, error)
    }
  }

  /// Run in a folder that has `dump.rdb`, `cut.rdb`, `red.rdb`, `text` and `dump.rdb.gz.cut`.
  static let cases: [Case] = [
    Case(
      "rdb json missing.rdb", 66,
      "rdb: missing.rdb: cannot be opened: No such file or directory\n"),
    Case("rdb resp .", 66, "rdb: .: cannot be opened: a directory\n"),
    Case(
      "rdb info \"$(printf '\\033[31mx')\"", 66,
      "rdb: \"\\x1b[31mx\": cannot be opened: No such file or directory\n"),
    Case(
      "rdb json text", 65,
      """
      rdb: text: notRDB at offset 0: expected "REDIS" or "VALKEY", found "just text"
      Give the file that the server writes, dump.rdb by default; it may be compressed.

      """),
    Case(
      "rdb json red.rdb", 65,
      """
      rdb: red.rdb: corruptIntset at offset 20 in key "\\x1b[31mred" (set_intset, db 0): expected …
      """),
    Case(
      "rdb json dump.rdb -o /dev/full", 74,
      """
      rdb: /dev/full: cannot write: No space left on device
      Make room, or write elsewhere with -o.

      """),
    Case(
      "rdb json dump.rdb >/dev/full", 74,
      """
      rdb: standard output: cannot write: No space left on device
      Make room, or write elsewhere with -o.

      """),
    Case(
      "rdb json dump.rdb >&-", 74, "rdb: standard output: cannot write: Bad file descriptor\n"),
    Case(
      "rdb json dump.rdb -o missing/out.json", 74,
      "rdb: missing/out.json: cannot be written: No such file or directory\n"),
    Case(
      "rdb json dump.rdb -o dump.rdb", 64,
      """
      rdb: dump.rdb: is the input file itself
      Give -o another name.

      """),
    Case(
      "rdb json dump.rdb >>dump.rdb", 64, "rdb: standard output is the input file itself\n"),
  ]

  static func folder() -> Scratch {
    let folder = Scratch()
    let dump = Fixture.named("redis-7.2.6-all")
    folder.copy(dump)
    folder.write(Array(dump.bytes.prefix(1000)), as: "cut.rdb")
    folder.write(Crafted.redKey, as: "red.rdb")
    folder.write(Crafted.manyDatabases, as: "many.rdb")
    folder.write(Array("just text".utf8), as: "text")
    folder.write(Array(Crafted.helloGzip.dropLast(12)), as: "cut.rdb.gz")
    return folder
  }

  @Test("says so, and what to do", arguments: cases)
  func text(_ one: Case) {
    let folder = Self.folder()
    let names = folder.names
    let outcome = Tool.shell(one.line, in: folder)
    #expect(outcome.error == one.error)
    #expect(outcome.status == one.status)
    #expect(folder.names == names)
  }
}
