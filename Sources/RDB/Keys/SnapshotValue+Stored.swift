package import RDBFormat

extension SnapshotValue {
  /// Decodes a value from its stored bytes.
  ///
  /// - Parameters:
  ///   - payload: The bytes after the type, all of them.
  ///   - type: The type of the value: not a module's, and self-contained.
  ///   - header: The header of the snapshot that the bytes come from.
  /// - Throws: ``RDBError``, also if bytes are missing or left over. Offsets count from the first byte of `payload`.
  package static func decode(_ payload: RawSpan, _ type: ValueType, of header: SnapshotHeader) throws -> SnapshotValue {
    var decoder = StoredValueDecoder()
    var sink = OwningSink(valueLimit: .max) { _ in .value }
    decoder.begin(type, of: header, offset: 0, .elements)
    try decoder.feed(payload, into: &sink)
    guard decoder.isComplete else {
      throw RDBError(.truncated, at: payload.byteCount, expected: "the rest of a \(type.name)", found: "the end")
    }
    guard decoder.rest.isEmpty else {
      throw RDBError(
        .trailingBytes, at: payload.byteCount - decoder.rest.count, expected: "the end of a \(type.name)",
        found: "\(decoder.rest.count) more bytes")
    }
    return sink.takeValue(type.data)
  }
}
