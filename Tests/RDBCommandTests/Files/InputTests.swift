import Foundation
import TestSupport
import Testing

/// The ways in which a snapshot reaches the command.
@Suite("Inputs")
struct InputTests {
  @Test(
    "give the same output as a file, as standard input and as a pipe", arguments: ["json", "resp", "info", "check"])
  func places(_ command: String) {
    let folder = ErrorTests.folder()
    let file = Tool.shell("rdb \(command) -q dump.rdb", in: folder)
    #expect(file.status == 0 && file.error == "")
    for line in ["rdb \(command) -q - <dump.rdb", "cat dump.rdb | rdb \(command) -q -"] {
      let other = Tool.shell(line, in: folder)
      if command == "check" {
        // The report contains the name of the file.
        #expect(other.text.replacing("standard input:", with: "dump.rdb:") == file.text)
      } else {
        #expect(other == file)
      }
    }
  }

  @Test(
    "may be compressed with gzip, zstd or LZ4",
    arguments: [Crafted.helloGzip, Crafted.helloZstd, Crafted.helloLZ4, Crafted.hello])
  func compressed(_ bytes: [UInt8]) {
    let folder = Scratch()
    folder.write(bytes, as: "dump")
    for line in ["rdb json -q --lines dump", "cat dump | rdb json -q --lines -"] {
      let outcome = Tool.shell(line, in: folder)
      #expect(outcome.error == "")
      #expect(
        outcome.text == #"{"db":0,"key":"k","type":"string","encoding":"raw","value":"hello"}"# + "\n")
      #expect(outcome.status == 0)
    }
  }

  @Test("give the same output with 1, 2 and 7 threads", arguments: ["json", "json --lines", "resp"])
  func threads(_ command: String) {
    let folder = Scratch()
    folder.write(Crafted.large(count: 100_000), as: "dump.rdb")
    let one = Tool.shell("rdb \(command) -q -j 1 dump.rdb", in: folder)
    #expect(one.status == 0 && one.output.count > 6_000_000)
    for count in [2, 7] {
      #expect(Tool.shell("rdb \(command) -q -j \(count) dump.rdb", in: folder) == one)
    }
  }

  @Test("are read up to --limit, with a note that the checksum was not verified")
  func limit() {
    let folder = ErrorTests.folder()
    let outcome = Tool.shell("rdb json --lines --limit 3 dump.rdb --ledger ledger", in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.text.split(separator: "\n").count == 3)
    #expect(
      outcome.error.contains("rdb: note: stopped by --limit: the rest was not read, and the checksum not verified\n"))
    let ledger = String(decoding: folder.contents(of: "ledger") ?? Data(), as: UTF8.self)
    #expect(ledger.contains("\"checksum\" : \"unread\""))
  }
}
