import Foundation
import TestSupport
import Testing

/// Files with bytes before or after the snapshot, as people meet them.
@Suite("Files with more than a snapshot")
struct FilesWithMoreTests {
  static let readers = [
    "json", "resp", "keys", "memory", "prefix", "ttl", "stats", "bigkeys", "memory --top 3", "json -j2", "stats -j2",
  ]

  @Test("Padding, newlines and what a transfer adds are read and noted", arguments: readers)
  func padding(_ command: String) {
    for name in ["trailing-zeros", "mark-and-newlines", "length-before"] {
      #expect(Tool.shell("rdb \(command) reports/\(name).rdb").status == 0, "\(name)")
    }
  }

  @Test("The note about surrounding bytes names them")
  func notes() {
    let zeros = Tool.shell("rdb json reports/trailing-zeros.rdb")
    #expect(zeros.error.contains("rdb: note: after the snapshot: 437 zero bytes\n"))
    let mark = Tool.shell("rdb json reports/mark-and-newlines.rdb")
    #expect(mark.error.contains("rdb: note: after the snapshot: the mark of a replication transfer, 2 newlines\n"))
    let head = Tool.shell("rdb info reports/length-before.rdb")
    #expect(head.text.contains("before it       the length of a transfer (75 bytes)\n"))
    #expect(Tool.shell("rdb info reports/trailing-zeros.rdb").text.contains("after it        437 zero bytes\n"))
  }

  @Test("A mixed append-only file is read with its commands", arguments: readers)
  func mixedAOF(_ command: String) {
    let outcome = Tool.shell("rdb \(command) -q reports/aof-preamble.rdb")
    #expect(outcome.status == 0)
    #expect(outcome.error == "")
  }

  @Test(
    "Commands after a snapshot that does not announce them are a loss: exit code 3, also under -q", arguments: readers)
  func unannouncedCommands(_ command: String) {
    let folder = Scratch()
    folder.write(Crafted.hello + Array("*1\r\n$8\r\nFLUSHALL\r\n".utf8), as: "more.rdb")
    let outcome = Tool.shell("rdb \(command) -q more.rdb", in: folder)
    #expect(outcome.status == 3)
    #expect(outcome.error == "rdb: lost: 1 command: commands after the snapshot are not replayed\n")
  }

  @Test("A second snapshot is a loss of its keys: exit code 3", arguments: readers)
  func secondSnapshot(_ command: String) {
    let folder = Scratch()
    folder.write(Crafted.hello + Crafted.twice, as: "two.rdb")
    let outcome = Tool.shell("rdb \(command) -q two.rdb", in: folder)
    #expect(outcome.status == 3)
    #expect(
      outcome.error == "rdb: lost: 2 keys: another snapshot follows the first one in the same file\n")
  }

  @Test("An index finds keys of a file that begins with the length of a transfer")
  func index() {
    let folder = Scratch()
    folder.write(readFile("\(Fixture.root)/reports/length-before.rdb"), as: "dump.rdb")
    #expect(Tool.shell("rdb index dump.rdb && rdb get dump.rdb beta", in: folder).text.contains("two"))
  }

  @Test("check --strict refuses bytes of an unknown kind and another snapshot")
  func strict() {
    let folder = Scratch()
    folder.write(Crafted.hello + [0, 0, 10], as: "padded.rdb")
    folder.write(Crafted.hello + Array("xyz".utf8), as: "other.rdb")
    folder.write(Crafted.hello + Crafted.hello, as: "two.rdb")
    #expect(Tool.shell("rdb check --strict padded.rdb", in: folder).status == 0)
    for name in ["other", "two"] {
      #expect(Tool.shell("rdb check \(name).rdb", in: folder).status == 0)
      #expect(Tool.shell("rdb check --strict \(name).rdb", in: folder).status == 65)
    }
  }

  @Test("check accepts the timestamps of an append-only file")
  func timestamps() {
    let outcome = Tool.shell("rdb check reports/timestamps.aof")
    #expect(outcome.status == 0)
    #expect(outcome.text.hasPrefix("reports/timestamps.aof: whole\nread            7 commands, 189 bytes\n"))
  }
}
