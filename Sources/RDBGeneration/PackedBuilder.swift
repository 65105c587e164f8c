import RDB
import RDBFormat

/// A builder of small packed collections: listpacks from RDB 10 on, ziplists before.
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

  /// Returns the packed bytes, which are valid until the next change.
  @_lifetime(&self)
  mutating func finished() throws(RDBError) -> RawSpan {
    if usesListpack { return try listpack.finished() }
    return try ziplist.finished()
  }
}
