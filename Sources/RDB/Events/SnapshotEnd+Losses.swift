import RDBSupport

extension SnapshotEnd.Tail {
  /// The part as a phrase: `3 newlines`.
  package var phrase: String {
    switch kind {
    case .zeros: counted(byteCount, "zero byte")
    case .newlines: counted(byteCount, "newline")
    case .replicationMark: "the mark of a replication transfer"
    case .commands: "\(counted(count, "command")) (\(counted(byteCount, "byte")))"
    case .snapshot: "another snapshot of \(counted(count, "key")) (\(counted(byteCount, "byte")))"
    case .other: "\(counted(byteCount, "byte")) of another kind"
    }
  }
}

extension SnapshotEnd {
  /// The keys of other snapshots, and the commands, that follow this snapshot in the input and are not converted.
  package var losses: Ledger {
    var ledger = skipped
    for part in tailParts {
      switch part.kind {
      case .snapshot:
        ledger.lose(.key, "another snapshot follows the first one in the same file", count: part.count)
      case .commands where part.changeCount > 0:
        ledger.lose(.command, "commands after the snapshot are not replayed", count: part.changeCount)
      case .commands, .zeros, .newlines, .replicationMark, .other: break
      }
    }
    return ledger
  }

  /// Whether the transfer announced more bytes, or a mark, than the input has.
  package var isCutAfter: Bool {
    if head.mark != nil { return !tailParts.contains { $0.kind == .replicationMark } }
    guard let announced = head.announcedByteCount else { return false }
    return announced > byteCount + tailParts.reduce(0) { $0 + $1.byteCount }
  }

  /// Remarks about the bytes before and after the snapshot.
  package var surroundingNotes: [String] {
    var notes: [String] = []
    if !head.phrases.isEmpty { notes.append("before the snapshot: " + head.phrases.joined(separator: ", ")) }
    if !tailParts.isEmpty { notes.append("after the snapshot: " + tailParts.map(\.phrase).joined(separator: ", ")) }
    if isCutAfter {
      notes.append(
        head.mark != nil
          ? "the mark that ends the transfer is missing" : "the transfer announced more bytes than the file has")
    }
    return notes
  }
}
