public import RDB
import RDBFormat

/// Records that belong to no key.
extension SnapshotWritingSink {
  /// Does nothing: ``SnapshotDestination`` writes the header.
  public mutating func beginSnapshot(_ header: SnapshotHeader) throws {}

  /// Writes the field.
  public mutating func aux(_ field: borrowing AuxField) throws { try writer.copy(field.stored) }

  /// Writes the library.
  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws { try writer.copy(library.stored) }

  /// Writes the hint. A slot import is written with its first range.
  public mutating func slots(_ slots: borrowing SlotHint) throws {
    if slots.stored.byteCount > 0 { try writer.copy(slots.stored) }
  }

  /// Writes RESIZEDB.
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {
    if options.isPartial { return }
    try select(database)
    try writer.databaseSize(keys: keys, expiring: expiring)
  }

  /// Notes whether the snapshot has a checksum. ``SnapshotDestination`` writes the end.
  public mutating func endSnapshot(_ end: SnapshotEnd) throws {
    if options.isCopy, end.checksum == .disabled { summary.omitsChecksum = true }
  }
}
