public import RDB

/// Adds everything up, so that every byte of every event is looked at and readings can be compared.
public struct DigestSink: RDBSink {
  /// The digest of all events so far; chunks of stored bytes count as one.
  public private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  /// What it answers for every key.
  public let interest: Interest

  public init(interest: Interest) { self.interest = interest }

  private mutating func add(_ number: UInt64) { digest = (digest ^ number) &* 0x100_0000_01B3 }
  private mutating func add(_ tag: StaticString) {
    add(UInt64(tag.utf8CodeUnitCount) &* 31 &+ UInt64(tag.utf8Start.pointee))
  }
  private mutating func addBytes(_ bytes: RawSpan) {
    for index in 0..<bytes.byteCount { add(UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self))) }
  }
  private mutating func add(_ bytes: RawSpan) {
    add(UInt64(bytes.byteCount))
    addBytes(bytes)
  }
  private mutating func add(_ time: UnixMilliseconds?) { add(UInt64(bitPattern: time?.value ?? 1)) }
  private mutating func add(_ id: StreamID) {
    add(id.milliseconds)
    add(id.sequence)
  }

  public mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) { add(UInt64(header.version)) }
  public mutating func aux(_ field: borrowing AuxField) throws(RDBError) {
    add(field.name)
    add(field.value)
  }
  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    add(library.name)
    add(library.code)
    add(library.engine)
    add(library.description)
  }
  public mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool {
    add(aux.module.rawValue)
    return aux.when & 1 == 0
  }
  public mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) { add(slots.job) }
  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    add(database)
    add(keys)
    add(expiring)
  }
  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    add(key.name)
    add(key.database)
    add(UInt64(key.storedType.code))
    add(key.expiry)
    add(key.metadata)
    add(UInt64(key.offset))
    return interest
  }
  public mutating func beginStored(byteCount: UInt64) throws(RDBError) { add(byteCount) }
  public mutating func stored(_ chunk: RawSpan) throws(RDBError) { addBytes(chunk) }
  public mutating func endStored() throws(RDBError) { add("e") }
  public mutating func string(_ value: RawSpan) throws(RDBError) { add(value) }
  public mutating func beginElements(_ header: ElementsHeader) throws(RDBError) { add(header.count ?? 0) }
  public mutating func listElement(_ element: RawSpan) throws(RDBError) { add(element) }
  public mutating func setMember(_ member: RawSpan) throws(RDBError) { add(member) }
  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    precondition(!score.isNaN)
    add(member)
    add(score.bitPattern)
  }
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    add(field)
    add(value)
    add(expiry)
  }
  public mutating func arrayElement(index: UInt64, value: RawSpan) throws(RDBError) {
    add(index)
    add(value)
  }
  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    add(path)
    add(fieldCount)
  }
  public mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    add(field)
    add(value)
  }
  public mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) { add(item.bytes) }
  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws(RDBError) {
    precondition(zip(pendingIDs, pendingIDs.dropFirst()).allSatisfy { $0 < $1 })
    add(UInt64(pendingIDs.count))
  }
  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) { add(id) }
  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    add(field)
    add(value)
  }
  public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {
    add(info.length)
    add(info.lastID)
  }
  public mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) { add(group.name) }
  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    add(consumer.name)
  }
  public mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    add(pending.id)
    add(pending.consumer)
  }
  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64)
    throws(RDBError)
  {
    add(producerCount)
  }
  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID)
    throws(RDBError)
  {
    add(producer)
    add(id)
    add(entry)
  }
  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws(RDBError) {
    add(idsAdded)
  }
  public mutating func endKey(_ end: KeyEnd) throws(RDBError) { add(end.storedByteCount) }
  public mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) { add(end.byteCount) }
}

/// How a reading ended: the digest of its events, and the error.
public struct Outcome: Equatable {
  public let digest: UInt64
  public let code: RDBError.Code?
  public init(digest: UInt64, code: RDBError.Code?) { (self.digest, self.code) = (digest, code) }
}

/// Bytes from libFuzzer, owned.
public func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
  Array(UnsafeBufferPointer(start: start, count: count))
}

/// An error must say where, inside the input, and name the key of the value it is in.
public func check(_ error: RDBError, _ count: Int) {
  precondition(error.offset >= 0 && error.offset <= count)
  precondition(error.valueType == nil || error.key != nil)
  precondition(!error.description.isEmpty)
}
