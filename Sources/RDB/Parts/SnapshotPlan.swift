import RDBFormat

/// A plan by which several workers read one snapshot: each a part of it, and each part once.
///
/// A part is a range of bytes that begins and ends between two records. What its records need from the records before them
/// is in its head and in the number of its database, so that a worker reads nothing but its own range. ``PartSource`` makes a
/// whole snapshot of each.
package struct SnapshotPlan: Hashable, Sendable {
  /// A part of the snapshot.
  package struct Part: Hashable, Sendable {
    /// The file offset of the first byte.
    package var start: UInt64
    /// The file offset after the last byte.
    package var end: UInt64
    /// The number of the database of the first key, unless a record of the part selects another one.
    package var database: UInt64
    package var keyCount: UInt64
    /// The CRC-64 of the bytes.
    package var checksum: UInt64
    /// The index in ``SnapshotPlan/heads`` of what precedes the part; `nil`: the part begins with the header of the snapshot.
    package var head: Int?

    package var byteCount: UInt64 { end - start }
  }

  /// The size of the snapshot's file, in bytes.
  package var byteCount: UInt64
  /// The vendor and version of the snapshot.
  package var header: SnapshotHeader
  /// The checksum that the snapshot ends with; `nil` if it has none.
  package var checksum: UInt64?
  /// The beginnings of snapshots: header, AUX fields, and the hash templates that were defined up to some part.
  package var heads: [[UInt8]]
  /// The parts in the order of the file. The last ones are empty if the snapshot has too few records.
  package var parts: [Part]

  /// The largest number of parts.
  package static let partLimit = 100_000
  /// The largest size of all heads, in bytes.
  package static let headLimit = 64 << 20

  package init(
    byteCount: UInt64, header: SnapshotHeader, checksum: UInt64?, heads: [[UInt8]], parts: [Part]
  ) {
    (self.byteCount, self.header, self.checksum) = (byteCount, header, checksum)
    (self.heads, self.parts) = (heads, parts)
  }

  /// The number of all keys.
  package var keyCount: UInt64 { parts.reduce(0) { $0 &+ $1.keyCount } }

  /// The file offset after the EOF opcode, where the last part ends.
  package var endOffset: UInt64 { parts.last?.end ?? 0 }

  /// The bytes before a part that make it the beginning of a snapshot.
  func prefix(of part: Part) -> [UInt8] {
    guard let head = part.head else { return [] }
    return heads[head] + (part.database > 0 ? RDBWriter.selectDatabase(part.database) : [])
  }

  /// Whether a part ends with the EOF opcode of the snapshot.
  func hasOpcodeOfEnd(_ part: Part) -> Bool { part.end == endOffset && part.start < part.end }

  /// The first fault of a plan that was read from a file; `nil` if there is none.
  ///
  /// A sound plan has parts that follow one another from offset 0 on, and end within the file.
  package var fault: String? {
    if parts.isEmpty { return "it has no parts" }
    if parts.count > Self.partLimit { return "it has more than \(Self.partLimit) parts" }
    if heads.reduce(0, { $0 + $1.count }) > Self.headLimit { return "its heads have more than \(Self.headLimit) bytes" }
    if byteCount > UInt64(Int64.max) { return "the file cannot have \(byteCount) bytes" }
    var end: UInt64 = 0
    for (number, part) in parts.enumerated() {
      if part.start != end { return "part \(number) begins at offset \(part.start), not at \(end)" }
      if part.end < part.start || part.end > byteCount { return "part \(number) ends at offset \(part.end)" }
      if let head = part.head, !heads.indices.contains(head) { return "part \(number) has the unknown head \(head)" }
      if number > 0, part.head == nil { return "part \(number) has no head" }
      if UInt64(prefix(of: part).count) > part.start {
        return "the head of part \(number) is longer than what precedes it"
      }
      end = part.end
    }
    return nil
  }
}
