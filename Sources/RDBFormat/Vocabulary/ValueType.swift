/// Whose numbers a file uses: Redis and Valkey gave some numbers (22, 243 …) different meanings.
public enum Vendor: String, Hashable, Sendable {
  case redis, valkey
}

/// The seven kinds of data a key can hold, and modules.
public enum DataType: String, Hashable, Sendable, CaseIterable {
  case string, list, set, zset, hash, stream, array, module
}

/// How a value is laid out in the file: one row of the table of types, its vendor already decided.
///
/// ``row`` is the only place that knows a type's number, name, first version and vendor; ``layout`` the only place that
/// knows its layout.
/// Source: `RDB_TYPE_*` in Redis and Valkey `src/rdb.h`.
public enum ValueType: UInt8, Hashable, Sendable, BitwiseCopyable, CaseIterable {
  case string, list, set, zset, hash, zset2, modulePreGA, module2
  case hashZipmap, listZiplist, setIntset, zsetZiplist, hashZiplist
  case listQuicklist, streamListpacks, hashListpack, zsetListpack, listQuicklist2
  case streamListpacks2, setListpack, streamListpacks3
  case hashMetadataPreGA, hashListpackExPreGA, hash2
  case hashMetadata, hashListpackEx
  case streamListpacks4, streamListpacks5, array
  case hashTemplateListpackInline, hashTemplateListpack, hashTemplateArrayInline, hashTemplateArray

  /// One row of the table.
  package struct Row: Sendable {
    /// The byte in the file.
    package let code: UInt8
    /// Redis's own name, lower case.
    package let name: StaticString
    /// The RDB version that introduced it.
    package let since: Int
    /// `nil`: both vendors mean the same by this number.
    package let vendor: Vendor?

  }

  package var row: Row {
    switch self {
    case .string: Row(code: 0, name: "string", since: 1, vendor: nil)
    case .list: Row(code: 1, name: "list", since: 1, vendor: nil)
    case .set: Row(code: 2, name: "set", since: 1, vendor: nil)
    case .zset: Row(code: 3, name: "zset", since: 1, vendor: nil)
    case .hash: Row(code: 4, name: "hash", since: 1, vendor: nil)
    case .zset2: Row(code: 5, name: "zset_2", since: 8, vendor: nil)
    case .modulePreGA: Row(code: 6, name: "module_pre_ga", since: 8, vendor: nil)
    case .module2: Row(code: 7, name: "module_2", since: 8, vendor: nil)
    case .hashZipmap: Row(code: 9, name: "hash_zipmap", since: 2, vendor: nil)
    case .listZiplist: Row(code: 10, name: "list_ziplist", since: 2, vendor: nil)
    case .setIntset: Row(code: 11, name: "set_intset", since: 2, vendor: nil)
    case .zsetZiplist: Row(code: 12, name: "zset_ziplist", since: 2, vendor: nil)
    case .hashZiplist: Row(code: 13, name: "hash_ziplist", since: 4, vendor: nil)
    case .listQuicklist: Row(code: 14, name: "list_quicklist", since: 7, vendor: nil)
    case .streamListpacks:
      Row(code: 15, name: "stream_listpacks", since: 9, vendor: nil)
    case .hashListpack: Row(code: 16, name: "hash_listpack", since: 10, vendor: nil)
    case .zsetListpack: Row(code: 17, name: "zset_listpack", since: 10, vendor: nil)
    case .listQuicklist2:
      Row(code: 18, name: "list_quicklist_2", since: 10, vendor: nil)
    case .streamListpacks2:
      Row(code: 19, name: "stream_listpacks_2", since: 10, vendor: nil)
    case .setListpack: Row(code: 20, name: "set_listpack", since: 11, vendor: nil)
    case .streamListpacks3:
      Row(code: 21, name: "stream_listpacks_3", since: 11, vendor: nil)
    case .hashMetadataPreGA:
      Row(code: 22, name: "hash_metadata_pre_ga", since: 12, vendor: .redis)
    case .hashListpackExPreGA:
      Row(code: 23, name: "hash_listpack_ex_pre_ga", since: 12, vendor: .redis)
    case .hash2: Row(code: 22, name: "hash_2", since: 80, vendor: .valkey)
    case .hashMetadata: Row(code: 24, name: "hash_metadata", since: 12, vendor: .redis)
    case .hashListpackEx:
      Row(code: 25, name: "hash_listpack_ex", since: 12, vendor: .redis)
    case .streamListpacks4:
      Row(code: 26, name: "stream_listpacks_4", since: 13, vendor: .redis)
    case .streamListpacks5:
      Row(code: 27, name: "stream_listpacks_5", since: 14, vendor: .redis)
    case .array: Row(code: 28, name: "array", since: 14, vendor: .redis)
    case .hashTemplateListpackInline:
      Row(code: 29, name: "hash_template_listpack_inline", since: 15, vendor: .redis)
    case .hashTemplateListpack:
      Row(code: 30, name: "hash_template_listpack", since: 15, vendor: .redis)
    case .hashTemplateArrayInline:
      Row(code: 31, name: "hash_template_array_inline", since: 15, vendor: .redis)
    case .hashTemplateArray:
      Row(code: 32, name: "hash_template_array", since: 15, vendor: .redis)
    }
  }

  /// The byte in the file.
  public var code: UInt8 { row.code }
  /// Redis's own name, lower case: `hash_listpack`.
  public var name: String { "\(row.name)" }

  /// The kind of data it holds. Apart from the table because it is asked for every key.
  @inlinable public var data: DataType {
    switch self {
    case .string: .string
    case .list, .listZiplist, .listQuicklist, .listQuicklist2: .list
    case .set, .setIntset, .setListpack: .set
    case .zset, .zset2, .zsetZiplist, .zsetListpack: .zset
    case .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashMetadataPreGA, .hashListpackExPreGA,
      .hash2, .hashMetadata, .hashListpackEx, .hashTemplateListpackInline, .hashTemplateListpack,
      .hashTemplateArrayInline, .hashTemplateArray:
      .hash
    case .streamListpacks, .streamListpacks2, .streamListpacks3, .streamListpacks4,
      .streamListpacks5:
      .stream
    case .array: .array
    case .modulePreGA, .module2: .module
    }
  }

  /// The type that `code` means in a file of `vendor`; `nil`: none.
  ///
  /// - Complexity: O(number of types). Readers build a table of 256 once.
  package static func resolve(_ code: UInt8, vendor: Vendor) -> ValueType? {
    allCases.first { $0.row.code == code && ($0.row.vendor ?? vendor) == vendor }
  }
}

/// A byte that is not a value type: what stands between the keys.
///
/// Source: `RDB_OPCODE_*` in Redis and Valkey `src/rdb.h`.
@usableFromInline package enum Opcode: UInt8, Hashable, Sendable {
  case eof = 255
  case selectDB = 254
  case expireTime = 253
  case expireTimeMS = 252
  case resizeDB = 251
  case aux = 250
  case frequency = 249
  case idle = 248
  case moduleAux = 247
  case functionPreGA = 246
  case function2 = 245
  case slotInfo = 244
  /// Redis: key metadata. Valkey: slot import.
  case keyMetaOrSlotImport = 243
  /// Redis: a hash template. Valkey: an inline update.
  case hashTemplateOrUpdate = 242
}
