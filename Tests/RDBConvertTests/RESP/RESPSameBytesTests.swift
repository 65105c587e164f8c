import RDB
import RDBConvert
import RESP
import TestSupport
import Testing

@Suite("RESP of every fixture")
struct RESPSameBytesTests {
  @Test("Has the same bytes with any number of workers and in small windows", arguments: Fixture.valid)
  func sameBytes(_ fixture: Fixture) {
    let bytes = fixture.bytes
    let whole = convert(bytes)
    #expect(whole.error == nil)
    for (threads, window) in [(1, 64), (2, 64), (7, 64), (2, 1 << 20)] {
      let other = convert(bytes, threads: threads, window: window)
      #expect(other.error == nil)
      #expect(other.bytes == whole.bytes, "\(threads) threads, window \(window)")
      #expect(other.summary == whole.summary, "\(threads) threads, window \(window)")
    }
  }

  static let ways: [(String, @Sendable (inout RESPOptions) -> Void)] = [
    ("replace", { $0.existing = .replace }),
    ("replace whole", { ($0.existing, $0.replacesWhole) = (.replace, true) }),
    ("keep", { $0.existing = .keep }),
    ("keep whole", { ($0.existing, $0.keepsWhole, $0.restoreLimit) = (.keep, true, 0) }),
    ("isolated, replace", { ($0.existing, $0.isolatesKeys) = (.replace, true) }),
    ("isolated, keep", { ($0.existing, $0.isolatesKeys) = (.keep, true) }),
    ("restore", { $0.restore = .auto }),
    ("restore, replace", { ($0.restore, $0.existing) = (.always, .replace) }),
    ("small batches", { ($0.commandElementCount, $0.commandByteCount) = (3, 100) }),
  ]

  @Test("Has as many commands as the summary counts", arguments: Fixture.valid)
  func counts(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    for (name, way) in Self.ways {
      let converted = convert(bytes, way)
      #expect(converted.error == nil)
      var reader = RESPCommandReader()
      reader.feed(converted.bytes.span.bytes)
      var count: UInt64 = 0
      while try reader.next() { count += 1 }
      try reader.finish()
      #expect(count == converted.summary.commandCount, "\(name)")
      #expect(convert(bytes, threads: 3, window: 64, way) == converted, "\(name)")
    }
  }

  @Test("Has every key in its ledger", arguments: Fixture.valid)
  func everyKey(_ fixture: Fixture) throws {
    let expired = try fixture.expiredPath.map { try Golden.rows(at: $0) } ?? []
    let rows = try Golden.rows(at: fixture.goldenPath) + expired
    // A hash with expired fields has a row in both files.
    let keys = Set(rows.compactMap { row in row.key.map { "\(row.database ?? 0) \($0)" } })
    let ledger = convert(fixture.bytes).summary.ledger
    #expect(ledger.keysRead == UInt64(keys.count))
    let lost = ledger.lost.filter { $0.key.loss == .key }.values.reduce(0) { $0 + $1.count }
    let noted = ledger.noted["keys without an element left"]?.count ?? 0
    #expect(ledger.keysWritten + lost + noted == ledger.keysRead)
  }
}
