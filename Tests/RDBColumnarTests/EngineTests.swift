import Foundation
import RDB
import RDBFormat
import TestSupport
import Testing

import RDBColumnar

/// Engines that read Parquet files, and agree with the library on each value.
@Suite("Other engines")
struct EngineTests {
  private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    .joined(separator: "/")
  private static let python = "\(root)/.venv-servers/bin/python"

  /// The exports of fixtures with all types, each type of stream, and special values; the ones for Spark last.
  nonisolated(unsafe) private static let exports = Result {
    let last: Set = ["redis-8.2.3/all", "valkey-9.0.0/all", "redis-7.2.6/rich"]
    let fixtures = Fixture.valid.filter { !last.contains($0.name) } + last.sorted().map { Fixture.named($0) }
    return try (fixtures.map(\.bytes) + [Export.special]).map { try Export($0) }
  }

  @Test("read all rows as they are", arguments: ["pyarrow", "duckdb", "polars", "spark"])
  func rows(_ engine: String) throws {
    // Spark starts slowly, and takes seconds per table: it reads the files with the most types.
    let exports = engine == "spark" ? Array(try Self.exports.get().suffix(4)) : try Self.exports.get()
    let (scratch, script) = (Scratch(), "\(Self.root)/Tests/RDBColumnarTests/tables.py")
    // Remarks of an engine must not get between the rows.
    let line = "errors=$1; shift; exec \"$@\" 2>\"$errors\""
    let output = try LiveServer.run(
      "/bin/sh",
      ["-c", line, "sh", "\(scratch.path)/errors", Self.python, script, engine] + exports.map(\.scratch.path))
    let errors = String(decoding: scratch.contents(of: "errors") ?? Data(), as: UTF8.self)
    var found: [Substring: [String]] = [:]
    for line in output.split(separator: "\n") {
      let cells = line.split(separator: "\t", maxSplits: 1)
      if cells.count == 2 { found[cells[0], default: []].append(String(cells[1])) }
    }
    for export in exports {
      let (rows, expected) = (found[Substring(export.scratch.path)] ?? [], try export.rows)
      let differences = Set(expected).symmetricDifference(rows)
      #expect(
        differences.isEmpty && rows.count == expected.count,
        "\(engine): \(rows.count) rows, not \(expected.count); \(differences.sorted().prefix(2)) \(errors.suffix(1000))"
      )
    }
  }

  @Test("would read what the owned keys of a snapshot are")
  func ownedKeys() throws {
    for export in try Self.exports.get() {
      let expected = try ExpectedRows(export.dump).lines
      let rows = try export.rows.compactMap(ExpectedRows.comparable)
      let differences = Set(expected).symmetricDifference(rows)
      #expect(differences.isEmpty && rows.count == expected.count, "\(differences.sorted().prefix(2))")
    }
  }
}

extension Export {
  /// All rows as lines, in the form of `tables.py`.
  fileprivate var rows: [String] {
    get throws {
      var lines: [String] = []
      for file in files {
        let schema = try #require(([TableSchema.keys] + TableSchema.elements).first { $0.name == file.table })
        let cursor = try TableCursor(try ParquetTable(path: "\(scratch.path)/\(file.path)", schema))
        while !cursor.isAtEnd {
          lines.append(([file.table] + Self.cells(of: cursor, schema)).joined(separator: "\t"))
          try cursor.advance()
        }
      }
      return lines
    }
  }

  private static func cells(of cursor: TableCursor, _ schema: TableSchema) -> [String] {
    schema.columns.enumerated().map { index, column in
      let value: String? =
        switch column.kind {
        case .int32, .int64: cursor.number(index).map { "i\($0)" }
        case .timestamp: cursor.number(index).map { "m\($0)" }
        case .double: cursor.double(index).map(ExpectedRows.double)
        case .bytes: cursor.bytes(index).map { "b" + ExpectedRows.hex($0) }
        case .text, .names: cursor.text(index).map(ExpectedRows.text)
        }
      return "\(column.name)=\(value ?? "-")"
    }
  }
}
