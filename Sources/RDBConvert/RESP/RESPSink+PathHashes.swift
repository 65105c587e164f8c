import RDB
import RDBFormat
import RESP

/// Path hashes, which Valkey 9.2 has: one PHSET per field.
extension RESPSink {
  /// Begins a path hash. No command makes an empty one: a path is added, then deleted.
  mutating func beginPathHash(_ header: ElementsHeader) throws(RDBError) {
    guard header.count == 0 else { return }
    try beginCommands()
    try command(7, "$5\r\nPHSET\r\n")
    try out.text("$0\r\n\r\n$6\r\nFIELDS\r\n$1\r\n1\r\n$1\r\nx\r\n$1\r\ny\r\n")
    try command(3, "$5\r\nPHDEL\r\n")
    try out.text("$0\r\n\r\n")
  }

  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    guard path.byteCount <= bulkLimit else {
      lose(.element, "a path is longer than the bulk limit", count: fieldCount)
      key.isPathLost = true
      return
    }
    key.isPathLost = false
    self.path.set(path)
  }

  public mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    if key.isPathLost { return }
    guard field.byteCount <= bulkLimit, value.byteCount <= bulkLimit else {
      return lose(.element, "an element is longer than the bulk limit")
    }
    if !key.hasBegun { try beginCommands() }
    try command(7, "$5\r\nPHSET\r\n")
    try out.name(path)
    try out.text("$6\r\nFIELDS\r\n$1\r\n1\r\n")
    try out.bulk(field)
    try out.bulk(value)
  }
}
