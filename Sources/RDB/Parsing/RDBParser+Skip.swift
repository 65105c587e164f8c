public import RDBFormat

/// Stepping over values by their lengths alone. Everything here can stop at any byte and go on.
extension RDBParser {
  /// Steps over the value, or the rest of it.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skipValue(_ cursor: inout ByteCursor) throws(RDBError) {
    let validate = state.value.mode == .validate
    if state.value.stage == .begin, state.value.type.isOneString {
      if state.value.mode == .measure { try measureString(cursor) }
      try skipString(&cursor, validate: validate)
      state.value.stage = .done
      committed = cursor.position
    }
    try skipRest(&cursor, validate)
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skipRest(_ cursor: inout ByteCursor, _ validate: Bool) throws(RDBError) {
    if state.owed > 0 {
      committed = cursor.position
      try payOwed(&cursor)
    }
    if state.value.stage == .done { return }
    if state.value.stage == .begin {
      try beginSkip(&cursor)
      committed = cursor.position
    }
    if state.value.stage == .elements {
      switch state.value.type {
      case .list, .set, .hash, .listQuicklist, .hashTemplateArray, .hashListpackEx,
        .hashTemplateListpackInline, .hashTemplateArrayInline:
        try skipStrings(&cursor, validate)
      case .module2, .modulePreGA:
        try skipModuleItems(&cursor, validate)
      case .streamListpacks, .streamListpacks2, .streamListpacks3, .streamListpacks4,
        .streamListpacks5:
        try skipStrings(&cursor, validate)
        state.value.stage = .tail
      default:
        try skipUnits(&cursor, validate)
      }
      if state.value.stage == .elements { state.value.stage = .done }
    }
    if state.value.stage != .done { try skipStreamTail(&cursor) }
  }

