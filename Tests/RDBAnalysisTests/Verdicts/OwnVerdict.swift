import RDB
import RDBAnalysis
import RDBFormat
import TestSupport

/// The verdict of this package on one value.
struct OwnVerdict: Hashable, CustomStringConvertible {
  /// The cause of the error: its code, what was expected, without numbers, and what else tells one cause from another;
  /// `nil`: the value is read.
  var error: String?
  /// The kinds of findings.
  var findings: Set<FindingKind> = []
  /// The number of bytes that the value has; `nil`: it is not read to its end.
  var byteCount: Int?

  /// Whether the value has an entry whose backlen has two forms; looked for only if the value passes.
  var hasEntryOfTwoForms = false

  /// Whether a strict check lets the value pass.
  var passes: Bool { error == nil && findings.isEmpty }

  /// The causes of the verdict, each of which a row of the documentation has to explain.
  var causes: [String] {
    if let error { return [error] }
    if !findings.isEmpty { return findings.map { "\($0)" }.sorted() }
    return [hasEntryOfTwoForms ? "passes with an entry of 16383 or 2097151 bytes" : "passes"]
  }

  var description: String { causes.joined(separator: " + ") }

  /// Checks a value as `rdb check --unique` does, every structure and every member.
  init(of value: StoredValue) throws {
    var sink = CheckedValueSink()
    if let error = Self.read(value, into: &sink) {
      self.error = error.code == .truncated ? Self.causeOfCut(value) : Self.cause(of: error, in: value)
    }
    findings = sink.findings
    guard let count = sink.byteCount else { return }
    // What follows the value is not of the value.
    byteCount = count
    error = nil
    var whole = value
    whole.bytes = Array(value.bytes.prefix(count))
    let check = try SnapshotCheck.run(RDBReader(MemorySource(whole.snapshot)), threads: 1, findsDuplicates: true)
    if !check.isOK { error = check.damage.map { "\($0.code) (as elements)" } ?? Self.causeOfTwins(value) }
    if passes { hasEntryOfTwoForms = Self.hasEntryOfTwoForms(whole) }
  }

  private static func read(_ value: StoredValue, into sink: inout some RDBSink) -> RDBError? {
    // The snapshot ends with the value, so that a value that is cut does not go on with what follows.
    var reader = RDBReader(MemorySource(Array(value.snapshot.dropLast(9))))
    do {
      try reader.read(into: &sink)
      return nil
    } catch {
      return error as? RDBError
    }
  }

  private static func cause(of error: RDBError, in value: StoredValue) -> String {
    let words = error.expected.split(separator: " ").filter { word in !word.contains { $0.isNumber } }
    let expected = words.joined(separator: " ")
    switch (error.code, expected) {
    case (.badLength, "a length prefix"):
      let first = UInt8(error.found.dropFirst(2), radix: 16) ?? 0
      if first >= 0xC0 { return "\(error.code): \(expected), found the mark of an encoded string" }
      return "\(error.code): \(expected), found 0x82 to 0xBF" + (value.valueType?.data == .stream ? " in a stream" : "")
    case (.corruptLZF, _) where error.expected == "LZF data for 0 bytes": return "\(error.code): \(error.expected)"
    case (.corruptListpack, "a backlen of"):
      // A backlen of one byte is shown as a number, a byte of a longer one in hexadecimal.
      if let found = Int(error.found), found > 127 { return "\(error.code): a backlen, found the mark of a longer one" }
      let isByte = error.found.hasPrefix("0x") && error.found < "0x80"
      return "\(error.code): a backlen, found \(isByte ? "a byte without the mark of a longer one" : "another")"
    case (.corruptListpack, "an entry encoding"): return "\(error.code): \(expected), found \(error.found)"
    case (.corruptStream, _) where error.found == "text": return "\(error.code): a number, found text"
    default: return "\(error.code): \(expected)"
    }
  }

  /// Returns whether a value that is cut goes on with the footer of its payload, into which servers read.
  private static func causeOfCut(_ value: StoredValue) -> String {
    var longer = value
    longer.bytes += value.payload.suffix(10)
    var sink = CheckedValueSink()
    let stillCut = read(longer, into: &sink)?.code == .truncated
    return stillCut ? "truncated: beyond the footer of the payload" : "truncated: within the footer of the payload"
  }

  private static func causeOfTwins(_ value: StoredValue) -> String {
    let types: [ValueType?] = [.hashMetadata, .hashListpackEx, .hash2]
    return types.contains(value.valueType)
      ? "duplicateMember: a field of a hash with field expiries" : "duplicateMember"
  }

  /// Whether an element has one of the sizes whose backlen Redis and Valkey write in different forms.
  private static func hasEntryOfTwoForms(_ value: StoredValue) -> Bool {
    var sink = LongElementSink()
    _ = read(value, into: &sink)
    // The first byte and the length take 5 bytes.
    return sink.byteCounts.contains { [1 << 14, 1 << 21].contains($0 + 6) }
  }
}

/// Collects the sizes of elements of 4 KiB or more.
private struct LongElementSink: SelectiveSink {
  static var events: SinkEvents { [.beginKey, .listElement, .setMember, .zsetMember, .hashField] }

  private(set) var byteCounts: Set<Int> = []

  private mutating func note(_ element: RawSpan) {
    if element.byteCount >= 4096 { byteCounts.insert(element.byteCount) }
  }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .elements }
  mutating func listElement(_ element: RawSpan) throws(RDBError) { note(element) }
  mutating func setMember(_ member: RawSpan) throws(RDBError) { note(member) }
  mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) { note(member) }
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws(RDBError) {
    note(field)
    note(value)
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
