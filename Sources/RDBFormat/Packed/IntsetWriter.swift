import RDBSupport

/// A builder of an intset. ``Intset`` describes the layout.
///
/// Its width is the smallest that holds all members. Source: `_intsetValueEncoding` in Redis `src/intset.c`.
package struct IntsetWriter: ~Copyable {
  private var buffer: ByteBuffer
  package private(set) var count = 0
  private let width: Int
  private var previous: Int64?

  /// - Parameters:
  ///   - capacity: The initial size of the buffer, in bytes.
  ///   - range: A range that contains all members; determines their width.
  package init(capacity: Int = 4096, range: ClosedRange<Int64>) {
    width =
      Int16(exactly: range.lowerBound) != nil && Int16(exactly: range.upperBound) != nil
      ? 2 : Int32(exactly: range.lowerBound) != nil && Int32(exactly: range.upperBound) != nil ? 4 : 8
    buffer = ByteBuffer(capacity: capacity)
    buffer.advance(by: 8)
  }

  /// Removes all members.
  package mutating func removeAll() {
    buffer.removeAll()
    buffer.advance(by: 8)
    (count, previous) = (0, nil)
  }

  /// Appends a member.
  ///
  /// - Throws: ``RDBError`` (`notRepresentable`) if it is not above the previous member, or outside the range.
  package mutating func append(_ member: Int64) throws(RDBError) {
    let shift = Int64(64 - 8 * width)
    guard previous.map({ $0 < member }) ?? true, (member << shift) >> shift == member else {
      throw RDBError(
        .notRepresentable, at: 0, expected: "ascending members of \(width) bytes", found: "\(member)")
    }
    previous = member
    buffer.reserve(8)
    buffer.end.storeBytes(of: member.littleEndian, as: Int64.self)
    buffer.advance(by: width)
    count += 1
  }

  /// Completes the header.
  ///
  /// - Returns: The value's bytes, valid until the next change.
  /// - Throws: ``RDBError`` (`notRepresentable`) for more than 2³² − 1 members.
  @_lifetime(&self)
  package mutating func finished() throws(RDBError) -> RawSpan {
    guard let members = UInt32(exactly: count) else { throw .packedTooLarge("intset", buffer.count) }
    buffer.base.storeBytes(of: UInt32(width).littleEndian, as: UInt32.self)
    buffer.base.storeBytes(of: members.littleEndian, toByteOffset: 4, as: UInt32.self)
    return _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(buffer.base), byteCount: buffer.count), mutating: &self)
  }
}
