import RDB
import RDBFormat

extension ReplayedHash {
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws {
    let type = writer.storedType(of: .hash, encoding)
    if !type.layout.isPacked { return try writeElements(name, attributes, to: &writer) }
    if type.layout.canCarryFieldExpiries { return try writeWithExpiries(name, attributes, to: &writer) }
    var packed = PackedBuilder(for: type, version: writer.header.version)
    fields.forEach { name, field in
      packed.append(name.span.bytes)
      packed.append(field.value.span.bytes)
    }
    try writer.packed(name.span.bytes, type, try packed.finished(), attributes)
  }

  /// Writes fields, values and expiries in one listpack, the earliest expiry first.
  private func writeWithExpiries(
    _ name: [UInt8], _ attributes: KeyAttributes, to writer: inout RDBWriter
  ) throws {
    var packed = ListpackWriter()
    let order = fields.indices.map { (index: $0, time: fields[valueAt: $0].expiry?.value ?? .max) }
      .sorted { ($0.time, $0.index) < ($1.time, $1.index) }
    for (index, time) in order {
      let entry = fields[entryAt: index]
      packed.append(entry.key.span.bytes)
      packed.append(entry.value.value.span.bytes)
      packed.append(time == .max ? 0 : time)
    }
    let first = order.first.flatMap { $0.time == .max ? nil : UnixMilliseconds($0.time) }
    try writer.packed(name.span.bytes, .hashListpackEx, try packed.finished(), firstExpiry: first, attributes)
  }

  private func writeElements(_ name: [UInt8], _ attributes: KeyAttributes, to writer: inout RDBWriter) throws {
    var first: UnixMilliseconds?
    fields.forEach { _, field in
      if let expiry = field.expiry, first.map({ expiry.value < $0.value }) ?? true { first = expiry }
    }
    let type = writer.unpackedHashType(expires: first != nil)
    try writer.beginElements(name.span.bytes, type, count: UInt64(fields.count), firstExpiry: first, attributes)
    try fields.forEach { (name, field) throws(RDBError) in
      try writer.hashField(name.span.bytes, value: field.value.span.bytes, expiry: field.expiry)
    }
    try writer.endKey()
  }
}
