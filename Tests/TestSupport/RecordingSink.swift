public import RDB
public import RDBFormat
import RDBSupport

/// The values that several workers collected, in no particular order.
public struct Collected<Element: Sendable>: MergeableSummary {
  public var values: [Element]
  public init(_ values: [Element]) { self.values = values }
  public mutating func merge(_ other: Self) { values += other.values }
}

/// Records every event as a line of text, with bytes as `printable` shows them, or the CRC64 of more than 64 KiB.
public struct RecordingSink: FoldingSink {
  public var log: [String] = []
  /// The answer to `beginKey` for types that are not in ``interests``.
  public var interest: Interest
  /// The answers to `beginKey` for single types.
  public var interests: [DataType: Interest] = [:]
  /// The stored bytes so far: chunks are joined because each way of reading cuts them elsewhere.
  private var stored: [UInt8] = []

  public init(interest: Interest = .elements) { self.interest = interest }

  public consuming func finish() throws(RDBError) -> Collected<String> { Collected(log) }

  private func text(_ bytes: RawSpan) -> String {
    if bytes.byteCount > 64 << 10 { return digest(bytes) }
    return bytes.withUnsafeBytes { printable($0, limit: .max) }
  }

  private func digest(_ bytes: RawSpan) -> String {
    var checksum = CRC64()
    checksum.update(bytes)
    return "\(bytes.byteCount) bytes, CRC64 \(checksum.value)"
  }

  public mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {
    log.append("snapshot \(header.vendor) \(header.version)")
  }
  public mutating func aux(_ field: borrowing AuxField) throws(RDBError) {
    log.append("aux \(text(field.name)) \(text(field.value))")
  }
  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    log.append(
      "function \(library.isPreGA) \(text(library.name)) \(text(library.engine)) "
        + "\(text(library.description)) \(text(library.code))")
  }
  public mutating func finding(_ finding: borrowing Finding) throws(RDBError) {
    log.append("finding \(finding.description)")
  }
  public mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool {
    log.append("module aux \(aux.module) when \(aux.when) at \(aux.offset)")
    stored = []
    return true
  }
  public mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {
    log.append("slots \(slots.kind) \(text(slots.job))")
  }
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64)
    throws(RDBError)
  {
    log.append("size db \(database) keys \(keys) expiring \(expiring)")
  }
  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    var line = "key \(text(key.name)) db \(key.database) \(key.storedType.name) at \(key.offset)"
    if let expiry = key.expiry { line += " expiry \(expiry)" }
    if let idle = key.idleSeconds { line += " idle \(idle)" }
    if let frequency = key.frequency { line += " freq \(frequency)" }
    if let module = key.module { line += " module \(module)" }
    if key.metadata.byteCount > 0 { line += " metadata \(text(key.metadata))" }
    log.append(line)
    return interests[key.type] ?? interest
  }
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws(RDBError) {
    log.append("damaged \(text(key.name)) db \(key.database) \(key.storedType.name) at \(key.offset): \(error)")
  }
  public mutating func beginStored(byteCount: UInt64) throws(RDBError) {
    log.append("stored \(byteCount)")
    stored = []
  }
  public mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    chunk.withUnsafeBytes { stored.append(contentsOf: $0) }
  }
  public mutating func endStored() throws(RDBError) {
    log.append("stored bytes \(text(stored.span.bytes))")
  }
  public mutating func string(_ value: RawSpan) throws(RDBError) { log.append("string \(text(value))") }
  public mutating func beginElements(_ header: ElementsHeader) throws(RDBError) {
    log.append("elements \(header)")
  }
  public mutating func listElement(_ element: RawSpan) throws(RDBError) {
    log.append("element \(text(element))")
  }
  public mutating func setMember(_ member: RawSpan) throws(RDBError) {
    log.append("member \(text(member))")
  }
  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    log.append("member \(text(member)) score \(score)")
  }
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    log.append("field \(text(field)) \(text(value))" + (expiry.map { " expiry \($0)" } ?? ""))
  }
  public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    log.append("index \(index) \(text(value))")
  }
  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    log.append("path \(text(path)) fields \(fieldCount)")
  }
  public mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    log.append("  \(text(field)) \(text(value))")
  }
  public mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    log.append("item \(item.kind) \(text(item.bytes))")
  }
  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws(RDBError) {
    log.append("outline \(pendingIDs) \(info)")
  }
  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    log.append("entry \(id) fields \(fieldCount)")
  }
  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    log.append("  \(text(field)) \(text(value))")
  }
  public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) { log.append("\(info)") }
  public mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    log.append(
      "group \(text(group.name)) last \(group.lastDelivered) read \(group.entriesRead) "
        + "pending \(group.pendingCount)")
  }
  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    log.append(
      "consumer \(text(consumer.name)) seen \(consumer.seen) active \(consumer.active as Any) "
        + "pending \(consumer.pendingCount)")
  }
  public mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    log.append(
      "pending \(pending.id) of \(pending.consumerIndex as Any) \(text(pending.consumer)) "
        + "delivered \(pending.delivered) count \(pending.deliveryCount)")
  }
  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64)
    throws(RDBError)
  {
    log.append("idempotency \(durationSeconds) s, \(maxEntries) IDs, \(producerCount) producers")
  }
  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID)
    throws(RDBError)
  {
    log.append("idempotency \(text(producer)) \(text(id)) \(entry)")
  }
  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64)
    throws(RDBError)
  {
    log.append("idempotency end \(idsAdded) \(idsDuplicate)")
  }
  public mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    log.append("end \(end.storedByteCount)" + (end.measure.map { " \($0)" } ?? ""))
  }
  public mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) { log.append("whole \(end)") }
}
