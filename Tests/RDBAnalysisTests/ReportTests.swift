import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import TestSupport
import Testing

@Suite("Reports on keys")
struct ReportTests {
  static let reference = UnixMilliseconds(1_760_000_000_000)

  /// One of each, empty.
  static func empty(nodeLimit: Int = 20_000) -> KeyReports {
    var options = PrefixOptions()
    options.nodeLimit = nodeLimit
    var reports = KeyReports()
    reports.prefix = PrefixReport(options, reference: reference)
    reports.ttl = TTLReport(reference: reference)
    reports.stats = StatsReport(reference: reference)
    reports.top = TopReport(TopReport.Measure.allCases, limit: 5, perType: true)
    return reports
  }

  static let model = ServerModel(ServerVersion(.redis, 8, 2))

  static func parts(_ bytes: [UInt8], threads: Int, nodeLimit: Int = 20_000) throws -> [KeyReports] {
    try smallReader(bytes).readRuns(threads: threads, to: MemoryDestination()) {
      (_: any ByteDestination) throws(RDBError) -> MemorySink<KeyReports.Receiver> in
      MemorySink(model, to: KeyReports.Receiver(empty(nodeLimit: nodeLimit)))
    }.summaries
  }

  static func merged(_ parts: [KeyReports]) -> KeyReports {
    parts.dropFirst().reduce(into: parts[0]) { $0.merge($1) }
  }

  @Test("are the same for any number of workers, merged in any order", arguments: Fixture.valid)
  func workers(_ fixture: Fixture) throws {
    for nodeLimit in [20_000, 12] {
      let alone = try Self.merged(Self.parts(fixture.bytes, threads: 1, nodeLimit: nodeLimit))
      for threads in [2, 7] {
        let parts = try Self.parts(fixture.bytes, threads: threads, nodeLimit: nodeLimit)
        #expect(Self.merged(parts) == alone)
        #expect(Self.merged(parts.reversed()) == alone)
      }
    }
  }

  @Test("add up to the rows", arguments: Fixture.valid)
  func sums(_ fixture: Fixture) throws {
    let rows = try memoryRows(fixture.bytes, Self.model)
    let reports = try Self.merged(Self.parts(fixture.bytes, threads: 1))
    let memory = rows.reduce(0) { $0 + ($1.memoryByteCount ?? $1.serializedByteCount) }
    let stats = try #require(reports.stats)
    #expect(stats.total.keys == UInt64(rows.count))
    #expect(stats.total.memoryByteCount == memory)
    #expect(stats.cells.entries.reduce(0) { $0 + $1.totals.memoryByteCount } == memory)
    #expect(reports.ttl?.all.values.reduce(0) { $0 + $1.memoryByteCount } == memory)
    let root = reports.prefix?.tree.first
    #expect(root?.totals.keys ?? 0 == UInt64(rows.count))
    if !rows.isEmpty { #expect(root?.totals.memoryByteCount == memory) }
    let largest = rows.compactMap { $0.memoryByteCount }.sorted(by: >).prefix(5)
    #expect((reports.top?.all[.memory] ?? []).map { $0.value } == Array(largest))
  }

  @Test("of two files are the sum of theirs")
  func twoFiles() throws {
    let one = try Self.merged(Self.parts(Fixture.named("redis-7.2.6-all").bytes, threads: 1))
    let other = try Self.merged(Self.parts(Fixture.named("valkey-9.1.2-all").bytes, threads: 1))
    var (sum, reversed) = (one, other)
    sum.merge(other)
    reversed.merge(one)
    #expect(sum == reversed)
    #expect(
      sum.stats?.total.keys == (one.stats?.total.keys ?? 0) + (other.stats?.total.keys ?? 0))
  }

  @Test("survive being written as JSON", arguments: Fixture.valid)
  func json(_ fixture: Fixture) throws {
    for nodeLimit in [20_000, 12] {
      let reports = try Self.merged(Self.parts(fixture.bytes, threads: 1, nodeLimit: nodeLimit))
      let data = try JSONEncoder().encode(reports)
      #expect(try JSONDecoder().decode(KeyReports.self, from: data) == reports)
    }
  }

