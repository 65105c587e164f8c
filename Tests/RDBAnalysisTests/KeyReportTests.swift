import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport
import TestSupport
import Testing

@Suite("Reports on keys")
struct KeyReportTests {
  static let reference = UnixMilliseconds(1_760_000_000_000)

  /// Options that request all reports.
  static func options(_ change: (inout PrefixOptions) -> Void = { _ in }) -> KeyReports.Options {
    var options = KeyReports.Options(reference: reference)
    options.wantsPrefix = true
    options.wantsTTL = true
    options.wantsStats = true
    options.measures = TopReport.Measure.allCases
    options.topLimit = 5
    change(&options.prefix)
    return options
  }

  static let model = ServerModel(ServerVersion(.redis, 8, 2))

  static func parts(_ bytes: [UInt8], threads: Int, _ options: KeyReports.Options = options()) throws
    -> [KeyReports]
  {
    var reader = smallReader(bytes)
    return try reader.fold(threads: threads) {
      MemorySink(model, to: PartsReceiver(base: try KeyReportsReceiver(options)))
    }.summary.values
  }

  /// Keeps the reports of all workers apart.
  struct PartsReceiver: MemoryReceiver, ~Copyable {
    var base: KeyReportsReceiver
    mutating func wantsHash(_ key: borrowing KeyHeader) -> Bool { base.wantsHash(key) }
    mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) { try base.receive(row) }
    consuming func finish() throws(RDBError) -> Collected<KeyReports> { Collected([try base.finish()]) }
  }

  static func limited(_ nodeLimit: Int) -> KeyReports.Options { options { $0.nodeLimit = nodeLimit } }

  static func merged(_ parts: [KeyReports]) -> KeyReports {
    parts.dropFirst().reduce(into: parts[0]) { $0.merge($1) }
  }

  @Test("Do not depend on the number of workers or the order of merging", arguments: Fixture.valid)
  func workers(_ fixture: Fixture) throws {
    for nodeLimit in [20_000, 12] {
      let alone = try Self.merged(Self.parts(fixture.bytes, threads: 1, Self.limited(nodeLimit)))
      for threads in [2, 7] {
        let parts = try Self.parts(fixture.bytes, threads: threads, Self.limited(nodeLimit))
        #expect(Self.merged(parts) == alone)
        #expect(Self.merged(parts.reversed()) == alone)
      }
    }
  }

  @Test("Add up to the sums over all keys", arguments: Fixture.valid)
  func sums(_ fixture: Fixture) throws {
    let rows = try memoryRows(fixture.bytes, Self.model)
    let reports = try Self.merged(Self.parts(fixture.bytes, threads: 1))
    let memory = rows.reduce(0) { $0 + ($1.memoryByteCount ?? $1.serializedByteCount) }
    let stats = try #require(reports.stats)
    #expect(stats.total.keys == UInt64(rows.count))
    #expect(stats.total.memoryByteCount == memory)
    #expect(stats.cells.reduce(0) { $0 + $1.summary.memoryByteCount } == memory)
    #expect(stats.slots.keys.reduce(0, +) == UInt64(rows.count))
    let expiries = try #require(reports.ttl?.all)
    #expect(ExpiryRange.allCases.reduce(0) { $0 + expiries[$1].memoryByteCount } == memory)
    let root = reports.prefix?.nodes.first
    #expect(root?.summary.keys ?? 0 == UInt64(rows.count))
    if !rows.isEmpty { #expect(root?.summary.memoryByteCount == memory) }
    let largest = rows.compactMap { $0.memoryByteCount }.sorted(by: >).prefix(5)
    #expect((reports.top?.ranked(by: .memory) ?? []).map { $0.value } == Array(largest))
  }

  @Test("Of two files merge in either order to the same sums")
  func twoFiles() throws {
    let one = try Self.merged(Self.parts(Fixture.named("redis-7.2.6/all").bytes, threads: 1))
    let other = try Self.merged(Self.parts(Fixture.named("valkey-9.1.2/all").bytes, threads: 1))
    var (sum, reversed) = (one, other)
    sum.merge(other)
    reversed.merge(one)
    #expect(sum == reversed)
    #expect(
      sum.stats?.total.keys == (one.stats?.total.keys ?? 0) + (other.stats?.total.keys ?? 0))
  }

  @Test("Keep their values in JSON", arguments: Fixture.valid)
  func json(_ fixture: Fixture) throws {
    func check<Report: Codable & Equatable>(_ report: Report?) throws {
      let report = try #require(report)
      let data = try JSONEncoder().encode(report)
      #expect(try JSONDecoder().decode(Report.self, from: data) == report)
    }
    for nodeLimit in [20_000, 12] {
      let reports = try Self.merged(Self.parts(fixture.bytes, threads: 1, Self.limited(nodeLimit)))
      try check(reports.prefix)
      try check(reports.ttl)
      try check(reports.stats)
      try check(reports.top)
    }
  }

  @Test("Merge after decoding as they do before encoding")
  func mergedJSON() throws {
    func read<Report: Codable>(_ report: Report?) throws -> Report {
      try JSONDecoder().decode(Report.self, from: try JSONEncoder().encode(try #require(report)))
    }
    for nodeLimit in [20_000, 12] {
      let options = Self.limited(nodeLimit)
      let one = try Self.merged(Self.parts(Fixture.named("redis-7.2.6/all").bytes, threads: 1, options))
      let other = try Self.merged(Self.parts(Fixture.named("redis-6.2.16/sessions").bytes, threads: 1, options))
      var (sum, again) = (one, KeyReports())
      sum.merge(other)
      (again.prefix, again.ttl) = (try read(one.prefix), try read(one.ttl))
      (again.stats, again.top) = (try read(one.stats), try read(one.top))
      again.merge(other)
      #expect(again == sum)
    }
  }

  private func report(_ names: [String], _ options: KeyReports.Options) throws -> KeyReports {
    var snapshot = SnapshotBuilder()
    for name in names { snapshot.string(name, "value") }
    return try Self.merged(Self.parts(snapshot.whole, threads: 1, options))
  }

  private func counts(_ names: [String], _ change: (inout PrefixOptions) -> Void) throws -> [String] {
    let report = try #require(try report(names, Self.options(change)).prefix)
    return report.nodes.map {
      "\($0.prefix.text ?? "?")\($0.kind == .other ? "(other)" : "") \($0.summary.keys)"
    }
  }

  @Test("Split names into prefixes at separators, with digits and UUIDs folded")
  func prefixTree() throws {
    let names = ["user:1:name", "user:2:name", "user:2", "cart:9", "plain", "a:b:c:d:e"]
    #expect(
      try counts(names) { $0.depth = 2 }
        == [" 6", "a: 1", "a:b: 1", "cart: 1", "user: 3", "user:1: 1", "user:2: 1"])
    #expect(
      try counts(names) { $0.foldsDigits = true }
        == [" 6", "a: 1", "a:b: 1", "a:b:c: 1", "cart: 1", "user: 3", "user:<n>: 2"])
    #expect(
      try counts(["a.b:c"]) { $0.separators = [".", ":"].map { BinaryText(Array($0.utf8)) } }
        == [" 1", "a. 1", "a.b: 1"])
    #expect(
      try counts(["a->b->c", "a-b"]) { $0.separators = [BinaryText(Array("->".utf8))] }
        == [" 2", "a-> 1", "a->b-> 1"])
    let uuid = "s:0a1b2c3d-1111-4222-8333-444455556666:x"
    #expect(
      try counts([uuid, "s:0A1b2c3d111142228333444455556666:y", "s:0a1b2c3d:z"]) { $0.foldsUUIDs = true }
        == [" 3", "s: 3", "s:0a1b2c3d: 1", "s:<uuid>: 2"])
  }

  @Test("Gather the children of a prefix that has too many, and no others")
  func prefixLimit() throws {
    let many = (0..<100).map { "session:\($0):y" }
    let few = ["user:1:a", "user:2:b", "x:1"]
    #expect(try counts(many + few) { $0.nodeLimit = 1000 }.count == 1 + 1 + 100 + 1 + 2 + 1)
    let gathered = [
      " 103", "session: 100", "session:(other) 100", "user: 2", "user:1: 1", "user:2: 1", "x: 1",
    ]
    #expect(try counts(many + few) { $0.nodeLimit = 50 } == gathered)
    #expect(try counts(many.reversed() + few) { $0.nodeLimit = 12 } == gathered)
    #expect(try counts(many + few) { $0.nodeLimit = 1 } == [" 103", "(other) 103"])
  }

  @Test("Gather the same prefixes for any order of merging, with exact sums")
  func prefixOrder() throws {
    var generator = SeededGenerator(seed: 3)
    let names = (0..<3000).map { number in
      "p\(number % 7):q\(number % 90):r\(number % 700):s\(number % 2)"
    }
    for nodeLimit in [5, 40, 300, 2000] {
      let whole = try report(names, Self.limited(nodeLimit))
      #expect(whole.prefix?.nodes.first?.summary.keys == 3000)
      let kept = whole.prefix?.nodes.count { $0.kind == .prefix } ?? 0
      #expect(kept <= nodeLimit)
      for _ in 0..<5 {
        let shuffled = names.shuffled(using: &generator)
        let cut = Int.random(in: 1..<2999, using: &generator)
        var parts = try report(Array(shuffled[..<cut]), Self.limited(nodeLimit))
        parts.merge(try report(Array(shuffled[cut...]), Self.limited(nodeLimit)))
        #expect(parts.prefix == whole.prefix)
        #expect(parts.ttl == whole.ttl)
      }
    }
  }

  @Test("Count repeated values exactly while there are few, then within the stated error")
  func repeatedValues() throws {
    var snapshot = SnapshotBuilder()
    for number in 0..<60_000 {
      snapshot.string("k\(number)", number % 4 == 0 ? "the same everywhere" : "value \(number)")
    }
    let parts = try Self.parts(snapshot.whole, threads: 3)
    let report = try #require(Self.merged(parts).stats)
    #expect(report.valueSampling > 1)
    let first = try #require(report.repeatedValues.first)
    #expect(first.byteCount == 19)
    #expect(first.keysError > 0)
    #expect(first.keys.distance(to: 15_000).magnitude <= first.keysError)
    #expect(Self.merged(parts.reversed()).stats == report)
    #expect(try Self.merged(Self.parts(snapshot.whole, threads: 1)).stats == report)

    var options = Self.options()
    options.exactValues = try KeyReports.Options.ExactValues(folder: NSTemporaryDirectory(), workers: 1)
    var reports = Self.merged(try Self.parts(snapshot.whole, threads: 1, options))
    try reports.countExactValues()
    let exact = try #require(reports.stats).repeatedValues
    #expect(exact.map { $0.keys } == [15_000])
    #expect(exact.map { $0.keysError } == [0])
  }

  @Test("Count values exactly by their bytes and lengths, wherever their keys are in the file")
  func exactValues() throws {
    /// Counts the values of keys that follow `padding` bytes.
    func exact(padding: Int, threads: Int) throws -> [Repeated] {
      var snapshot = SnapshotBuilder()
      snapshot.string("padding", String(repeating: "p", count: padding))
      for number in 0..<30 {
        snapshot.string("long:\(number)", String(repeating: "l", count: 5000))
        snapshot.string("short:\(number)", String(repeating: "l", count: 50 + number / 15))
      }
      var options = Self.options()
      options.exactValues = try KeyReports.Options.ExactValues(folder: NSTemporaryDirectory(), workers: threads)
      var reports = Self.merged(try Self.parts(snapshot.whole, threads: threads, options))
      try reports.countExactValues()
      return try #require(reports.stats).repeatedValues
    }
    let values = try exact(padding: 1, threads: 1)
    #expect(values.map(\.byteCount) == [5000, 51, 50])
    #expect(values.map(\.keys) == [30, 15, 15])
    for (value, prefix) in zip(values, ["long:", "short:", "short:"]) {
      #expect(value.example.text?.hasPrefix(prefix) == true)
    }
    #expect(try exact(padding: 70_000, threads: 1) == values)
    #expect(try exact(padding: 70_000, threads: 3) == values)
  }

  @Test("Report collections that exceed a limit of the compact form by no more than double")
  func nearMisses() throws {
    var snapshot = SnapshotBuilder(version: 9)
    let fields = (0..<513).map { ("f\($0)", "v") }
    snapshot.hash("hash", fields)
    snapshot.set("small", ["a", "b"])
    let stats = try #require(try Self.merged(Self.parts(snapshot.whole, threads: 1)).stats)
    let miss = try #require(stats.nearMisses.first { $0.setting == "hash-max-listpack-entries" })
    #expect((miss.keys, miss.limit, miss.needed) == (1, 512, 513))
    #expect(miss.savedByteCount > 20_000)
    #expect(stats.nearMisses.reduce(0) { $0 + $1.keys } == 1)
  }

  @Test("Recognize Spring sessions, and those without hash or expiry mark")
  func sessions() throws {
    var snapshot = SnapshotBuilder()
    for id in ["whole", "bare"] { snapshot.hash("spring:session:sessions:\(id)", [("creationTime", "1")]) }
    for id in ["whole", "gone"] { snapshot.string("spring:session:sessions:expires:\(id)", "") }
    snapshot.strings(1, "queue:mail", count: 1, ["job"])
    let stats = try #require(try Self.merged(Self.parts(snapshot.whole, threads: 1)).stats)
    let sessions = try #require(stats.sessions)
    #expect([sessions.whole, sessions.withoutMark, sessions.markOnly].map { $0.count } == [1, 1, 1])
    // A list called queue:mail alone belongs to no library for certain.
    #expect(stats.recognisedKeyspaces == ["Spring Session"])
    #expect(stats.keyspaces.map { "\($0.role) \($0.keys)" } == ["expiry marks 2", "sessions 2", "queues 1"])
  }

  @Test("Compute hash slots as CLUSTER KEYSLOT does")
  func slots() {
    let slots = HashSlots()
    for (name, slot) in [
      ("123456789", 12_739), ("foo{hash_tag}", 2515), ("bar{hash_tag}", 2515), ("", 0), ("{}a", 10_875),
    ] {
      let bytes = Array(name.utf8)
      #expect(slots.slot(of: bytes.span.bytes) == slot, "\(name)")
    }
  }

  @Test("Assign expiries to ranges of remaining time")
  func expiries() {
    let now = UnixMilliseconds(1_000_000_000_000)
    let rows: [(Int64?, ExpiryRange)] = [
      (nil, .never), (now.value - 1, .expired), (now.value, .underMinute), (now.value + 59_999, .underMinute),
      (now.value + 60_000, .underHour), (now.value + 86_399_999, .underDay),
      (now.value + 31_536_000_000, .longer), (.max, .longer), (.min, .expired),
    ]
    for (expiry, bucket) in rows {
      #expect(ExpiryRange(expiry.map { UnixMilliseconds($0) }, reference: now) == bucket)
    }
    #expect(ExpiryRange(UnixMilliseconds(.max), reference: UnixMilliseconds(.min)) == .longer)
    #expect(ExpiryRange(UnixMilliseconds(.min), reference: UnixMilliseconds(.max)) == .expired)
  }

  @Test("Give quantiles within the stated error")
  func quantiles() {
    var generator = SeededGenerator(seed: 7)
    var values = (0..<5000).map { _ in
      UInt64.random(in: 0...(1 << UInt64.random(in: 1...40, using: &generator)), using: &generator)
    }
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
