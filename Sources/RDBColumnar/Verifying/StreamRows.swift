import RDB
import RDBFormat

/// Reads the rows of one stream in the six tables that streams have.
///
/// All tables have their rows in the order of the keys, so each is read once.
struct StreamRows {
  private let info: TableCursor
  private let tables: [TableCursor?]

  init(_ info: TableCursor, _ tables: [TableCursor?]) { (self.info, self.tables) = (info, tables) }

  /// The cursor of a table, if its current row is one of the key at `offset`.
  private func rows(_ table: ElementTable, _ offset: Int64) -> TableCursor? {
    guard let cursor = tables[table.rawValue], cursor.keyOffset == offset else { return nil }
    return cursor
  }

  func read(_ offset: Int64, into digester: inout ValueDigester) throws(RDBError) {
    try readEntries(offset, into: &digester)
    let groupCount = try number(9)
    digester.streamInfo(
      StreamInfo(
        length: try number(4), lastID: try info.required(try info.entryID(5)), firstID: try info.entryID(6),
        maxDeletedID: try info.entryID(7), entriesAdded: info.number(8).map { UInt64(bitPattern: $0) },
        groupCount: groupCount))
    try readGroups(offset, into: &digester)
    guard let seconds = info.number(10), let maximum = info.number(11), let producers = info.number(12) else { return }
    digester.streamIdempotency(
      durationSeconds: UInt64(bitPattern: seconds), maxEntries: UInt64(bitPattern: maximum),
      producerCount: UInt64(bitPattern: producers))
    while let cursor = rows(.streamIdempotency, offset) {
      let (producer, id) = (try cursor.required(cursor.bytes(4)), try cursor.required(cursor.bytes(6)))
      digester.streamIdempotencyID(
        producer: producer.span.bytes, id: id.span.bytes, entry: try cursor.required(try cursor.entryID(8)))
      try cursor.advance()
    }
    digester.streamIdempotencyEnd(idsAdded: try number(13), idsDuplicate: try number(14))
  }

  private func number(_ column: Int) throws(RDBError) -> UInt64 {
    UInt64(bitPattern: try info.required(info.number(column)))
  }

  private func readEntries(_ offset: Int64, into digester: inout ValueDigester) throws(RDBError) {
    // An entry's message begins with the number of its fields: its rows are collected.
    var (id, fields): (StreamID?, [(name: [UInt8], value: [UInt8])]) = (nil, [])
    func flush(_ digester: inout ValueDigester) {
      guard let id else { return }
      digester.beginStreamEntry(id, fieldCount: fields.count)
      for field in fields { digester.streamField(field.name.span.bytes, value: field.value.span.bytes) }
    }
    while let cursor = rows(.stream, offset) {
      let next = try cursor.required(try cursor.entryID(4))
      if next != id {
        flush(&digester)
        (id, fields) = (next, [])
      }
      if let field = cursor.bytes(9) { fields.append((field, try cursor.required(cursor.bytes(11)))) }
      try cursor.advance()
    }
    flush(&digester)
  }

  private func readGroups(_ offset: Int64, into digester: inout ValueDigester) throws(RDBError) {
    while let group = rows(.streamGroup, offset) {
      let name = try group.required(group.bytes(4))
      let read: EntriesRead
      switch group.text(8) {
      case "known": read = .known(UInt64(bitPattern: try group.required(group.number(7))))
      case "unknown": read = .unknown
      case "absent": read = .absent
      default: throw .corruptParquet(0, "what is known of entries read", "another text")
      }
      digester.streamGroup(
        StreamGroup(
          name: name.span.bytes, lastDelivered: try group.required(try group.entryID(6)), entriesRead: read,
          pendingCount: UInt64(bitPattern: try group.required(group.number(9)))))
      try readConsumers(offset, of: name, into: &digester)
      try readPending(offset, of: name, into: &digester)
      try group.advance()
    }
  }

  private func readConsumers(
    _ offset: Int64, of group: [UInt8], into digester: inout ValueDigester
  ) throws(RDBError) {
    while let cursor = rows(.streamConsumer, offset), cursor.bytes(4) == group {
      let name = try cursor.required(cursor.bytes(6))
      digester.streamConsumer(
        StreamConsumer(
          name: name.span.bytes, seen: UnixMilliseconds(try cursor.required(cursor.number(8))),
          active: cursor.number(10).map { UnixMilliseconds($0) },
          pendingCount: UInt64(bitPattern: try cursor.required(cursor.number(12)))))
      try cursor.advance()
    }
  }

  private func readPending(
    _ offset: Int64, of group: [UInt8], into digester: inout ValueDigester
  ) throws(RDBError) {
    while let cursor = rows(.streamPending, offset), cursor.bytes(4) == group {
      let consumer = cursor.bytes(6)
      let name = consumer ?? []
      digester.streamPending(
        StreamPending(
          id: try cursor.required(try cursor.entryID(8)),
          delivered: UnixMilliseconds(try cursor.required(cursor.number(12))),
          deliveryCount: UInt64(bitPattern: try cursor.required(cursor.number(14))),
          consumerIndex: consumer == nil ? nil : 0, consumer: name.span.bytes))
      try cursor.advance()
    }
  }
}
