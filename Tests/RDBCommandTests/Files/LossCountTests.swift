import Foundation
import TestSupport
import Testing

/// The counts and losses of a conversion, and the exit code that follows from them.
@Suite("The ledger of losses")
struct LossCountTests {
  /// A hash field's expiry, which Redis 7.2 does not know.
  static func folder() -> Scratch {
    let folder = Scratch()
    folder.write(Crafted.fieldExpiry, as: "dump.rdb")
    return folder
  }

  @Test("names each loss on standard error, with exit code 3")
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

  @Test("is the same under --lossy, with exit code 0")
  func lossy() {
    let folder = Self.folder()
    let strict = Tool.shell("rdb resp dump.rdb --target 7.2", in: folder)
    let lossy = Tool.shell("rdb resp dump.rdb --target 7.2 --lossy", in: folder)
    #expect(lossy.status == 0 && strict.status == 3)
    #expect(lossy.error == strict.error && lossy.output == strict.output)
  }

  @Test("has only losses under --quiet")
  func quiet() {
    let folder = Self.folder()
    #expect(Tool.run("resp", "dump.rdb", "-q", in: folder).error == "")
    let error = Tool.run("resp", "dump.rdb", "-q", "--target", "7.2", in: folder).error
    #expect(error.hasPrefix("rdb: lost: 1 expiry"))
  }

  @Test("is written as JSON with --ledger")
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

  @Test("names the flags that change what is left out")
  func flags() {
    let folder = Scratch()
    folder.copy(Fixture.named("redis-7.2.6/rich"))
    let json = Tool.run("json", "dump.rdb", "-o", "out", in: folder).error
    #expect(json.contains("function libraries (--meta writes them)"), "\(json)")
    let resp = Tool.run("resp", "dump.rdb", "-o", "out", "--functions", "skip", in: folder).error
    #expect(resp.contains("function libraries, skipped by --functions"), "\(resp)")
  }

  @Test("has escaped names on standard error, and unescaped names in JSON")
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
