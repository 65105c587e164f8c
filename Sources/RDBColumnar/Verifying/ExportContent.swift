import RDB
import RDBFormat
import RDBSupport

/// Reads an export, and computes its content as ``ContentSink`` computes that of a snapshot.
package struct ExportContent {
  /// What the files have.
  package private(set) var summary = ContentSummary()
  /// Whether there are tables of elements, so that values can be compared.
  package private(set) var hasValues = false
  /// The metadata of the file of keys.
  package private(set) var metadata: [String: String] = [:]
  private var digester = ValueDigester()

  /// The names of the snapshots in a folder, as their partitions have them.
  package static func partitions(in folder: String) throws(RDBError) -> [String] {
    try names(in: "\(folder)/keys").filter { $0.hasPrefix("dump=") }
  }

  private static func names(in folder: String) throws(RDBError) -> [String] {
    try convertingSystemErrors { () throws(SystemError) in try Folder.names(in: folder) }
  }

  /// Reads the files of one snapshot.
  ///
  /// - Parameters:
  ///   - partition: One of ``partitions(in:)``.
  ///   - part: The number in the names of the files (``ColumnarOptions/partNumber``).
  package init(folder: String, partition: String, part: Int = 0) throws(RDBError) {
    let keys = try ParquetTable(path: "\(folder)/keys/\(partition)/part-\(part).parquet", .keys)
    metadata = keys.metadata
    guard metadata["rdb.schema_version"] == "\(TableSchema.version)" else {
      throw .corruptParquet(
        0, "an export of schema version \(TableSchema.version)", metadata["rdb.schema_version"] ?? "no version")
    }
    hasValues = metadata["rdb.values"] == "true"
    try read(keys: try TableCursor(keys))
    if !hasValues { return }
    var tables: [TableCursor?] = []
    for schema in TableSchema.elements {
      let path = "\(folder)/\(schema.folder)/\(partition)/part-\(part).parquet"
      tables.append(access(path, F_OK) == 0 ? try TableCursor(try ParquetTable(path: path, schema)) : nil)
    }
    for table in ElementTable.allCases { if let cursor = tables[table.rawValue] { try read(table, cursor, tables) } }
    for case let cursor? in tables where !cursor.isAtEnd {
      throw .corruptParquet(0, "groups, consumers and pending entries of streams only", "rows of another key")
    }
  }

  private mutating func read(keys cursor: TableCursor) throws(RDBError) {
    while !cursor.isAtEnd {
      let type = try cursor.required(cursor.text(4))
      let elements = try cursor.required(cursor.number(7))
      let properties = KeyProperties(
        database: try cursor.required(cursor.number(1)), storedAs: try cursor.required(cursor.text(6)),
        elements: elements, serializedByteCount: try cursor.required(cursor.number(9)), expiry: cursor.number(13),
        idleSeconds: cursor.number(15), frequency: cursor.number(16), module: cursor.text(21) ?? "",
        moduleVersion: cursor.number(22) ?? 0, metadata: cursor.bytes(23) ?? [])
      let name = try cursor.required(cursor.bytes(2))
      var part = summary.parts[type] ?? ContentSummary.Part()
      part.keys += 1
      part.elements &+= UInt64(bitPattern: elements)
      part.keySum.add(properties.digest(name: name.span.bytes))
      summary.parts[type] = part
      try cursor.advance()
    }
  }

  /// Reads the values of a table, key by key.
  private mutating func read(_ table: ElementTable, _ cursor: TableCursor, _ tables: [TableCursor?]) throws(RDBError) {
    let type: DataType
    switch table {
    case .string: type = .string
    case .list: type = .list
    case .set: type = .set
    case .zset: type = .zset
    case .hash: type = .hash
    case .array: type = .array
    case .pathHash: type = .pathHash
    case .module: type = .module
    // Every stream has a row of numbers; its other rows are read with it.
    case .streamInfo: type = .stream
    case .stream, .streamGroup, .streamConsumer, .streamPending, .streamIdempotency: return
    }
    while let offset = cursor.keyOffset {
      let name = try cursor.required(cursor.bytes(2))
      let database = try cursor.required(cursor.number(1))
      if type == .stream {
        digester.begin(.stream, module: nil)
        try StreamRows(cursor, tables).read(offset, into: &digester)
        try cursor.advance()
      } else {
        digester.begin(type, module: type == .module ? try moduleID(cursor) : nil)
        while cursor.keyOffset == offset {
          try readRow(table, cursor)
          try cursor.advance()
        }
      }
      let digest = digester.endValue()
      summary.parts[type.rawValue, default: ContentSummary.Part()].valueSum.add(
        ValueDigest(of: digest, name: name.span.bytes, database: database))
    }
  }

  private func moduleID(_ cursor: TableCursor) throws(RDBError) -> ModuleID {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    let name = try cursor.required(cursor.bytes(4))
    let version = try cursor.required(cursor.number(5))
    var value: UInt64 = 0
    for byte in name { value = value << 6 | UInt64(try cursor.required(alphabet.firstIndex(of: byte))) }
    return ModuleID(rawValue: value << 10 | UInt64(bitPattern: version & 1023))
  }

  private var path: [UInt8]?

  private mutating func readRow(_ table: ElementTable, _ cursor: TableCursor) throws(RDBError) {
    switch table {
    case .string:
      let value = try cursor.required(cursor.bytes(4))
      digester.string(value.span.bytes)
    case .list:
      let element = try cursor.required(cursor.bytes(5))
      digester.listElement(element.span.bytes)
    case .set:
      let member = try cursor.required(cursor.bytes(4))
      digester.setMember(member.span.bytes)
    case .zset:
      let member = try cursor.required(cursor.bytes(4))
      digester.zsetMember(member.span.bytes, score: try cursor.required(cursor.double(6)))
    case .hash:
      let (field, value) = (try cursor.required(cursor.bytes(4)), try cursor.required(cursor.bytes(6)))
      digester.hashField(
        field.span.bytes, value: value.span.bytes, expiry: cursor.number(8).map { UnixMilliseconds($0) })
    case .array:
      digester.beginElements(ElementsHeader(count: nil, insertIndex: cursor.text(8).flatMap { UInt64($0) }))
      guard let text = cursor.text(4) else { return }
      let value = try cursor.required(cursor.bytes(6))
      digester.arrayElement(index: try cursor.required(UInt64(text)), value: value.span.bytes)
    case .pathHash: try readPath(cursor)
    case .module: try readItem(cursor)
    case .stream, .streamInfo, .streamGroup, .streamConsumer, .streamPending, .streamIdempotency: break
    }
  }

  private var pathOffset: Int64 = -1

  /// Reads the row of a field, or of a path without fields.
  private mutating func readPath(_ cursor: TableCursor) throws(RDBError) {
    let next = try cursor.required(cursor.bytes(4))
    if path != next || pathOffset != cursor.keyOffset {
      digester.beginPath(next.span.bytes, fieldCount: 0)
      (path, pathOffset) = (next, try cursor.required(cursor.keyOffset))
    }
    guard let field = cursor.bytes(6) else { return }
    let value = try cursor.required(cursor.bytes(8))
    digester.pathField(field.span.bytes, value: value.span.bytes)
  }

  private mutating func readItem(_ cursor: TableCursor) throws(RDBError) {
    let none: [UInt8] = []
    func number<Number: LosslessStringConvertible>(_: Number.Type) throws(RDBError) -> Number {
      try cursor.required(cursor.text(8).flatMap { Number($0) })
    }
    switch cursor.text(7) {
    case "signed": digester.moduleItem(ModuleItem(.signed(try number(Int64.self)), bytes: none.span.bytes))
    case "unsigned": digester.moduleItem(ModuleItem(.unsigned(try number(UInt64.self)), bytes: none.span.bytes))
    case "float":
      digester.moduleItem(ModuleItem(.float(Float(try cursor.required(cursor.double(9)))), bytes: none.span.bytes))
    case "double":
      digester.moduleItem(ModuleItem(.double(try cursor.required(cursor.double(9))), bytes: none.span.bytes))
    case "string":
      let bytes = try cursor.required(cursor.bytes(10))
      digester.moduleItem(ModuleItem(.string, bytes: bytes.span.bytes))
    case nil: break
    default: throw .corruptParquet(0, "the kind of a module's item", "another text")
    }
  }
}
