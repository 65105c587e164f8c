import RDB
import RDBFormat
import RDBFiltering
import TestSupport
import Testing

/// A pattern as a user of the library can write it: it matches names that contain a byte.
private struct Containing: NamePattern {
  let byte: UInt8

  init(_ scalar: Unicode.Scalar) { byte = UInt8(ascii: scalar) }

  func makeMatcher() -> (RawSpan) throws -> Bool {
    { name in name.withUnsafeBytes { $0.contains(byte) } }
  }
}

@Suite("A key filter")
struct KeyFilterTests {
  static let small = Fixture.valid.filter { $0.bytes.count <= 20_000 }
  static let inactive = FilterOptions(now: UnixMilliseconds(0))

  @Test("Passes every event on unchanged if it has no options", arguments: small)
  func inactive(_ fixture: Fixture) throws {
    for interest in [Interest.elementsAfterOutline, .stored, .skip] {
      var plain = RecordingSink(interest: interest)
      var reader = RDBReader(MemorySource(fixture.bytes))
      try reader.read(into: &plain)
      var other = RDBReader(MemorySource(fixture.bytes))
      let summary = try other.fold(threads: 1) {
        KeyFilter(Self.inactive, base: RecordingSink(interest: interest))
      }.summary
      #expect(summary.base.values == plain.log)
      #expect(summary.ledger == Ledger())
    }
  }

  /// The options of a filter, and the condition that a key must meet to pass it.
  struct Row: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var options: FilterOptions
    var passes: @Sendable (SeenKey) -> Bool
    init(
      _ name: String, _ change: (inout FilterOptions) throws -> Void,
      _ passes: @escaping @Sendable (SeenKey) -> Bool
    ) {
      testDescription = name
      options = FilterOptions(now: UnixMilliseconds(1_700_000_000_000))
      do { try change(&options) } catch { fatalError("\(error)") }
      self.passes = passes
    }
  }

  static let rows: [Row] = [
    Row("hashes", { $0.types = [.hash] }, { $0.type.data == .hash }),
    Row("lists and sets", { $0.types = [.list, .set] }, { [.list, .set].contains($0.type.data) }),
    Row("no strings", { $0.noTypes = [.string] }, { $0.type.data != .string }),
    Row("sets, no sets", { ($0.types, $0.noTypes) = ([.set], [.set]) }, { _ in false }),
    Row("database 0", { $0.databases = [0] }, { $0.database == 0 }),
    Row("databases 1 and 15", { $0.databases = [1, 15] }, { $0.database == 1 || $0.database == 15 }),
    Row("expiring", { $0.expiry = .anyExpiry }, { $0.expiry != nil }),
    Row("never expiring", { $0.expiry = .noExpiry }, { $0.expiry == nil }),
    Row(
      "expiring in a range",
      { $0.expiry = try ExpiryCondition("2020-01-01~2100-01-01", now: $0.now) },
      { $0.expiry.map { (1_577_836_800_000...4_102_444_800_000).contains($0) } ?? false }),
    Row("names with an s", { $0.keyPatterns = [Containing("s")] }, { $0.name.contains(UInt8(ascii: "s")) }),
    Row("names without an s", { $0.noKeyPatterns = [Containing("s")] }, { !$0.name.contains(UInt8(ascii: "s")) }),
    Row("names of three bytes and more", { $0.globs = [Glob("???*")] }, { $0.name.count >= 3 }),
    Row(
      "expiring hashes of database 0",
      { ($0.types, $0.databases, $0.expiry) = ([.hash], [0], .anyExpiry) },
      { $0.type.data == .hash && $0.database == 0 && $0.expiry != nil }),
  ]

  @Test("Passes on the keys that meet its conditions, with any number of threads", arguments: rows)
  func conditions(_ row: Row) throws {
    var passed = 0
    for fixture in Self.small {
      let bytes = fixture.bytes
      let keys = try all(bytes)
      let expected = keys.filter(row.passes)
      passed += expected.count
      for threads in [1, 2, 7] {
        let (seen, ledger, _, end) = try filtered(bytes, row.options, threads: threads)
        #expect(seen == expected, "\(fixture), \(threads) threads")
        #expect(ledger.keysFiltered == UInt64(keys.count - expected.count))
        #expect(ledger.noted.isEmpty)
        #expect(end != nil)
      }
    }
    #expect(passed > 0 || row.testDescription == "sets, no sets", "no fixture has such a key")
  }

  @Test("Selects keys by type, database and expiry in one snapshot")
  func names() throws {
    var options = Self.inactive
    options.databases = [0]
    options.types = [.string]
    let bytes = snapshot([("a", nil), ("b", 5000), ("c", 6000)])
    #expect(try filtered(bytes, options).keys.map(\.name) == [[97], [98], [99]])
    options.expiry = try ExpiryCondition("~5", now: options.now)
    #expect(try filtered(bytes, options).keys.map(\.name) == [[98]])
  }

  @Test("Passes on every event outside keys")
  func others() throws {
    var options = Self.inactive
    options.databases = [999]
    for name in ["redis-7.2.6/functions", "redis-7.2.6/modules", "redis-7.2.6/cluster"] {
      let bytes = Fixture.named(name).bytes
      var plain = RecordingSink()
      var reader = RDBReader(MemorySource(bytes))
      try reader.read(into: &plain)
      let kinds = ["snapshot", "aux", "function", "module aux", "slots", "size", "whole"]
      let others = plain.log.filter { line in kinds.contains { line.hasPrefix($0 + " ") } }
      var filtered = RDBReader(MemorySource(bytes))
      let summary = try filtered.fold(threads: 1) {
        KeyFilter(options, base: RecordingSink())
      }.summary
      let passed = summary.base.values.filter { !$0.hasPrefix("stored") }
      #expect(passed == others, "\(name)")
    }
  }

  @Test("Stops after its limit of keys and reports that it was reached", arguments: [0, 1, 2, 3, 4] as [UInt64])
  func limit(_ limit: UInt64) throws {
    var options = Self.inactive
    options.limit = limit
    let bytes = snapshot([("a", nil), ("b", nil), ("c", nil)])
    let (keys, _, limitReached, end) = try filtered(bytes, options)
    #expect(keys.count == min(3, Int(limit)))
    #expect(limitReached == (limit < 3))
    #expect((end == nil) == (limit < 3))
  }
}
