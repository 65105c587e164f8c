import RDBFormat
import RDBSupport

/// An oddity in a snapshot that is read exactly all the same.
///
/// Damage is an ``RDBError``: no server loads the data, or a part of it would be lost or invented. A finding is everything
/// else that an honest, correct server does not write. Sinks get findings as events (``RDBSink/finding(_:)``); `rdb check`
/// lists them.
public struct Finding: Hashable, Sendable {
  /// The consequence of a finding, from harmless to dangerous.
  public enum Severity: String, Hashable, Sendable, CaseIterable {
    /// Every server loads the data.
    case note
    /// Some servers refuse the data: ``Finding/description`` names them.
    case warning
    /// An attack on a server. Patched servers refuse the data.
    case hostile
  }

  package let kind: FindingKind
  /// The file offset, in bytes; in compressed input, the offset in the decompressed bytes.
  public let offset: Int
  /// The index inside the packed value that begins at ``offset``.
  package let innerOffset: Int?
  /// The name of the key; `nil` if the finding concerns no key, or if the reader does not know the name.
  public internal(set) var key: [UInt8]?
  package internal(set) var database: UInt64?
  package let expected: String
  package let found: String
  /// The number of findings that this one counts. Of many similar findings in one value, only the first ones are separate.
  package internal(set) var count: UInt64 = 1

  package init(
    _ kind: FindingKind, at offset: Int, inner innerOffset: Int? = nil, expected: String, found: String,
    key: [UInt8]? = nil, database: UInt64? = nil
  ) {
    self.kind = kind
    self.offset = offset
    self.innerOffset = innerOffset
    self.expected = expected
    self.found = found
    self.key = key
    self.database = database
  }

  /// Whether the finding belongs to a key.
  @usableFromInline package var concernsKey: Bool { kind.row.concernsKey }
  /// The name of the kind of finding: `streamLength`, `newerType` … It never changes its meaning.
  public var name: String { kind.rawValue }
  /// The consequence of the finding.
  public var severity: Severity { kind.row.severity }
}

extension Finding: CustomStringConvertible {
  /// `streamLength at offset 812 in key "feed": expected a length of 3, found 5 (refused by Valkey 8 and later)`
  public var description: String {
    var text = "\(name) at offset \(offset)"
    if let innerOffset { text += " + \(innerOffset)" }
    if let key { text += " in key \(printable(key))" }
    text += ": expected \(expected), found \(found)"
    let notes = kind.row.notes
    if !notes.isEmpty { text += " (\(notes.joined(separator: "; ")))" }
    return text
  }
}
