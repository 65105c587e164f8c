public import RDB
public import RDBFormat

/// A key whose announcement must outlive the call that made it: its memory is reused from key to key.
@usableFromInline
struct HeldKey {
  @usableFromInline var name: [UInt8] = []
  @usableFromInline var metadata: [UInt8] = []
  @usableFromInline var database: UInt64 = 0
  @usableFromInline var type = ValueType.hash
  @usableFromInline var expiry: UnixMilliseconds?
  @usableFromInline var idleSeconds: UInt64?
  @usableFromInline var frequency: UInt8?
  @usableFromInline var offset = 0
  @usableFromInline var elements = ElementsHeader(count: nil)
  @usableFromInline var fieldsLeftOut: UInt64 = 0
  @usableFromInline var expiriesLeftOut: UInt64 = 0

  @usableFromInline init() {}

  @usableFromInline mutating func take(_ key: borrowing KeyHeader) {
    name.removeAll(keepingCapacity: true)
    key.name.withUnsafeBytes { name.append(contentsOf: $0) }
    metadata.removeAll(keepingCapacity: true)
    key.metadata.withUnsafeBytes { metadata.append(contentsOf: $0) }
    database = key.database
    type = key.type
    expiry = key.expiry
    idleSeconds = key.idleSeconds
    frequency = key.frequency
    offset = key.offset
    fieldsLeftOut = 0
    expiriesLeftOut = 0
  }

  @usableFromInline func note(_ reason: FilterNotes.Reason, count: UInt64, to notes: inout FilterNotes)
  {
    let name = name
    notes.add(reason, count: count, key: name.span.bytes, offset: offset)
  }
}
