/// The sizes of the entries of a listpack that follow from their first byte.
///
/// A walk compares the size with the backlen after the entry, and needs no branch per kind of entry.
@usableFromInline package enum ListpackSizes {
  /// The size per first byte, without the backlen; 0: the entry stores its size, or no entry begins with the byte. The
  /// byte itself is then not 0, and so is no backlen of that size.
  package nonisolated(unsafe) static let table: UnsafePointer<UInt8> = {
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    for first in 0...255 { table[first] = size(UInt8(first)) }
    return UnsafePointer(table)
  }()

  private static func size(_ first: UInt8) -> UInt8 {
    switch first {
    case 0x00...0x7F: 1
    case 0x80...0xBF: 1 + (first & 0x3F)
    case 0xC0...0xDF: 2
    case 0xF1...0xF4: 1 + UInt8(Listpack.integerByteCount(first))
    default: 0
    }
  }

  /// The largest step over an entry whose size is in the table: a string of 63 bytes, its first byte and its backlen.
  @inlinable package static var maximumStep: Int { 65 }

  /// Returns the size of the entry at `entry` by a table, without the backlen, if the backlen is the same; otherwise 0.
  ///
  /// - Parameter entry: The first of ``maximumStep`` readable bytes.
  @inlinable @inline(__always)
  package static func checkedSize(_ table: UnsafePointer<UInt8>, _ entry: UnsafeRawPointer) -> Int {
    let size = Int(table[Int(entry.load(as: UInt8.self))])
    return Int(entry.load(fromByteOffset: size, as: UInt8.self)) == size ? size : 0
  }
}
