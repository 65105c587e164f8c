extension RawSpan {
  /// Returns the byte at an offset.
  ///
  /// - Precondition: The offset is below `byteCount`; it is checked.
  @inlinable @inline(__always)
  package func byte(at offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}

extension Array where Element == UInt8 {
  /// Appends a copy of borrowed bytes.
  @inlinable package mutating func append(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { append(contentsOf: $0) }
  }
}
