import RDBSupport

/// An entry of an index: the hash of a key's name, the key's database, and the offset of the key's record.
///
/// Entries are sorted by hash, then database, then offset. An entry in a file has 14 bytes: hash (6), database (2)
/// and offset (6), each little-endian.
package struct IndexEntry: HashedEntry, Hashable {
  /// The size of an entry in a file, in bytes.
  package static let byteCount = 14
  /// The number that represents all databases from 65,535 on.
  static let lastDatabase: UInt64 = 0xFFFF
  /// The smallest offset that does not fit into an entry: 256 TiB.
  package static let offsetLimit: UInt64 = 1 << 48

  /// The hash, in the upper 48 bits, and the database, in the lower 16.
  package let order: UInt64
  package let offset: UInt64

  package init(order: UInt64, offset: UInt64) { (self.order, self.offset) = (order, offset) }

  @inline(__always)
  init(_ name: RawSpan, database: UInt64, offset: UInt64) {
    order = Self.hash(name) << 16 | min(database, Self.lastDatabase)
    self.offset = offset
  }

  /// Returns the 48-bit hash of a key's name.
  @inline(__always)
  static func hash(_ name: RawSpan) -> UInt64 { StableHash.hash(name, seed: 0) >> 16 }

  var hash: UInt64 { order >> 16 }
  var database: UInt64 { order & Self.lastDatabase }

  @inline(__always)
  package func precedes(_ other: IndexEntry) -> Bool {
    order != other.order ? order < other.order : offset < other.offset
  }

  /// Decodes the 14 bytes of an entry.
  ///
  /// - Precondition: `bytes` has 14 bytes from `offset` on.
  package init(_ bytes: RawSpan, at offset: Int) {
    let high = bytes.littleEndian(UInt64.self, at: offset)
    let low = bytes.littleEndian(UInt64.self, at: offset + 6)
    order = high << 16 | low & 0xFFFF
    self.offset = low >> 16
  }

  /// Encodes the entry as 14 bytes.
  ///
  /// - Precondition: `target` has 14 bytes from `offset` on.
  @inline(__always)
  package func encode(into target: inout MutableRawSpan, at offset: Int) {
    target.storeBytes(of: (order >> 16 | order << 48).littleEndian, toByteOffset: offset, as: UInt64.self)
    target.storeBytes(
      of: (self.offset << 16 | order & 0xFFFF).littleEndian, toByteOffset: offset + 6, as: UInt64.self)
  }
}
