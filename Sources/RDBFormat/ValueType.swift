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
/// The table below is the only place that knows a type's number, name, first version and vendor.
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
  public struct Row: Sendable {
    /// The byte in the file.
    public let code: UInt8
    /// Redis's own name, lower case.
    public let name: StaticString
    public let data: DataType
    /// The RDB version that introduced it.
    public let since: Int
    /// `nil`: both vendors mean the same by this number.
    public let vendor: Vendor?

    @inlinable init(code: UInt8, name: StaticString, data: DataType, since: Int, vendor: Vendor?) {
      (self.code, self.name, self.data, self.since, self.vendor) = (code, name, data, since, vendor)
    }
  }

  @inlinable public var row: Row {
    switch self {
    case .string: Row(code: 0, name: "string", data: .string, since: 1, vendor: nil)
    case .list: Row(code: 1, name: "list", data: .list, since: 1, vendor: nil)
    case .set: Row(code: 2, name: "set", data: .set, since: 1, vendor: nil)
    case .zset: Row(code: 3, name: "zset", data: .zset, since: 1, vendor: nil)
    case .hash: Row(code: 4, name: "hash", data: .hash, since: 1, vendor: nil)
    case .zset2: Row(code: 5, name: "zset_2", data: .zset, since: 8, vendor: nil)
    case .modulePreGA: Row(code: 6, name: "module_pre_ga", data: .module, since: 8, vendor: nil)
    case .module2: Row(code: 7, name: "module_2", data: .module, since: 8, vendor: nil)
    case .hashZipmap: Row(code: 9, name: "hash_zipmap", data: .hash, since: 2, vendor: nil)
    case .listZiplist: Row(code: 10, name: "list_ziplist", data: .list, since: 2, vendor: nil)
    case .setIntset: Row(code: 11, name: "set_intset", data: .set, since: 2, vendor: nil)
    case .zsetZiplist: Row(code: 12, name: "zset_ziplist", data: .zset, since: 2, vendor: nil)
    case .hashZiplist: Row(code: 13, name: "hash_ziplist", data: .hash, since: 4, vendor: nil)
    case .listQuicklist: Row(code: 14, name: "list_quicklist", data: .list, since: 7, vendor: nil)
    case .streamListpacks:
      Row(code: 15, name: "stream_listpacks", data: .stream, since: 9, vendor: nil)
    case .hashListpack: Row(code: 16, name: "hash_listpack", data: .hash, since: 10, vendor: nil)
    case .zsetListpack: Row(code: 17, name: "zset_listpack", data: .zset, since: 10, vendor: nil)
    case .listQuicklist2:
      Row(code: 18, name: "list_quicklist_2", data: .list, since: 10, vendor: nil)
    case .streamListpacks2:
      Row(code: 19, name: "stream_listpacks_2", data: .stream, since: 10, vendor: nil)
    case .setListpack: Row(code: 20, name: "set_listpack", data: .set, since: 11, vendor: nil)
    case .streamListpacks3:
      Row(code: 21, name: "stream_listpacks_3", data: .stream, since: 11, vendor: nil)
    case .hashMetadataPreGA:
      Row(code: 22, name: "hash_metadata_pre_ga", data: .hash, since: 12, vendor: .redis)
    case .hashListpackExPreGA:
      Row(code: 23, name: "hash_listpack_ex_pre_ga", data: .hash, since: 12, vendor: .redis)
    case .hash2: Row(code: 22, name: "hash_2", data: .hash, since: 80, vendor: .valkey)
    case .hashMetadata: Row(code: 24, name: "hash_metadata", data: .hash, since: 12, vendor: .redis)
    case .hashListpackEx:
      Row(code: 25, name: "hash_listpack_ex", data: .hash, since: 12, vendor: .redis)
    case .streamListpacks4:
      Row(code: 26, name: "stream_listpacks_4", data: .stream, since: 13, vendor: .redis)
    case .streamListpacks5:
      Row(code: 27, name: "stream_listpacks_5", data: .stream, since: 14, vendor: .redis)
    case .array: Row(code: 28, name: "array", data: .array, since: 14, vendor: .redis)
    case .hashTemplateListpackInline:
      Row(code: 29, name: "hash_template_listpack_inline", data: .hash, since: 15, vendor: .redis)
    case .hashTemplateListpack:
      Row(code: 30, name: "hash_template_listpack", data: .hash, since: 15, vendor: .redis)
    case .hashTemplateArrayInline:
      Row(code: 31, name: "hash_template_array_inline", data: .hash, since: 15, vendor: .redis)
    case .hashTemplateArray:
      Row(code: 32, name: "hash_template_array", data: .hash, since: 15, vendor: .redis)
    }
  }

  /// The byte in the file.
  @inlinable public var code: UInt8 { row.code }
  /// Redis's own name, lower case: `hash_listpack`.
  public var name: String { "\(row.name)" }
  @inlinable public var data: DataType { row.data }

  /// Whether the whole value is one string: of bytes, or of a packed value's bytes.
  @inlinable public var isOneString: Bool {
    switch self {
    case .string, .hashZipmap, .listZiplist, .setIntset, .zsetZiplist, .hashZiplist, .hashListpack,
      .zsetListpack, .setListpack, .hashListpackExPreGA, .hashTemplateListpack:
      true
    default: false
    }
  }

  /// The type that `code` means in a file of `vendor`; `nil`: none.
  ///
  /// - Complexity: O(number of types). Readers build a table of 256 once.
  public static func resolve(_ code: UInt8, vendor: Vendor) -> ValueType? {
    allCases.first { $0.row.code == code && ($0.row.vendor ?? vendor) == vendor }
  }
}

/// A byte that is not a value type: what stands between the keys.
///
/// Source: `RDB_OPCODE_*` in Redis and Valkey `src/rdb.h`.
public enum Opcode: UInt8, Hashable, Sendable {
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
