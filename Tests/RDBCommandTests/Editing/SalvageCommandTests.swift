import Foundation
import TestSupport
import Testing

@Suite("rdb salvage")
struct SalvageCommandTests {
  /// A folder with a snapshot whose second key has a damaged value.
  static func folder() -> Scratch {
    var builder = SnapshotBuilder(version: 10)
    for number in 0..<4 { builder.string("before:\(number)", "value") }
    var listpack = RDBBytes.listpack(["field", "value"])
    listpack[listpack.count - 2] = 99
    builder.key(16, "packed", value: RDBBytes.string(listpack))
    for number in 0..<4 { builder.string("after:\(number)", "value") }
    let folder = Scratch()
    folder.write(builder.whole, as: "dump.rdb")
    return folder
  }

  @Test("Writes what is left, lists the losses by offset, and exits with 3")
  func salvages() {
    let folder = Self.folder()
    let outcome = Tool.shell(
      "rdb salvage dump.rdb -o out.rdb; echo $?; rdb keys out.rdb; rdb check out.rdb | head -1", in: folder)
    #expect(outcome.text.hasPrefix("3\n"))
    #expect(outcome.text.contains("before:3") && outcome.text.contains("after:0") && !outcome.text.contains("packed"))
    #expect(outcome.error.contains("rdb: 8 keys written"))
    #expect(outcome.error.contains("rdb: lost: 1 range of 30 bytes in all"))
    #expect(outcome.error.contains("rdb: lost: bytes 73 to 103, key \"packed\": corruptListpack at offset"))
    #expect(outcome.error.contains("; the lengths lead to the next record"))
  }

  @Test("Exits with 3 for an undamaged snapshot as well, and copies it")
  func undamaged() {
    let folder = Scratch()
    folder.write(Fixture.named("redis-7.2.6/all").bytes, as: "dump.rdb")
    let outcome = Tool.shell("rdb salvage dump.rdb -o out.rdb; echo $?; cmp dump.rdb out.rdb && echo same", in: folder)
    #expect(outcome.text == "3\nsame\n")
    #expect(outcome.error.contains("rdb: note: the input is not damaged: the output is a copy"))
  }

  @Test("Reads a pipe, and a compressed file as far as it decompresses")
  func inputs() throws {
    let folder = Self.folder()
    let outcome = Tool.shell(
      """
      rdb salvage dump.rdb -o file.rdb -q
      cat dump.rdb | rdb salvage - -o pipe.rdb -q
      gzip -c dump.rdb >dump.rdb.gz && rdb salvage dump.rdb.gz -o gz.rdb -q
      head -c 100 dump.rdb.gz >cut.gz; rdb salvage cut.gz -o cut.rdb --report cut.json -q
      rdb salvage dump.rdb -q >stdout.rdb
      cmp file.rdb pipe.rdb && cmp file.rdb gz.rdb && cmp file.rdb stdout.rdb && echo same
      rdb keys cut.rdb | head -1
      """, in: folder)
    #expect(outcome.text.hasPrefix("same\n"))
    #expect(outcome.text.contains("before:0"))
    #expect(outcome.error.contains("rdb: lost: the rest of the compressed input: truncated"))
  }

  @Test("Writes the losses as JSON that its schema describes")
  func report() throws {
    let folder = Self.folder()
    folder.write(Fixture.named("redis-7.2.6/all").bytes, as: "whole.rdb")
    folder.write(Fixture.named("redis-7.2.6/all").bytes.enumerated().map { $0 == 700 ? $1 ^ 1 : $1 }, as: "flipped.rdb")
    let whole = Fixture.named("redis-7.2.6/all").bytes
    folder.write(whole[..<900] + [1, 2, 3] + whole[900...], as: "longer.rdb")
    folder.write(Array(whole[..<900] + whole[902...]), as: "shorter.rdb")
    let outcome = Tool.shell(
      "for f in dump whole flipped longer shorter; do rdb salvage $f.rdb -o $f.out --report $f.json -q; done; grep -c found flipped.json",
      in: folder)
    #expect(outcome.text == "1\n")
    #expect(outcome.error.contains("rdb: repaired at offset 700: "))
    #expect(outcome.error.contains(": 3 inserted bytes left out, as the checksum demands; nothing is lost"))
    #expect(outcome.error.contains(": 2 missing bytes put back (0x"))
    let files = ["dump", "whole", "flipped", "longer", "shorter"].map { "\(folder.path)/\($0).json" }
    let (status, text) = try SchemaValidator.validate("salvage.schema.json", files)
    #expect(status == 0, "\(text)")
  }

  @Test("Refuses to write a snapshot to a terminal")
  func terminal() throws {
    let outcome = try Tool.terminal("rdb salvage dump.rdb", in: Self.folder())
    #expect(outcome.status == 64 && outcome.text == "")
    #expect(outcome.error.hasPrefix("rdb: a snapshot is not for a terminal\n"))
  }

  @Test("Refuses commands with 64, and an input without records with 65, and leaves no file")
  func refusals() {
    let folder = Scratch()
    folder.write(Array("*1\r\n$4\r\nPING\r\n".utf8), as: "commands.aof")
    folder.write(Array(repeating: UInt8(ascii: "x"), count: 2000), as: "text")
    let outcome = Tool.shell(
      "rdb salvage commands.aof -o out.rdb; echo $?; rdb salvage text -o out.rdb; echo $?; rdb salvage none -o out.rdb; echo $?; ls",
      in: folder)
    #expect(outcome.text == "64\n65\n66\ncommands.aof\ntext\n")
    #expect(outcome.error.contains("rdb resp --allow-truncated"))
  }
}
