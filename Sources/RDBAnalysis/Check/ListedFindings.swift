import RDB
import RDBFormat

extension SnapshotCheck {
  /// The findings of one kind: how many there are, and the first of them.
  package struct FindingList: Hashable, Sendable, Codable {
    /// The stable name of the kind.
    package var kind: String
    /// `note`, `warning` or `hostile`.
    package var severity: String
    package var count: UInt64
    /// One sentence about the kind.
    package var message: String
    /// The servers that refuse the data; `nil`: none.
    package var refusedBy: String?
    /// The published attack that uses the pattern; `nil`: none.
    package var cve: String?
    /// The first ten findings, in file order.
    package var first: SmallestEntries<LocatedFinding>

    enum CodingKeys: String, CodingKey {
      case kind, severity, count, message
      case refusedBy = "refused_by"
      case cve, first
    }

    init(_ kind: FindingKind, _ counts: FindingCounts) {
      let row = kind.row
      self.kind = kind.rawValue
      severity = row.severity.rawValue
      count = counts.count
      message = row.sentence
      refusedBy = row.refusedBy.isEmpty ? nil : row.refusedBy
      cve = row.cve.isEmpty ? nil : row.cve
      first = counts.first
    }

    /// Whether the findings are more than notes.
    package var isRefusal: Bool { severity != Finding.Severity.note.rawValue }
  }

  /// A finding, with its key.
  package struct LocatedFinding: CountedEntry {
    package static var limit: Int { 10 }
    static let nameLimit = 4096

    package var offset: Int
    package var innerOffset: Int?
    /// `nil`: the finding concerns no key.
    package var database: UInt64?
    package var key: BinaryText?
    package var expected: String
    package var found: String

    enum CodingKeys: String, CodingKey {
      case offset
      case innerOffset = "inner_offset"
      case database = "db"
      case key, expected, found
    }

    init(_ finding: borrowing Finding) {
      offset = finding.offset
      innerOffset = finding.innerOffset
      database = finding.database
      key = finding.key.map { BinaryText(Array($0.prefix(Self.nameLimit))) }
      expected = finding.expected
      found = finding.found
    }

    package func precedes(_ other: Self) -> Bool {
      let (position, otherPosition) = ((offset, innerOffset ?? -1), (other.offset, other.innerOffset ?? -1))
      return position == otherPosition ? (expected, found) < (other.expected, other.found) : position < otherPosition
    }
    package mutating func merge(_ other: Self) {}
  }

  /// The findings of one kind in a part of the file.
  struct FindingCounts {
    var count: UInt64 = 0
    var first = SmallestEntries<LocatedFinding>()

    mutating func add(_ finding: borrowing Finding) {
      count += finding.count
      first.add(LocatedFinding(finding))
    }

    mutating func merge(_ other: Self) {
      count += other.count
      first.merge(other.first)
    }
  }
}
