import RDB
import RDBEdit
import RDBFormat
import RDBSupport

/// The summary of a migration as text of one page.
extension MigrationSummary {
  var text: String {
    var lines = TextColumns()
    lines.row("source", Self.text(source))
    lines.row("target", Self.text(target))
    lines.row("begun at", DateText.text(milliseconds: start.value))
    if isDryRun {
      lines.row("keys", "\(sourceKeyCount) at the source")
    } else {
      if let resumedOffset {
        lines.row("went on", "from offset \(resumedOffset), where an earlier migration ended")
      }
      writeCounts(to: &lines)
    }
    if let following { write(following, to: &lines) }
    lines.row("clocks", clockText)
    for (number, warning) in warnings.enumerated() { lines.row(number == 0 ? "warnings" : "", warning) }
    if !isDryRun {
      writeVerdict(to: &lines)
      lines.row("time", "\(duration(seconds)) in all")
    }
    for (number, step) in nextSteps.enumerated() { lines.row(number == 0 ? "next" : "", step) }
    return lines.text
  }

  private static func text(_ server: Server) -> String {
    let (name, version) = (server.version.shownRelease, server.version.patch)
    let isItself = server.address == "redis://\(server.name)"
    return "\(server.address)\(isItself ? "" : " (\(server.name))"), \(name).\(version)"
  }

  private func writeCounts(to lines: inout TextColumns) {
    var counts = ["\(ledger.keysRead) read", "\(ledger.keysWritten) loaded"]
    for (count, what) in [
      (ledger.keysFiltered, "filtered"), (keptKeyCount, "kept at the target"), (expiredKeyCount, "expired on the way"),
    ] where count > 0 {
      counts.append("\(count) \(what)")
    }
    lines.row("keys", counts.joined(separator: ", "))
    if ledger.losses.isEmpty { lines.row("lost", "nothing") }
    for (number, loss) in ledger.losses.enumerated() {
      lines.row(number == 0 ? "lost" : "", "\(loss.count) × \(loss.loss.rawValue): \(OptionFlags.naming(loss.why))")
    }
    let time = max(loadSeconds, 0.001)
    lines.row(
      "data",
      "\(readable(byteCount: Double(byteCount))) in \(duration(loadSeconds)), "
        + "\(readable(byteCount: Double(byteCount) / time))/s, \(Int(Double(ledger.keysRead) / time)) keys/s")
    if reconnectionCount > 0 {
      lines.row("connections", "\(reconnectionCount) to the target lost, and made anew")
    }
    if attemptCount > 1 { lines.row("attempts", "\(attemptCount), each with a new snapshot") }
  }

  private func write(_ following: Following, to lines: inout TextColumns) {
    var parts = ["\(counted(following.commandCount, "command"))"]
    for (count, what) in [
      (following.skippedCount, "of other databases, skipped"), (following.expiredCount, "about expired keys"),
      (following.unansweredCount, "whose replies were lost with a connection"),
      (following.messageCount, "messages to subscribers, not passed on"),
      (UInt64(following.sourceReconnectionCount), "lost connections to the source made anew"),
    ] where count > 0 {
      parts.append("\(count) \(what)")
    }
    lines.row("followed", parts.joined(separator: ", "))
    lines.row(
      "cut over",
      "at offset \(following.offset) of the source; "
        + (following.isPaused
          ? "writes were paused until both servers were compared" : "what was written to it after it is not moved"))
  }

  private func duration(_ seconds: Double) -> String {
    seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : minutes(Int(seconds.rounded()))
  }

  private var clockText: String {
    guard let clock else { return "not compared: a user may not ask for the time" }
    if clock.milliseconds.magnitude <= UInt64(clock.error) { return "equal (± \(clock.error) ms)" }
    return "the target's is \(clock.milliseconds.magnitude) ms \(clock.milliseconds > 0 ? "before" : "behind") "
      + "(± \(clock.error) ms)"
  }

  private func writeVerdict(to lines: inout TextColumns) {
    guard let verdict else { return lines.row("compared", "no") }
    lines.row("compared", verdict.counts.text)
    for example in verdict.examples { lines.row("", String(example.dropLast())) }
    if verdict.counts.differing > UInt64(verdict.examples.count) { lines.row("", "…") }
    if sourceChanged, following == nil {
      lines.row("", "The source was still being written to; what was written after its snapshot is not moved.")
    }
  }
}

/// The function that `clock` of the summary hides.
private func minutes(_ seconds: Int) -> String { clock(seconds) }

extension KeyMatches.Counts {
  /// The counts of a comparison with a server: `20 keys equal, 1 missing`.
  var text: String {
    let parts: [(UInt64, String)] = [
      (removed, "missing"), (changed, "different"), (added, "extra"), (expired, "expired meanwhile"),
      (ignored, "extra, ignored"), (notCompared, "damaged, not compared"),
    ]
    return (["\(counted(equal, "key")) equal"] + parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" })
      .joined(separator: ", ")
  }
}
