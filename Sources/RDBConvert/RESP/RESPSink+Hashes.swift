import RDB
public import RDBFormat
public import RESP

/// Hashes, and expiries of their fields.
extension RESPSink {
  /// The fields of the open command that expire: set when it is complete, because HSET clears an expiry.
  struct FieldExpiries: ~Copyable {
    private struct Entry {
      var expiry: Int64
      var place: Int
    }
    private var entries: [Entry] = []
    /// Their names as bulk strings, one behind the other.
    private var names: [UInt8] = []

    var count: Int { entries.count }

    mutating func append(_ field: RawSpan, _ expiry: Int64) {
      entries.append(Entry(expiry: expiry, place: names.count))
      withUnsafeTemporaryAllocation(byteCount: RESPText.maximumHeaderByteCount, alignment: 8) { header in
        let count = RESPText.writeBulkHeader(UInt64(field.byteCount), to: header.baseAddress!)
        names.append(contentsOf: header[..<count])
      }
      field.withUnsafeBytes { names.append(contentsOf: $0) }
      names.append(13)
      names.append(10)
    }

    /// Calls `body` once for each time, in ascending order, with its fields' bulk strings.
    consuming func groups(
      _ body: (_ expiry: Int64, _ fields: [ArraySlice<UInt8>]) throws(RDBError) -> Void
    ) throws(RDBError) {
      let ends = entries.dropFirst().map(\.place) + [names.count]
      let order = entries.indices.sorted {
        (entries[$0].expiry, $0) < (entries[$1].expiry, $1)
      }
      var start = 0
      while start < order.count {
        let expiry = entries[order[start]].expiry
        var end = start
        while end < order.count, entries[order[end]].expiry == expiry { end += 1 }
        try body(expiry, order[start..<end].map { names[entries[$0].place..<ends[$0]] })
        start = end
      }
    }
  }

  @inlinable @inline(__always)
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    guard try begin(field.byteCount, value.byteCount) else { return }
    if batch.isOpen {
      let place = elementPlace
      let end = RESPText.writeBulk(field, to: place)
      wrote(end &+ RESPText.writeBulk(value, to: place + end))
    } else {
      try beginSingle()
      try out.bulk(field)
      try out.bulk(value)
    }
    if let expiry { try expire(field, expiry.value) }
  }

  @inline(never)
  @usableFromInline mutating func expire(_ field: RawSpan, _ expiry: Int64) throws(RDBError) {
    guard can.fieldExpiry else {
      key.unofferedFieldExpiries += 1
      return
    }
    guard expiry <= can.maximumFieldExpiry else {
      key.lostFieldExpiries += 1
      return
    }
    // Times before 1970 are refused; all are past.
    let time = max(expiry, 1)
    if batch.isOpen {
      fieldExpiries.append(field, time)
    } else {
      try beginFieldExpiries(time, 1)
      try out.bulk(field)
    }
  }

  private mutating func beginFieldExpiries(_ time: Int64, _ count: Int) throws(RDBError) {
    try command(5 + count, "$10\r\nHPEXPIREAT\r\n")
    try out.bulk(time)
    try out.text("$6\r\nFIELDS\r\n")
    try out.bulk(UInt64(count))
  }

  /// HPEXPIREAT for the fields of the command just ended, one a time.
  mutating func writeFieldExpiries() throws(RDBError) {
    var pending = FieldExpiries()
    swap(&pending, &fieldExpiries)
    try pending.groups { (expiry, fields) throws(RDBError) in
      try beginFieldExpiries(expiry, fields.count)
      for field in fields { try out.output.append(field.span.bytes) }
    }
  }
}
