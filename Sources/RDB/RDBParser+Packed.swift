public import RDBFormat

/// Values that are one packed blob: read whole, walked once, checked on the way.
extension RDBParser {
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func packedValue<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws(RDBError)
  {
    if state.value.type == .hashListpackEx {
      // The earliest expiry of its fields: a hint, each field has its own.
      _ = try cursor.littleEndian(UInt64.self)
    }
    let place = cursor.offset
    let blob = try string(&cursor, slot: 3)
    switch state.value.type {
    case .hashListpack: try hash(Listpack(blob, at: place), blob.byteCount, place, &sink)
    case .hashZiplist: try hash(Ziplist(blob, at: place), blob.byteCount, place, &sink)
    case .zsetListpack: try zset(Listpack(blob, at: place), blob.byteCount, place, &sink)
    case .zsetZiplist: try zset(Ziplist(blob, at: place), blob.byteCount, place, &sink)
    case .setListpack: try set(Listpack(blob, at: place), blob.byteCount, place, &sink)
    case .listZiplist:
      let ziplist = try Ziplist(blob, at: place)
      try sink.beginElements(
        ElementsHeader(count: ziplist.claimed(per: 1), firstBlobByteCount: blob.byteCount))
      try listEntries(ziplist, &sink)
    case .setIntset: try intset(blob, place, &sink)
    case .hashZipmap: try zipmap(blob, place, &sink)
    case .hashTemplateListpack:
      try templateListpack(blob, place, nil, &sink)
    default: try hashEx(Listpack(blob, at: place), blob.byteCount, place, &sink)
    }
  }

  @inlinable
  mutating func hash<P: PackedCursor & ~Escapable, S: RDBSink & ~Copyable>(
    _ packed: consuming P, _ byteCount: Int, _ place: Int, _ sink: inout S
  ) throws(RDBError) {
    try sink.beginElements(
      ElementsHeader(count: packed.claimed(per: 2), firstBlobByteCount: byteCount))
    duplicates.begin()
    let announces = state.value.mode != .validate
    var count = 0
    while !packed.isAtEnd {
      let position = packed.position
      let field = try packed.next().text(scratch: scratch.number(1))
      try checkUnique(field, packed, position, place, "a field")
      let value = try packed.next()
      if announces {
        try sink.hashField(field, value: value.text(scratch: scratch.number(2)), expiry: nil)
      }
      count &+= 2
    }
    if !announces { noteCount(UInt64(count / 2)) }
    try packed.finish(count: count)
  }

  @inlinable
  mutating func set<P: PackedCursor & ~Escapable, S: RDBSink & ~Copyable>(
    _ packed: consuming P, _ byteCount: Int, _ place: Int, _ sink: inout S
  ) throws(RDBError) {
    try sink.beginElements(
      ElementsHeader(count: packed.claimed(per: 1), firstBlobByteCount: byteCount))
    duplicates.begin()
    var count = 0
    while !packed.isAtEnd {
      let position = packed.position
      let member = try packed.next().text(scratch: scratch.number(1))
      try checkUnique(member, packed, position, place, "a member")
      try sink.setMember(member)
      count &+= 1
    }
    try packed.finish(count: count)
  }

  @inlinable
  mutating func zset<P: PackedCursor & ~Escapable, S: RDBSink & ~Copyable>(
    _ packed: consuming P, _ byteCount: Int, _ place: Int, _ sink: inout S
  ) throws(RDBError) {
    try sink.beginElements(
      ElementsHeader(count: packed.claimed(per: 2), firstBlobByteCount: byteCount))
    duplicates.begin()
    var count = 0
    while !packed.isAtEnd {
      let position = packed.position
      let member = try packed.next().text(scratch: scratch.number(1))
      try checkUnique(member, packed, position, place, "a member")
      let scorePosition = packed.position
      let entry = try packed.next()
      let score: Double
      if entry.isInteger {
        score = Double(entry.integer)
      } else {
        guard let value = DoubleText.parse(entry.bytes) else {
          throw .badScore(at: place, inner: scorePosition, "other text")
        }
        if value.isNaN { throw .notANumber(at: place, inner: scorePosition) }
        score = value
      }
      try sink.zsetMember(member, score: score)
      count &+= 2
    }
    try packed.finish(count: count)
  }

