import RDB
public import RDBFormat
public import RESP

/// Fields of hashes, and their expiries.
extension RESPSink {
  /// The expiring fields of the open command. Their expiries are set after the command, because HSET clears them.
  struct FieldExpiries: ~Copyable {
    private struct Entry {
      var expiry: Int64
      /// The offset of the bulk string in `names`.
      var nameOffset: Int
    }
    private var entries: [Entry] = []
    /// The names of the fields as bulk strings, without gaps.
    private var names: [UInt8] = []

    var count: Int { entries.count }

    mutating func append(_ field: RawSpan, _ expiry: Int64) {
      entries.append(Entry(expiry: expiry, nameOffset: names.count))
      withUnsafeTemporaryAllocation(byteCount: RESPText.maximumHeaderByteCount, alignment: 8) { header in
        let count = RESPText.writeBulkHeader(UInt64(field.byteCount), to: header.baseAddress!)
        names.append(contentsOf: header[..<count])
      }
      field.withUnsafeBytes { names.append(contentsOf: $0) }
      names.append(13)
      names.append(10)
    }

    /// Calls `body` once per expiry, in ascending order, with the bulk strings of its fields.
    consuming func groups(
      _ body: (_ expiry: Int64, _ fields: [ArraySlice<UInt8>]) throws(RDBError) -> Void
    ) throws(RDBError) {
      let ends = entries.dropFirst().map(\.nameOffset) + [names.count]
      let order = entries.indices.sorted {
        (entries[$0].expiry, $0) < (entries[$1].expiry, $1)
      }
      var start = 0
      while start < order.count {
        let expiry = entries[order[start]].expiry
        var end = start
        while end < order.count, entries[order[end]].expiry == expiry { end += 1 }
        try body(expiry, order[start..<end].map { names[entries[$0].nameOffset..<ends[$0]] })
        start = end
      }
    }
  }

  @inlinable @inline(__always)
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    switch try begin(field.byteCount, value.byteCount) {
    case .shared:
      let memory = elementMemory
      let end = RESPText.writeBulk(field, to: memory)
      wrote(end &+ RESPText.writeBulk(value, to: memory + end))
    case .alone:
      try beginSingle()
      try out.bulk(field)
      try out.bulk(value)
    case .lost: return
    }
    if let expiry { try expire(field, expiry.value) }
  }

  @inline(never)
  @usableFromInline mutating func expire(_ field: RawSpan, _ expiry: Int64) throws(RDBError) {
    guard can.fieldExpiry else {
      key.lostFieldExpiries.unoffered += 1
      return
    }
    guard expiry <= can.maximumFieldExpiry else {
      key.lostFieldExpiries.tooLate += 1
      return
    }
    key.hasFieldExpiries = true
    // The server rejects times before 1970. All of them are in the past.
    let time = max(expiry, 1)
    if openCommand.isOpen {
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

  /// Writes HPEXPIREAT for the fields of the last command, one command per expiry.
  mutating func writeFieldExpiries() throws(RDBError) {
    var pending = FieldExpiries()
    swap(&pending, &fieldExpiries)
    try pending.groups { (expiry, fields) throws(RDBError) in
      try beginFieldExpiries(expiry, fields.count)
      for field in fields { try out.output.append(field.span.bytes) }
    }
  }
}
