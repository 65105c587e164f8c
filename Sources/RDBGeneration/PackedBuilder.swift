import RDB
import RDBFormat

/// A small collection in the packed form of the version: a listpack from RDB 10 on, a ziplist before.
struct PackedBuilder: ~Copyable {
  let usesListpack: Bool
  private var listpack = ListpackWriter()
  private var ziplist: ZiplistWriter

  init(version: Int) {
    usesListpack = version >= 10
    ziplist = ZiplistWriter(version: version)
  }

  mutating func removeAll() {
    if usesListpack { listpack.removeAll() } else { ziplist.removeAll() }
  }

  mutating func append(_ bytes: RawSpan) {
    if usesListpack { listpack.append(bytes) } else { ziplist.append(bytes) }
  }

  mutating func append(_ integer: Int64) {
    if usesListpack { listpack.append(integer) } else { ziplist.append(integer) }
  }

  mutating func append(score: Double) {
    if usesListpack { listpack.append(score: score) } else { ziplist.append(score: score) }
  }

  /// The packed bytes, valid until the next change.
  @_lifetime(&self)
  mutating func finished() throws(RDBError) -> RawSpan {
    if usesListpack { return try listpack.finished() }
    return try ziplist.finished()
  }
}
