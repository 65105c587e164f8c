import RDBFormat

/// The header of an index file. ``KeyIndex`` shows its layout.
package struct IndexHeader {
  static let magic = Array("rdbindex".utf8)
  static let formatVersion: UInt32 = 1
  static let byteCount = 128

  /// The encoded header.
  package let bytes: [UInt8]

  /// Wraps the bytes of a header.
  ///
  /// - Precondition: There are 128 bytes.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Encodes the header of an index of `count` keys.
  package init(count: UInt64, _ identity: DumpIdentity) {
    var bytes = Self.magic
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
    append(Self.formatVersion)
    append(UInt32(0))
    append(count)
    append(identity.byteCount)
    append(identity.modifiedSeconds)
    append(identity.modifiedNanoseconds)
    switch identity.content {
    case .checksum(let checksum, let end):
      append(UInt32(0))
      append(checksum)
      append(end)
    case .sample(let checksum):
      append(UInt32(1))
      append(checksum)
    }
    bytes += [UInt8](repeating: 0, count: Self.byteCount - 8 - bytes.count)
    append(CRC64.checksum(of: bytes[...]))
    self.bytes = bytes
  }

  private func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number {
    bytes.span.bytes.littleEndian(type, at: offset)
  }

  /// Whether the checksum of the header is right.
  var isIntact: Bool { number(UInt64.self, at: bytes.count - 8) == CRC64.checksum(of: bytes.dropLast(8)) }

  var formatVersion: UInt32 { number(UInt32.self, at: 8) }
  var count: UInt64 { number(UInt64.self, at: 16) }

  var identity: DumpIdentity {
    let checksum = number(UInt64.self, at: 48)
    let content: DumpIdentity.Content =
      number(UInt32.self, at: 44) == 0 ? .checksum(checksum, end: number(UInt64.self, at: 56)) : .sample(checksum)
    return DumpIdentity(
      byteCount: number(UInt64.self, at: 24), modified: number(Int64.self, at: 32),
      number(UInt32.self, at: 40), content)
  }
}

extension CRC64 {
  /// Returns the checksum of contiguous bytes.
  static func checksum(of bytes: ArraySlice<UInt8>) -> UInt64 {
    var checksum = CRC64()
    bytes.withUnsafeBytes { checksum.update($0) }
    return checksum.value
  }
}
