import RDB
import RDBFormat
import RDBSupport

/// Masks a value as stored, piece by piece: all strings change, everything else stays.
///
/// Holds at most the longest string of the value. ``ValueLayout`` describes the layout.
struct StoredMask: ~Copyable {
  /// The next part of the value.
  enum Stage {
    case head, elements, streamInfo, groups, group, pending, consumers, consumer, consumerPending, released
    case idempotency, producers, producer, idempotencyEnd, done
  }

  /// The meaning of a string.
  enum Role {
    /// The value of a string key.
    case whole
    /// A value.
    case value
    /// A member or a field, whose name must stay different from the others.
    case name
    case packed(ValueLayout.Packed)
    case listNode(PackedValue.Kind)
    case streamNode
    /// Not data: the ID of a stream's node.
    case copy
  }

  var strings: StringMask
  /// The masked bytes.
  var output = ByteBuffer(capacity: 64 << 10)
  /// Bytes of a part that is not complete yet.
  private var waiting = ByteBuffer(capacity: 4096)

  var layout = ValueType.string.layout
  var stage = Stage.done
  /// The next part of the current element, from 0.
  var part = 0
  var remaining: UInt64 = 0
  var inner: UInt64 = 0
  var outer: UInt64 = 0
  /// Whether the fields at the current path were counted.
  var isInPath = false

  init(_ masker: Masker, compressor: (any StringCompressor)?) {
    strings = StringMask(masker, compressor: compressor)
  }

  /// Begins a value.
  ///
  /// - Parameter key: The key of its words.
  mutating func begin(_ type: ValueType, _ key: MaskingKey) {
    layout = type.layout
    strings.key = key
    (stage, part, remaining, inner, outer, isInPath) = (.head, 0, 0, 0, 0, false)
    waiting.removeAll()
    output.removeAll()
  }

  /// Masks the next bytes of the value, and appends the result to ``output``.
  ///
  /// - Throws: `RDBError`, if the value is damaged.
  mutating func mask(_ chunk: RawSpan) throws(RDBError) {
    if waiting.count == 0 {
      let used = try maskParts(chunk)
      if used < chunk.byteCount { waiting.append(chunk.extracting(used..<chunk.byteCount)) }
      return
    }
    waiting.append(chunk)
    // The bytes do not move while they are read.
    let all = UnsafeRawBufferPointer(start: waiting.base, count: waiting.count)
    let used = try maskParts(RawSpan(_unsafeBytes: all))
    waiting.removeFirst(used)
  }

  /// Ends the value.
  ///
  /// - Throws: `RDBError`, if a part is missing.
  mutating func end() throws(RDBError) {
    if stage != .done || waiting.count > 0 { throw .truncated(at: 0, expected: 1, found: 0) }
    if waiting.capacity > 1 << 20 { waiting = ByteBuffer(capacity: 4096) }
    if output.capacity > 4 << 20 { output = ByteBuffer(capacity: 64 << 10) }
  }

  /// Masks all parts that are complete.
  ///
  /// - Returns: The number of their bytes.
  private mutating func maskParts(_ bytes: RawSpan) throws(RDBError) -> Int {
    var cursor = ByteCursor(bytes)
    while stage != .done {
      let start = cursor.position
      do throws(RDBError) {
        try maskPart(&cursor)
      } catch {
        if error.needsInput { return start }
        throw error
      }
    }
    return cursor.position
  }

  @_lifetime(cursor: copy cursor)
  private mutating func maskPart(_ cursor: inout ByteCursor) throws(RDBError) {
    switch stage {
    case .head: try head(&cursor)
    case .elements: try element(&cursor)
    case .done: return
    case .streamInfo, .groups, .group, .pending, .consumers, .consumer, .consumerPending, .released, .idempotency,
      .producers, .producer, .idempotencyEnd:
      try streamTail(&cursor)
    }
  }

  /// Copies the bytes from `start` up to the cursor.
  mutating func copy(_ cursor: borrowing ByteCursor, from start: Int) {
    output.append(cursor.bytes.extracting(start..<cursor.position))
  }

