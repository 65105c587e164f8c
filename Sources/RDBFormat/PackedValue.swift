/// A listpack or a ziplist, whichever the value's type says: so that what walks both need not be generic.
///
/// (A generic walk costs a call an entry: the compiler does not inline the methods of a protocol that
/// non-escapable types conform to.)
public struct PackedValue: ~Escapable {
  /// Which of the two.
  public enum Kind: Sendable { case listpack, ziplist }

  @usableFromInline let kind: Kind
  /// The walk; of a ziplist only its bytes and its place.
  @usableFromInline var listpack: Listpack
  /// Of a ziplist, what its walk knows besides.
  @usableFromInline var tail = 0
  @usableFromInline var previousSize = 0
  @usableFromInline var previousStart = 0

  /// Checks the header and the terminator.
  ///
  /// - Parameter base: The file offset where the value begins, for errors.
  @inlinable @inline(__always) @_lifetime(copy bytes)
  public init(_ bytes: RawSpan, _ kind: Kind, at base: Int) throws(RDBError) {
    self.kind = kind
    if kind == .listpack {
      listpack = try Listpack(bytes, at: base)
    } else {
      let ziplist = try Ziplist(bytes, at: base)
      listpack = Listpack(of: ziplist)
      (tail, previousSize, previousStart) = (
        ziplist.tail, ziplist.previousSize, ziplist.previousStart
      )
    }
  }

  /// How many entries the header claims; `nil`: too many for it to say.
  @inlinable public var claimedCount: Int? { listpack.claimedCount }

  /// Whether all entries have been read.
  @inlinable @inline(__always) public var isAtEnd: Bool { listpack.isAtEnd }

  /// The index in the bytes of the next entry.
  @inlinable @inline(__always) public var position: Int { listpack.position }

  /// Reads the next entry, every length checked.
  @inlinable @inline(__always) @_lifetime(copy self)
  public mutating func next() throws(RDBError) -> PackedEntry {
    if kind == .listpack { return try listpack.next() }
    return try nextOfZiplist()
  }

  @usableFromInline @_lifetime(copy self)
  mutating func nextOfZiplist() throws(RDBError) -> PackedEntry {
    var ziplist = ziplist
    let entry = try ziplist.next()
    listpack.position = ziplist.position
    (previousSize, previousStart) = (ziplist.previousSize, ziplist.previousStart)
    return entry
  }

  @usableFromInline var ziplist: Ziplist {
    @_lifetime(copy self) get { Ziplist(listpack, tail, previousSize, previousStart) }
  }

  /// Reads again the entry that began at `position`.
  @_lifetime(copy self)
  public func entry(at position: Int) throws(RDBError) -> PackedEntry {
    kind == .listpack ? try listpack.entry(at: position) : try ziplist.entry(at: position)
  }

  /// Checks, at the end, that nothing is left and the count was right.
  @inlinable public func finish(count: Int) throws(RDBError) {
    if kind == .listpack { try listpack.finish(count: count) } else { try ziplist.finish(count: count) }
  }
}
