/// The limits by which a release chooses the encoding of a value, with its default configuration.
package struct EncodingLimits: Hashable, Sendable {
  /// The release.
  package let server: ServerVersion
  /// A hash with more fields is a hash table.
  package let hashEntries: Int
  /// A hash with a longer field or value is a hash table, in bytes.
  package let hashByteCount = 64
  /// A set of integers with more members is not an intset.
  package let intsetEntries = 512
  /// A set with more members is a hash table; 0: the release has no packed sets.
  package let setEntries: Int
  /// A set with a longer member is a hash table, in bytes.
  package let setByteCount = 64
  /// A sorted set with more members is a skip list.
  package let zsetEntries = 128
  /// A sorted set with a longer member is a skip list, in bytes.
  package let zsetByteCount = 64
  /// The largest node of a list, in bytes.
  package let listNodeByteCount = 8192
  /// The largest node of a stream, in bytes and in entries.
  package let streamNodeByteCount = 4096
  package let streamNodeEntries = 100

  package init(server: ServerVersion) {
    self.server = server
    hashEntries = server.isAtLeast(7, 0) ? 512 : 128
    setEntries = server.isAtLeast(7, 2) ? 128 : 0
  }
}

extension EncodingLimits {
  /// The encoding of small hashes and sorted sets.
  package var packedEncoding: ObjectEncoding { server.isAtLeast(7, 0) ? .listpack : .ziplist }
}
