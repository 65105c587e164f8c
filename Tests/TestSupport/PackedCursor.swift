public import RDBFormat

/// A walk over the entries of a packed value, so that one test can read listpacks and ziplists.
package protocol PackedCursor: ~Escapable {
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

extension Listpack: PackedCursor {}
extension Ziplist: PackedCursor {}
