/// The vendor of a file. Redis and Valkey use some numbers (22, 243 …) with different meanings.
public enum Vendor: String, Hashable, Sendable {
  /// Redis, and servers that write its files: KeyDB, Dragonfly.
  case redis
  /// Valkey from version 9 on. Earlier versions write files of Redis.
  case valkey

  /// The RDB versions that are known, in files of this vendor.
  package var rdbVersions: ClosedRange<Int> {
    switch self {
    case .redis: 1...15
    case .valkey: 80...81
    }
  }
}

/// The kind of data that a key holds.
///
/// The raw value is the name that the `TYPE` command of a server answers, except for ``module``.
public enum DataType: String, Hashable, Sendable, CaseIterable {
  /// A byte string.
  case string
  /// A list of byte strings.
  case list
  /// A set of byte strings.
  case set
  /// A sorted set: members with scores.
  case zset
  /// A hash: fields with values, from Redis 7.4 and Valkey 9 on with expiries.
  case hash
  /// A stream: entries of fields and values, with consumer groups.
  case stream
  /// A sparse array (Redis 8.8).
  case array
  /// Paths, each with fields and their values (Valkey 9.2).
  case pathHash = "path-hash"
  /// A value of a module, such as RedisJSON or RedisBloom.
  case module
}

/// The stored form of a value: a quicklist, a listpack, an intset …
///
/// The names of the cases are those of Redis. Several stored forms hold the same kind of data (``data``).
///
/// Source: `RDB_TYPE_*` in Redis and Valkey `src/rdb.h`.
public enum ValueType: UInt8, Hashable, Sendable, BitwiseCopyable, CaseIterable {
  /// A string.
  case string
  /// A list, set, sorted set or hash whose elements are stored one by one.
  case list, set, zset, hash
  /// A sorted set with scores as 8-byte numbers.
  case zset2
  /// A module's value: of release candidates of Redis 4.0, which cannot be read, and of all later releases.
  case modulePreGA, module2
  /// A small hash of Redis 2.4.
  case hashZipmap
  /// A small list as one ziplist, the packed form before listpacks.
  case listZiplist
  /// A small set of integers.
  case setIntset
  /// A small sorted set or hash as one ziplist.
  case zsetZiplist, hashZiplist
  /// A list of ziplists (Redis 3.2 to 6.2).
  case listQuicklist
  /// A stream in its first form (Redis 5.0).
  case streamListpacks
  /// A small hash or sorted set as one listpack.
  case hashListpack, zsetListpack
  /// A list of listpacks and of large elements (Redis 7.0 and later).
  case listQuicklist2
  /// A stream with counters of its entries (Redis 7.0).
  case streamListpacks2
  /// A small set as one listpack.
  case setListpack
  /// A stream whose consumers have the time of their last activity (Redis 7.2).
  case streamListpacks3
  /// A hash with field expiries, in the forms of release candidates of Redis 7.4.
  case hashMetadataPreGA, hashListpackExPreGA
  /// A hash with field expiries of Valkey 9.
  case hash2
  /// A hash with field expiries of Redis 7.4: stored one by one, or as one listpack.
  case hashMetadata, hashListpackEx
  /// A stream with idempotent producers, and one that also has released entries (Redis 8.6 and later).
  case streamListpacks4, streamListpacks5
  /// A sparse array (Redis 8.8).
  case array
  /// A hash that shares its field names with other hashes (Redis 8.10).
  ///
  /// The `Inline` forms hold the names; the others refer to a template elsewhere in the file.
  case hashTemplateListpackInline, hashTemplateListpack, hashTemplateArrayInline, hashTemplateArray
  /// Paths, each with fields and their values (Valkey 9.2).
  case pathHash

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

  /// The table of numbers, names, first versions and vendors.
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
    case .pathHash: Row(code: 23, name: "path_hash", since: 81, vendor: .valkey)
    }
  }

  /// The byte in the file.
  public var code: UInt8 { row.code }
  /// Redis's own name, lower case: `hash_listpack`.
  public var name: String { "\(row.name)" }

  /// The kind of data that the value holds.
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
    case .pathHash: .pathHash
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

/// The first byte of a record that is not a key.
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
