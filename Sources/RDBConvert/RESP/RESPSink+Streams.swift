public import RDB
public import RDBFormat
import RDBSupport
import RESP

/// Streams.
///
/// The commands of a stream are, in order: its entries, and placeholders for deleted entries that are still pending; its
/// groups, consumers and pending entries; the removal of the placeholders; the last ID and the counters of the stream.
extension RESPSink {
  struct StreamState {
    /// The IDs of pending entries in ascending order.
    ///
    /// IDs before the index `next` are done. The first `placeholderCount` elements are reused for the IDs of placeholders,
    /// because there can be millions of both.
    var pending: [StreamID] = []
    var next = 0
    var placeholderCount = 0
    var info: StreamInfo?
    var firstLive: StreamID?
    /// The ID of the last entry or placeholder.
    var last = StreamID.zero
    var hasEntries = false
    /// Whether the current entry is written, and not only counted as a loss.
    var isEntryWritten = false
    var claim = Claim()
  }

  /// An open XCLAIM of entries with the same consumer, delivery time and delivery count.
  struct Claim {
    var isOpen = false
    var consumer = -1
    var delivered: Int64 = 0
    var count: UInt64 = 0
    var entries = 0
    var group: [UInt8] = []
  }

  /// The consumer of released entries on servers where every pending entry has a consumer.
  static var releasedConsumer: StaticString { "$18\r\nswift-rdb:released\r\n" }

  // MARK: Entries

  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws(RDBError) {
    stream.pending = pendingIDs
    stream.info = info
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
    try writePlaceholders(before: id, upTo: id)
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
      // The argument count of the entry is written already, and the stream needs its ID.
      lose(.element, "a stream entry's field or value is longer than the bulk limit: written empty")
      try out.text("$0\r\n\r\n")
    }
  }

  /// Writes a placeholder for each pending ID before `id` that has no entry.
  private mutating func writePlaceholders(before id: StreamID, upTo last: StreamID) throws(RDBError) {
    while stream.next < stream.pending.count, stream.pending[stream.next] < id {
      let placeholder = stream.pending[stream.next]
      stream.next += 1
      guard placeholder > .zero, placeholder <= last, placeholder > stream.last else { continue }
      if !key.hasBegun { try beginCommands() }
      try command(5, "$4\r\nXADD\r\n")
      try out.bulk(placeholder)
      try out.text("$1\r\nx\r\n$1\r\ny\r\n")
      stream.pending[stream.placeholderCount] = placeholder
      stream.placeholderCount += 1
      stream.last = placeholder
      stream.hasEntries = true
    }
  }

  /// Returns whether an entry with this ID can be added to the stream.
  func isClaimable(_ id: StreamID) -> Bool {
    guard let info = stream.info else { return true }
    return id > .zero && id <= info.lastID
  }

  // MARK: The stream's own numbers

  public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {
    guard key.plan == .commands else { return }
    notes.encodings += 1
    notes.nodes += 1
    stream.info = info
    try writePlaceholders(before: StreamID(.max, .max), upTo: info.lastID)
    // After the entries, only the IDs of placeholders are needed. The groups list their pending entries again.
    if stream.placeholderCount == 0 { stream.pending = [] }
    if !key.hasBegun { try beginCommands() }
    if !stream.hasEntries { try createEmptyStream(info) }
    // The server limits the read counts of groups to this count, so it must be set before the groups.
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

  /// Writes XSETID.
  ///
  /// - Parameter isFinal: Whether this is the last command of the stream. The highest deleted ID is set only then,
  ///   because deleting placeholders raises it.
  private mutating func writeNumbers(_ info: StreamInfo, isFinal: Bool) throws(RDBError) {
    guard can.streamCounters else {
      try command(3, "$6\r\nXSETID\r\n")
      return try out.bulk(info.lastID)
    }
    let length = info.length + (isFinal ? 0 : UInt64(stream.placeholderCount))
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

  /// Ends a stream: removes the placeholders, then sets the last ID and the counters.
  mutating func endStream() throws(RDBError) {
    try endClaim()
    if let info = stream.info, key.hasBegun {
      try removePlaceholders()
      if info.lastID > .zero { try writeNumbers(info, isFinal: true) }
    }
    stream = StreamState()
  }

  private mutating func removePlaceholders() throws(RDBError) {
    guard stream.placeholderCount > 0 else { return }
    var rest = stream.pending[..<stream.placeholderCount]
    if let first = stream.firstLive {
      // Unlike XDEL, XTRIM does not change the highest deleted ID.
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
      let part = rest.prefix(commandElementCount)
      rest = rest.dropFirst(part.count)
      try command(2 + part.count, "$4\r\nXDEL\r\n")
      for id in part { try out.bulk(id) }
    }
  }

  // MARK: Findings

  /// Notes in the ledger what commands cannot say of the oddity.
  mutating func note(_ finding: borrowing Finding) {
    guard key.plan == .commands, finding.concernsKey else { return }
    switch finding.kind {
    case .streamLength:
      ledger.note(
        "stored lengths of streams that are not the number of their entries", key: name.array, offset: key.offset)
    case .streamLastID:
      ledger.note("last IDs of streams below their newest entry", key: name.array, offset: key.offset)
    case .pendingOwners: lose(.pendingEntry, "two consumers own it: pending for the last one", count: finding.count)
    default: break
    }
  }

  // MARK: Idempotent producers

  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64)
    throws(RDBError)
  {
    guard key.plan == .commands else { return }
    try endClaim()
    guard can.idempotencySettings else {
      if producerCount > 0 {
        ledger.note(
          "idempotency settings and IDs, which need \(RESPFeature.idempotencySettings.neededServer)",
          key: name.array, offset: key.offset)
      }
      return
    }
    guard 1...86_400 ~= durationSeconds, 1...10_000 ~= maxEntries else { return }
    try command(6, "$7\r\nXCFGSET\r\n")
    try out.text("$13\r\nIDMP-DURATION\r\n")
    try out.bulk(durationSeconds)
    try out.text("$12\r\nIDMP-MAXSIZE\r\n")
    try out.bulk(maxEntries)
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
    // The server accepts only IDs of existing entries.
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
