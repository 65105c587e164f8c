import RDB
import RDBFormat
import RDBSupport

/// The data that follows the snapshot in the input.
package struct TailState: Hashable, Sendable, Codable {
  /// `nothing`, the kind of the only part (``SnapshotEnd/Tail/Kind``), or `several`.
  package var kind: String
  /// The number of bytes of all parts.
  package var byteCount: UInt64?
  /// Whether a transfer announced bytes or a mark that are missing; `nil`: no.
  package var isCut: Bool?
  /// The parts, in file order; `nil` if nothing follows.
  package var parts: [Part]?

  package struct Part: Hashable, Sendable, Codable {
    package var kind: String
    package var byteCount: UInt64
    /// The number of commands, or of another snapshot's keys.
    package var count: UInt64?

    enum CodingKeys: String, CodingKey {
      case kind, count
      case byteCount = "byte_count"
    }

    /// The part as a phrase.
    package var phrase: String {
      guard let kind = SnapshotEnd.Tail.Kind(rawValue: kind) else { return self.kind }
      return SnapshotEnd.Tail(kind, byteCount: byteCount, count: count ?? 0).phrase
    }
  }

  package init(_ end: SnapshotEnd) {
    let tail = end.tailParts
    if end.isCutAfter { isCut = true }
    kind = tail.isEmpty ? "nothing" : tail.count == 1 ? tail[0].kind.rawValue : "several"
    guard !tail.isEmpty else { return }
    byteCount = tail.reduce(0) { $0 + $1.byteCount }
    parts = tail.map { part in
      let hasCount = part.kind == .commands || part.kind == .snapshot
      return Part(kind: part.kind.rawValue, byteCount: part.byteCount, count: hasCount ? part.count : nil)
    }
  }

  enum CodingKeys: String, CodingKey {
    case kind, parts
    case byteCount = "byte_count"
    case isCut = "cut"
  }

  /// Whether nothing follows but what servers, links and storage add.
  package var isKnown: Bool {
    let unknown: [SnapshotEnd.Tail.Kind] = [.other, .snapshot]
    return isCut != true && !(parts ?? []).contains { part in unknown.contains { $0.rawValue == part.kind } }
  }
}

/// The data that precedes the snapshot in the input.
package struct HeadState: Hashable, Sendable, Codable {
  /// The number of bytes, which is the offset of the snapshot.
  package var byteCount: UInt64
  package var newlineByteCount: UInt64?
  /// The size of the snapshot that a transfer announced, in bytes.
  package var announcedByteCount: UInt64?
  /// The mark that a diskless transfer announced.
  package var mark: BinaryText?
  /// The line `+FULLRESYNC …`.
  package var resync: BinaryText?

  enum CodingKeys: String, CodingKey {
    case byteCount = "byte_count"
    case newlineByteCount = "newlines"
    case announcedByteCount = "announced_bytes"
    case mark
    case resync = "full_resync"
  }

  /// - Returns: `nil` if nothing precedes the snapshot.
  package init?(_ head: SnapshotHead) {
    guard head.byteCount > 0 else { return nil }
    byteCount = head.byteCount
    newlineByteCount = head.newlineByteCount > 0 ? head.newlineByteCount : nil
    announcedByteCount = head.announcedByteCount
    mark = head.mark.map { BinaryText($0) }
    resync = head.resync.map { BinaryText($0) }
  }

  /// The parts as phrases.
  package var phrases: [String] {
    var head = SnapshotHead()
    head.newlineByteCount = newlineByteCount ?? 0
    head.announcedByteCount = announcedByteCount
    head.mark = mark?.bytes
    head.resync = resync?.bytes
    return head.phrases
  }
}
