public import RDBFormat
import RDBSupport

/// Values that are one packed value: held whole, walked once, and checked by the walk.
extension RDBParser {
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func packedValue<S: RDBSink & ~Copyable>(
    _ packed: ValueLayout.Packed, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    if case .hashWithExpiries = packed, state.value.type.layout.head == .earliestExpiry {
      // A hint: each field has its own expiry.
      _ = try cursor.littleEndian(UInt64.self)
    }
    let offset = cursor.offset
    let blob = try string(&cursor, slot: 3)
    switch packed {
    case .hash(let kind): try hash(blob, kind, offset, cursor.bytes, &sink)
    case .zset(let kind): try zset(blob, kind, offset, cursor.bytes, &sink)
    case .set: try set(blob, offset, cursor.bytes, &sink)
    case .list:
      let ziplist = try PackedValue(blob, .ziplist, at: offset)
      try sink.beginElements(
        ElementsHeader(count: ziplist.claimed(per: 1), firstBlobByteCount: blob.byteCount))
      if try listEntries(ziplist, &sink) == 0 { try reportEmpty(at: offset, cursor.bytes, &sink) }
    case .intset: try intset(blob, offset, cursor.bytes, &sink)
    case .zipmap: try zipmap(blob, offset, cursor.bytes, &sink)
    case .hashWithExpiries: try hashEx(blob, offset, cursor.bytes, &sink)
    case .templateHash: try templateListpack(blob, offset, nil, &sink)
    }
  }

  /// Announces the elements of a packed value whose members or fields must be unique.
  ///
  /// - Parameter count: The number of elements that the value claims, if its header says it.
  @inlinable @inline(__always)
  mutating func beginPacked<S: RDBSink & ~Copyable>(_ count: UInt64?, _ blob: RawSpan, _ sink: inout S) throws {
    try sink.beginElements(ElementsHeader(count: count, firstBlobByteCount: blob.byteCount))
    duplicates.begin(byteCount: blob.byteCount, count: count)
  }

  @inlinable
  mutating func hash<S: RDBSink & ~Copyable>(
    _ blob: RawSpan, _ kind: PackedValue.Kind, _ offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    let announces = state.value.mode != .validate
    if !announces, kind == .listpack, let count = checkedPairs(blob, in: input, areScores: false) {
      return noteCount(count)
    }
    var packed = try PackedValue(blob, kind, at: offset)
    try beginPacked(packed.claimed(per: 2), blob, &sink)
    if S.takesPackedPairs, kind == .listpack, announces,
      let pairs = PackedPairs(blob, entryCount: packed.claimedCount, duplicates.openSieve)
    {
      if try sink.hashFields(pairs) { return }
      duplicates.begin(byteCount: blob.byteCount, count: packed.claimed(per: 2))
    }
    var count = 0
    while !packed.isAtEnd {
      let position = packed.position
      let field = try packed.next().text(scratch: scratch.number(1))
      try checkUnique(field, position, blob, kind, offset, "a field")
      let value = try packed.next()
      if announces {
        try sink.hashField(field, value: value.text(scratch: scratch.number(2)), expiry: nil)
      }
      count &+= 2
    }
    if !announces { noteCount(UInt64(count / 2)) }
    try packed.finish(count: count)
    if duplicates.unnoted >= 0 { try checkRest(blob, kind, 2, offset, "a field") }
    if count == 0 { try reportEmpty(at: offset, input, &sink) }
  }

  @inlinable
  mutating func set<S: RDBSink & ~Copyable>(
    _ blob: RawSpan, _ offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    var packed = try PackedValue(blob, .listpack, at: offset)
    try beginPacked(packed.claimed(per: 1), blob, &sink)
    var count = 0
    // A member that occurs twice takes nothing from the set. The first one is reported.
    var twin: RDBError?
    while !packed.isAtEnd {
      let position = packed.position
      let member = try packed.next().text(scratch: scratch.number(1))
      if twin == nil {
        do throws(RDBError) {
          try checkUnique(member, position, blob, .listpack, offset, "a member")
        } catch {
          twin = error
        }
      }
      try sink.setMember(member)
      count &+= 1
    }
    try packed.finish(count: count)
    if duplicates.unnoted >= 0, twin == nil {
      do throws(RDBError) { try checkRest(blob, .listpack, 1, offset, "a member") } catch { twin = error }
    }
    if let twin { try report(twin, as: .repeatedMember, input, &sink) }
    if count == 0 { try reportEmpty(at: offset, input, &sink) }
  }

