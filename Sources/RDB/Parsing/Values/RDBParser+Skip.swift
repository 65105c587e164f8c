public import RDBFormat

/// Stepping over values by their lengths. Each step can stop at any byte and continue in the next call.
extension RDBParser {
  /// Steps over the value, or the rest of it.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skipValue(_ cursor: inout ByteCursor) throws(RDBError) {
    let validate = state.value.mode == .validate
    if state.value.stage == .begin, oneStringTypes.contains(state.value.type) {
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
    let layout = state.value.type.layout
    if state.value.stage == .begin {
      try beginSkip(&cursor, layout)
      committed = cursor.position
    }
    if state.value.stage == .elements {
      if layout.head == .items {
        try skipModuleItems(&cursor, validate)
      } else if layout.stringsPerElement != nil {
        try skipStrings(&cursor, validate)
      } else {
        try skipElements(&cursor, layout, validate)
      }
      state.value.stage = layout.streamVersion > 0 ? .tail : .done
    }
    if state.value.stage != .done { try skipStreamTail(&cursor, layout.streamVersion) }
  }

  /// Reads the head of a value.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func beginSkip(_ cursor: inout ByteCursor, _ layout: ValueLayout) throws(RDBError) {
    let start = cursor.offset
    var count: UInt64 = 1
    switch layout.head {
    case .nothing, .items: break
    case .earliestExpiry:
      _ = try cursor.littleEndian(UInt64.self)
      if state.value.mode == .measure { try measureString(cursor) }
    case .count:
      count = try cursor.length()
      noteCount(count)
    case .nodeCount:
      count = try cursor.length()
      if state.value.mode == .measure, case .quicklist = layout.content {
        try measureOnlyNode(cursor, count, layout)
      }
      state.value.measure.nodeCount = count
    case .earliestExpiryAndCount:
      state.value.firstExpiry = try cursor.littleEndian(UInt64.self)
      count = try cursor.length()
      noteCount(count)
    case .countAndInsertIndex:
      count = try cursor.length()
      if try cursor.length() != 0 { _ = try cursor.length() }
      noteCount(count)
    case .templateID:
      let id = try cursor.length()
      count = UInt64(try template(id, at: start).fields.count)
      noteCount(count)
    case .fieldNames:
      count = UInt64(try inlineTemplate(&cursor).fields.count)
      noteCount(count)
    case .fieldNamesAndOne:
      noteCount(UInt64(try inlineTemplate(&cursor).fields.count))
    }
    state.value.remaining = count
    if let strings = layout.stringsPerElement, strings > 1 {
      // Counted string by string.
      guard count <= .max / strings else { throw RDBError.absurdCount(at: start, count) }
      state.value.remaining = count &* strings
    }
    state.value.stage = .elements
  }

  /// Measures a quicklist's only node.
  @usableFromInline
  mutating func measureOnlyNode(_ cursor: ByteCursor, _ count: UInt64, _ layout: ValueLayout)
    throws(RDBError)
  {
    guard count == 1 else { return }
    var ahead = cursor
    if layout.first == .container {
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
  mutating func skipElements(_ cursor: inout ByteCursor, _ layout: ValueLayout, _ validate: Bool)
    throws(RDBError)
  {
    let endsInEightBytes = layout.endsInEightBytes
    while state.value.remaining > 0 {
      if endsInEightBytes, state.value.part == 0 {
        try skipShortElements(&cursor, layout, validate)
        if state.value.remaining == 0 { return }
      }
      if state.value.part == 0 { try skip(layout.first, &cursor, validate) }
      if state.value.part == 1 { try skip(layout.second, &cursor, validate) }
      if state.value.part == 2 { try skip(layout.third, &cursor, validate) }
      state.value.part = 0
      state.value.remaining &-= 1
    }
  }

  /// Steps over elements of one or two short strings and 8 bytes, as long as they are in the input.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skipShortElements(_ cursor: inout ByteCursor, _ layout: ValueLayout, _ validate: Bool)
    throws(RDBError)
  {
    let hasTwoStrings = layout.third != .none
    let isScore = !hasTwoStrings && layout.second == .score
    var remaining = state.value.remaining
    while remaining > 0 {
      let start = cursor.position
      guard cursor.takeShortString() != nil, !hasTwoStrings || cursor.takeShortString() != nil,
        cursor.remaining >= 8
      else {
        cursor.position = start
        break
      }
      if validate {
        let bits = try cursor.littleEndian(UInt64.self)
        if isScore {
          if Double(bitPattern: bits).isNaN { throw RDBError.notANumber(at: cursor.offset - 8) }
        } else if Int64(bitPattern: bits) < -1 {
          throw RDBError.badFieldExpiry(at: cursor.offset - 8, Int64(bitPattern: bits))
        }
      } else {
        cursor.position &+= 8
      }
      remaining &-= 1
    }
    state.value.remaining = remaining
    committed = cursor.position
  }

  /// Steps over one part of an element.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func skip(_ part: ValueLayout.Part, _ cursor: inout ByteCursor, _ validate: Bool) throws(RDBError) {
    let start = cursor.offset
    switch part {
    case .none: break
    case .string: return try skipPart(&cursor, validate)
    case .fieldExpiry:
      let time = try cursor.length()
      if validate { _ = try fieldExpiry(time, at: start) }
    case .milliseconds:
      let expiry = try cursor.littleEndian(Int64.self)
      if validate, expiry < -1 { throw RDBError.badFieldExpiry(at: start, expiry) }
    case .score:
      let score = Double(bitPattern: try cursor.littleEndian(UInt64.self))
      if validate, score.isNaN { throw RDBError.notANumber(at: start) }
    case .scoreText: _ = try asciiScore(&cursor)
    case .container:
      let container = try cursor.length()
      guard container == 1 || container == 2 else { throw RDBError.badContainer(at: start, container) }
    case .arrayIndex:
      _ = try cursor.length()
      state.value.inner = try cursor.length()
      if state.value.inner > 3 { throw RDBError.badArrayTag(at: start, state.value.inner) }
    case .arrayValue:
      if state.value.inner == 0 || state.value.inner == 3 { return try skipPart(&cursor, validate) }
      _ = try cursor.littleEndian(UInt64.self)
    case .pathFields: return try skipPathFields(&cursor, validate)
    }
    nextPart(cursor)
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
  mutating func skipStreamTail(_ cursor: inout ByteCursor, _ version: UInt8) throws(RDBError) {
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
        // The name, then numbers.
        if state.value.part == 0 { try skipPart(&cursor, false) }
        _ = try cursor.length()
        _ = try cursor.length()
        if version >= 2 { _ = try cursor.length() }
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
        } else if version >= 5 {
          state.value.remaining = try cursor.length()
          state.value.stage = .released
        } else {
          state.value.stage = .groups
        }
      case .consumer:
        if state.value.part == 0 { try skipPart(&cursor, false) }
        _ = try cursor.littleEndian(UInt64.self)
        if version >= 3 {
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
      case .begin, .elements, .done: return
      }
      committed = cursor.position
    }
  }

  /// The stage after the last group.
  @usableFromInline var afterGroups: ValueState.Stage {
    state.value.type.layout.streamVersion >= 4 ? .idempotency : .done
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

  /// Steps over the value and gives its bytes to the sink.
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
