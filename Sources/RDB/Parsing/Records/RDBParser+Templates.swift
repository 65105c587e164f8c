public import RDBFormat
import RDBSupport

/// Hash templates of Redis 8.10: hashes that share their field names.
extension RDBParser {
  @usableFromInline
  func template(_ id: UInt64, at offset: Int) throws(RDBError) -> HashTemplate {
    guard let template = state.templates[id] else {
      throw RDBError(
        .corruptHashTemplate, at: offset, expected: "a template that was defined",
        found: "template \(id)")
    }
    return template
  }

  /// Reads a template record: `id count field…`.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func hashTemplate(_ cursor: inout ByteCursor) throws(RDBError) {
    let start = cursor.offset
    let id = try cursor.length()
    let template = HashTemplate(fields: try templateFields(&cursor, start))
    // Templates stay in memory: together they may be as long as a string.
    state.templateByteCount += UInt64(cursor.offset - start)
    if state.templateByteCount > options.stringLimit {
      throw RDBError.stringTooLong(at: start, state.templateByteCount, options)
    }
    if state.templates.updateValue(template, forKey: id) != nil { state.redefinedTemplateOffset = start }
  }

  /// Reads `count field…`, which must ascend by length, then by bytes.
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func templateFields(_ cursor: inout ByteCursor, _ start: Int) throws(RDBError)
    -> [[UInt8]]
  {
    let count = try cursor.length()
    var fields: [[UInt8]] = []
    while UInt64(fields.count) < count {
      try checkRecord(from: start, cursor)
      let field = try string(&cursor, slot: 1)
      fields.append([UInt8](field))
    }
    try checkTemplate(fields, start)
    return fields
  }

  @usableFromInline func checkTemplate(_ fields: [[UInt8]], _ start: Int) throws(RDBError) {
    guard !fields.isEmpty else {
      throw RDBError(.corruptHashTemplate, at: start, expected: "at least one field", found: "none")
    }
    for (field, next) in zip(fields, fields.dropFirst())
    where (field.count, 0) >= (next.count, field.lexicographicallyPrecedes(next) ? 1 : 0) {
      throw RDBError(
        .corruptHashTemplate, at: start, expected: "fields in ascending order",
        found: "\(printable(next)) after \(printable(field))")
    }
  }

  /// Reads the fields section of types 29 and 31: a listpack of names (0) or `count field…` (1).
  @usableFromInline @_lifetime(cursor: copy cursor)
  mutating func inlineTemplate(_ cursor: inout ByteCursor) throws(RDBError) -> HashTemplate {
    let start = cursor.offset
    switch try cursor.length() {
    case 0:
      let offset = cursor.offset
      let blob = try string(&cursor, slot: 3)
      var listpack = try Listpack(blob, at: offset)
      var fields: [[UInt8]] = []
      while !listpack.isAtEnd {
        let field = try listpack.next().text(scratch: scratch.number(1))
        fields.append([UInt8](field))
      }
      try listpack.finish(count: fields.count)
      try checkTemplate(fields, offset)
      return HashTemplate(fields: fields)
    case 1: return HashTemplate(fields: try templateFields(&cursor, start))
    case let form:
      throw RDBError(
        .corruptHashTemplate, at: start, expected: "a fields section of form 0 or 1",
        found: "\(form)")
    }
  }

  /// Reads a hash of type 29: field names, then a listpack of values.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func inlineTemplateListpack<S: RDBSink & ~Copyable>(
    _ cursor: inout ByteCursor, _ sink: inout S
  ) throws {
    if state.value.stage == .begin {
      state.value.template = try inlineTemplate(&cursor)
      state.value.stage = .elements
      committed = cursor.position
    }
    let offset = cursor.offset
    let blob = try string(&cursor, slot: 3)
    try templateListpack(blob, offset, state.value.template, &sink)
  }

  /// Reads a hash of type 31 or 32: field names or a template's ID, then one string per field.
  @inlinable @_lifetime(cursor: copy cursor)
  mutating func templateValues<S: RDBSink & ~Copyable>(_ cursor: inout ByteCursor, _ sink: inout S)
    throws
  {
    if state.value.stage == .begin {
      let start = cursor.offset
      let template =
        state.value.type.layout.head == .templateID
        ? try self.template(try cursor.length(), at: start) : try inlineTemplate(&cursor)
      state.value.template = template
      state.value.remaining = UInt64(template.fields.count)
      try sink.beginElements(ElementsHeader(count: state.value.remaining))
      state.value.stage = .elements
      committed = cursor.position
    }
    guard let template = state.value.template else { return }
    while state.value.remaining > 0 {
      let field = template.fields[template.fields.count - Int(state.value.remaining)]
      let value = try string(&cursor, slot: 1)
      try sink.hashField(field.span.bytes, value: value, expiry: nil)
      elementDone(cursor)
    }
  }

  /// Reads a listpack of a template's ID and one value per field.
  @inlinable
  mutating func templateListpack<S: RDBSink & ~Copyable>(
    _ blob: RawSpan, _ offset: Int, _ known: HashTemplate?, _ sink: inout S
  ) throws {
    var listpack = try Listpack(blob, at: offset)
    let first = try listpack.next()
    guard first.isInteger else {
      throw RDBError.value(.corruptHashTemplate, at: offset, inner: 6, "a template's ID", "text")
    }
    let template: HashTemplate
    if let known {
      template = known
    } else {
      template = try self.template(UInt64(bitPattern: first.integer), at: offset)
    }
    try sink.beginElements(
      ElementsHeader(count: UInt64(template.fields.count), firstBlobByteCount: blob.byteCount))
    for field in template.fields {
      guard !listpack.isAtEnd else {
        throw RDBError.value(
          .corruptHashTemplate, at: offset, inner: listpack.position,
          "\(template.fields.count) values", "fewer")
      }
      let value = try listpack.next().text(scratch: scratch.number(1))
      try sink.hashField(field.span.bytes, value: value, expiry: nil)
    }
    try listpack.finish(count: template.fields.count + 1)
  }
}
