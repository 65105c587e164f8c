import RDB
import RDBReplay
import RDBSupport

/// What replaying a log found: commands that fail on a server too, and commands that cannot be replayed.
struct ReplayFindings: Encodable {
  /// A kind of command with the reason why it had no effect.
  struct Finding: Encodable {
    /// The command's name in upper case.
    var command: String
    var reason: String
    var count: UInt64
    /// The first of them: the file of a log of several, and the offset in it.
    var file: String?
    var offset: UInt64
  }

  private enum CodingKeys: String, CodingKey {
    case failed, damage
    case notReplayed = "not_replayed"
  }

  var failed: [Finding]
  var notReplayed: [Finding]
  /// The error that ended replaying.
  var damage: String?

  var isDamaged: Bool { damage != nil }

  /// Replays a log.
  init(_ replayed: ReplayedInput) {
    let (summary, error) = replayed.replayAll()
    let log = replayed.openLog()
    failed = Self.findings(summary.failures, log)
    notReplayed = Self.findings(summary.lost, log)
    damage = error.map { "\($0)" }
  }

  private static func findings(
    _ counts: [ReplaySummary.Failure: ReplaySummary.Count], _ log: CommandLog
  ) -> [Finding] {
    counts.map { failure, count in
      Finding(
        command: failure.command.uppercased(), reason: failure.reason, count: count.count,
        file: log.name(of: count.part), offset: count.offset)
    }
    .sorted { ($1.count, $0.command, $0.reason) < ($0.count, $1.command, $1.reason) }
  }

  /// The findings as lines of a report.
  var text: String {
    var lines = TextColumns()
    if let damage { lines.row("not replayed", damage) }
    for (name, findings) in [("failed", failed), ("not replayed", notReplayed)] {
      for finding in findings {
        let position = finding.file.map { "\(shown($0)):\(finding.offset)" } ?? "\(finding.offset)"
        lines.row(
          name,
          "\(finding.count) × \(escapedName(finding.command)): \(finding.reason), first at \(position)")
      }
    }
    return lines.text
  }

  private func escapedName(_ name: String) -> String { printable(name.utf8, limit: 64).dropQuotes }
}
