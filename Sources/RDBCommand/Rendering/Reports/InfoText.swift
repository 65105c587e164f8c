import RDB
import RDBAnalysis
import RDBCompression
import RDBSupport

/// The result of `rdb info` as text: names in one column, values in the next.
extension SnapshotInfo {
  /// - Parameter envelope: The compression of the envelope around the snapshot; `nil`: there is none.
  func text(envelope: CompressionFormat?) -> String {
    var lines = TextColumns()
    writeOrigin(to: &lines)
    writeParts(to: &lines)
    writeEnd(to: &lines, envelope)
    for database in databases.entries { database.write(to: &lines, reference: reference) }
    if databases.entries.isEmpty { lines.line("no keys") }
    return lines.text
  }

  private func writeOrigin(to lines: inout TextColumns) {
    lines.row("format", "\(magic ?? "") \(version.map { "\($0)" } ?? "") (\(vendor ?? ""))")
    if let dialect { lines.row("dialect", dialect) }
    lines.row("written by", server.map { printable($0.utf8).dropQuotes } ?? "unknown")
    if let ctimeSeconds {
      lines.row("written at", DateText.text(seconds: ctimeSeconds))
    }
    if let used = usedMemoryByteCount {
      lines.row("memory used", "\(readable(byteCount: Double(used))) (\(counted(used, "byte")))")
    }
    if let replication {
      var parts: [String] = []
      if let id = replication.id { parts.append("id \(printable(id.utf8).dropQuotes)") }
      if let offset = replication.offset { parts.append("offset \(offset)") }
      if let database = replication.streamDatabase { parts.append("stream in db \(database)") }
      lines.row("replication", parts.joined(separator: ", "))
    }
    if isAOFBase == true { lines.row("role", "the base of an append-only file") }
    for field in aux.entries {
      let isCut = field.valueByteCount > field.value.bytes.count
      lines.row(
        "AUX \(printable(field.name.bytes).dropQuotes)",
        printable(field.value.bytes) + (isCut ? "…, \(field.valueByteCount) bytes in all" : "")
          + (field.count > 1 ? " (\(field.count) times)" : ""))
    }
  }

  private func writeParts(to lines: inout TextColumns) {
    if functions.count > 0 {
      lines.row(
        "functions",
        counted(functions.count, "library", "libraries")
          + (functions.preGACount > 0 ? ", \(functions.preGACount) of a 7.0 release candidate" : ""))
      for library in functions.libraries.entries {
        lines.row(
          "",
          "\(printable(library.name.bytes)) (\(printable(library.engine.bytes).dropQuotes), "
            + "\(counted(UInt64(library.codeByteCount), "byte")))")
      }
    }
    for job in cronJobs?.entries ?? [] {
      lines.row(
        "cron job",
        "\(printable(job.name.bytes)): every \(job.intervalMilliseconds) ms from \(job.startMilliseconds) on, "
          + counted(UInt64(job.scriptByteCount), "byte") + " of script")
    }
    if let memberExpiries { lines.row("members", "\(counted(memberExpiries, "expiry", "expiries")) of their own") }
    for module in modules.entries {
      lines.row(
        "module needed",
        "\(module.name) \(module.version): \(counted(module.keys, "key")), "
          + counted(module.aux, "AUX record"))
    }
    if slots.count > 0 {
      lines.row(
        "slots announced",
        "\(slots.count) (\(slots.first ?? 0)–\(slots.last ?? 0)), \(counted(slots.keys, "key")), "
          + "\(slots.expiring) expiring")
    }
    for range in slots.imports.entries {
      lines.row("slots imported", "\(range.first)–\(range.last), job \(printable(range.job.bytes))")
    }
  }

  private func writeEnd(to lines: inout TextColumns, _ envelope: CompressionFormat?) {
    if let byteCount {
      lines.row("size", "\(readable(byteCount: Double(byteCount))) (\(counted(byteCount, "byte")))")
    }
    switch checksum?.state {
    case "verified": lines.row("checksum", "verified (\(checksum?.value ?? ""))")
    case "disabled": lines.row("checksum", "none: its writer had switched it off")
    case "absent": lines.row("checksum", "none: its RDB version is older than 5")
    case "ignored": lines.row("checksum", "not compared")
    default: break
    }
    for (index, part) in (head?.phrases ?? []).enumerated() { lines.row(index == 0 ? "before it" : "", part) }
    for (index, part) in (tail?.parts ?? []).enumerated() { lines.row(index == 0 ? "after it" : "", part.phrase) }
    if let envelope { lines.row("loads into", "Valkey 9.2 and newer, because of its \(envelope) envelope") }
    lines.row(envelope == nil ? "loads into" : "without it", loaders(lowest.redis.asItIs, lowest.valkey.asItIs))
    if lowest.redis.asItIs != lowest.redis.byTypes || lowest.valkey.asItIs != lowest.valkey.byTypes {
      lines.row("its types in", loaders(lowest.redis.byTypes, lowest.valkey.byTypes))
    }
  }

  private func loaders(_ redis: String?, _ valkey: String?) -> String {
    // Later releases refuse the libraries of 7.0's release candidates.
    let isOnly = functions.preGACount > 0
    let names = [redis, valkey].compactMap { $0.map { isOnly ? "\($0) only" : "\($0) and newer" } }
    return names.isEmpty ? "no release known" : names.joined(separator: ", ")
  }
}

extension DatabaseInfo {
  fileprivate func write(to lines: inout TextColumns, reference: SnapshotInfo.Reference) {
    let when = reference.source == "ctime" ? "when it was written" : "now"
    lines.line("")
    lines.line(
      "db \(database): \(counted(keys, "key"))\(announced(hintedKeys, keys)), \(expiring) expiring"
        + "\(announced(hintedExpiring, expiring)), \(expired) of them expired \(when), "
        + readable(byteCount: Double(storedByteCount)))
    if hashesWithFieldExpiries > 0 {
      lines.line(
        "  \(counted(fieldsExpiring, "field")) of \(counted(hashesWithFieldExpiries, "hash", "hashes")) expiring")
    }
    for row in encodings.entries {
      let name = "  \(row.type)"
      lines.line(
        name.padded(to: 10) + row.encoding.padded(to: 20) + counted(row.keys, "key").padded(to: 16)
          + readable(byteCount: Double(row.storedByteCount)))
    }
  }

  /// The count of a RESIZEDB record, if it differs from the real one.
  private func announced(_ hint: UInt64?, _ count: UInt64) -> String {
    guard let hint, hint != count else { return "" }
    return " (announced: \(hint))"
  }
}
