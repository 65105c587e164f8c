public import RDB
public import RDBFormat

/// Values that arrive as elements.
extension SnapshotWritingSink {
  /// Writes a string key.
  public mutating func string(_ value: RawSpan) throws {
    let name = name
    try writer.string(name.span.bytes, value, key.attributes)
    summary.ledger.keysWritten += 1
  }

  /// Begins to hold a collection.
  public mutating func beginElements(_ header: ElementsHeader) throws {
    key.form = .elements
    elements.removeAll()
  }

  /// Holds the element.
  public mutating func listElement(_ element: RawSpan) throws { elements.append(element) }
  /// Holds the member.
  public mutating func setMember(_ member: RawSpan) throws { elements.append(member) }
  /// Holds the member and its score.
  public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    elements.append(member)
    elements.scores.append(score)
  }
  /// Holds the field.
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    elements.append(field)
    elements.append(value)
    elements.expiries.append(expiry)
  }

  /// Refuses the element: arrays are only copied as stored.
  public mutating func arrayElement(index: UInt64, value: RawSpan) throws { throw onlyStored() }
  /// Refuses the path: path hashes are only copied as stored.
  public mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws { throw onlyStored() }
  /// Refuses the field: path hashes are only copied as stored.
  public mutating func pathField(_ field: RawSpan, value: RawSpan) throws { throw onlyStored() }
  /// Refuses the item: modules are only copied as stored.
  public mutating func moduleItem(_ item: borrowing ModuleItem) throws { throw onlyStored() }
  /// Ignores the outline.
  public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {}
  /// Refuses the entry: streams are only copied as stored.
  public mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws { throw onlyStored() }
  /// Refuses the field: streams are only copied as stored.
  public mutating func streamField(_ field: RawSpan, value: RawSpan) throws { throw onlyStored() }
  /// Refuses the numbers: streams are only copied as stored.
  public mutating func streamInfo(_ info: StreamInfo) throws { throw onlyStored() }
  /// Refuses the group: streams are only copied as stored.
  public mutating func streamGroup(_ group: borrowing StreamGroup) throws { throw onlyStored() }
  /// Refuses the consumer: streams are only copied as stored.
  public mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws { throw onlyStored() }
  /// Refuses the pending entry: streams are only copied as stored.
  public mutating func streamPending(_ pending: borrowing StreamPending) throws { throw onlyStored() }
  /// Refuses the settings: streams are only copied as stored.
  public mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws {
    throw onlyStored()
  }
  /// Refuses the ID: streams are only copied as stored.
  public mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    throw onlyStored()
  }
  /// Refuses the counts: streams are only copied as stored.
  public mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws { throw onlyStored() }

  @inline(never)
  private func onlyStored() -> RDBError {
    .notRepresentable("a \(key.type.data.rawValue) as stored", "single elements")
  }
}
