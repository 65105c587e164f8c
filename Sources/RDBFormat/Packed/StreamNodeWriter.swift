/// A builder of the listpack of a stream node.
///
///     live  deleted  n  field × n  0
///     per entry:  flags  ms − master ms  seq − master seq  [n  (field value) × n | value × n]  count
///
/// Flag 2: the entry has the master entry's fields; only values follow. Source: `streamAppendItem` in Redis
/// `src/t_stream.c`.
package struct StreamNodeWriter: ~Copyable {
  /// All entries of the listpack but the number of live entries, which comes first.
  private var listpack: ListpackWriter
  private var whole = ListpackWriter()
  private var master = StreamID.zero
  private var fieldCount = 0
  private var entryFields = 0
  private var sharesFields = false
  private var masterFieldsLeft = 0
  /// The number of entries.
  package private(set) var entryCount = 0

  /// - Parameter capacity: The initial size of the buffer, in bytes.
  package init(capacity: Int = 8192) { listpack = ListpackWriter(capacity: capacity) }

  /// Begins a node; `fieldCount` calls of ``masterField(_:)`` must follow.
  package mutating func begin(_ master: StreamID, fieldCount: Int) {
    listpack.removeAll()
    (self.master, self.fieldCount, entryCount) = (master, fieldCount, 0)
    listpack.append(0)
    listpack.append(Int64(fieldCount))
    if fieldCount == 0 { listpack.append(0) }
    masterFieldsLeft = fieldCount
  }

  /// Names a field of the master entry.
  package mutating func masterField(_ name: RawSpan) {
    listpack.append(name)
    masterFieldsLeft -= 1
    if masterFieldsLeft == 0 { listpack.append(0) }
  }

  /// Begins an entry with the master's fields: one call of ``value(_:)`` per field, then ``endEntry()``, must follow.
  package mutating func beginEntry(_ id: StreamID) {
    beginEntry(id, flags: 2)
    (entryFields, sharesFields) = (fieldCount, true)
  }

  /// Begins an entry with fields of its own: `fieldCount` pairs of calls of ``value(_:)``, name and value,
  /// and ``endEntry()`` must follow.
  package mutating func beginEntry(_ id: StreamID, fieldCount: Int) {
    beginEntry(id, flags: 0)
    listpack.append(Int64(fieldCount))
    (entryFields, sharesFields) = (fieldCount, false)
  }

  private mutating func beginEntry(_ id: StreamID, flags: Int64) {
    listpack.append(flags)
    listpack.append(Int64(bitPattern: id.milliseconds &- master.milliseconds))
    listpack.append(Int64(bitPattern: id.sequence &- master.sequence))
  }

  /// Appends a value, or the name of a field.
  package mutating func value(_ bytes: RawSpan) { listpack.append(bytes) }

  /// Ends an entry.
  package mutating func endEntry() {
    listpack.append(Int64(sharesFields ? entryFields + 3 : 2 * entryFields + 4))
    entryCount += 1
  }

  /// The size of the node so far, in bytes.
  package var byteCount: Int { listpack.byteCount + (entryCount <= 127 ? 2 : entryCount <= 4095 ? 3 : 6) }

  /// The node's bytes, valid until the next change.
  @_lifetime(&self)
  package mutating func finished() throws(RDBError) -> RawSpan {
    whole.removeAll()
    whole.append(Int64(entryCount))
    whole.append(allOf: listpack)
    return try whole.finished()
  }
}
