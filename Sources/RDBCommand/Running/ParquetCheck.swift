import RDB
import RDBColumnar
import RDBFormat
import RDBSupport

/// `rdb parquet --verify`: compares the content of an export with that of its dumps.
struct ParquetCheck {
  /// The path of the folder.
  let folder: String

  /// Compares each dump with its partition, and writes a table.
  ///
  /// - Throws: ``Failure``, also if there are differences.
  func run(_ inputs: [(input: InputFile, name: String)], _ command: Parquet) throws {
    let partitions: [String]
    do throws(RDBError) { partitions = try ExportContent.partitions(in: folder) } catch {
      throw error.failure(in: shown(folder))
    }
    var table = TextTable(left: [0, 1, 4, 5], ["dump", "type", "keys", "elements", "properties", "values"])
    var differs = false
    for (input, name) in inputs {
      let partition = try partition(of: name, among: partitions, isOnly: inputs.count == 1)
      let content: ExportContent
      let part = command.reading.partOf?.number ?? 0
      do throws(RDBError) { content = try ExportContent(folder: folder, partition: partition, part: part) } catch {
        throw error.failure(in: shown(folder))
      }
      let run = try SnapshotRun(input, command.reading, command.keys.damage)
      let model = command.model.model(run.origin, command.reading.server)
      let result = try run.foldFiltered(by: try command.keys.options, command.working) { ContentSink(model) }
      var expected = result.summary
      if !content.hasValues { expected.dropValues() }
      differs = Self.add(expected, content, name, to: &table) || differs
    }
    try Parquet.show(table.text)
    if differs { throw Failure(.nothingMatched, "\(shown(folder)): differs from the dumps") }
  }

  private func partition(of name: String, among partitions: [String], isOnly: Bool) throws -> String {
    let wanted = "dump=\(PartitionName.escaped(name))"
    if partitions.contains(wanted) { return wanted }
    if isOnly, partitions.count == 1 { return partitions[0] }
    throw Failure(
      .usage, "\(shown(folder)): has no \(wanted)",
      hint: "Give the dumps under the names they had when they were written.")
  }

  /// Adds a row per type.
  ///
  /// - Returns: Whether anything differs.
  private static func add(
    _ expected: ContentSummary, _ content: ExportContent, _ name: String, to table: inout TextTable
  ) -> Bool {
    var differs = false
    for type in Set(expected.parts.keys).union(content.summary.parts.keys).sorted() {
      let dump = expected.parts[type] ?? ContentSummary.Part()
      let export = content.summary.parts[type] ?? ContentSummary.Part()
      differs = differs || dump != export
      func both(_ first: String, _ second: String) -> TextTable.Cell {
        TextTable.Cell(first == second ? first : "\(first), export: \(second)")
      }
      table.add([
        TextTable.Cell(shown(name)), TextTable.Cell(type), both("\(dump.keys)", "\(export.keys)"),
        both("\(dump.elements)", "\(export.elements)"), both(dump.keyDigest, export.keyDigest),
        content.hasValues ? both(dump.valueDigest, export.valueDigest) : TextTable.Cell("not exported"),
      ])
    }
    return differs
  }
}
