import Foundation
import TestSupport
import Testing

/// What was lost is said, and decides the exit code.
@Suite("The ledger")
struct LedgerTests {
  /// A hash field's expiry, which Redis 7.2 does not know.
  static func folder() -> Scratch {
    let folder = Scratch()
    folder.write(Crafted.fieldExpiry, as: "dump.rdb")
    return folder
  }

  @Test("names what was lost, and ends the run with 3")
  func lost() {
    let outcome = Tool.shell("rdb resp dump.rdb --target 7.2 -o out", in: Self.folder())
    #expect(
      outcome.error == """
        rdb: 1 key read, 1 written, 0 filtered
        rdb: lost: 1 expiry: expiries of hash fields need Redis 7.4 or Valkey 9.0: "h"
        rdb: noted: 1 × encodings, which the server chooses
        rdb: note: the file has no checksum: its writer had switched it off

        """)
    #expect(outcome.status == 3)
  }

  @Test("ends it with 0 under --lossy, and says the same")
  func lossy() {
    let folder = Self.folder()
    let strict = Tool.shell("rdb resp dump.rdb --target 7.2", in: folder)
    let lossy = Tool.shell("rdb resp dump.rdb --target 7.2 --lossy", in: folder)
    #expect(lossy.status == 0 && strict.status == 3)
    #expect(lossy.error == strict.error && lossy.output == strict.output)
  }

  @Test("says nothing but losses under --quiet")
  func quiet() {
    let folder = Self.folder()
    #expect(Tool.run("resp", "dump.rdb", "-q", in: folder).error == "")
    let error = Tool.run("resp", "dump.rdb", "-q", "--target", "7.2", in: folder).error
    #expect(error.hasPrefix("rdb: lost: 1 expiry"))
  }

  @Test("is written as JSON")
  func json() throws {
    let folder = Self.folder()
    let outcome = Tool.shell(
      "rdb resp dump.rdb --target 7.2 --lossy -o out --ledger ledger; cat ledger", in: folder)
    #expect(
      outcome.text == """
        {
          "checksum" : "disabled",
          "format" : 1,
          "keys_filtered" : 0,
          "keys_read" : 1,
          "keys_written" : 1,
          "lost" : [
            {
              "count" : 1,
              "keys" : [
                {
                  "key" : "h",
                  "offset" : 11
                }
              ],
              "kind" : "expiry",
              "why" : "expiries of hash fields need Redis 7.4 or Valkey 9.0"
            }
          ],
          "noted" : [
            {
              "count" : 1,
              "keys" : [

              ],
              "what" : "encodings, which the server chooses"
            }
          ],
          "notes" : [
            "the file has no checksum: its writer had switched it off"
          ],
          "type" : "ledger"
        }

        """)
  }

  @Test("has escaped names on the terminal, and the names themselves as JSON")
  func names() {
    let folder = Scratch()
    var bytes = Crafted.fieldExpiry
    bytes[bytes.firstIndex(of: UInt8(ascii: "h"))!] = 0x1B
    folder.write(bytes, as: "dump.rdb")
    let outcome = Tool.shell("rdb resp dump.rdb --target 7.2 -o out --ledger ledger", in: folder)
    #expect(!outcome.error.contains("\u{1B}"))
    #expect(outcome.error.contains(#""\x1b""#))
    #expect(
      String(decoding: folder.contents(of: "ledger") ?? Data(), as: UTF8.self)
        .contains(#""key" : "\u001b""#))
  }
}
