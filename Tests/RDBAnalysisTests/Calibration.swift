import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import TestSupport

/// Owned rows of a snapshot.
struct CollectedRow: Equatable, Sendable {
  var database: UInt64
  var name: [UInt8]
  var type: ValueType
  var encoding: ObjectEncoding?
  var memoryByteCount: UInt64?
  var serializedByteCount: UInt64
  var elementCount: UInt64
  var largestElementByteCount: UInt64
  var largestElement: [UInt8]
  var plainByteCount: UInt64
  var offset: Int
}

/// Collects rows.
struct RowCollector: MemoryReceiver {
  var rows: [CollectedRow] = []
  var hashes = false

  func wantsHash(_ key: borrowing KeyHeader) -> Bool { hashes }

  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) {
    rows.append(
      CollectedRow(
        database: row.database, name: row.name.withUnsafeBytes { Array($0) }, type: row.storedType,
        encoding: row.encoding, memoryByteCount: row.memoryByteCount,
        serializedByteCount: row.serializedByteCount, elementCount: row.elementCount,
        largestElementByteCount: row.largestElementByteCount,
        largestElement: row.largestElement.withUnsafeBytes { Array($0) },
        plainByteCount: row.plainByteCount, offset: row.offset))
  }
  consuming func finish() throws(RDBError) -> Collected<CollectedRow> { Collected(rows) }
}

func memoryRows(_ bytes: [UInt8], _ model: ServerModel, threads: Int = 1, hashes: Bool = false) throws
  -> [CollectedRow]
{
  var reader = smallReader(bytes)
  return try reader.fold(threads: threads) {
    MemorySink(model, to: RowCollector(hashes: hashes))
  }.summary.values.sorted { $0.offset < $1.offset }
}

/// What a live server said of the keys of every fixture it could load.
struct Calibration: Sendable, CustomStringConvertible {
  let name: String
  let model: ServerModel
  var description: String { name }

  static let all = [
    Calibration(
      name: "redis-7.0.15",
      model: ServerModel(ServerVersion(.redis, 7, 0, 15), allocator: .systemJemalloc)),
    Calibration(name: "redis-8.2.3", model: ServerModel(ServerVersion(.redis, 8, 2, 3))),
    Calibration(
      name: "valkey-9.1.2", model: ServerModel(ServerVersion(.valkey, 9, 1, 2), allocator: .libc)),
  ]

  struct Disagreement: Error, CustomStringConvertible { let description: String }

  struct KeyError: Sendable {
    /// Type and encoding.
    var group: String
    /// Relative to what the server said.
    var error: Double
  }

  private struct Recorded: Decodable {
    var fixture: String
    var bytes: [UInt64?]
  }

  /// The error of each key's estimate.
  func errors() throws -> [KeyError] {
    let text = String(decoding: readFile("\(Fixture.root)/memory/\(name).jsonl"), as: UTF8.self)
    return try text.split(separator: "\n").flatMap { line -> [KeyError] in
      let recorded = try JSONDecoder().decode(Recorded.self, from: Data(line.utf8))
      let rows = try memoryRows(Fixture.named(recorded.fixture).bytes, model)
      guard rows.count == recorded.bytes.count else {
        throw Disagreement(description: "\(recorded.fixture): \(rows.count) keys")
      }
      return zip(rows, recorded.bytes).compactMap { row, bytes -> KeyError? in
        guard let bytes, let estimate = row.memoryByteCount else { return nil }
        return KeyError(
          group: "\(row.type.data.rawValue) | \(row.encoding?.rawValue ?? "")",
          error: (Double(estimate) - Double(bytes)) / Double(bytes))
      }
    }
  }

  /// Rows of the table in the documentation.
  static func table(_ name: String, _ errors: [KeyError]) -> [String] {
    let groups = Dictionary(grouping: errors) { $0.group }.sorted { $0.key < $1.key }
    return (groups.map { ($0.key, $0.value.map { $0.error }) } + [("all | ", errors.map { $0.error })]).map {
      line(name, $0.0, $0.1.sorted())
    }
  }

  private static func line(_ name: String, _ group: String, _ errors: [Double]) -> String {
    func percent(_ count: Int) -> String { String(format: "%.1f %%", 100 * Double(count) / Double(errors.count)) }
    func signed(_ error: Double) -> String { String(format: "%+.1f %%", 100 * error) }
    let worst = errors.max { ($0.magnitude, $0) < ($1.magnitude, $1) } ?? 0
    let cells = [
      name, group, "\(errors.count)", percent(errors.filter { $0 == 0 }.count),
      percent(errors.filter { $0.magnitude <= 0.1 }.count), signed(errors[errors.count / 2]), signed(worst),
    ]
    return "| " + cells.joined(separator: " | ") + " |"
  }
}
