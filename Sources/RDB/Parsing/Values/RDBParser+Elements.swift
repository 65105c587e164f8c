public import RDBFormat
import RDBSupport

/// Values element by element.
///
/// The sink gets an element when the input has all its bytes; they are consumed then. If the input ends before that, the
/// next call begins the element again.
extension RDBParser {
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func elements<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    switch state.value.type.layout.content {
    case .string:
      let offset = cursor.offset
      let value = try string(&cursor, slot: 1)
      if options.findsHyperLogLogs { try reportHyperLogLog(value, at: offset, cursor.bytes, &sink) }
      try sink.string(value)
    case .packed(let packed): try packedValue(packed, &cursor, &sink)
    case .collection(let collection): try self.collection(collection, &cursor, &sink)
    case .quicklist(let kind): try quicklist(kind, &cursor, &sink)
    case .stream: try stream(&cursor, &sink)
    case .module: try moduleItems(&cursor, &sink)
    case .array: try array(&cursor, &sink)
    case .templateListpack: try inlineTemplateListpack(&cursor, &sink)
    case .templateValues: try templateValues(&cursor, &sink)
    case .pathHash: try pathHash(&cursor, &sink)
    }
  }

  // MARK: Collections of strings

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func collection<S: RDBSink & ~Copyable>(
    _ collection: ValueLayout.Collection, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    if state.value.stage == .begin {
      let layout = state.value.type.layout
      if layout.head == .earliestExpiryAndCount {
        state.value.firstExpiry = try cursor.littleEndian(UInt64.self)
      }
      let count = try cursor.length()
      try sink.beginElements(
        ElementsHeader(count: count, canCarryFieldExpiries: layout.canCarryFieldExpiries))
      if count == 0 {
        try reportEmpty(at: state.value.offset, cursor.bytes, &sink)
      } else if layout.head == .earliestExpiryAndCount, state.value.firstExpiry > Int64.max {
        try reportEarliestExpiry(cursor.bytes, &sink)
      }
      state.value.remaining = count
      state.value.stage = .elements
      committed = cursor.position
    }
    switch collection {
    case .list:
      while state.value.remaining > 0 {
        try sink.listElement(try string(&cursor, slot: 1))
        elementDone(cursor)
      }
    case .set:
      while state.value.remaining > 0 {
        try sink.setMember(try string(&cursor, slot: 1))
        elementDone(cursor)
      }
    case .hash:
      while state.value.remaining > 0 {
        let field = try string(&cursor, slot: 1)
        let value = try string(&cursor, slot: 2)
        try sink.hashField(field, value: value, expiry: nil)
        elementDone(cursor)
      }
    case .zset:
      while state.value.remaining > 0 {
        let member = try string(&cursor, slot: 1)
        let score = Double(bitPattern: try cursor.littleEndian(UInt64.self))
        if score.isNaN { throw RDBError.notANumber(at: cursor.offset - 8) }
        try sink.zsetMember(member, score: score)
        elementDone(cursor)
      }
    case .zsetText:
      while state.value.remaining > 0 {
        let member = try string(&cursor, slot: 1)
        try sink.zsetMember(member, score: try asciiScore(&cursor))
        elementDone(cursor)
      }
    case .hashWithExpiries:
      while state.value.remaining > 0 {
        let field = try string(&cursor, slot: 1)
        let value = try string(&cursor, slot: 2)
        let expiry = try cursor.littleEndian(Int64.self)
        guard expiry >= -1 else { throw RDBError.badFieldExpiry(at: cursor.offset - 8, expiry) }
        try sink.hashField(field, value: value, expiry: expiry == -1 ? nil : UnixMilliseconds(expiry))
        elementDone(cursor)
      }
    case .hashWithLeadingExpiries:
      while state.value.remaining > 0 {
        let start = cursor.offset
        let expiry = try fieldExpiry(try cursor.length(), at: start)
        let field = try string(&cursor, slot: 1)
        let value = try string(&cursor, slot: 2)
        try sink.hashField(field, value: value, expiry: expiry)
        elementDone(cursor)
      }
    }
  }

  @inlinable mutating func elementDone(_ cursor: borrowing ByteCursor) {
    state.value.remaining &-= 1
    committed = cursor.position
  }

  /// Returns the expiry for the number before a field of type 22 (Redis 7.4 release candidates) or 24.
  ///
  /// 0 is no expiry. Type 22 stores an absolute time, type 24 the difference from the earliest expiry, plus 1. Servers
  /// refuse times from 2^48 on. Source: `rdbLoadObject` in Redis `src/rdb.c`.
  @inlinable
  func fieldExpiry(_ time: UInt64, at offset: Int) throws(RDBError) -> UnixMilliseconds? {
    if time == 0 { return nil }
    let (sum, overflow) =
      state.value.type.layout.head == .earliestExpiryAndCount
      ? state.value.firstExpiry.addingReportingOverflow(time - 1) : (time, false)
    guard !overflow, sum < 1 << 48 else {
      throw RDBError.badFieldExpiry(at: offset, Int64(truncatingIfNeeded: time))
    }
    return UnixMilliseconds(Int64(sum))
  }

  /// Reads a score of type 3: text, or one of the marks for NaN, ∞ and −∞.
  @usableFromInline @_lifetime(cursor: copy cursor)
  func asciiScore(_ cursor: inout ByteCursor) throws(RDBError) -> Double {
    let start = cursor.offset
    switch try cursor.byte() {
    case 253: throw RDBError.notANumber(at: start)
    case 254: return .infinity
    case 255: return -.infinity
    case let count:
      let text = try cursor.take(UInt64(count))
      guard let score = DoubleText.parse(text) ?? spacedScore(text) else {
        throw RDBError.badScore(at: start, "other text")
      }
      if score.isNaN { throw RDBError.notANumber(at: start) }
      return score
    }
  }

  // MARK: Quicklists

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func quicklist<S: RDBSink & ~Copyable>(
    _ kind: PackedValue.Kind, _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    let hasContainers = state.value.type.layout.first == .container
    if state.value.stage == .begin {
      state.value.remaining = try cursor.length()
      state.value.outer = state.value.remaining
      state.value.liveCount = 0
      if state.value.remaining == 0 {
        try sink.beginElements(ElementsHeader(count: 0, nodeCount: 0))
        state.value.announced = true
      }
      state.value.stage = .elements
      committed = cursor.position
    }
    while state.value.remaining > 0 {
      let start = cursor.offset
      var container: UInt64 = 2
      if hasContainers {
        container = try cursor.length()
        guard container == 1 || container == 2 else { throw RDBError.badContainer(at: start, container) }
      }
      let offset = cursor.offset
      let node = try string(&cursor, slot: 1)
      if node.byteCount == 0 {
        throw RDBError.value(.corruptQuicklist, at: offset, "a node with bytes", "an empty string")
      }
      if !state.value.announced {
        try sink.beginElements(
          ElementsHeader(
            count: state.value.outer == 1 && container == 1 ? 1 : nil,
            nodeCount: state.value.outer, firstNodeIsPlain: container == 1,
            firstBlobByteCount: container == 1 ? 0 : node.byteCount))
        state.value.announced = true
      }
      var count = 1
      try sink.node(ValueNode(byteCount: node.byteCount, isPlain: container == 1))
      if container == 1 {
        try sink.listElement(node)
      } else {
        count = try listEntries(PackedValue(node, kind, at: offset), &sink)
      }
      state.value.liveCount &+= UInt64(count)
      elementDone(cursor)
    }
    if state.value.liveCount == 0 { try reportEmpty(at: state.value.offset, cursor.bytes, &sink) }
  }

  /// Reads the elements of a list in one packed value.
  ///
  /// - Returns: The number of elements.
  @inlinable
  mutating func listEntries<S: RDBSink & ~Copyable>(
    _ packed: consuming PackedValue, _ sink: inout S
  ) throws -> Int {
    var count = 0
    while !packed.isAtEnd {
      try sink.listElement(try packed.next().text(scratch: scratch.number(1)))
      count &+= 1
    }
    try packed.finish(count: count)
    return count
  }

  // MARK: Modules

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func moduleItems<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    while true {
      let start = cursor.offset
      let code = try cursor.length()
      let nothing = cursor.bytes.extracting(first: 0)
      switch code {
      case 0: return
      case 1:
        try sink.moduleItem(
          ModuleItem(.signed(Int64(bitPattern: try cursor.length())), bytes: nothing))
      case 2: try sink.moduleItem(ModuleItem(.unsigned(try cursor.length()), bytes: nothing))
      case 3:
        try sink.moduleItem(
          ModuleItem(.float(Float(bitPattern: try cursor.littleEndian(UInt32.self))), bytes: nothing))
      case 4:
        try sink.moduleItem(
          ModuleItem(
            .double(Double(bitPattern: try cursor.littleEndian(UInt64.self))), bytes: nothing))
      case 5: try sink.moduleItem(ModuleItem(.string, bytes: try string(&cursor, slot: 1)))
      default: throw RDBError.badModuleItem(at: start, code)
      }
      committed = cursor.position
    }
  }

  // MARK: Arrays

  /// Type 28 of Redis 8.8: `count has_cursor [insert_index]`, then `index tag payload` each.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func array<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    if state.value.stage == .begin {
      let start = cursor.offset
      let count = try cursor.length()
      if count == 0 { throw RDBError.value(.corruptArray, at: start, "at least one element", "0") }
      let offset = cursor.offset
      let hasCursor = try cursor.length()
      guard hasCursor <= 1 else {
        throw RDBError.value(.corruptArray, at: offset, "a cursor mark of 0 or 1", "\(hasCursor)")
      }
      let insertIndex = hasCursor == 1 ? try cursor.length() : nil
      try sink.beginElements(ElementsHeader(count: count, insertIndex: insertIndex))
      state.value.remaining = count
      state.value.hasLastIndex = false
      state.value.stage = .elements
      committed = cursor.position
    }
    while state.value.remaining > 0 {
      let start = cursor.offset
      let index = try cursor.length()
      guard index != .max else {
        throw RDBError.value(.corruptArray, at: start, "an index below 2^64-1", "2^64-1")
      }
      if state.value.mode == .validate, state.value.hasLastIndex, index <= state.value.inner {
        throw RDBError.value(
          .corruptArray, at: start, "indexes in ascending order", "\(index) after \(state.value.inner)")
      }
      let tag = try cursor.length()
      switch tag {
      case 0, 3: try sink.arrayElement(index: index, value: try string(&cursor, slot: 1))
      case 1:
        let text = scratch.number(1)
        let count = DecimalText.write(try cursor.littleEndian(Int64.self), to: text)
        try sink.arrayElement(index: index, value: RawSpan(_unsafeStart: text, byteCount: count))
      case 2:
        let value = Double(bitPattern: try cursor.littleEndian(UInt64.self))
        guard value.isFinite else {
          throw RDBError.value(.corruptArray, at: start, "a finite number", "\(value)")
        }
        let text = scratch.number(1)
        let count = writeArrayDouble(value, to: text)
        try sink.arrayElement(index: index, value: RawSpan(_unsafeStart: text, byteCount: count))
      default: throw RDBError.badArrayTag(at: start, tag)
      }
      state.value.inner = index
      state.value.hasLastIndex = true
      elementDone(cursor)
    }
  }

  /// Writes the shortest text of `value`, with `.0` if it would otherwise look like an integer.
  ///
  /// - Parameter text: Room for ``Scratch/numberByteCount`` bytes.
  /// - Returns: The number of bytes written.
  @usableFromInline func writeArrayDouble(_ value: Double, to text: UnsafeMutableRawPointer) -> Int {
    var count = DoubleText.write(value, to: text)
    let written = UnsafeRawBufferPointer(start: text, count: count)
    let marks = [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "n"), UInt8(ascii: "i")]
    if !written.contains(where: { marks.contains($0) }) {
      text.storeBytes(of: UInt8(ascii: "."), toByteOffset: count, as: UInt8.self)
      text.storeBytes(of: UInt8(ascii: "0"), toByteOffset: count + 1, as: UInt8.self)
      count += 2
    }
    return count
  }
}
