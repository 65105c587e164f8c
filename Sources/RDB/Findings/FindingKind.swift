/// The kinds of findings.
///
/// The raw value is the name in reports, which never changes its meaning. A new kind needs a case, a row in ``row``, and
/// a row in the table of `Documentation/findings.md`, which a test compares with this one.
@usableFromInline package enum FindingKind: String, Hashable, Sendable, CaseIterable {
  // The file.
  case databaseNumber, sizeHint, slotInfo, danglingAttributes, functionHeader, functionTwice, functionCode
  // Any key.
  case newerType, idleTime, emptyKey, hyperLogLog, modulePayload, moduleAux
  // Sets and hashes.
  case intsetOrder, repeatedMember, fieldExpiryOrder, fieldExpiryRange, earliestExpiry
  case zipmapCount, zipmapLength
  // Streams.
  case streamLength, streamLastID, streamNodeCounts, streamFlags, streamEntryOrder, streamPendingOrder, pendingOwners

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
    /// Whether every server that knows the type takes the value from RESTORE.
    package let isRestorable: Bool

    init(
      _ severity: Finding.Severity, _ sentence: String, refusedBy: String = "", cve: String = "",
      concernsKey: Bool = true, isRestorable: Bool = true
    ) {
      self.severity = severity
      self.sentence = sentence
      self.refusedBy = refusedBy
      self.cve = cve
      self.concernsKey = concernsKey
      self.isRestorable = isRestorable && severity == .note
    }

    /// The refusing servers and the number of the attack, as phrases.
    package var notes: [String] {
      (refusedBy.isEmpty ? [] : ["refused by \(refusedBy)"]) + (cve.isEmpty ? [] : [cve])
    }
  }

  /// The table of kinds.
  package var row: Row {
    switch self {
    case .databaseNumber:
      Row(
        .warning, "A database number from 2^31 on. It is read as it is.", refusedBy: "every server", concernsKey: false)
    case .sizeHint:
      Row(
        .warning, "RESIZEDB announces more keys than fit into memory. The hint is not used.",
        refusedBy: "Valkey, which reserves memory for them; every server, of 2^64-1", concernsKey: false)
    case .slotInfo:
      Row(
        .warning, "The AUX field slot-info is not a list of numbers. It is a hint, which is not used.",
        refusedBy: "Valkey", concernsKey: false)
    case .danglingAttributes:
      Row(
        .note, "An expiry, idle time or frequency at the end of the file belongs to no key, and is left out.",
        concernsKey: false)
    case .functionHeader:
      Row(
        .warning, "The first line of a function library does not name the library.",
        refusedBy: "every server that has function libraries", concernsKey: false)
    case .functionTwice:
      Row(
        .warning, "A function library has the name of an earlier one. Both are read.",
        refusedBy: "every server that has function libraries", concernsKey: false)
    case .functionCode:
      Row(
        .warning, "A function library, which runs when a server loads the file. Listed only on demand.",
        refusedBy: "servers before Redis 7.0", concernsKey: false)
    case .newerType:
      Row(.note, "The value type is newer than the version in the header. It is read as the version that has it.")
    case .idleTime:
      Row(.warning, "The idle time is 2^64-1 s, which servers take for a read error.", refusedBy: "every server")
    case .emptyKey:
      Row(
        .note, "A list, set, sorted set or hash without elements. Servers load the file without the key.",
        isRestorable: false)
    case .hyperLogLog:
      Row(
        .hostile, "A string begins as a HyperLogLog and is none. Listed only on demand.",
        refusedBy: "PFCOUNT and PFMERGE of patched servers", cve: "CVE-2025-32023")
    case .modulePayload:
      Row(
        .warning, "A value that only a module can examine. Listed only on demand.",
        refusedBy: "servers without the module", cve: "CVE-2026-25588, CVE-2026-25589")
    case .moduleAux:
      Row(
        .warning,
        "Data of a module that belongs to no key, and that only the module can examine. Listed only on demand.",
        refusedBy: "servers without the module", cve: "CVE-2026-25588, CVE-2026-25589", concernsKey: false)
    case .intsetOrder:
      Row(
        .warning, "The integers of a set are not in ascending order, or one occurs twice. They are read as stored.",
        refusedBy: "Valkey 9.1")
    case .repeatedMember:
      Row(.warning, "A set has a member twice. Both are read.", refusedBy: "Valkey 9.1")
    case .fieldExpiryOrder:
      Row(.note, "The fields of a hash are not in the order of their expiries.", isRestorable: false)
    case .fieldExpiryRange:
      Row(.note, "A hash field has an expiry from 2^48 ms on. It is read as it is.", isRestorable: false)
    case .earliestExpiry:
      Row(
        .warning, "The earliest expiry of a hash's fields is 2^63 or later, and no field has an expiry.",
        refusedBy: "Redis 7.4 and later")
    case .zipmapCount:
      Row(.hostile, "The count of a zipmap is 0xFF, which no server wrote.", refusedBy: "Redis 7.0 and later, Valkey")
    case .zipmapLength:
      Row(
        .hostile, "A length in a zipmap takes five bytes instead of one, which no server wrote.",
        refusedBy: "Redis 7.0 and later, Valkey", cve: "CVE-2026-25243")
    case .streamLength:
      Row(
        .warning, "The stored length of a stream is not the number of its entries. The entries count.",
        refusedBy: "Valkey 9.1")
    case .streamLastID:
      Row(.note, "The last ID of a stream is below the ID of its newest entry, which then counts as the last ID.")
    case .streamNodeCounts:
      Row(
        .warning, "The counts of a stream's node are not those of its entries. The entries count.",
        refusedBy: "Valkey 9.1")
    case .streamFlags:
      Row(.note, "An entry of a stream has unknown flags. They are ignored.")
    case .streamEntryOrder:
      Row(
        .note, "The ID of a stream's entry is not above the IDs before it. It is read as stored; XADD cannot add it.")
    case .streamPendingOrder:
      Row(.note, "The pending entries of a consumer group are not in the order of their IDs. They are sorted.")
    case .pendingOwners:
      Row(
        .hostile, "Two consumers own the same pending entry. The last one gets it.",
        refusedBy: "Redis 7.0, Redis 8.8 and later, Valkey 9.0.5 and later", cve: "CVE-2026-63639")
    }
  }
}
