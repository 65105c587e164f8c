import RDB
import RDBFormat
import RDBSupport

/// The ID of a stream entry, with its text.
struct EntryText {
  private(set) var id = StreamID.zero
  private(set) var text: [UInt8] = []

  mutating func set(_ id: StreamID) {
    self.id = id
    text.removeAll(keepingCapacity: true)
    text += Array(id.description.utf8)
  }

  init() {}
  init(_ id: StreamID) { set(id) }
}

/// The numbers of a stream, collected until its key ends.
struct StreamRow {
  var info: StreamInfo?
  var idempotency: (seconds: UInt64, maximum: UInt64, producers: UInt64)?
  var idempotencyCounts: (added: UInt64, duplicate: UInt64)?
}

extension TableBuffer {
  /// Appends an ID to its four columns.
  mutating func append(_ entry: EntryText, at column: Int) throws(RDBError) -> Int {
    let text = entry.text
    let byteCount = try columns[column].append(text.span.bytes)
    columns[column + 1].append(Int64(exactly: entry.id.milliseconds))
    columns[column + 3].append(Int64(exactly: entry.id.sequence))
    return byteCount
  }

  /// Appends an ID as text.
  mutating func append(text id: StreamID?, at column: Int) throws(RDBError) {
    guard let id else { return columns[column].appendMissing() }
    let text = EntryText(id).text
    try columns[column].append(text.span.bytes)
  }
}

/// Groups, consumers and the numbers of streams.
extension ColumnarSink {
  mutating func addGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    let index = ElementTable.streamGroup.rawValue
    let byteCount = try tables[index].columns[4].append(group.name)
    try tables[index].append(text: group.lastDelivered, at: 6)
    switch group.entriesRead {
    case .known(let count):
      tables[index].columns[7].append(try Self.number(count, "a number of entries"))
      tables[index].columns[8].append(Int64(0))
    case .unknown:
      tables[index].columns[7].appendMissing()
      tables[index].columns[8].append(Int64(1))
    case .absent:
      tables[index].columns[7].appendMissing()
      tables[index].columns[8].append(Int64(2))
    }
    tables[index].columns[9].append(try Self.number(group.pendingCount, "a number of pending entries"))
    try endRow(.streamGroup, byteCount)
  }

  mutating func addConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    let index = ElementTable.streamConsumer.rawValue
    let path = path
    let byteCount =
      try tables[index].columns[4].append(path.span.bytes) + tables[index].columns[6].append(consumer.name)
    tables[index].columns[8].append(consumer.seen.value)
    tables[index].columns[10].append(consumer.active?.value)
    tables[index].columns[12].append(try Self.number(consumer.pendingCount, "a number of pending entries"))
    try endRow(.streamConsumer, byteCount)
  }

  mutating func addPending(_ pending: borrowing StreamPending) throws(RDBError) {
    let index = ElementTable.streamPending.rawValue
    let path = path
    var byteCount = try tables[index].columns[4].append(path.span.bytes)
    if pending.consumerIndex == nil {
      tables[index].columns[6].appendMissing()
    } else {
      byteCount += try tables[index].columns[6].append(pending.consumer)
    }
    byteCount += try tables[index].append(EntryText(pending.id), at: 8)
    tables[index].columns[12].append(pending.delivered.value)
    tables[index].columns[14].append(try Self.number(pending.deliveryCount, "a number of deliveries"))
    try endRow(.streamPending, byteCount)
  }

  package mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) {
    stream.idempotency = (durationSeconds, maxEntries, producerCount)
  }

  package mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws(RDBError) {
    if tables.isEmpty { return }
    let index = ElementTable.streamIdempotency.rawValue
    let byteCount = try tables[index].columns[4].append(producer) + tables[index].columns[6].append(id)
    try tables[index].append(text: entry, at: 8)
    try endRow(.streamIdempotency, byteCount)
  }

  package mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) {
    stream.idempotencyCounts = (idsAdded, idsDuplicate)
  }

  /// Adds the row of the current stream.
  mutating func addStreamRow() throws(RDBError) {
    guard let info = stream.info else { return }
    let index = ElementTable.streamInfo.rawValue
    func number(_ value: UInt64?) throws(RDBError) -> Int64? {
      guard let value else { return nil }
      return try Self.number(value, "a number of a stream")
    }
    tables[index].columns[4].append(try Self.number(info.length, "a number of a stream"))
    try tables[index].append(text: info.lastID, at: 5)
    try tables[index].append(text: info.firstID, at: 6)
    try tables[index].append(text: info.maxDeletedID, at: 7)
    tables[index].columns[8].append(try number(info.entriesAdded))
    tables[index].columns[9].append(try Self.number(info.groupCount, "a number of a stream"))
    tables[index].columns[10].append(try number(stream.idempotency?.seconds))
    tables[index].columns[11].append(try number(stream.idempotency?.maximum))
    tables[index].columns[12].append(try number(stream.idempotency?.producers))
    tables[index].columns[13].append(try number(stream.idempotencyCounts?.added))
    tables[index].columns[14].append(try number(stream.idempotencyCounts?.duplicate))
    stream.info = nil
    try endRow(.streamInfo, 64)
  }
}
