import RDB
import RDBFormat

/// Values that arrive as elements: those that refer to another part of the snapshot.
extension MaskingSink {
  private func masked(_ text: RawSpan, _ form: Masker.Form) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: text.byteCount) { target, count in
      count = text.byteCount
      guard let start = target.baseAddress else { return }
      text.withUnsafeBytes { text in
        let key = form == .value ? key.key(of: text) : key
        masker.mask(text, to: UnsafeMutableRawPointer(start), form, key)
      }
    }
  }

  package mutating func string(_ value: RawSpan) throws { try base.string(masked(value, .value).span.bytes) }
  package mutating func listElement(_ element: RawSpan) throws {
    try base.listElement(masked(element, .value).span.bytes)
  }
  package mutating func setMember(_ member: RawSpan) throws { try base.setMember(masked(member, .name).span.bytes) }
  package mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    try base.zsetMember(masked(member, .name).span.bytes, score: masker.mask(score: score, key))
  }
  package mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) throws {
    try zsetMember(member, score: score)
  }
  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    try base.hashField(masked(field, .name).span.bytes, value: masked(value, .value).span.bytes, expiry: expiry)
  }

  // The other types arrive as stored. Elements that are not masked must not pass.
  package mutating func arrayElement(index: UInt64, value: RawSpan) throws { throw onlyStored() }
  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws { throw onlyStored() }
  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws { throw onlyStored() }
  package mutating func moduleItem(_ item: borrowing ModuleItem) throws { throw onlyStored() }
  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws { throw onlyStored() }
  package mutating func streamField(_ field: RawSpan, value: RawSpan) throws { throw onlyStored() }
  package mutating func streamGroup(_ group: borrowing StreamGroup) throws { throw onlyStored() }
  package mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws { throw onlyStored() }
  package mutating func streamPending(_ pending: borrowing StreamPending) throws { throw onlyStored() }
  package mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    throw onlyStored()
  }

  @inline(never)
  private func onlyStored() -> RDBError { .notRepresentable("a value as stored", "single elements") }
}
