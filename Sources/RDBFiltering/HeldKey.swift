public import RDB
import RDBFormat
import RDBSupport

/// A copy of a key's header that outlives `beginKey`. Its memory is reused from key to key.
@usableFromInline
struct HeldKey {
  @usableFromInline var name: [UInt8] = []
  @usableFromInline var metadata: [UInt8] = []
  @usableFromInline var attributes = KeyRecord.Attributes()
  @usableFromInline var elements = ElementsHeader(count: nil)
  @usableFromInline var fieldsLeftOut: UInt64 = 0
  @usableFromInline var expiriesLeftOut: UInt64 = 0

  @usableFromInline init() {}

  @usableFromInline mutating func take(_ key: borrowing KeyHeader) {
    name.removeAll(keepingCapacity: true)
    name.append(key.name)
    metadata.removeAll(keepingCapacity: true)
    metadata.append(key.metadata)
    attributes = KeyRecord.Attributes(of: key)
    fieldsLeftOut = 0
    expiriesLeftOut = 0
  }

  @usableFromInline func note(_ reason: FilterNotes.Reason, count: UInt64, to notes: inout FilterNotes) {
    let name = name
    notes.add(reason, count: count, key: name.span.bytes, offset: attributes.offset)
  }
}
