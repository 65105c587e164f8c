/// A builder of packed values, listpacks or ziplists, that keeps its memory from value to value.
package struct PackedBuilder: ~Copyable {
  /// Whether the values are listpacks.
  package var usesListpack: Bool
  private var listpack = ListpackWriter()
  private var ziplist: ZiplistWriter

  /// Creates a builder of listpacks from RDB 10 on, and of ziplists before.
  ///
  /// - Parameter version: The RDB version of the file.
  package init(version: Int) {
    usesListpack = version >= 10
    ziplist = ZiplistWriter(version: version)
  }

  /// The number of entries.
  package var count: Int { usesListpack ? listpack.count : ziplist.count }
  /// The size of the value, in bytes.
  package var byteCount: Int { usesListpack ? listpack.byteCount : ziplist.byteCount }

  /// Removes all entries.
  package mutating func removeAll() {
    listpack.removeAll()
    ziplist.removeAll()
  }

  /// Appends bytes; the canonical decimal text of an integer is stored as that integer.
  package mutating func append(_ bytes: RawSpan) {
    if usesListpack { listpack.append(bytes) } else { ziplist.append(bytes) }
  }

  /// Appends an integer in its smallest form.
  package mutating func append(_ integer: Int64) {
    if usesListpack { listpack.append(integer) } else { ziplist.append(integer) }
  }

  /// Appends a score: a whole number as an integer, another as its shortest text.
  package mutating func append(score: Double) {
    if usesListpack { listpack.append(score: score) } else { ziplist.append(score: score) }
  }

  /// Returns the packed bytes, which are valid until the next change.
  @_lifetime(&self)
  package mutating func finished() throws(RDBError) -> RawSpan {
    if usesListpack { return try listpack.finished() }
    return try ziplist.finished()
  }
}