  /// Field, value, expiry (0: none), ordered by expiry with the fields without one last.
  @inlinable
  mutating func hashEx(
    _ packed: consuming Listpack, _ byteCount: Int, _ place: Int, _ sink: inout some RDBSink & ~Copyable
  ) throws(RDBError) {
    try sink.beginElements(
      ElementsHeader(
        count: packed.claimed(per: 3), firstBlobByteCount: byteCount, canCarryFieldExpiries: true))
    duplicates.begin()
    var count = 0
    while !packed.isAtEnd {
      let position = packed.position
      let field = try packed.next().text(scratch: scratch.number(1))
      try checkUnique(field, packed, position, place, "a field")
      let value = try packed.next().text(scratch: scratch.number(2))
      let expiryPosition = packed.position
      let expiry = try packed.next()
      guard expiry.isInteger, expiry.integer >= 0, expiry.integer < 1 << 48 else {
        throw .value(
          .corruptHash, at: place, inner: expiryPosition, "a field's expiry, 0 to 2^48-1",
          expiry.isInteger ? "\(expiry.integer)" : "text")
      }
      try sink.hashField(
        field, value: value, expiry: expiry.integer == 0 ? nil : UnixMilliseconds(expiry.integer))
      count &+= 3
    }
    try packed.finish(count: count)
  }

  @inlinable
  mutating func intset<S: RDBSink & ~Copyable>(_ blob: RawSpan, _ place: Int, _ sink: inout S)
    throws(RDBError)
  {
    let intset = try Intset(blob, at: place)
    try sink.beginElements(
      ElementsHeader(count: UInt64(intset.count), firstBlobByteCount: blob.byteCount))
    var previous: Int64?
    for index in 0..<intset.count {
      let value = intset.value(at: index)
      if let previous, previous >= value {
        throw .value(
          .corruptIntset, at: place, "integers in ascending order", "\(value) behind \(previous)")
      }
      previous = value
      let text = scratch.number(1)
      let count = DecimalText.write(value, to: text)
      try sink.setMember(RawSpan(_unsafeStart: text, byteCount: count))
    }
  }

  @inlinable
  mutating func zipmap<S: RDBSink & ~Copyable>(_ blob: RawSpan, _ place: Int, _ sink: inout S)
    throws(RDBError)
  {
    var zipmap = try Zipmap(blob, at: place)
    try sink.beginElements(
      ElementsHeader(
        count: zipmap.claimedCount.map { UInt64($0) }, firstBlobByteCount: blob.byteCount))
    duplicates.begin()
    var count = 0
    while !zipmap.isAtEnd {
      let position = zipmap.position
      let field = try zipmap.field()
      let earlier = duplicates.insert(field, at: position)
      if earlier >= 0 {
        var other = zipmap
        other.position = earlier
        if same(field, try other.field()) {
          throw .duplicate(at: place, inner: position, "a field")
        }
      }
      try sink.hashField(field, value: try zipmap.value(), expiry: nil)
      count += 1
    }
    try zipmap.finish(count: count)
  }

  /// Throws if `text`, which stands at `position`, stood in this packed value before.
  @inlinable
  mutating func checkUnique<P: PackedCursor & ~Escapable>(
    _ text: RawSpan, _ packed: borrowing P, _ position: Int, _ place: Int, _ what: StaticString
  ) throws(RDBError) {
    let earlier = duplicates.insert(text, at: position)
    if earlier >= 0, same(text, try packed.entry(at: earlier).text(scratch: scratch.number(3))) {
      throw .duplicate(at: place, inner: position, "\(what)")
    }
  }

  /// Whether two strings are equal, byte by byte.
  @inlinable func same(_ one: RawSpan, _ other: RawSpan) -> Bool {
    guard one.byteCount == other.byteCount else { return false }
    for index in 0..<one.byteCount
    where one.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      != other.unsafeLoad(fromByteOffset: index, as: UInt8.self)
    { return false }
    return true
  }
}

extension PackedCursor where Self: ~Escapable {
  /// How many elements of `entries` entries each the header claims.
  @inlinable func claimed(per entries: Int) -> UInt64? {
    claimedCount.map { UInt64($0 / entries) }
  }
}
