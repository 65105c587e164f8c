import RDBSupport
import TestSupport
import Testing

/// The cells of CSV, and the names that `rdb get --escaped` takes.
@Suite("CSV cells")
struct CSVCellTests {
  /// Every byte, every pair of bytes, and each of them after an apostrophe; also full-width signs.
  static let names: [[UInt8]] = {
    let bytes = (0...255).map { [UInt8($0)] }
    let pairs = bytes.flatMap { first in bytes.map { first + $0 } }
    let signs = ["＝", "＋", "－", "＠", "／"].flatMap { sign in
      ["", "'", "''"].flatMap { before in
        [[], [0xFF], [0x00], Array("\\".utf8)].map { Array((before + sign).utf8) + $0 }
      }
    }
    return [[]] + bytes + pairs + pairs.map { [UInt8(ascii: "'")] + $0 } + signs + [Array(#"\xff"#.utf8)]
  }()

  static func write(_ folder: Scratch) {
    var dump = SnapshotBuilder(version: 9)
    for name in names { dump.string(name, "v") }
    folder.write(dump.whole, as: "dump.rdb")
  }

  @Test("Give back the bytes of every name, as do the lines of rdb keys", arguments: ["", "--no-defuse"])
  func roundTrip(_ option: String) throws {
    let folder = Scratch()
    Self.write(folder)
    let table = Tool.shell("rdb keys dump.rdb --csv --format %k -q -j 1 \(option)", in: folder)
    let cells = Self.cells(Array(table.output)).dropFirst().map { Self.bytes(ofEscaped: $0) }
    #expect(cells == Self.names)
    for format in ["", "--format %k"] {
      let list = Tool.shell("rdb keys dump.rdb -q -j 1 \(format)", in: folder)
      let lines = list.output.split(separator: 10, omittingEmptySubsequences: false).dropLast()
      #expect(lines.map { Self.bytes(ofEscaped: Array($0)) } == Self.names)
    }
  }

  @Test(
    "Are names that rdb get --escaped finds",
    arguments: [
      (#"\xff"#, [0xFF]), (#"\\xff"#, Array(#"\xff"#.utf8)), ("'=", Array("=".utf8)), (#"\x27="#, Array("'=".utf8)),
      ("=", Array("=".utf8)), ("'x", Array("'x".utf8)), ("'", Array("'".utf8)), ("''", Array("''".utf8)),
      ("'＝", Array("＝".utf8)), (#"\x27＝"#, Array("'＝".utf8)), ("\"\"", Array("\"\"".utf8)),
    ] as [(String, [UInt8])])
  func lookup(_ cell: String, _ name: [UInt8]) throws {
    let folder = Scratch()
    Self.write(folder)
    let outcome = Tool.run("get", "dump.rdb", cell, "--escaped", "--json", "--strings", "base64", in: folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.text.contains("\"key\":\"\(Base64.encode(name))\""), "\(outcome.text)")
  }

  /// The cells of a table of one column.
  private static func cells(_ bytes: [UInt8]) -> [[UInt8]] {
    var cells: [[UInt8]] = []
    var cell: [UInt8] = []
    var isQuoted = false
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        // Two quotation marks within a quoted cell are one.
        if isQuoted, index + 1 < bytes.count, bytes[index + 1] == byte {
          cell.append(byte)
          index += 1
        } else {
          isQuoted.toggle()
        }
      } else if byte == 13, !isQuoted {
        cells.append(cell)
        cell = []
        index += 1
      } else {
        cell.append(byte)
      }
      index += 1
    }
    return cells
  }

  private static func bytes(ofEscaped cell: [UInt8]) -> [UInt8]? { unescaped(FormulaText.withoutApostrophe(cell)) }
}
