import RDB
import RDBFormat

/// The result of an export: the ledger, and the AUX fields for the files' metadata.
package struct ColumnarSummary: MergeableSummary {
  package var ledger = Ledger()
  /// The AUX fields between the header and the first key, as far as they are kept.
  package var auxFields: [(name: [UInt8], value: [UInt8])] = []
  /// The number of AUX fields.
  var auxCount: UInt64 = 0
  private var auxByteCount = 0

  /// What is kept of AUX fields: servers write about ten.
  private static let auxLimit = 256
  private static let auxByteLimit = 64 << 10

  init() {}

  package mutating func merge(_ other: Self) {
    ledger.merge(other.ledger)
    auxFields += other.auxFields
    auxCount += other.auxCount
  }

  mutating func add(_ field: borrowing AuxField) {
    auxCount += 1
    let byteCount = field.name.byteCount + field.value.byteCount
    guard auxFields.count < Self.auxLimit, byteCount <= Self.auxByteLimit - auxByteCount else {
      return ledger.note("AUX fields: the metadata of a file keeps \(Self.auxLimit) of at most 64 KiB")
    }
    auxByteCount += byteCount
    auxFields.append(([UInt8](field.name), [UInt8](field.value)))
  }
}
