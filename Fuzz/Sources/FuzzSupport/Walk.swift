public import RDB

/// Walks a packed value to its end, reads each entry again by its position, and makes text of it.
package func walk<P: PackedCursor & ~Escapable>(_ cursor: consuming P) throws(RDBError) {
  let scratch = UnsafeMutableRawPointer.allocate(byteCount: 32, alignment: 8)
  defer { scratch.deallocate() }
  var count = 0
  while !cursor.isAtEnd {
    let position = cursor.position
    let entry = try cursor.next()
    precondition(cursor.position > position)
    let again = try cursor.entry(at: position)
    precondition(again.isInteger == entry.isInteger && again.integer == entry.integer)
    precondition(again.bytes.byteCount == entry.bytes.byteCount)
    precondition(entry.text(scratch: scratch).byteCount <= max(20, entry.bytes.byteCount))
    count += 1
  }
  try cursor.finish(count: count)
}
