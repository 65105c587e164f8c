/// A walk over a listpack or a ziplist.
///
/// Code that walks both uses this type instead of a generic parameter: the compiler does not inline the methods of a
/// protocol that non-escapable types conform to, so a generic walk costs one call per entry.
@usableFromInline package struct PackedValue: ~Escapable, BitwiseCopyable {
  /// The kind of a packed value.
  @usableFromInline package enum Kind: Sendable, BitwiseCopyable { case listpack, ziplist }

  @usableFromInline let kind: Kind
  /// The walk over a listpack; of a ziplist the bytes and the position.
  @usableFromInline var listpack: Listpack
  // The rest of the walk over a ziplist.
  @usableFromInline var tail = 0
  @usableFromInline var previousSize = 0
  @usableFromInline var previousStart = 0

  /// Checks the header and the terminator.
  ///
  /// - Parameter base: The file offset where the value begins, for errors.
  @inlinable @inline(__always) @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, _ kind: Kind, at base: Int) throws(RDBError) {
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

  /// The number of entries that the header claims; `nil`: too many for the header.
  @inlinable package var claimedCount: Int? { listpack.claimedCount }

  /// Whether all entries have been read.
  @inlinable @inline(__always) package var isAtEnd: Bool { listpack.isAtEnd }

  /// The index in the bytes of the next entry.
  @inlinable @inline(__always) package var position: Int { listpack.position }

  /// Reads the next entry, and checks its lengths.
  @inlinable @inline(__always) @_lifetime(copy self)
  package mutating func next() throws(RDBError) -> PackedEntry {
    if kind == .listpack { return try listpack.next() }
    let step = try stepOfZiplist()
    listpack.position = step.position
    (previousSize, previousStart) = (step.previousSize, step.previousStart)
    return step.entry
  }

  /// The result of one step over a ziplist.
  ///
  /// A call that changed the walk itself would keep it, and so the walk over a listpack, out of registers.
  @usableFromInline struct Step: ~Escapable, BitwiseCopyable {
    @usableFromInline let entry: PackedEntry
    @usableFromInline let position: Int
    @usableFromInline let previousSize: Int
    @usableFromInline let previousStart: Int

    @_lifetime(copy entry)
    init(_ entry: PackedEntry, _ ziplist: borrowing Ziplist) {
      self.entry = entry
      position = ziplist.position
      (previousSize, previousStart) = (ziplist.previousSize, ziplist.previousStart)
    }
  }

  @usableFromInline @_lifetime(copy self)
  func stepOfZiplist() throws(RDBError) -> Step {
    var ziplist = ziplist
    let entry = try ziplist.next()
    return Step(entry, ziplist)
  }

  @usableFromInline var ziplist: Ziplist {
    @_lifetime(copy self) get { Ziplist(listpack, tail, previousSize, previousStart) }
  }

  /// Reads again the entry that began at `position`.
  @_lifetime(copy self)
  @usableFromInline package func entry(at position: Int) throws(RDBError) -> PackedEntry {
    kind == .listpack ? try listpack.entry(at: position) : try ziplist.entry(at: position)
  }

  /// Checks at the end that all bytes were read and that the header has the right count.
  @inlinable @inline(__always) package func finish(count: Int) throws(RDBError) {
    if kind == .listpack { try listpack.finish(count: count) } else { try ziplist.finish(count: count) }
  }
}