  @inlinable
  mutating func zset<S: RDBSink & ~Copyable>(
    _ blob: RawSpan, _ kind: PackedValue.Kind, _ offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    let announces = state.value.mode != .validate
    if !announces, kind == .listpack, let count = checkedPairs(blob, in: input, areScores: true) {
      return noteCount(count)
    }
    var packed = try PackedValue(blob, kind, at: offset)
    try beginPacked(packed.claimed(per: 2), blob, &sink)
    if S.takesPackedPairs, kind == .listpack, announces,
      let pairs = PackedPairs(blob, entryCount: packed.claimedCount, duplicates.openSieve)
    {
      if try sink.zsetMembers(pairs) { return }
      duplicates.begin(byteCount: blob.byteCount, count: packed.claimed(per: 2))
    }
    var count = 0
    while !packed.isAtEnd {
      let position = packed.position
      let member = try packed.next().text(scratch: scratch.number(1))
      try checkUnique(member, position, blob, kind, offset, "a member")
      let scorePosition = packed.position
      let entry = try packed.next()
      if entry.isInteger {
        if announces {
          let score = Double(entry.integer)
          if entry.integer.magnitude < 1 << 53 {
            let text = entry.text(scratch: scratch.number(2))
            try sink.zsetMember(member, score: score, text: text)
          } else {
            try sink.zsetMember(member, score: score)
          }
        }
      } else {
        guard let (score, isCanonical) = DoubleText.read(entry.bytes) ?? spacedScore(entry.bytes).map({ ($0, false) })
        else {
          throw RDBError.badScore(at: offset, inner: scorePosition, "other text")
        }
        if score.isNaN { throw RDBError.notANumber(at: offset, inner: scorePosition) }
        if !announces {
          // The caller wants the check only.
        } else if isCanonical {
          try sink.zsetMember(member, score: score, text: entry.bytes)
        } else {
          try sink.zsetMember(member, score: score)
        }
      }
      count &+= 2
    }
    if !announces { noteCount(UInt64(count / 2)) }
    try packed.finish(count: count)
    if duplicates.unnoted >= 0 { try checkRest(blob, kind, 2, offset, "a member") }
    if count == 0 { try reportEmpty(at: offset, input, &sink) }
  }

  /// Reads a hash of fields, values and expiries (0: none).
  ///
  /// The fields ascend by expiry; those without one come last. Servers compare the order, and the expiry with 2⁴⁸, only
  /// if they are configured to.
  @inlinable
  mutating func hashEx<S: RDBSink & ~Copyable>(
    _ blob: RawSpan, _ offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    var packed = try PackedValue(blob, .listpack, at: offset)
    try sink.beginElements(
      ElementsHeader(
        count: packed.claimed(per: 3), firstBlobByteCount: blob.byteCount,
        canCarryFieldExpiries: true))
    duplicates.begin(byteCount: blob.byteCount, count: packed.claimed(per: 3))
    var count = 0
    var latest: Int64 = 1
    while !packed.isAtEnd {
      let position = packed.position
      let field = try packed.next().text(scratch: scratch.number(1))
      try checkUnique(field, position, blob, .listpack, offset, "a field")
      let value = try packed.next().text(scratch: scratch.number(2))
      let expiryPosition = packed.position
      let expiry = try packed.next()
      guard expiry.isInteger, expiry.integer >= 0 else {
        throw RDBError.value(
          .corruptHash, at: offset, inner: expiryPosition, "a field's expiry, 0 to 2^48-1",
          expiry.isInteger ? "\(expiry.integer)" : "text")
      }
      if expiry.integer >= 1 << 48 || expiry.integer != 0 && (latest == 0 || expiry.integer < latest) {
        try reportExpiry(expiry.integer, after: latest, at: offset, inner: expiryPosition, input, &sink)
      }
      latest = expiry.integer
      try sink.hashField(
        field, value: value, expiry: expiry.integer == 0 ? nil : UnixMilliseconds(expiry.integer))
      count &+= 3
    }
    try packed.finish(count: count)
    if duplicates.unnoted >= 0 { try checkRest(blob, .listpack, 3, offset, "a field") }
    if count == 0 { try reportEmpty(at: offset, input, &sink) }
  }

  @inlinable
  mutating func intset<S: RDBSink & ~Copyable>(
    _ blob: RawSpan, _ offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    let intset = try Intset(blob, at: offset)
    try sink.beginElements(
      ElementsHeader(count: UInt64(intset.count), firstBlobByteCount: blob.byteCount))
    var previous: Int64?
    var isUnordered = false
    for index in 0..<intset.count {
      let value = intset.value(at: index)
      if let previous, previous >= value, !isUnordered {
        isUnordered = true
        try report(
          .intsetOrder, at: offset, inner: 8 + index * intset.width, "integers in ascending order",
          "\(value) after \(previous)", input, &sink)
      }
      previous = value
      let text = scratch.number(1)
      let count = DecimalText.write(value, to: text)
      try sink.setMember(RawSpan(_unsafeStart: text, byteCount: count))
    }
  }

