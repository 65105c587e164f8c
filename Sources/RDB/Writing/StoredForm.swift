import RDBFormat

extension RDBWriter {
  /// The type in which a server stores a collection that has an encoding in memory. Lists of nodes have types of their own.
  package func storedType(of data: DataType, _ encoding: ObjectEncoding) -> ValueType {
    switch (data, encoding) {
    case (.set, .intset) where canWrite(.setIntset): .setIntset
    case (.set, .listpack) where canWrite(.setListpack): .setListpack
    case (.set, _): .set
    case (.zset, .listpack) where canWrite(.zsetListpack): .zsetListpack
    case (.zset, .listpack) where canWrite(.zsetZiplist), (.zset, .ziplist) where canWrite(.zsetZiplist): .zsetZiplist
    case (.zset, _): canWrite(.zset2) ? .zset2 : .zset
    case (.hash, .listpackex) where canWrite(.hashListpackEx): .hashListpackEx
    case (.hash, .listpack) where canWrite(.hashListpack): .hashListpack
    case (.hash, .listpack) where canWrite(.hashZiplist), (.hash, .ziplist) where canWrite(.hashZiplist): .hashZiplist
    case (.hash, _): .hash
    case (.list, .ziplist) where canWrite(.listZiplist): .listZiplist
    case (.list, _), (.string, _), (.stream, _), (.array, _), (.pathHash, _), (.module, _): .list
    }
  }

  /// The type of a hash of single fields.
  ///
  /// - Parameter expires: Whether a field has an expiry.
  package func unpackedHashType(expires: Bool) -> ValueType {
    expires ? canWrite(.hash2) ? .hash2 : canWrite(.hashMetadata) ? .hashMetadata : .hash : .hash
  }

  /// The type in which a release stores a list of nodes.
  package func nodeListType(_ limits: EncodingLimits) -> ValueType {
    limits.hasListpackNodes && canWrite(.listQuicklist2) ? .listQuicklist2 : .listQuicklist
  }

  /// The type in which a release stores a stream without idempotent producers and released entries.
  package func streamType(_ limits: EncodingLimits) -> ValueType {
    limits.server.isAtLeast(7, 2)
      ? .streamListpacks3 : limits.server.isAtLeast(7, 0) ? .streamListpacks2 : .streamListpacks
  }
}

extension PackedBuilder {
  /// Creates a builder for values of a packed type: listpacks or ziplists.
  ///
  /// - Parameter version: The RDB version of the file.
  package init(for type: ValueType, version: Int) {
    self.init(version: version)
    usesListpack = type.hasListpacks
  }
}

extension ValueType {
  /// Whether values of a packed type have listpacks, not ziplists.
  package var hasListpacks: Bool {
    switch layout.content {
    case .packed(.hash(let kind)), .packed(.zset(let kind)), .quicklist(let kind): kind == .listpack
    case .packed(.set), .packed(.hashWithExpiries), .packed(.templateHash), .templateListpack, .stream: true
    case .packed(.list), .packed(.intset), .packed(.zipmap), .string, .collection, .module, .array, .templateValues,
      .pathHash:
      false
    }
  }
}
