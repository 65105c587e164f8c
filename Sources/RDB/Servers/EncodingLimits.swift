import RDBFormat

/// The limits by which a release chooses the encoding of a value.
///
/// The names in a configuration file are those of Redis 7.2.
package struct EncodingLimits: Hashable, Sendable {
  /// The release.
  package let server: ServerVersion
  /// `hash-max-listpack-entries`: a hash with more fields is a hash table.
  package var hashEntries = 512
  /// `hash-max-listpack-value`: a hash with a longer field or value is a hash table, in bytes.
  package var hashByteCount = 64
  /// `set-max-intset-entries`: a set of integers with more members is not an intset.
  package var intsetEntries = 512
  /// `set-max-listpack-entries`: a set with more members is a hash table; 0: the release has no packed sets.
  package var setEntries: Int
  /// `set-max-listpack-value`: a set with a longer member is a hash table, in bytes.
  package var setByteCount = 64
  /// `zset-max-listpack-entries`: a sorted set with more members is a skip list.
  package var zsetEntries = 128
  /// `zset-max-listpack-value`: a sorted set with a longer member is a skip list, in bytes.
  package var zsetByteCount = 64
  /// `list-max-listpack-size` below 0: the largest node of a list, in bytes.
  package var listNodeByteCount = 8192
  /// `list-max-listpack-size` above 0: the largest node of a list, in elements; `nil`: any number.
  package var listNodeEntries: Int?
  /// `list-max-ziplist-entries` before Redis 3.2: a list with more elements is a linked list.
  package var listEntries = 512
  /// `list-max-ziplist-value` before Redis 3.2: a list with a longer element is a linked list, in bytes.
  package var listByteCount = 64
  /// `stream-node-max-bytes`: the largest node of a stream, in bytes; 0: any size.
  package var streamNodeByteCount = 4096
  /// `stream-node-max-entries`: the largest node of a stream, in entries; 0: any number.
  package var streamNodeEntries = 100

  /// The limits of the default configuration of a release.
  package init(server: ServerVersion) {
    self.server = server
    setEntries = server.isAtLeast(7, 2) ? 128 : 0
  }
}

extension EncodingLimits {
  /// The encoding of small hashes and sorted sets.
  package var packedEncoding: ObjectEncoding { server.isAtLeast(7, 0) ? .listpack : .ziplist }

  /// The encoding that a release chooses for a set, sorted set, hash, or list before Redis 3.2, by its elements.
  ///
  /// - Parameters:
  ///   - data: The kind of collection.
  ///   - count: The number of elements, members or fields.
  ///   - longest: The bytes of the longest element; of a hash, of the longest field or value.
  ///   - areIntegers: Of a set: whether all members are integers.
  ///   - expires: Of a hash: whether a field has an expiry.
  package func encoding(
    of data: DataType, count: Int, longest: Int, areIntegers: @autoclosure () -> Bool = false, expires: Bool = false
  ) -> ObjectEncoding {
    switch data {
    case .set:
      if count <= intsetEntries, areIntegers() { return .intset }
      return count <= setEntries && longest <= setByteCount ? .listpack : .hashtable
    case .zset: return count <= zsetEntries && longest <= zsetByteCount ? packedEncoding : .skiplist
    case .hash:
      guard count <= hashEntries, longest <= hashByteCount else { return .hashtable }
      return expires ? server.vendor == .redis ? .listpackex : .hashtable : packedEncoding
    case .list, .string, .stream, .array, .pathHash, .module:
      return count <= listEntries && longest <= listByteCount ? .ziplist : .linkedlist
    }
  }

  // MARK: Lists

  /// Whether lists are divided into nodes: before Redis 3.2 a small list was one ziplist.
  package var hasListNodes: Bool { server.isAtLeast(3, 2) }

  /// Whether lists have listpacks as nodes, not ziplists.
  package var hasListpackNodes: Bool { server.isAtLeast(7, 0) }

  /// Whether an element of this size is a node of its own.
  package func isLarge(_ byteCount: Int) -> Bool {
    byteCount > (server.isAtLeast(7, 4, valkey: (8, 0)) ? listNodeByteCount : 1 << 30)
  }

  /// Whether an element may be added to a node of a list.
  ///
  /// - Parameters:
  ///   - nodeByteCount: The size of the node, in bytes.
  ///   - nodeCount: The number of its elements.
  ///   - byteCount: The size of the element, in bytes.
  package func listNode(of nodeByteCount: Int, count nodeCount: Int, accepts byteCount: Int) -> Bool {
    if isLarge(byteCount) { return false }
    if let listNodeEntries, nodeCount >= listNodeEntries { return false }
    // Servers estimate the entry's size.
    let estimate =
      hasListpackNodes ? 8 : (byteCount < 254 ? 1 : 5) + (byteCount < 64 ? 1 : byteCount < 16_384 ? 2 : 5)
    return nodeByteCount + byteCount + estimate <= listNodeByteCount
  }

  // MARK: Streams

  /// Whether an entry may be added to a node of a stream.
  ///
  /// - Parameters:
  ///   - nodeByteCount: The size of the node, in bytes.
  ///   - nodeCount: The number of its entries.
  ///   - byteCount: The bytes of the entry's fields and values.
  package func streamNode(of nodeByteCount: Int, count nodeCount: Int, accepts byteCount: Int) -> Bool {
    (streamNodeEntries == 0 || nodeCount < streamNodeEntries)
      && (streamNodeByteCount == 0 || nodeByteCount + byteCount < streamNodeByteCount)
  }
}