  /// Reads what stands before a value's elements.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func beginSkip(_ cursor: inout ByteCursor) throws(RDBError) {
    let start = cursor.offset
    switch state.value.type {
    case .hash, .streamListpacks, .streamListpacks2, .streamListpacks3, .streamListpacks4,
      .streamListpacks5:
      // Two strings each: field and value; node key and node.
      let count = try cursor.length()
      guard count <= .max / 2 else { throw RDBError.absurdCount(at: start, count) }
      state.value.remaining = count * 2
      if state.value.type == .hash { noteCount(count) } else { state.value.measure.nodeCount = count }
    case .hashMetadata:
      state.value.firstExpiry = try cursor.littleEndian(UInt64.self)
      state.value.remaining = try cursor.length()
      noteCount(state.value.remaining)
    case .hashListpackEx:
      _ = try cursor.littleEndian(UInt64.self)
      if state.value.mode == .measure { try measureString(cursor) }
      state.value.remaining = 1
    case .array:
      state.value.remaining = try cursor.length()
      if try cursor.length() != 0 { _ = try cursor.length() }
      noteCount(state.value.remaining)
    case .module2, .modulePreGA: break
    case .hashTemplateArray:
      let id = try cursor.length()
      state.value.remaining = UInt64(try template(id, at: start).fields.count)
      noteCount(state.value.remaining)
    case .listQuicklist, .listQuicklist2:
      let count = try cursor.length()
      if state.value.mode == .measure { try measureOnlyNode(cursor, count) }
      state.value.remaining = count
      state.value.measure.nodeCount = count
    case .hashTemplateListpackInline, .hashTemplateArrayInline:
      try skipTemplateFields(&cursor)
      return
    default:
      state.value.remaining = try cursor.length()
      noteCount(state.value.remaining)
    }
    if state.value.mode == .validate, state.value.remaining == 0, state.value.type.data != .module {
      throw RDBError.emptyKey(at: start)
    }
    state.value.stage = .elements
  }

  /// Notes what a quicklist of one node says of it.
  @usableFromInline
  mutating func measureOnlyNode(_ cursor: ByteCursor, _ count: UInt64) throws(RDBError) {
    guard count == 1 else { return }
    var ahead = cursor
    if state.value.type == .listQuicklist2 {
      state.value.measure.isPlainNode = try ahead.length() == 1
    }
    try measureString(ahead)
  }

  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skipStrings(_ cursor: inout ByteCursor, _ validate: Bool) throws(RDBError) {
    while state.value.remaining > 0 {
      try skipString(&cursor, validate: validate)
      state.value.remaining &-= 1
      committed = cursor.position
      if state.owed > 0 { throw RDBError.needsInput(at: cursor.offset, expected: state.owed, found: 0) }
    }
  }

  /// Steps over elements that are more than strings, part by part.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skipUnits(_ cursor: inout ByteCursor, _ validate: Bool) throws(RDBError) {
    while state.value.remaining > 0 {
      let start = cursor.offset
      switch state.value.type {
      case .zset2:
        if state.value.part == 0 { try skipPart(&cursor, validate) }
        let score = Double(bitPattern: try cursor.littleEndian(UInt64.self))
        if validate, score.isNaN { throw RDBError.notANumber(at: cursor.offset - 8) }
      case .zset:
        if state.value.part == 0 { try skipPart(&cursor, validate) }
        _ = try asciiScore(&cursor)
      case .hash2:
        if state.value.part == 0 { try skipPart(&cursor, validate) }
        if state.value.part == 1 { try skipPart(&cursor, validate) }
        let expiry = try cursor.littleEndian(Int64.self)
        if validate, expiry < -1 { throw RDBError.badFieldExpiry(at: cursor.offset - 8, expiry) }
      case .hashMetadata, .hashMetadataPreGA:
        if state.value.part == 0 {
          let time = try cursor.length()
          if validate { _ = try fieldExpiry(time, at: start) }
          nextPart(cursor)
        }
        if state.value.part == 1 { try skipPart(&cursor, validate) }
        if state.value.part == 2 { try skipPart(&cursor, validate) }
      case .listQuicklist2:
        if state.value.part == 0 {
          let container = try cursor.length()
          guard container == 1 || container == 2 else { throw RDBError.badContainer(at: start, container) }
          nextPart(cursor)
        }
        if state.value.part == 1 { try skipPart(&cursor, validate) }
      case .array:
        if state.value.part == 0 {
          _ = try cursor.length()
          state.value.inner = try cursor.length()
          nextPart(cursor)
        }
        if state.value.part == 1 {
          switch state.value.inner {
          case 0, 3: try skipPart(&cursor, validate)
          case 1, 2:
            _ = try cursor.littleEndian(UInt64.self)
            nextPart(cursor)
          default: throw RDBError.badArrayTag(at: start, state.value.inner)
          }
        }
      default:
        throw RDBError.absurdCount(at: start, state.value.remaining)
      }
      state.value.part = 0
      state.value.remaining &-= 1
      committed = cursor.position
    }
  }

  @inlinable mutating func nextPart(_ cursor: borrowing ByteCursor) {
    state.value.part &+= 1
    committed = cursor.position
  }

  /// Steps over a string that is one part of an element.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skipPart(_ cursor: inout ByteCursor, _ validate: Bool) throws(RDBError) {
    try skipString(&cursor, validate: validate)
    nextPart(cursor)
    if state.owed > 0 { throw RDBError.needsInput(at: cursor.offset, expected: state.owed, found: 0) }
  }

  /// Steps over a stream's tail: its own numbers, groups, idempotent producers.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func skipStreamTail(_ cursor: inout ByteCursor) throws(RDBError) {
    let type = state.value.type
    while true {
      switch state.value.stage {
      case .tail:
        state.value.info = try streamInfo(&cursor)
        noteCount(state.value.info.length)
        state.value.outer = state.value.info.groupCount
        state.value.stage = .groups
      case .groups:
        state.value.stage = state.value.outer == 0 ? afterGroups : .group
        if state.value.outer > 0 { state.value.outer -= 1 }
      case .group:
        // Name, then the numbers behind it.
        if state.value.part == 0 { try skipPart(&cursor, false) }
        _ = try cursor.length()
        _ = try cursor.length()
        if type != .streamListpacks { _ = try cursor.length() }
        state.value.remaining = try cursor.length()
        state.value.part = 0
        state.value.stage = .pending
      case .pending:
        while state.value.remaining > 0 {
          let id = try cursor.streamID()
          _ = try cursor.littleEndian(UInt64.self)
          _ = try cursor.length()
          if state.value.mode == .outline { outlineIDs.append(id) }
          state.value.remaining -= 1
          committed = cursor.position
        }
        state.value.inner = try cursor.length()
        state.value.stage = .consumers
      case .consumers:
        if state.value.inner > 0 {
          state.value.inner -= 1
          state.value.stage = .consumer
        } else if type == .streamListpacks5 {
          state.value.remaining = try cursor.length()
          state.value.stage = .released
        } else {
          state.value.stage = .groups
        }
      case .consumer:
        if state.value.part == 0 { try skipPart(&cursor, false) }
        _ = try cursor.littleEndian(UInt64.self)
        if type != .streamListpacks && type != .streamListpacks2 {
          _ = try cursor.littleEndian(UInt64.self)
        }
        state.value.remaining = try cursor.length()
        state.value.part = 0
        state.value.stage = .consumerPending
      case .consumerPending, .released:
        while state.value.remaining > 0 {
          _ = try cursor.streamID()
          state.value.remaining -= 1
          committed = cursor.position
        }
        state.value.stage = state.value.stage == .released ? .groups : .consumers
      case .idempotency:
        _ = try cursor.length()
        _ = try cursor.length()
        state.value.outer = try cursor.length()
        state.value.stage = .producers
      case .producers:
        if state.value.outer == 0 {
          state.value.stage = .idempotencyEnd
        } else {
          if state.value.part == 0 { try skipPart(&cursor, false) }
          state.value.remaining = try cursor.length()
          state.value.part = 0
          state.value.outer -= 1
          state.value.stage = .producer
        }
      case .producer:
        while state.value.remaining > 0 {
          if state.value.part == 0 { try skipPart(&cursor, false) }
          _ = try cursor.length()
          _ = try cursor.length()
          state.value.part = 0
          state.value.remaining -= 1
          committed = cursor.position
        }
        state.value.stage = .producers
      case .idempotencyEnd:
        _ = try cursor.length()
        _ = try cursor.length()
        state.value.stage = .done
      default:
        return
      }
      committed = cursor.position
    }
  }

  /// The stage behind the last group.
  @usableFromInline var afterGroups: ValueState.Stage {
    state.value.type == .streamListpacks4 || state.value.type == .streamListpacks5
      ? .idempotency : .done
  }

  /// Steps over module items up to the end mark.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func skipModuleItems(_ cursor: inout ByteCursor, _ validate: Bool) throws(RDBError) {
    while true {
      let start = cursor.offset
      switch try cursor.length() {
      case 0: return
      case 1, 2: _ = try cursor.length()
      case 3: _ = try cursor.littleEndian(UInt32.self)
      case 4: _ = try cursor.littleEndian(UInt64.self)
      case 5: try skipString(&cursor, validate: validate)
      case let other: throw RDBError.badModuleItem(at: start, other)
      }
      committed = cursor.position
      if state.owed > 0 { throw RDBError.needsInput(at: cursor.offset, expected: state.owed, found: 0) }
    }
  }

  /// Hands the value's bytes on as they stand.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func storedValue<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    let start = cursor.position
    var failure: RDBError?
    do throws(RDBError) {
      try skipValue(&cursor)
      committed = cursor.position
    } catch {
      failure = error
    }
    if committed > start { try sink.stored(cursor.bytes.extracting(start..<committed)) }
    if let failure { throw failure }
  }
}