  @inlinable
  mutating func zipmap<S: RDBSink & ~Copyable>(
    _ blob: RawSpan, _ offset: Int, _ input: RawSpan, _ sink: inout S
  ) throws {
    var zipmap = try Zipmap(blob, at: offset)
    try sink.beginElements(
      ElementsHeader(
        count: zipmap.claimedCount.map { UInt64($0) }, firstBlobByteCount: blob.byteCount))
    duplicates.begin(byteCount: blob.byteCount, count: nil)
    let first = zipmap
    var count = 0
    while !zipmap.isAtEnd {
      let position = zipmap.position
      let field = try zipmap.field()
      try checkUnique(field, zipmap, position, offset)
      try sink.hashField(field, value: try zipmap.value(), expiry: nil)
      count += 1
    }
    try zipmap.finish(count: count)
    if zipmap.hasLargeCount || zipmap.longLengthPosition >= 0 { try reportOddity(of: zipmap, offset, input, &sink) }
    if duplicates.unnoted >= 0 { try checkRest(of: first, offset) }
  }

  /// Throws if the zipmap holds `field`, found at `position`, before it too.
  @inlinable
  mutating func checkUnique(
    _ field: RawSpan, _ zipmap: borrowing Zipmap, _ position: Int, _ offset: Int
  ) throws(RDBError) {
    let earlier = duplicates.insert(field, at: position)
    guard earlier >= 0 else { return }
    var other = copy zipmap
    other.position = earlier
    if same(field, try other.field()) { throw RDBError.duplicate(at: offset, inner: position, "a field") }
    duplicates.noteCollision(at: position)
  }

  @usableFromInline
  mutating func checkRest(of first: Zipmap, _ offset: Int) throws(RDBError) {
    while duplicates.unnoted >= 0 {
      let from = duplicates.unnoted
      duplicates.begin()
      var zipmap = first
      while !zipmap.isAtEnd {
        let position = zipmap.position
        let field = try zipmap.field()
        if position >= from { try checkUnique(field, zipmap, position, offset) }
        _ = try zipmap.value()
      }
    }
  }

  /// Throws if the packed value holds `text`, found at `position`, before it too.
  @inlinable @inline(__always)
  mutating func checkUnique(
    _ text: RawSpan, _ position: Int, _ blob: RawSpan, _ kind: PackedValue.Kind, _ offset: Int,
    _ what: StaticString
  ) throws(RDBError) {
    if duplicates.isSifting { return duplicates.sift(text) }
    let earlier = duplicates.insert(text, at: position)
    if earlier >= 0 { try compare(text, position, earlier, blob, kind, offset, what) }
  }

  /// Throws if the entry at `earlier`, which has the hash of `text`, has the same text.
  @usableFromInline
  mutating func compare(
    _ text: RawSpan, _ position: Int, _ earlier: Int, _ blob: RawSpan, _ kind: PackedValue.Kind,
    _ offset: Int, _ what: StaticString
  ) throws(RDBError) {
    let entry = try PackedValue(blob, kind, at: offset).entry(at: earlier)
    if same(text, entry.text(scratch: scratch.number(3))) {
      throw RDBError.duplicate(at: offset, inner: position, "\(what)")
    }
    duplicates.noteCollision(at: position)
  }

  /// Walks a value again, once per ``DuplicateFinder/limit`` members that the table had no room for.
  @usableFromInline
  mutating func checkRest(
    _ blob: RawSpan, _ kind: PackedValue.Kind, _ entries: Int, _ offset: Int, _ what: StaticString
  ) throws(RDBError) {
    while duplicates.unnoted >= 0 {
      let from = duplicates.unnoted
      duplicates.begin()
      var packed = try PackedValue(blob, kind, at: offset)
      while !packed.isAtEnd {
        let position = packed.position
        let text = try packed.next().text(scratch: scratch.number(1))
        if position >= from { try checkUnique(text, position, blob, kind, offset, what) }
        for _ in 1..<entries { _ = try packed.next() }
      }
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

extension PackedValue {
  /// The number of elements that the header claims, of `entries` entries per element.
  @inlinable func claimed(per entries: Int) -> UInt64? {
    claimedCount.map { UInt64($0 / entries) }
  }
}
