public import RDBSupport

/// An entry of a listpack or ziplist: bytes, or an integer in place of its decimal text.
@usableFromInline package struct PackedEntry: ~Escapable, BitwiseCopyable {
  /// The bytes of a string entry; empty for an integer.
  @usableFromInline package let bytes: RawSpan
  @usableFromInline package let integer: Int64
  @usableFromInline package let isInteger: Bool

  @inlinable @_lifetime(copy bytes)
  init(bytes: RawSpan) {
    self.bytes = bytes
    integer = 0
    isInteger = false
  }

  @inlinable @_lifetime(copy nothing)
  init(integer: Int64, nothing: RawSpan) {
    bytes = nothing
    self.integer = integer
    isInteger = true
  }

  /// The entry's bytes; an integer is written as text into `scratch` first.
  ///
  /// - Parameter scratch: Room for ``DecimalText/maximumByteCount`` bytes, untouched while the result
  ///   is in use.
  @inlinable @inline(__always) @_lifetime(copy self)
  package func text(scratch: UnsafeMutableRawPointer) -> RawSpan {
    guard isInteger else { return bytes }
    let count = DecimalText.write(integer, to: scratch)
    return _overrideLifetime(RawSpan(_unsafeStart: scratch, byteCount: count), copying: bytes)
  }
}

/// A walk over the entries of a packed value, a listpack or a ziplist.
@usableFromInline package protocol PackedCursor: ~Escapable {
  /// Checks the header and the terminator.
  ///
  /// - Parameter base: The file offset where the value begins, for errors.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at base: Int) throws(RDBError)

  /// The number of entries that the header claims; `nil`: too many for the header.
  var claimedCount: Int? { get }
  /// Whether all entries have been read.
  var isAtEnd: Bool { get }
  /// The index in the bytes of the next entry.
  var position: Int { get set }

  /// Reads the next entry, and checks its lengths.
  @_lifetime(copy self)
  mutating func next() throws(RDBError) -> PackedEntry

  /// Reads again the entry that began at `position`.
  @_lifetime(copy self)
  func entry(at position: Int) throws(RDBError) -> PackedEntry

  /// Checks at the end that all bytes were read and that the header has the right count.
  func finish(count: Int) throws(RDBError)
}
