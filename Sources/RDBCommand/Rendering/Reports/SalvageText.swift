import RDB
import RDBEdit
import RDBSupport

extension SalvageReport {
  /// The number of losses that are written to standard error.
  private static var shownLossLimit: Int { 20 }

  /// The lines for standard error.
  ///
  /// - Parameter isQuiet: Whether to write losses only.
  func text(isQuiet: Bool) -> String {
    var lines: [String] = []
    if !isQuiet { lines.append("\(counted(keyCount, "key")) written, \(readable(byteCount: Double(outputByteCount)))") }
    if lossCount > 0 {
      lines.append("lost: \(counted(lossCount, "range")) of \(counted(lostByteCount, "byte")) in all")
    }
    for loss in losses.prefix(Self.shownLossLimit) { lines += loss.lines }
    if lossCount > UInt64(Self.shownLossLimit) {
      lines.append("lost: … and \(lossCount - UInt64(Self.shownLossLimit)) more; --report lists \(Self.lossLimit)")
    }
    if let repair {
      lines.append("repaired at offset \(repair.offset): \(repair.text), as the checksum demands; nothing is lost")
    }
    if let inputError {
      lines.append("lost: the rest of the compressed input: \(OptionFlags.naming(inputError.description))")
    }
    if checksum == .mismatch {
      lines.append("damaged: the checksum is wrong, and no record shows why: some name or value may be changed")
    }
    if !isQuiet { lines += notes.map { "note: \($0)" } }
    return lines.map { "rdb: \($0)\n" }.joined()
  }

  /// Remarks, for people.
  var notes: [String] {
    var notes: [String] = []
    if !isDamaged {
      notes.append(
        checksum == .verified
          ? "the input is not damaged: the output is a copy" : "no damage was found, but the input has no checksum")
    }
    if trailingByteCount > 0 {
      notes.append("\(counted(trailingByteCount, "byte")) after the snapshot are not part of the output")
    }
    if losses.contains(where: \.mayLackDatabase) {
      notes.append("if a loss has the record that names a database, the keys after it are in the database before it")
    }
    return notes
  }
}

extension RepairedBytes {
  /// The change as a clause.
  fileprivate var text: String {
    if restored.isEmpty { return "\(counted(UInt64(found.count), "inserted byte")) left out" }
    let missing = restored.map { hex($0) }.joined(separator: ", ")
    if found.isEmpty { return "\(counted(UInt64(restored.count), "missing byte")) put back (\(missing))" }
    return zip(found, restored).map { "\(hex($0)) is \(hex($1)) again" }.joined(separator: ", ")
  }
}

extension SalvageReport.Loss {
  /// The lines for standard error.
  fileprivate var lines: [String] {
    var text = "lost: bytes \(start) to \(end)"
    if let key { text += ", key \(printable(key))" }
    text += ": \(OptionFlags.naming("\(error)"))"
    switch confidence {
    case .certain: text += "; the lengths lead to the next record"
    case .high: text += "; the next record was found by a search"
    case nil: text += "; nothing was found after it"
    }
    var lines = [text]
    func add(_ names: [[UInt8]], as phrase: String) {
      if !names.isEmpty { lines.append("\(phrase): \(names.map { printable($0) }.joined(separator: ", "))") }
    }
    add(doubtfulKeys, as: "lost: with it, because the damage may have changed them")
    add(possiblyChangedKeys, as: "kept: next to it, but the damage may have changed them")
    return lines
  }
}

/// The JSON document that `rdb salvage --report FILE` writes, described by `Schemas/salvage.schema.json`.
struct SalvageDocument: Encodable {
  private enum CodingKeys: String, CodingKey {
    case type, format, damaged, checksum, repair, losses, notes
    case keysWritten = "keys_written"
    case inputByteCount = "input_bytes"
    case outputByteCount = "output_bytes"
    case lossCount = "loss_count"
    case lostByteCount = "lost_bytes"
    case trailingByteCount = "trailing_bytes"
    case inputError = "input_error"
  }

  let type = "salvage"
  let format = 1
  var damaged: Bool
  var checksum: String
  var keysWritten: UInt64
  var inputByteCount: UInt64
  var outputByteCount: UInt64
  var lossCount: UInt64
  var lostByteCount: UInt64
  var trailingByteCount: UInt64
  var inputError: String?
  var repair: Repair?
  var losses: [Loss]
  var notes: [String]

  struct Repair: Encodable {
    var offset: UInt64
    var found: [UInt8]
    var restored: [UInt8]
  }

  struct Loss: Encodable {
    private enum CodingKeys: String, CodingKey {
      case from, to, error, code, key, confidence, database
      case doubtfulKeys = "doubtful_keys"
      case possiblyChangedKeys = "possibly_changed_keys"
      case databaseMayDiffer = "database_may_differ"
    }

    var from: UInt64
    var to: UInt64
    var code: String
    var error: String
    var key: BytesDocument?
    var doubtfulKeys: [BytesDocument]
    var possiblyChangedKeys: [BytesDocument]
    /// `certain`, `high`, or `none` if nothing follows.
    var confidence: String
    var database: UInt64
    var databaseMayDiffer: Bool
  }

  init(_ report: SalvageReport) {
    damaged = report.isDamaged
    checksum = report.checksum.rawValue
    keysWritten = report.keyCount
    (inputByteCount, outputByteCount) = (report.inputByteCount, report.outputByteCount)
    (lossCount, lostByteCount) = (report.lossCount, report.lostByteCount)
    trailingByteCount = report.trailingByteCount
    inputError = report.inputError.map { OptionFlags.naming($0.description) }
    repair = report.repair.map { Repair(offset: $0.offset, found: $0.found, restored: $0.restored) }
    losses = report.losses.map { loss in
      Loss(
        from: loss.start, to: loss.end, code: "\(loss.error.code)", error: OptionFlags.naming(loss.error.description),
        key: loss.key.map { BytesDocument($0) }, doubtfulKeys: loss.doubtfulKeys.map { BytesDocument($0) },
        possiblyChangedKeys: loss.possiblyChangedKeys.map { BytesDocument($0) },
        confidence: loss.confidence?.rawValue ?? "none", database: loss.database,
        databaseMayDiffer: loss.mayLackDatabase)
    }
    notes = report.notes
  }
}
