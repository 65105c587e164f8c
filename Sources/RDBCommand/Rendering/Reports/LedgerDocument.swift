import RDB

/// The JSON document that `--ledger FILE` writes, described by `Schemas/ledger.schema.json`.
struct LedgerDocument: Encodable {
  private enum CodingKeys: String, CodingKey {
    case type, format, checksum, lost, noted, notes
    case keysRead = "keys_read"
    case keysWritten = "keys_written"
    case keysFiltered = "keys_filtered"
  }

  let type = "ledger"
  let format = 1
  var keysRead: UInt64
  var keysWritten: UInt64
  var keysFiltered: UInt64
  /// `verified`, `disabled`, `absent`, `ignored`, or `unread` if reading ended before the checksum.
  var checksum: String
  var lost: [Loss]
  var noted: [Note]
  var notes: [String]

  struct Loss: Encodable {
    var kind: String
    var why: String
    var count: UInt64
    /// Up to ten keys, in file order.
    var keys: [Sample]
  }

  struct Note: Encodable {
    var what: String
    var count: UInt64
    var keys: [Sample]
  }

  struct Sample: Encodable {
    private enum CodingKeys: String, CodingKey {
      case key, offset
      case newKey = "new_key"
    }

    var key: BytesDocument
    /// The name in the output, if that is another one.
    var newKey: BytesDocument?
    var offset: Int
  }

  init(_ report: LedgerReport, end: SnapshotEnd?) {
    let ledger = report.ledger
    keysRead = ledger.keysRead
    keysWritten = ledger.keysWritten
    keysFiltered = ledger.keysFiltered
    checksum =
      switch end?.checksum {
      case .verified: "verified"
      case .disabled: "disabled"
      case .absent: "absent"
      case .ignored: "ignored"
      case nil: "unread"
      }
    lost = ledger.sortedLosses.map { reason, entry in
      Loss(
        kind: reason.loss.rawValue, why: OptionFlags.naming(reason.why), count: entry.count, keys: Self.samples(entry))
    }
    noted = ledger.sortedNotes.map { what, entry in
      Note(what: OptionFlags.naming(what), count: entry.count, keys: Self.samples(entry))
    }
    notes = report.notes
  }

  private static func samples(_ entry: Ledger.Count) -> [Sample] {
    entry.samples.map { sample in
      Sample(
        key: BytesDocument(sample.name), newKey: sample.newName.map { BytesDocument($0) }, offset: sample.offset)
    }
  }
}
