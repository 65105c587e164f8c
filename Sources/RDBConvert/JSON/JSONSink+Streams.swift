public import RDB

/// Streams, in the order of the file: entries, then IDs and counters, then groups.
///
/// Within a group, `consumers` come before `pending`, because the file lists the consumer of a pending entry after the
/// entry.
extension JSONSink {
  mutating func beginStream() throws(RDBError) {
    key.stream = .entries
    key.needsComma = false
    if isNative {
      try appendAttributes(encodings?.value(key.type, nil))
      output.appendUnchecked(",\"entries\":[")
    } else {
      try output.append("{\"entries\":[")
    }
  }

  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws(RDBError) {}

  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    try output.reserve(128)
    if key.needsComma { output.appendUnchecked(UInt8(ascii: ",")) }
    output.appendUnchecked("{\"id\":")
    output.appendUnchecked(id)
    output.appendUnchecked(isNative ? ",\"fields\":[" : ",\"items\":{")
    key.needsComma = false
    key.fieldsLeft = fieldCount
    if fieldCount == 0 { try endStreamEntry() }
  }

  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    try separate()
    if isNative {
      try output.append(UInt8(ascii: "["))
      try strings.appendValue(field, to: &output)
      try output.append(UInt8(ascii: ","))
      try strings.appendValue(value, to: &output)
      try output.append(UInt8(ascii: "]"))
    } else {
      try strings.appendName(field, to: &output)
      try output.append(UInt8(ascii: ":"))
      try strings.appendValue(value, to: &output)
    }
    key.fieldsLeft &-= 1
    if key.fieldsLeft == 0 { try endStreamEntry() }
  }

  private mutating func endStreamEntry() throws(RDBError) {
    try output.append(isNative ? "]}" : "}}")
    key.needsComma = true
  }

  public mutating func streamInfo(_ info: StreamInfo) throws(RDBError) {
    try output.append(UInt8(ascii: "]"))
    leftOut.count(info, isNative: isNative)
    guard isNative else { return }
    try output.append(",\"length\":", info.length)
    try output.append(",\"last_id\":", info.lastID)
    if let id = info.firstID { try output.append(",\"first_id\":", id) }
    if let id = info.maxDeletedID { try output.append(",\"max_deleted_id\":", id) }
    if let count = info.entriesAdded { try output.append(",\"entries_added\":", count) }
    try output.append(",\"groups\":[")
    key.stream = .groups
    key.needsComma = false
  }

  // MARK: Groups

  public mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    guard isNative else { return }
    try endGroup()
    try separate()
    try output.append("{\"name\":")
    try strings.appendValue(group.name, to: &output)
    try output.append(",\"last_delivered_id\":", group.lastDelivered)
    switch group.entriesRead {
    case .known(let count): try output.append(",\"entries_read\":", count)
    case .unknown: try output.append(",\"entries_read\":null")
    case .absent: break
    }
    try output.append(",\"consumers\":[")
    key.stream = .consumers
    key.needsComma = false
  }

  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    guard isNative else { return }
    try separate()
    try output.append("{\"name\":")
    try strings.appendValue(consumer.name, to: &output)
    try output.append(",\"seen_time_ms\":", consumer.seen.value)
    if let active = consumer.active, active.value != -1 {
      try output.append(",\"active_time_ms\":", active.value)
    }
    try output.append(UInt8(ascii: "}"))
  }

  public mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    guard isNative else { return }
    if key.stream == .consumers {
      try output.append("],\"pending\":[")
      key.stream = .pending
      key.needsComma = false
    }
    try separate()
    try output.append("{\"id\":", pending.id)
    if pending.consumerIndex == nil {
      try output.append(",\"consumer\":null")
    } else {
      try output.append(",\"consumer\":")
      try strings.appendValue(pending.consumer, to: &output)
    }
    try output.append(",\"delivery_time_ms\":", pending.delivered.value)
    try output.append(",\"delivery_count\":", pending.deliveryCount)
    try output.append(UInt8(ascii: "}"))
  }

  private mutating func endGroup() throws(RDBError) {
    switch key.stream {
    case .consumers: try output.append("],\"pending\":[]}")
    case .pending: try output.append("]}")
    case .entries, .groups, .idempotency: return
    }
    key.stream = .groups
    key.needsComma = true
  }

  // MARK: Idempotent producers

  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64)
    throws(RDBError)
  {
    guard isNative else { return }
    try endGroup()
    try output.append("],\"idmp\":{\"duration_s\":", durationSeconds)
    try output.append(",\"max_entries\":", maxEntries)
    try output.append(",\"producers\":", producerCount)
    try output.append(",\"ids\":[")
    key.stream = .idempotency
    key.needsComma = false
  }

  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID)
    throws(RDBError)
  {
    guard isNative else { return }
    try separate()
    try output.append("{\"producer\":")
    try strings.appendValue(producer, to: &output)
    try output.append(",\"id\":")
    try strings.appendValue(id, to: &output)
    try output.append(",\"entry\":", entry)
    try output.append(UInt8(ascii: "}"))
  }

  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64)
    throws(RDBError)
  {
    guard isNative else { return }
    try output.append("],\"iids_added\":", idsAdded)
    try output.append(",\"iids_duplicates\":", idsDuplicate)
    try output.append(UInt8(ascii: "}"))
  }

  /// Ends a stream after its last event.
  mutating func endStream() throws(RDBError) {
    guard isNative else { return try output.append(UInt8(ascii: "}")) }
    try endGroup()
    if key.stream != .idempotency { try output.append(UInt8(ascii: "]")) }
  }
}
