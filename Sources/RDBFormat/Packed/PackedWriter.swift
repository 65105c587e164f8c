import RDBSupport

/// A builder of a packed value, a listpack or a ziplist.
///
/// Append the entries, call ``finished()``, then ``removeAll()`` before the next value. The memory is kept, so a million
/// small values cost no allocation.
package protocol PackedWriter: ~Copyable {
  /// The number of entries.
  var count: Int { get }
  /// The size of the value, in bytes.
  var byteCount: Int { get }
  /// Removes all entries.
  mutating func removeAll()
  /// Appends bytes; the canonical decimal text of an integer is stored as that integer.
  mutating func append(_ bytes: RawSpan)
  /// Appends bytes as a string, even if they are the text of an integer. Readers accept that.
  mutating func appendString(_ bytes: RawSpan)
  /// Appends an integer in its smallest form.
  mutating func append(_ integer: Int64)
  /// Completes header and end mark.
  ///
  /// - Returns: The value's bytes, valid until the next change.
  /// - Throws: ``RDBError`` (`notRepresentable`) beyond 4 GiB.
  @_lifetime(&self)
  mutating func finished() throws(RDBError) -> RawSpan
}

extension PackedWriter where Self: ~Copyable {
  /// Appends a score: a whole number between −2⁶² and 2⁶² as an integer, another as its shortest text.
  ///
  /// Source: `zzlInsertAt` in Redis `src/t_zset.c`. −0 is stored as text; servers from 7.0 on store 0
  /// for it.
  package mutating func append(score: Double) {
    if let integer = Int64(exactly: score), integer.magnitude <= 1 << 62,
      integer != 0 || score.sign == .plus
    {
      return append(integer)
    }
    withUnsafeTemporaryAllocation(byteCount: DoubleText.maximumByteCount, alignment: 8) { text in
      let start = text.baseAddress.unsafelyUnwrapped
      let count = DoubleText.write(score, to: start)
      appendString(RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: count))
    }
  }
}

extension RDBError {
  @inline(never)
  static func packedTooLarge(_ what: String, _ byteCount: Int) -> RDBError {
    RDBError(
      .notRepresentable, at: 0, expected: "a \(what) of at most 4294967295 bytes", found: "\(byteCount)")
  }
}

/// The integer that a packed value stores for these bytes; `nil` if it stores the bytes.
@inline(__always)
func packedInteger(_ bytes: RawSpan, atMost limit: Int) -> Int64? {
  let count = bytes.byteCount
  guard count >= 1, count <= limit else { return nil }
  let last = bytes.unsafeLoad(fromByteOffset: count &- 1, as: UInt8.self)
  guard last &- 48 <= 9 else { return nil }
  return DecimalText.parseCanonical(bytes)
}
