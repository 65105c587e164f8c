/// The kinds of findings.
///
/// The raw value is the name in reports, which never changes its meaning. A new kind needs a case, a row in ``row``, and
/// a row in the table of `Documentation/findings.md`, which a test compares with this one.
@usableFromInline package enum FindingKind: String, Hashable, Sendable, CaseIterable {
  /// A value type that is newer than the version in the header.
  case newerType
  /// A stream whose stored length is not the number of its live entries.
  case streamLength
  /// A stream whose last ID is below the ID of its newest entry.
  case streamLastID

  /// The properties of a kind: one row of the table.
  package struct Row: Sendable {
    /// The consequence.
    package let severity: Finding.Severity
    /// One sentence about the oddity and about how the data is read.
    package let sentence: String
    /// The servers that refuse the data, as a noun phrase; empty: none.
    package let refusedBy: String
    /// The number of the published attack that uses the pattern; empty: none.
    package let cve: String
    /// Whether the finding belongs to a key.
    package let concernsKey: Bool

    init(
      _ severity: Finding.Severity, _ sentence: String, refusedBy: String = "", cve: String = "",
      concernsKey: Bool = true
    ) {
      self.severity = severity
      self.sentence = sentence
      self.refusedBy = refusedBy
      self.cve = cve
      self.concernsKey = concernsKey
    }

    /// The refusing servers and the number of the attack, as phrases.
    package var notes: [String] {
      (refusedBy.isEmpty ? [] : ["refused by \(refusedBy)"]) + (cve.isEmpty ? [] : [cve])
    }
  }

  /// The table of kinds.
  package var row: Row {
    switch self {
    case .newerType:
      Row(.note, "The value type is newer than the version in the header. It is read as the version that has it.")
    case .streamLength:
      Row(
        .warning, "The stored length of a stream is not the number of its entries. The entries count.",
        refusedBy: "Valkey 9.1 and later")
    case .streamLastID:
      Row(.note, "The last ID of a stream is below the ID of its newest entry, which then counts as the last ID.")
    }
  }
}