  @_lifetime(cursor: copy cursor)
  mutating func string(_ cursor: inout ByteCursor, _ role: Role) throws(RDBError) {
    try strings.mask(&cursor, role, to: &output)
  }

  // MARK: Elements

  @_lifetime(cursor: copy cursor)
  private mutating func head(_ cursor: inout ByteCursor) throws(RDBError) {
    let start = cursor.position
    remaining = 1
    switch layout.head {
    case .nothing: break
    case .earliestExpiry: _ = try cursor.littleEndian(UInt64.self)
    case .count, .nodeCount: remaining = try cursor.length()
    case .earliestExpiryAndCount:
      _ = try cursor.littleEndian(UInt64.self)
      remaining = try cursor.length()
    case .countAndInsertIndex:
      remaining = try cursor.length()
      if try cursor.length() != 0 { _ = try cursor.length() }
    case .templateID, .fieldNames, .fieldNamesAndOne, .items:
      throw .notRepresentable("a value without templates and modules", "another one")
    }
    copy(cursor, from: start)
    stage = .elements
    endElements()
  }

  private mutating func endElements() {
    if remaining == 0 { stage = layout.streamVersion > 0 ? .streamInfo : .done }
  }

  @_lifetime(cursor: copy cursor)
  private mutating func element(_ cursor: inout ByteCursor) throws(RDBError) {
    let next = part == 0 ? layout.first : part == 1 ? layout.second : part == 2 ? layout.third : .none
    let start = cursor.position
    switch next {
    case .none:
      part = 0
      remaining -= 1
      return endElements()
    case .string: try string(&cursor, role)
    case .fieldExpiry: _ = try cursor.length()
    case .milliseconds: _ = try cursor.littleEndian(UInt64.self)
    case .score: output.append(littleEndian: try strings.score(&cursor).bitPattern)
    case .scoreText: try strings.scoreText(&cursor, to: &output)
    case .container: inner = try cursor.length()
    case .arrayIndex:
      _ = try cursor.length()
      inner = try cursor.length()
    case .arrayValue: try arrayValue(&cursor)
    case .pathFields: return try pathField(&cursor)
    }
    switch next {
    case .fieldExpiry, .milliseconds, .container, .arrayIndex: copy(cursor, from: start)
    case .none, .string, .score, .scoreText, .arrayValue, .pathFields: break
    }
    part += 1
  }

  /// The meaning of the string that is the next part.
  private var role: Role {
    switch layout.content {
    case .string: .whole
    case .packed(let packed): .packed(packed)
    case .quicklist(let kind): layout.first == .container && inner == 1 ? .value : .listNode(kind)
    case .stream: part == 0 ? .copy : .streamNode
    case .pathHash: .name
    case .array, .module, .templateListpack, .templateValues: .value
    case .collection(let collection):
      switch collection {
      case .list: .value
      case .set, .zset, .zsetText: .name
      case .hash, .hashWithExpiries: part == 0 ? .name : .value
      case .hashWithLeadingExpiries: part == 1 ? .name : .value
      }
    }
  }

  @_lifetime(cursor: copy cursor)
  private mutating func arrayValue(_ cursor: inout ByteCursor) throws(RDBError) {
    switch inner {
    case 1: output.append(littleEndian: try strings.integer(&cursor))
    case 2: output.append(littleEndian: try strings.score(&cursor).bitPattern)
    default: try string(&cursor, .value)
    }
  }

  /// Masks the number of fields at a path, or one field or value.
  @_lifetime(cursor: copy cursor)
  private mutating func pathField(_ cursor: inout ByteCursor) throws(RDBError) {
    if !isInPath {
      let start = cursor.position
      inner = try cursor.length()
      guard inner <= .max / 2 else { throw .notRepresentable("fewer fields", "\(inner)") }
      inner *= 2
      copy(cursor, from: start)
      isInPath = true
    } else if inner > 0 {
      try string(&cursor, inner & 1 == 0 ? .name : .value)
      inner -= 1
    }
    if inner == 0 {
      isInPath = false
      part += 1
    }
  }
}
