import RDB
import RDBFormat
import RDBSupport

extension PartSink {
  /// What is known of the current stream.
  struct StreamParts {
    var entryCount: UInt64 = 0
    var firstID: StreamID?
    var info: StreamInfo?
    /// The current entry, and its fields as redis-cli shows them.
    var entry: StreamID?
    var fields: [UInt8] = []
    var group: [UInt8] = []
    /// The settings of idempotent producers.
    var idempotency: (duration: UInt64, maximum: UInt64, producers: UInt64)?
    var hasProducerIDs = false
  }

  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws {
    try endEntry()
    if stream.entryCount == 0 { stream.firstID = id }
    stream.entryCount += 1
    stream.entry = id
  }

  package mutating func streamField(_ field: RawSpan, value: RawSpan) {
    append(field)
    append(value)
  }

  private mutating func append(_ part: RawSpan) {
    if !stream.fields.isEmpty { stream.fields.append(UInt8(ascii: " ")) }
    stream.fields += printable([UInt8](part), limit: .max).utf8
  }

  private mutating func endEntry() throws {
    guard let id = stream.entry else { return }
    let (name, fields) = (Array(id.description.utf8), exchange(&stream.fields, with: []))
    try log.add(.entry, name: name.span.bytes, value: fields.span.bytes)
    stream.entry = nil
  }

  package mutating func streamInfo(_ info: StreamInfo) throws {
    try endEntry()
    stream.info = info
    try addNumber("last-generated-id", info.lastID)
    try addNumber("max-deleted-entry-id", info.maxDeletedID ?? .zero)
    try addNumber("entries-added", info.entriesAdded ?? stream.entryCount)
  }

  package mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    stream.group = [UInt8](group.name)
    let read = group.entriesRead(ofEntries: stream.entryCount, firstID: stream.firstID, stream.info)
    let value = Array(
      "last-delivered-id \(group.lastDelivered), entries-read \(read.map { "\($0)" } ?? "unknown")".utf8)
    try log.add(.group, name: group.name, value: value.span.bytes)
  }

  package mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    let group = stream.group
    try log.add(.consumer, container: group.span.bytes, name: consumer.name)
  }

  package mutating func streamPending(_ pending: borrowing StreamPending) throws {
    let (group, name) = (stream.group, Array(pending.id.description.utf8))
    let owner =
      pending.consumerIndex == nil ? "no consumer" : "consumer \(printable([UInt8](pending.consumer), limit: .max))"
    let value = Array(
      "\(owner), delivered \(counted(pending.deliveryCount, "time")), last at \(pending.delivered)".utf8)
    try log.add(.pending, container: group.span.bytes, name: name.span.bytes, value: value.span.bytes)
  }

  package mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) {
    stream.idempotency = (durationSeconds, maxEntries, producerCount)
  }

  package mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    stream.hasProducerIDs = true
    let value = Array("entry \(entry)".utf8)
    try log.add(.producerID, container: producer, name: id, value: value.span.bytes)
  }

  package mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    guard let settings = stream.idempotency,
      settings.producers != 0 || stream.hasProducerIDs || idsAdded != 0 || idsDuplicate != 0
    else { return }
    try addNumber("idmp-duration", settings.duration)
    try addNumber("idmp-maxsize", settings.maximum)
    try addNumber("idmp-producers", settings.producers)
    try addNumber("iids-added", idsAdded)
    try addNumber("iids-duplicates", idsDuplicate)
  }

  mutating func endStream() throws { try endEntry() }
}
