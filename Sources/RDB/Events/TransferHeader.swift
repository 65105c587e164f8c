/// The line before a snapshot that a server sends to a replica, without its `$` and its end.
///
///     $<length>\r\n               before a snapshot of that many bytes, or
///     $EOF:<40 bytes>\r\n         before a snapshot that ends with the same 40 bytes
///
/// Source: `readSyncBulkPayload` in Redis `src/replication.c`.
package enum TransferHeader: Hashable, Sendable {
  /// The size of the snapshot, in bytes.
  case byteCount(UInt64)
  /// The mark that follows the snapshot.
  case mark([UInt8])

  /// The size of a mark, in bytes.
  package static let markByteCount = 40
  /// The largest number of digits of a length.
  package static let digitLimit = 18

  /// Returns `nil` for a line of another form.
  package init?(_ line: some Collection<UInt8>) {
    let prefix = "EOF:".utf8
    if line.starts(with: prefix), line.count == prefix.count + Self.markByteCount {
      self = .mark(Array(line.dropFirst(prefix.count)))
    } else if !line.isEmpty, line.count <= Self.digitLimit, line.allSatisfy({ (48...57).contains($0) }) {
      self = .byteCount(line.reduce(0) { $0 * 10 + UInt64($1 - 48) })
    } else {
      return nil
    }
  }
}