  private func prefixes(_ names: [String], _ change: (inout PrefixOptions) -> Void) throws -> PrefixReport {
    var snapshot = Snapshot()
    for name in names { snapshot.string(name, "value") }
    var options = PrefixOptions()
    change(&options)
    var reports = KeyReports()
    reports.prefix = PrefixReport(options, reference: Self.reference)
    let report = try smallReader(snapshot.whole).readRuns(threads: 1, to: MemoryDestination()) {
      (_: any ByteDestination) throws(RDBError) -> MemorySink<KeyReports.Receiver> in
      MemorySink(Self.model, to: KeyReports.Receiver(reports))
    }.summaries.first?.prefix
    return try #require(report)
  }

  private func counts(_ report: PrefixReport) -> [String] {
    report.tree.map { "\($0.prefix.text ?? "?") \($0.totals.keys)\($0.isCut ? " cut" : "")" }
  }

  @Test("tell prefixes apart, part by part")
  func prefixTree() throws {
    let names = ["user:1:name", "user:2:name", "user:2", "cart:9", "plain", "a:b:c:d:e"]
    #expect(
      counts(try prefixes(names) { $0.depth = 2 })
        == [" 6", "a: 1", "a:b: 1", "cart: 1", "user: 3", "user:1: 1", "user:2: 1"])
    #expect(
      counts(try prefixes(names) { $0.foldsDigits = true })
        == [" 6", "a: 1", "a:b: 1", "a:b:c: 1", "cart: 1", "user: 3", "user:<n>: 2"])
    #expect(
      counts(try prefixes(["a.b:c"]) { $0.separators = Array(".:".utf8) }) == [" 1", "a. 1", "a.b: 1"])
  }

  @Test("make the tree coarser, not wrong, where there are too many prefixes")
  func prefixLimit() throws {
    let names = (0..<100).map { "session\($0):x:y" } + ["user:1:a", "user:1:b"]
    let whole = try prefixes(names) { $0.nodeLimit = 1000 }
    #expect(!whole.isCoarser)
    #expect(whole.tree.count == 1 + 2 * 101)
    let flat = try prefixes(names) { $0.nodeLimit = 110 }
    #expect(flat.isCoarser)
    #expect(flat.depth == 1)
    #expect(flat.tree.count == 102)
    let cut = try prefixes(names) { $0.nodeLimit = 10 }
    #expect(cut.depth == 0)
    #expect(counts(cut) == [" 102", "sess 100 cut", "user 2 cut"])
    #expect(try prefixes(names) { $0.nodeLimit = 50 }.tree.count == 12)
    #expect(counts(try prefixes(names) { $0.nodeLimit = 1 }) == [" 102"])
  }

  @Test("sort lives into ranges")
  func lives() {
    let now = UnixMilliseconds(1_000_000_000_000)
    let rows: [(Int64?, TTLReport.Bucket)] = [
      (nil, .never), (now.value - 1, .expired), (now.value, .underMinute), (now.value + 59_999, .underMinute),
      (now.value + 60_000, .underHour), (now.value + 86_399_999, .underDay),
      (now.value + 31_536_000_000, .longer), (.max, .longer), (.min, .expired),
    ]
    for (expiry, bucket) in rows {
      #expect(TTLReport.Bucket(expiry.map { UnixMilliseconds($0) }, reference: now) == bucket)
    }
    #expect(TTLReport.Bucket(UnixMilliseconds(.max), reference: UnixMilliseconds(.min)) == .longer)
    #expect(TTLReport.Bucket(UnixMilliseconds(.min), reference: UnixMilliseconds(.max)) == .expired)
  }

  @Test("say sizes within the bound they state")
  func quantiles() {
    var generator = SeededGenerator(seed: 7)
    var values = (0..<5000).map { _ in UInt64.random(in: 0...(1 << UInt64.random(in: 1...40, using: &generator)), using: &generator) }
    values += [0, 1, 15, 16, 17, .max]
    var (whole, left, right) = (SizeHistogram(), SizeHistogram(), SizeHistogram())
    for (place, value) in values.enumerated() {
      whole.add(value)
      if place % 3 == 0 { left.add(value) } else { right.add(value) }
    }
    left.merge(right)
    #expect(left == whole)
    values.sort()
    for share in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0] {
      let rank = max(Int((Double(values.count) * share).rounded(.up)), 1) - 1
      let found = Double(whole.quantile(share) ?? 0)
      #expect(abs(found - Double(values[rank])) <= SizeHistogram.relativeError * Double(values[rank]), "\(share)")
    }
    #expect(whole.ranges.reduce(0) { $0 + $1.count } == whole.count)
    #expect(SizeHistogram().quantile(0.5) == nil)
  }
}
