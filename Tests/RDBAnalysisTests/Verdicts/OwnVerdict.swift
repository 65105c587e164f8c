import RDB
import RDBAnalysis
import RDBFormat
import TestSupport

/// The verdict of this package on one value.
struct OwnVerdict: Hashable, CustomStringConvertible {
  /// The code of the error, and what was expected, without numbers; `nil`: the value is read.
  var error: String?
  /// The kinds of findings.
  var findings: Set<FindingKind> = []
  /// The number of bytes that the value has; `nil`: it is not read to its end.
  var byteCount: Int?

  /// Whether a strict check lets the value pass.
  var passes: Bool { error == nil && findings.isEmpty }

  var description: String {
    error ?? (findings.isEmpty ? "passes" : findings.map { "\($0)" }.sorted().joined(separator: ", "))
  }

  /// Checks a value as `rdb check --unique` does, every structure and every member.
  init(of value: StoredValue) throws {
    // The snapshot ends with the value, so that a value that is cut does not go on with what follows.
    var reader = RDBReader(MemorySource(Array(value.snapshot.dropLast(9))))
    var sink = CheckedValueSink()
    do {
      try reader.read(into: &sink)
    } catch let error as RDBError {
      self.error = Self.text(error)
    }
    findings = sink.findings
    guard let count = sink.byteCount else { return }
    // What follows the value is not of the value.
    byteCount = count
    error = nil
    var whole = value
    whole.bytes = Array(value.bytes.prefix(count))
    let check = try SnapshotCheck.run(RDBReader(MemorySource(whole.snapshot)), threads: 1, findsDuplicates: true)
    if !check.isOK { error = check.damage.map { "\($0.code) (as elements)" } ?? "duplicateMember" }
  }

  private static func text(_ error: RDBError) -> String {
    let words = error.expected.split(separator: " ").filter { word in !word.contains { $0.isNumber } }
    return "\(error.code): \(words.joined(separator: " "))"
  }
}

/// Asks for the check of the first key, and stops after it.
private struct CheckedValueSink: SelectiveSink {
  static var events: SinkEvents { [.beginKey, .finding, .endKey] }

  private(set) var findings: Set<FindingKind> = []
  private(set) var byteCount: Int?

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .validate }
  mutating func finding(_ finding: borrowing Finding) throws(RDBError) { findings.insert(finding.kind) }
  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    byteCount = Int(end.storedByteCount)
    throw .stop
  }
}
