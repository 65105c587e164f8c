import RDB
import RDBAnalysis
import RDBFormat

/// A table of an export: its columns, and the folder of its files.
package struct TableSchema: Sendable {
  /// The version of all tables. It changes when a column changes its name, type or meaning, not when one is added.
  package static let version = 1

  /// The name of the table.
  package let name: String
  package let columns: [ColumnSchema]
  /// Whether the table has a row per element of a value.
  let isOfElements: Bool

  init(_ name: String, isOfElements: Bool = true, _ columns: [ColumnSchema]) {
    (self.name, self.isOfElements, self.columns) = (name, isOfElements, columns)
  }

  /// The folder of the table, below that of the export.
  package var folder: String { isOfElements ? "elements/type=\(name)" : name }

  func makeBuffers() -> [ColumnBuffer] {
    let sources = Set(columns.compactMap(\.source))
    return columns.enumerated().map { ColumnBuffer($1, isSource: sources.contains($0)) }
  }
}

extension TableSchema {
  /// The number of prefix columns of ``keys``.
  package static let prefixDepth = 3

  /// The table with a row per key.
  package static let keys = TableSchema(
    "keys", isOfElements: false,
    beginning(onePerKey: true) + [
      ColumnSchema("type", .names(DataType.allCases.byOrdinal(\.ordinal, \.rawValue)), repeats: true),
      ColumnSchema(
        "encoding", .names(ObjectEncoding.allCases.byOrdinal(\.ordinal, \.rawValue)), isOptional: true, repeats: true),
      ColumnSchema("stored_as", .names(ValueType.allCases.byOrdinal({ Int($0.rawValue) }, \.name)), repeats: true),
      ColumnSchema("elements", .int64),
      ColumnSchema("key_bytes", .int64),
      ColumnSchema("serialized_bytes", .int64),
      ColumnSchema("value_bytes", .int64),
      ColumnSchema("largest_element_bytes", .int64),
      ColumnSchema("memory_bytes", .int64, isOptional: true),
      ColumnSchema("expiry_ms", .int64, isOptional: true),
      ColumnSchema("expiry", .timestamp, isOptional: true, source: 13),
      ColumnSchema("idle_seconds", .int64, isOptional: true, repeats: true),
      ColumnSchema("frequency", .int32, isOptional: true, repeats: true),
      ColumnSchema("slot", .int32),
      ColumnSchema("prefix_1", .text, isOptional: true, repeats: true),
      ColumnSchema("prefix_2", .text, isOptional: true, repeats: true),
      ColumnSchema("prefix_3", .text, isOptional: true, repeats: true),
      ColumnSchema("module", .text, isOptional: true, repeats: true),
      ColumnSchema("module_version", .int32, isOptional: true, repeats: true),
      ColumnSchema("metadata", .bytes, isOptional: true, repeats: true),
    ])

  /// The tables with a row per element, in the order of ``ElementTable``.
  package static let elements = ElementTable.allCases.map(\.schema)

  /// The columns that all tables begin with.
  ///
  /// - Parameter onePerKey: Whether the table has one row per key.
  fileprivate static func beginning(onePerKey: Bool) -> [ColumnSchema] {
    [
      ColumnSchema("offset", .int64, repeats: !onePerKey),
      ColumnSchema("db", .int64, repeats: true),
    ] + bytes("key", at: 2, repeats: !onePerKey)
  }

  /// A column of bytes, and the column of their text.
  fileprivate static func bytes(_ name: String, at index: Int, repeats: Bool = false) -> [ColumnSchema] {
    [
      ColumnSchema(name, .bytes, isOptional: true, repeats: repeats),
      ColumnSchema("\(name)_text", .text, isOptional: true, source: index, repeats: repeats),
    ]
  }

  /// The ID of a stream entry as text, its two numbers, and the time that the first one is.
  fileprivate static func entryID(_ name: String, at index: Int, repeats: Bool = false) -> [ColumnSchema] {
    [
      ColumnSchema(name, .text, repeats: repeats),
      ColumnSchema("\(name)_ms", .int64, isOptional: true, repeats: repeats),
      ColumnSchema("\(name)_time", .timestamp, isOptional: true, source: index + 1, repeats: repeats),
      ColumnSchema("\(name)_seq", .int64, isOptional: true, repeats: repeats),
    ]
  }

  /// A time in milliseconds since 1970, and as a timestamp.
  fileprivate static func time(_ name: String, at index: Int) -> [ColumnSchema] {
    [
      ColumnSchema("\(name)_ms", .int64, isOptional: true),
      ColumnSchema(name, .timestamp, isOptional: true, source: index),
    ]
  }
}

