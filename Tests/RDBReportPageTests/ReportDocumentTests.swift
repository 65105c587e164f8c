import RDB
import RDBAnalysis
import RDBFormat
import TestSupport
import Testing

import RDBReportPage

@Suite("The document of a report")
struct ReportDocumentTests {
  static let sessions = ReportPages.strings([("cart:", 30, 400), ("user:a:", 20, 40), ("user:b:", 10, 40)])

  @Test("Has the sums of the reports, and each prefix after its parent")
  func sums() throws {
    let document = try #require(try ReportPages.document([Self.sessions]))
    let reports = try ReportPages.reports(Self.sessions)
    let total = try #require(reports.stats?.total)
    #expect(document.total.keys == 60 && document.total.memoryByteCount == total.memoryByteCount)
    #expect(document.prefixes.map { "\($0.prefix)" } == ["", "cart:", "user:", "user:a:", "user:b:"])
    #expect(document.prefixes.map(\.parent) == [nil, 0, 0, 2, 2])
    #expect(document.prefixes[0].memoryByteCount == total.memoryByteCount)
    #expect(document.prefixes[2].keys == 30)
    #expect(document.largest.memory.count == 60 && document.mode == .single)
    #expect(document.slots.bins.reduce(0) { $0 + $1.keys } == 60)
    #expect(document.sizes.memory.reduce(0) { $0 + $1.keys } == 60)
    #expect(document.expiry.last?.keys == 60 && document.idle.isEmpty)
  }

  @Test("Says in the first sentence which prefix holds most memory without expiry")
  func summary() throws {
    let document = try #require(try ReportPages.document([Self.sessions]))
    let first = try #require(document.summary.first)
    #expect(first.hasPrefix("The keys take an estimated "))
    #expect(first.contains(" 100 % of it never expires; cart: holds most of that, "))
    #expect(first.hasSuffix(" in 30 keys."))
    #expect(document.nextSteps.first?.text.hasPrefix("Give cart: an expiry: ") == true)
    let saved = document.nextSteps.map(\.savedByteCount)
    #expect(saved == saved.sorted(by: >))
  }

  @Test("Keeps at most 300 prefixes, those with most memory")
  func bound() throws {
    let snapshot = ReportPages.strings((0..<900).map { ("p\($0):", 1, $0 + 1) })
    let document = try #require(try ReportPages.document([snapshot]))
    #expect(document.prefixes.count == 300 && document.omittedPrefixCount == 601)
    let names = Set(document.prefixes.map { "\($0.prefix)" })
    #expect(names.contains("p899:") && !names.contains("p3:"))
  }

  @Test("Has no sentence about memory without keys")
  func empty() throws {
    let document = try #require(try ReportPages.document([SnapshotBuilder().whole]))
    #expect(document.summary == ["The snapshot has no keys."] && document.nextSteps.isEmpty)
  }

  @Test("Has histogram bars of which each begins where the one before ends")
  func bars() throws {
    let snapshot = ReportPages.strings([("a:", 3, 1), ("b:", 2, 70_000), ("c:", 1, 0)])
    let bars = try #require(try ReportPages.document([snapshot])).sizes.strings
    #expect(bars.reduce(0) { $0 + $1.keys } == 6)
    #expect(zip(bars, bars.dropFirst()).allSatisfy { $0.to == $1.from })
    #expect(bars.first?.from == 0 && bars.first?.keys == 1)
    let last = try #require(bars.last)
    #expect(last.keys == 2 && last.from <= 70_000 && 70_000 < last.to)
  }

  @Test("Has the keys by idle time, as far as the snapshot has idle times")
  func idle() throws {
    let fixture = try #require(Fixture.all.first { $0.topic == "lru" })
    let document = try #require(try ReportPages.document([fixture.bytes]))
    let total = try #require(try ReportPages.reports(fixture.bytes).stats?.total)
    #expect(document.idle.count == 8 && document.idle.reduce(0) { $0 + $1.keys } == total.keysWithIdle)
    #expect(total.keysWithIdle > 0 && document.largest.idle.first?.idleSeconds != nil)
  }

