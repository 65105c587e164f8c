import RDB
import RDBFormat

extension SourceBytes {
  /// The checksum at the end of the input, and its offset.
  ///
  /// - Parameter start: The offset of the snapshot.
  /// - Returns: `nil` if no snapshot with a checksum ends with the input.
  func storedChecksum(ofSnapshotAt start: UInt64) throws(RDBError) -> (value: UInt64, offset: UInt64)? {
    guard byteCount > start + 18 else { return nil }
    let offset = byteCount - 8
    let value = try bytes(at: offset, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard value != 0, try byte(at: offset - 1) == Opcode.eof.rawValue else { return nil }
    return (value, offset)
  }
}
