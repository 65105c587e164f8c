import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import TestSupport

/// The verdicts on one crafted input: a row of Documentation/verdicts.md.
struct VerdictRow: Equatable {
  let name: String
  /// The verdicts of Redis 7.0, Redis 8.2 and Valkey 9.1 on a file, then on RESTORE; `-`: not applicable.
  var loading: [String]
  var restoring: [String]
  /// The verdict of this package: `passes`, the code of an error, or the names of findings.
  var own: String
  var reason: String

  var text: String {
    "| \(name) | \(loading.joined(separator: ", ")) | \(restoring.joined(separator: ", ")) | \(own) | \(reason) |"
  }

  /// Reads a row of the table; `nil`: the line is no row.
  init?(line: Substring) {
    let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    guard cells.count == 7, !cells[1].hasPrefix("---"), cells[1] != "Input" else { return nil }
    name = cells[1]
    loading = cells[2].components(separatedBy: ", ")
    restoring = cells[3].components(separatedBy: ", ")
    (own, reason) = (cells[4], cells[5])
  }

  init(_ condition: Condition, loading: [String], restoring: [String]) throws {
    name = condition.name
    (self.loading, self.restoring, reason) = (loading, restoring, condition.reason)
    own = try Self.own(condition)
  }

  /// The table of the documentation.
  static let documented: [VerdictRow] = {
    let root = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path
    let text = String(decoding: readFile(root + "/Documentation/verdicts.md"), as: UTF8.self)
    return text.split(separator: "\n").compactMap { VerdictRow(line: $0) }
  }()

  /// Checks the whole file as a strict check does.
  static func own(_ condition: Condition) throws -> String {
    var reader = RDBReader(MemorySource(condition.file))
    var sink = FindingSink()
    do {
      try reader.read(into: &sink)
    } catch let error as RDBError {
      return error.code.description
    }
    let check = try SnapshotCheck.run(RDBReader(MemorySource(condition.file)), threads: 1, findsDuplicates: true)
    if check.duplicates?.count ?? 0 > 0 { return "duplicate" }
    return sink.names.isEmpty ? "passes" : "finding " + sink.names.sorted().joined(separator: ", ")
  }

  private func refuses(_ verdict: String) -> Bool { ["refuses", "crashes"].contains(verdict) }
  private var verdicts: [String] { (loading + restoring).filter { $0 != "-" } }

  /// Whether this package decides as all servers do, or at least one for an error, or says why not.
  var isExplained: Bool {
    if !reason.isEmpty || own.hasPrefix("finding") { return true }
    let refusals = verdicts.filter(refuses).count
    if own == "passes" { return refusals == 0 }
    return refusals > 0
  }
}

/// Validates every key and collects the names of findings.
private struct FindingSink: SelectiveSink {
  static var events: SinkEvents { [.beginKey, .finding] }

  private(set) var names: Set<String> = []
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .validate }
  mutating func finding(_ finding: borrowing Finding) throws(RDBError) { names.insert(finding.name) }
}

extension ServerVerdict {
  /// The word of the documentation.
  var word: String {
    switch self {
    case .restores: "loads"
    case .refuses: "refuses"
    case .crashes: "crashes"
    case .doesNotKnow: "-"
    }
  }
}

extension LoadTrial {
  /// The word of the documentation.
  var word: String {
    switch self {
    case .loads(keys: 0): "skips"
    case .loads: "loads"
    case .refuses: "refuses"
    case .crashes: "crashes"
    }
  }
}
