public import RDB
public import RDBFormat
import RDBSupport
import RESP

/// Streams: entries, and placeholders for entries that are deleted but still pending; groups, consumers,
/// pending entries; then the placeholders go, and the stream gets its own numbers.
extension RESPSink {
  struct StreamState {
    /// IDs of pending entries, ascending. Those before `next` have been passed; in their place stand the
    /// IDs of the placeholders, `ghostCount` of them: there can be millions of both.
    var pending: [StreamID] = []
    var next = 0
    var ghostCount = 0
    var info: StreamInfo?
    var firstLive: StreamID?
    /// The last entry or placeholder.
    var last = StreamID.zero
    var hasEntries = false
    /// Whether `fieldsLeft` calls of `streamField` belong to an entry that is written.
    var isEntryWritten = false
    var claim = Claim()
  }

  /// XCLAIM of entries with the same consumer, time and count, its header still open.
  struct Claim {
    var isOpen = false
    var consumer = -1
    var delivered: Int64 = 0
    var count: UInt64 = 0
    var entries = 0
    var group: [UInt8] = []
  }

  /// Whom released entries go to where nobody can be without a consumer.
  static var releasedConsumer: StaticString { "$18\r\nswift-rdb:released\r\n" }

  // MARK: Entries

  public mutating func streamOutline(_ outline: StreamOutline) throws(RDBError) {
    stream.pending = outline.pendingIDs
    stream.info = outline.info
  }

  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    stream.isEntryWritten = false
    guard key.plan == .commands else { return }
    guard id > stream.last else {
      lose(.entry, "its ID is not above the one before")
      return
    }
    guard fieldCount > 0, can.manyArguments || fieldCount <= (1_048_576 - 3) / 2 else {
      lose(.entry, fieldCount == 0 ? "it has no fields" : "it has more fields than a command of the target may")
      return
    }
    try writeGhosts(before: id)
    if stream.next < stream.pending.count, stream.pending[stream.next] == id { stream.next += 1 }
    if stream.firstLive == nil { stream.firstLive = id }
    stream.last = id
    stream.hasEntries = true
    stream.isEntryWritten = true
    if !key.hasBegun { try beginCommands() }
    try command(3 + 2 * fieldCount, "$4\r\nXADD\r\n")
    try out.bulk(id)
  }

  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    guard stream.isEntryWritten else { return }
    try part(field)
    try part(value)
  }

  private mutating func part(_ bytes: RawSpan) throws(RDBError) {
    if bytes.byteCount <= bulkLimit {
      try out.bulk(bytes)
    } else {
      // The entry's length is written already, and its ID must be there.
      lose(.element, "a stream entry's field or value is longer than the bulk limit: written empty")
      try out.text("$0\r\n\r\n")
    }
  }

  /// Placeholders for the pending IDs up to `id` that no live entry has.
  private mutating func writeGhosts(before id: StreamID) throws(RDBError) {
    while stream.next < stream.pending.count, stream.pending[stream.next] < id {
      let ghost = stream.pending[stream.next]
      stream.next += 1
      guard isClaimable(ghost), ghost > stream.last else { continue }
      if !key.hasBegun { try beginCommands() }
      try command(5, "$4\r\nXADD\r\n")
      try out.bulk(ghost)
      try out.text("$1\r\nx\r\n$1\r\ny\r\n")
      stream.pending[stream.ghostCount] = ghost
      stream.ghostCount += 1
      stream.last = ghost
      stream.hasEntries = true
    }
  }

  /// Whether an entry of this ID can be added to the stream.
  private func isClaimable(_ id: StreamID) -> Bool {
    guard let info = stream.info else { return true }
    return id > .zero && id <= info.lastID
  }

  // MARK: The stream's own numbers

  public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {
    guard key.plan == .commands else { return }
    notes.encodings += 1
    notes.nodes += 1
    stream.info = info
    try writeGhosts(before: StreamID(.max, .max))
    // The groups' own lists come now; of these IDs only the placeholders' are still needed.
    if stream.ghostCount == 0 { stream.pending = [] }
    if !key.hasBegun { try beginCommands() }
    if !stream.hasEntries { try createEmptyStream(info) }
    // Groups' counts of read entries are held down to this one.
    if can.streamCounters, info.lastID > .zero { try writeNumbers(info, isFinal: false) }
  }

  private mutating func createEmptyStream(_ info: StreamInfo) throws(RDBError) {
    if info.lastID == .zero {
      try out.begin(6)
      try out.text("$6\r\nXGROUP\r\n$6\r\nCREATE\r\n")
      try keyName()
      try out.text("$9\r\nswift-rdb\r\n$1\r\n$\r\n$8\r\nMKSTREAM\r\n")
      try out.begin(4)
      try out.text("$6\r\nXGROUP\r\n$7\r\nDESTROY\r\n")
      try keyName()
      try out.text("$9\r\nswift-rdb\r\n")
    } else {
      try command(7, "$4\r\nXADD\r\n")
      try out.text("$6\r\nMAXLEN\r\n$1\r\n0\r\n$3\r\n0-1\r\n$1\r\nx\r\n$1\r\ny\r\n")
    }
  }

  /// XSETID; the highest deleted ID comes last of all, because deleting placeholders raises it.
  private mutating func writeNumbers(_ info: StreamInfo, isFinal: Bool) throws(RDBError) {
    guard can.streamCounters else {
      try command(3, "$6\r\nXSETID\r\n")
      return try out.bulk(info.lastID)
    }
    let length = info.length + (isFinal ? 0 : UInt64(stream.ghostCount))
    let added = min(max(info.entriesAdded ?? info.length, length), UInt64(Int64.max))
    let deleted = info.maxDeletedID ?? .zero
    let writesDeleted = isFinal && deleted > .zero && deleted <= info.lastID
    try command(writesDeleted ? 7 : 5, "$6\r\nXSETID\r\n")
    try out.bulk(info.lastID)
    try out.text("$12\r\nENTRIESADDED\r\n")
    try out.bulk(added)
    if writesDeleted {
      try out.text("$12\r\nMAXDELETEDID\r\n")
      try out.bulk(deleted)
    }
  }

  /// Ends a stream: placeholders, then its numbers.
  mutating func endStream() throws(RDBError) {
    try endClaim()
    if let info = stream.info, key.hasBegun {
      try removeGhosts()
      if info.lastID > .zero { try writeNumbers(info, isFinal: true) }
    }
    stream = StreamState()
  }

  private mutating func removeGhosts() throws(RDBError) {
    guard stream.ghostCount > 0 else { return }
    var rest = stream.pending[..<stream.ghostCount]
    if let first = stream.firstLive {
      // Trimming leaves the highest deleted ID alone.
      let leading = rest.prefix { $0 < first }
      if can.trimByID, !leading.isEmpty {
        try command(4, "$5\r\nXTRIM\r\n")
        try out.text("$5\r\nMINID\r\n")
        try out.bulk(first)
        rest = rest.dropFirst(leading.count)
      }
    } else {
      try command(4, "$5\r\nXTRIM\r\n")
      try out.text("$6\r\nMAXLEN\r\n$1\r\n0\r\n")
      rest = []
    }
    if can.streamCounters, !rest.isEmpty, (stream.info?.maxDeletedID ?? .zero) == .zero {
      ledger.note(
        "highest deleted IDs of 0-0, which no command sets back", key: name.array, offset: key.offset)
    }
    while !rest.isEmpty {
      let part = rest.prefix(batchElementCount)
      rest = rest.dropFirst(part.count)
      try command(2 + part.count, "$4\r\nXDEL\r\n")
      for id in part { try out.bulk(id) }
    }
  }

  // MARK: Groups, consumers, pending entries

  public mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    guard key.plan == .commands else { return }
    try endClaim()
    stream.claim.group = group.name.withUnsafeBytes { RESPText.bulk($0) }
    let read = entriesRead(group)
    let saysRead = can.streamCounters && read != nil
    try out.begin(saysRead ? 7 : 5)
    try out.text("$6\r\nXGROUP\r\n$6\r\nCREATE\r\n")
    try keyName()
    try groupName()
    try out.bulk(group.lastDelivered)
    if saysRead, let read {
      try out.text("$11\r\nENTRIESREAD\r\n")
      try out.bulk(read)
    }
  }

  private mutating func groupName() throws(RDBError) {
    let name = stream.claim.group
    try out.output.append(name.span.bytes)
  }

  /// What the server that loads the file would take it to be; `nil`: it does not know, as by default.
  private func entriesRead(_ group: borrowing StreamGroup) -> Int64? {
    switch group.entriesRead {
    case .known(let count): return Int64(exactly: count)
    case .unknown: return nil
    case .absent: break
    }
    guard let info = stream.info else { return nil }
    // Source: `streamEstimateDistanceFromFirstEverEntry` in Redis `src/t_stream.c`, where nothing was
    // ever deleted.
    let id = group.lastDelivered
    let added = Int64(clamping: info.length)
    if added == 0 { return 0 }
    if id == info.lastID { return added }
    guard id < info.lastID, let first = stream.firstLive else { return nil }
    return id < first ? 0 : id == first ? 1 : nil
  }

  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    guard key.plan == .commands else { return }
    notes.consumers += 1
    if can.createConsumer {
      try out.begin(5)
      try out.text("$6\r\nXGROUP\r\n$14\r\nCREATECONSUMER\r\n")
      try keyName()
      try groupName()
      try out.bulk(consumer.name)
    } else if consumer.pendingCount == 0 {
      // Reading its history, which is empty, creates it.
      try out.begin(7)
      try out.text("$10\r\nXREADGROUP\r\n$5\r\nGROUP\r\n")
      try groupName()
      try out.bulk(consumer.name)
      try out.text("$7\r\nSTREAMS\r\n")
      try keyName()
      try out.text("$1\r\n0\r\n")
    }
  }

  public mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    guard key.plan == .commands else { return }
    guard isClaimable(pending.id) else {
      lose(.pendingEntry, "its ID is 0-0 or above the stream's last")
      return
    }
    if pending.consumerIndex == nil {
      // That nobody owns it is what an older target cannot say: pending it stays, with its time and
      // count, but for a consumer that the stream did not have.
      if can.releasedEntries { return try release(pending.id, pending.deliveryCount) }
      lose(
        .pendingEntry,
        "released, without a consumer, needs \(RESPFeature.releasedEntries.neededServer): pending for swift-rdb:released"
      )
    }
    let consumer = pending.consumerIndex ?? -2
    let delivered = max(pending.delivered.value, 0)
    let count = min(pending.deliveryCount, UInt64(Int64.max))
    let claim = stream.claim
    if claim.isOpen,
      claim.consumer != consumer || claim.delivered != delivered || claim.count != count
        || claim.entries >= batchElementCount || out.output.byteCountAfterGap + 64 > batchByteCount
    {
      try endClaim()
    }
    if !stream.claim.isOpen { try beginClaim(pending, consumer, delivered, count) }
    try out.bulk(pending.id)
    stream.claim.entries += 1
    if !out.output.hasOpenGap { try endClaim() }
  }

  private mutating func beginClaim(
    _ pending: borrowing StreamPending, _ consumer: Int, _ delivered: Int64, _ count: UInt64
  ) throws(RDBError) {
    let names = name.count + stream.claim.group.count + pending.consumer.byteCount
    // Names that are too long to be copied: one entry a command.
    if names > 64 << 10 {
      try out.begin(12)
    } else {
      // Most often one entry.
      try out.output.openGap(byteCount: RESPText.headerByteCount(12))
    }
    try out.text("$6\r\nXCLAIM\r\n")
    if out.output.hasOpenGap {
      if key.usesTemporary { try out.copied(temporary) } else { try out.copied(name) }
      try out.copied(stream.claim.group)
    } else {
      try keyName()
      try groupName()
    }
    if consumer < 0 {
      try out.text(Self.releasedConsumer)
    } else if out.output.hasOpenGap {
      try out.bulkHeader(UInt64(pending.consumer.byteCount))
      try out.output.appendCopied(pending.consumer)
      try out.text("\r\n")
    } else {
      try out.bulk(pending.consumer)
    }
    try out.text("$1\r\n0\r\n")
    stream.claim.isOpen = true
    stream.claim.consumer = consumer
    stream.claim.delivered = delivered
    stream.claim.count = count
    stream.claim.entries = 0
  }

  private mutating func endClaim() throws(RDBError) {
    guard stream.claim.isOpen else { return }
    stream.claim.isOpen = false
    try out.text("$4\r\nTIME\r\n")
    try out.bulk(stream.claim.delivered)
    try out.text("$10\r\nRETRYCOUNT\r\n")
    try out.bulk(stream.claim.count)
    try out.text("$5\r\nFORCE\r\n$6\r\nJUSTID\r\n")
    if out.output.hasOpenGap { try writeHeader(11 + stream.claim.entries) }
  }

  private mutating func release(_ id: StreamID, _ count: UInt64) throws(RDBError) {
    try endClaim()
    try command(10, "$5\r\nXNACK\r\n")
    try groupName()
    try out.text("$4\r\nFAIL\r\n$3\r\nIDS\r\n$1\r\n1\r\n")
    try out.bulk(id)
    try out.text("$10\r\nRETRYCOUNT\r\n")
    try out.bulk(min(count, UInt64(Int64.max)))
    try out.text("$5\r\nFORCE\r\n")
  }

  // MARK: Idempotent producers

  public mutating func streamIdempotency(_ settings: StreamIdempotency) throws(RDBError) {
    guard key.plan == .commands else { return }
    try endClaim()
    guard can.idempotencySettings else {
      if settings.producerCount > 0 {
        ledger.note(
          "idempotency settings and IDs, which need \(RESPFeature.idempotencySettings.neededServer)",
          key: name.array, offset: key.offset)
      }
      return
    }
    guard 1...86_400 ~= settings.durationSeconds, 1...10_000 ~= settings.maxEntries else { return }
    try command(6, "$7\r\nXCFGSET\r\n")
    try out.text("$13\r\nIDMP-DURATION\r\n")
    try out.bulk(settings.durationSeconds)
    try out.text("$12\r\nIDMP-MAXSIZE\r\n")
    try out.bulk(settings.maxEntries)
  }

  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID)
    throws(RDBError)
  {
    guard key.plan == .commands, can.idempotencySettings else { return }
    guard can.idempotencyRecords else {
      ledger.note(
        "idempotency IDs, which need \(RESPFeature.idempotencyRecords.neededServer)", key: name.array,
        offset: key.offset)
      return
    }
    // The server takes IDs of entries that exist only.
    guard let first = stream.firstLive, entry >= first, entry <= stream.last else {
      ledger.note("idempotency IDs of entries that are gone", key: name.array, offset: key.offset)
      return
    }
    try command(5, "$11\r\nXIDMPRECORD\r\n")
    try out.bulk(producer)
    try out.bulk(id)
    try out.bulk(entry)
  }

  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws(RDBError) {
    guard key.plan == .commands, idsAdded > 0 || idsDuplicate > 0 else { return }
    ledger.note("idempotency counters", key: name.array, offset: key.offset)
  }
}
