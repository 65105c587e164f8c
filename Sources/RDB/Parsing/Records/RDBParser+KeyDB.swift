public import RDBFormat
import RDBSupport

/// Expiries of single members, which KeyDB writes after the key that they belong to:
///
///     type name value  ( AUX keydb-subexpire-key MEMBER  AUX keydb-subexpire-when MILLISECONDS )*
///
/// Fields of hashes get their expiry with the field: the parser looks ahead past the value. Expiries of other members are
/// announced as the two AUX fields, before the key's end if the sink asked for elements, else after it.
///
/// Source: `rdbSaveKeyValuePair` in KeyDB `src/rdb.cpp`.
extension RDBParser {
  /// Begins a value of KeyDB that can have member expiries.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func keyDBValue<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ interest: Interest, _ sink: inout S
  ) throws {
    state.value.mayHaveMemberExpiries = true
    state.value.hasEndedKey = false
    state.memberExpiries = [:]
    beginValue(state.value.type, offset: cursor.offset)
    switch interest {
    case .elements, .elementsAfterOutline:
      state.value.mode = .elements
      if state.value.type.data == .hash { try lookAhead(&cursor, .elements, &sink) }
    case .stored, .storedOrOutlined, .validatedStored, .validatedStoredOrOutlined:
      try lookAhead(&cursor, interest, &sink)
    case .skip: state.value.mode = .skip
    case .measure, .validate:
      state.value.mode = interest == .measure ? .measure : .validate
      state.value.measure = ValueMeasure()
    }
    if state.phase == .lookahead { return }
    try value(&cursor, &sink)
  }

  /// Reads the member expiries after a value, and ends the key.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func memberExpiries<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S) throws {
    let isLookahead = stopsAfterValue
    let areElements = state.value.mode == .elements
    let areDelivered = areElements && state.value.type.data == .hash
    if !isLookahead, !areElements { try endKeyDBKey(&sink) }
    while true {
      let start = cursor.position
      guard let (member, time) = try memberExpiry(&cursor) else {
        cursor.position = start
        break
      }
      if isLookahead {
        state.memberExpiries[member] = time
      } else if !areDelivered {
        let (memberName, timeName) = (Self.memberName, Self.timeName)
        let text = Array("\(time.value)".utf8)
        let (first, rest) = (cursor.bytes.extracting(start..<middle), cursor.bytes.extracting(middle..<cursor.position))
        try sink.aux(
          AuxField(
            name: memberName.span.bytes, value: member.span.bytes, stored: first,
            endOffset: cursor.offset - rest.byteCount))
        try sink.aux(
          AuxField(name: timeName.span.bytes, value: text.span.bytes, stored: rest, endOffset: cursor.offset))
      }
      committed = cursor.position
    }
    if isLookahead { return }
    if areElements { try endKeyDBKey(&sink) }
    state.value.mayHaveMemberExpiries = false
    if !state.memberExpiries.isEmpty { state.memberExpiries = [:] }
    state.phase = .records
    keyByteCount = Self.noKey
  }

  private mutating func endKeyDBKey<S: RDBSink & ~Copyable>(_ sink: inout S) throws {
    if state.value.hasEndedKey { return }
    state.value.hasEndedKey = true
    let mode = state.value.mode
    try sink.endKey(
      KeyEnd(
        storedByteCount: UInt64(state.value.endOffset - state.value.offset),
        measure: mode == .measure || mode == .validate ? state.value.measure : nil))
  }

  private static var memberName: [UInt8] { Array("keydb-subexpire-key".utf8) }
  private static var timeName: [UInt8] { Array("keydb-subexpire-when".utf8) }

  /// Reads the two AUX fields of one expiry; `nil`: other records follow.
  @_lifetime(cursor: copy cursor)
  mutating func memberExpiry(_ cursor: inout ByteCursor) throws(RDBError) -> (member: [UInt8], time: UnixMilliseconds)?
  {
    if cursor.remaining == 0, endsWithInput { return nil }
    guard try cursor.byte() == Opcode.aux.rawValue else { return nil }
    guard [UInt8](try string(&cursor, slot: 0)) == Self.memberName else { return nil }
    let member = [UInt8](try string(&cursor, slot: 1))
    middle = cursor.position
    guard try cursor.byte() == Opcode.aux.rawValue else { return nil }
    guard [UInt8](try string(&cursor, slot: 0)) == Self.timeName else { return nil }
    let text = String(decoding: [UInt8](try string(&cursor, slot: 1)), as: UTF8.self)
    return Int64(text).map { (member, UnixMilliseconds($0)) }
  }

  /// Reads the elements of a hash whose fields expire.
  @inline(never)
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func elementsWithMemberExpiries<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    var wrapper = MemberExpirySink(base: sink, expiries: state.memberExpiries)
    do {
      try elements(&cursor, &wrapper)
      sink = wrapper.unwrapped()
    } catch {
      sink = wrapper.unwrapped()
      throw error
    }
  }
}

extension ValueType {
  /// Whether KeyDB may write expiries of members after the value.
  @inlinable var mayHaveMemberExpiries: Bool {
    switch data {
    case .hash, .set, .zset: true
    case .string, .list, .stream, .module, .array, .pathHash: false
    }
  }
}

/// Adds the expiries that follow a hash to its fields.
private struct MemberExpirySink<Base: RDBSink & ~Copyable>: ForwardingSink, ~Copyable {
  var base: Base
  let expiries: [[UInt8]: UnixMilliseconds]

  consuming func unwrapped() -> Base { base }

  mutating func beginElements(_ header: ElementsHeader) throws {
    var header = header
    header.canCarryFieldExpiries = true
    try base.beginElements(header)
  }

  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    try base.hashField(field, value: value, expiry: expiry ?? expiries[[UInt8](field)])
  }
}
