public import RDB
import RDBFormat

/// The first bytes of an index: see ``KeyIndex``.
package struct IndexHeader {
  package let bytes: [UInt8]

  /// - Parameter bytes: As many as a header has.
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  package init(count: UInt64, _ identity: DumpIdentity) {
    var bytes = KeyIndex.magic
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
    append(KeyIndex.form)
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
    bytes += [UInt8](repeating: 0, count: KeyIndex.headerByteCount - 8 - bytes.count)
    append(IndexBlock.checksum(of: bytes[...]))
    self.bytes = bytes
  }

  private func number<T: FixedWidthInteger>(_ type: T.Type, at place: Int) -> T {
    T(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: T.self) })
  }

  var isWhole: Bool {
    number(UInt64.self, at: bytes.count - 8) == IndexBlock.checksum(of: bytes.dropLast(8))
  }

  var form: UInt32 { number(UInt32.self, at: 8) }
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

/// What holds a block of an index together.
enum IndexBlock {
  static func checksum(of bytes: ArraySlice<UInt8>) -> UInt64 {
    var checksum = CRC64()
    bytes.withUnsafeBytes { checksum.update($0) }
    return checksum.value
  }

  /// Whether it has the checksum and the number that it should have.
  static func isWhole(_ block: [UInt8], number: UInt64) -> Bool {
    let (stored, own) = block.withUnsafeBytes {
      ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    return UInt64(littleEndian: own) == number && UInt64(littleEndian: stored) == checksum(of: block[8...])
  }
}

extension KeyIndex {
  /// Merges what the workers found into an index.
  ///
  /// - Parameters:
  ///   - identity: Of the dump that they read.
  ///   - destination: Where the index goes.
  /// - Returns: How many keys it has.
  /// - Throws: ``RDBError`` (`io`).
  @discardableResult
  public static func write(
    _ parts: IndexSink.Parts, of identity: DumpIdentity, to destination: any ByteDestination
  ) throws(RDBError) -> UInt64 {
    let parts = parts.parts
    var output = ByteOutput(to: destination)
    let count = parts.reduce(0) { $0 + $1.count }
    try output.append(IndexHeader(count: count, identity).bytes.span.bytes)
    var merge = try RunMerge(parts.map(\.runs), byteCount: mergeByteCount)
    var left = count
    var number: UInt64 = 0
    while left > 0 {
      let entries = Int(min(left, UInt64(entriesPerBlock)))
      try output.reserve(blockByteCount)
      let start = output.spare.baseAddress.unsafelyUnwrapped
      start.storeBytes(of: number.littleEndian, toByteOffset: 8, as: UInt64.self)
      for index in 0..<entries {
        guard let entry = try merge.next() else { break }
        entry.write(to: start + blockHeaderByteCount + index * IndexEntry.byteCount)
      }
      let byteCount = blockHeaderByteCount + entries * IndexEntry.byteCount
      var checksum = CRC64()
      checksum.update(UnsafeRawBufferPointer(start: start + 8, count: byteCount - 8))
      start.storeBytes(of: checksum.value.littleEndian, as: UInt64.self)
      // A whole block has six bytes behind its entries.
      let padding = entries == entriesPerBlock ? blockByteCount - byteCount : 0
      (start + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: padding)
      output.advance(by: byteCount + padding)
      left -= UInt64(entries)
      number += 1
    }
    try output.flush()
    return count
  }

  private static var mergeByteCount: Int { 32 << 20 }
}