  @Test("Compares no prefix that one of the snapshots may have gathered with others")
  func gathered() throws {
    let few = ReportPages.strings([("a:x:", 1, 9), ("a:y:", 1, 9)])
    let many = ReportPages.strings((0..<30_000).map { ("a:\($0):", 1, 1) })
    let document = try #require(try ReportPages.document([few, many], times: [1000, 2000], isOverTime: true))
    #expect(document.growth?.map { "\($0.prefix)" } == ["a:"])
    #expect(document.prefixes.contains { $0.kind == .other })
  }

  @Test("Takes an expiry before 1970 for what it is")
  func oldExpiry() throws {
    var builder = SnapshotBuilder()
    builder.string("a", "b", expiry: -5)
    let page = try ReportPages.page(builder.whole)
    #expect(page.contains("data-v=\"-5\">1969-12-31 23:59 UTC"))
  }

  // MARK: Several snapshots

  @Test("Adds up the parts of one keyspace")
  func merged() throws {
    let (a, b) = (ReportPages.strings([("cart:", 10, 40)]), ReportPages.strings([("cart:", 5, 40), ("x:", 1, 4)]))
    let document = try #require(try ReportPages.document([a, b]))
    #expect(document.mode == .merged && document.total.keys == 16 && document.growth == nil)
    #expect(document.dumps.map(\.keys) == [10, 6] && document.title == "2 snapshots")
  }

  @Test("Orders the states of one keyspace by time, and has the growth of prefixes")
  func overTime() throws {
    let old = ReportPages.strings([("cart:", 10, 40), ("gone:", 4, 40), ("same:", 3, 9)])
    let middle = ReportPages.strings([("cart:", 20, 40), ("same:", 3, 9)])
    let new = ReportPages.strings([("cart:", 50, 40), ("same:", 3, 9)])
    let document = try #require(
      try ReportPages.document([new, old, middle], times: [3000, 1000, 2000], isOverTime: true))
    #expect(document.mode == .overTime && document.total.keys == 53)
    #expect(document.dumps.map(\.name) == ["1.rdb", "2.rdb", "0.rdb"])
    let growth = try #require(document.growth)
    #expect(growth.map { "\($0.prefix)" } == ["cart:", "gone:"])
    #expect(growth[0].keysBefore == 10 && growth[0].keysAfter == 50 && growth[0].growth > 0)
    #expect(growth[1].memoryAfter == 0 && growth[1].growth == -Int64(growth[1].memoryBefore))
    #expect(growth[0].memory.count == 3 && growth[1].memory[1] == 0)
    #expect(document.summary.last?.contains("cart: grew most: by ") == true)
  }

  // MARK: Names

  @Test("Replaces every part of a name by the same token, and no figure")
  func redaction() throws {
    let plain = try #require(try ReportPages.document([Self.sessions]))
    let salt: [UInt8] = [1, 2, 3]
    let redacted = try #require(try ReportPages.document([Self.sessions], salt: salt))
    #expect(redacted.isRedacted && redacted.total == plain.total)
    #expect(redacted.prefixes.map(\.memoryByteCount) == plain.prefixes.map(\.memoryByteCount))
    let tokens = redacted.prefixes.map { "\($0.prefix)" }
    #expect(tokens[0] == "" && tokens[1].count == 11 && tokens[1].hasSuffix(":"))
    #expect(tokens[3].hasPrefix(tokens[2]) && tokens[4].hasPrefix(tokens[2]) && tokens[3] != tokens[4])
    let cart = redacted.largest.memory.filter { "\($0.key)".hasPrefix(tokens[1]) }
    #expect(cart.count == 30)
    let again = try #require(try ReportPages.document([Self.sessions], salt: salt))
    let other = try #require(try ReportPages.document([Self.sessions], salt: [9]))
    #expect(again == redacted && other.prefixes[1].prefix != redacted.prefixes[1].prefix)
    let page = String(decoding: ReportPage(redacted).html, as: UTF8.self)
    #expect(!page.contains("cart") && !page.contains("user:"))
  }
}