extension Collection {
  /// The names of the elements, each at the index that is its number.
  fileprivate func byOrdinal(_ ordinal: (Element) -> Int, _ name: (Element) -> String) -> [String] {
    var names = [String](repeating: "", count: count)
    for element in self { names[ordinal(element)] = name(element) }
    return names
  }
}

/// A table with a row per element.
package enum ElementTable: Int, CaseIterable, Sendable {
  case string, list, set, zset, hash, array, pathHash, module
  case stream, streamInfo, streamGroup, streamConsumer, streamPending, streamIdempotency

  /// The kinds of a module's item, as the column `kind` names them.
  static let itemKinds = ["signed", "unsigned", "float", "double", "string"]
  /// What is known of the number of entries that a group has read, as the column `entries_read_state` names it.
  static let readStates = ["known", "unknown", "absent"]

  /// The number of columns that all tables begin with.
  static let first = 4

  var schema: TableSchema {
    let first = Self.first
    func table(_ name: String, onePerKey: Bool = false, _ columns: [ColumnSchema]...) -> TableSchema {
      TableSchema(name, TableSchema.beginning(onePerKey: onePerKey) + columns.joined())
    }
    func bytes(_ name: String, _ index: Int, repeats: Bool = false) -> [ColumnSchema] {
      TableSchema.bytes(name, at: first + index, repeats: repeats)
    }
    func int64(_ name: String, isOptional: Bool = false) -> [ColumnSchema] {
      [ColumnSchema(name, .int64, isOptional: isOptional)]
    }
    func text(_ name: String, isOptional: Bool = false) -> [ColumnSchema] {
      [ColumnSchema(name, .text, isOptional: isOptional)]
    }
    return switch self {
    case .string: table("string", onePerKey: true, bytes("value", 0))
    case .list: table("list", int64("index"), bytes("value", 1))
    case .set: table("set", bytes("member", 0))
    case .zset: table("zset", bytes("member", 0), [ColumnSchema("score", .double)])
    case .hash:
      table("hash", bytes("field", 0), bytes("value", 2), TableSchema.time("expiry", at: first + 4))
    case .array:
      table(
        "array", text("index", isOptional: true), int64("index_number", isOptional: true), bytes("value", 2),
        [ColumnSchema("insert_index", .text, isOptional: true, repeats: true)])
    case .pathHash: table("path-hash", bytes("path", 0, repeats: true), bytes("field", 2), bytes("value", 4))
    case .module:
      table(
        "module",
        [
          ColumnSchema("module", .text, repeats: true), ColumnSchema("module_version", .int32, repeats: true),
          ColumnSchema("index", .int64, isOptional: true),
          ColumnSchema("kind", .names(Self.itemKinds), isOptional: true, repeats: true),
          ColumnSchema("number", .text, isOptional: true),
          ColumnSchema("real", .double, isOptional: true),
        ], bytes("bytes", 6))
    case .stream:
      table(
        "stream", TableSchema.entryID("id", at: first, repeats: true), int64("field_index", isOptional: true),
        bytes("field", 5), bytes("value", 7))
    case .streamInfo:
      table(
        "stream-info", onePerKey: true, int64("length"), text("last_id"), text("first_id", isOptional: true),
        text("max_deleted_id", isOptional: true), int64("entries_added", isOptional: true), int64("groups"),
        int64("idempotency_seconds", isOptional: true), int64("idempotency_max_ids", isOptional: true),
        int64("idempotency_producers", isOptional: true), int64("idempotency_ids_added", isOptional: true),
        int64("idempotency_ids_duplicate", isOptional: true))
    case .streamGroup:
      table(
        "stream-group", bytes("group", 0), text("last_delivered_id"), int64("entries_read", isOptional: true),
        [ColumnSchema("entries_read_state", .names(Self.readStates), repeats: true)], int64("pending"))
    case .streamConsumer:
      table(
        "stream-consumer", bytes("group", 0, repeats: true), bytes("consumer", 2),
        TableSchema.time("seen", at: first + 4), TableSchema.time("active", at: first + 6), int64("pending"))
    case .streamPending:
      table(
        "stream-pending", bytes("group", 0, repeats: true), bytes("consumer", 2, repeats: true),
        TableSchema.entryID("id", at: first + 4), TableSchema.time("delivered", at: first + 8),
        int64("delivery_count"))
    case .streamIdempotency:
      table(
        "stream-idempotency", bytes("producer", 0, repeats: true), bytes("id", 2), text("entry_id"))
    }
  }
}
