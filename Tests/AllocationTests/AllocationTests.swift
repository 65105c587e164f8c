import CAllocationCounter
import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBGeneration
import RDBFiltering
import RDBRegex
import Testing

/// Returns the number of allocations on this thread during `body`.
func allocations(during body: () throws -> Void) rethrows -> UInt64 {
  let before = rdb_allocation_count()
  try body()
  return rdb_allocation_count() - before
}

/// A way to process a snapshot.
enum Task: CaseIterable, Sendable {
  case parse, skip, validate, resp, json, keys, info, check, filterNames, filterExpiries, filterAll
  case memory, prefixes

  func run(_ source: MemorySource) throws {
    let server = ServerVersion(.redis, 7, 0)
    var reader = RDBReader(source)
    switch self {
    case .parse: try Self.read(&reader, NoSink(interest: .elements))
    case .skip: try Self.read(&reader, NoSink(interest: .skip))
    case .validate: try Self.read(&reader, NoSink(interest: .validate))
    case .resp:
      try Self.read(&reader, RESPSink(RESPOptions(target: server), to: DiscardingDestination()))
    case .json:
      let options = JSONOptions(layout: .lines, writer: server)
      try Self.read(&reader, JSONSink(options, to: DiscardingDestination()))
    case .keys: try Self.read(&reader, KeyNamesSink(to: DiscardingDestination()))
    case .info:
      let origin = try reader.origin()
      try Self.read(&reader, InfoSink(origin: origin, now: UnixMilliseconds(0)))
    case .check: #expect(try SnapshotCheck.run(RDBReader(source), threads: 1).isOK)
    case .filterNames, .filterExpiries, .filterAll:
      try Self.read(&reader, KeyFilter(try filter(), base: KeyNamesSink(to: DiscardingDestination())))
    case .memory: try Self.read(&reader, MemorySink(ServerModel(server), to: RowCounter()))
    case .prefixes:
      var options = KeyReports.Options(reference: UnixMilliseconds(0))
      (options.wantsPrefix, options.wantsTTL) = (true, true)
      try Self.read(&reader, MemorySink(ServerModel(server), to: try KeyReportsReceiver(options)))
    }
  }

  /// Returns options that check every key, and that no keys, some keys or all keys pass.
  private func filter() throws -> FilterOptions {
    var options = FilterOptions(now: UnixMilliseconds(1_800_000_000_000))
    switch self {
    case .filterExpiries:
      options.expired = .skip
      options.ttlShift = 3_600_000
      options.noTypes = [.list]
    case .filterAll: options.globs = [Glob("no key has this name*")]
    default:
      options.keyPatterns = [try KeyPattern("[13579]$|[a-m][0-9a-f]{3}")]
      options.noKeyPatterns = [try KeyPattern("^session.*00$")]
      options.globs = [Glob("*[0-9a-f]*")]
    }
    return options
  }

  private static func read<S: RDBSink & ~Copyable>(_ reader: inout RDBReader, _ sink: consuming S) throws {
    var sink = sink
    try reader.read(into: &sink)
  }
}

/// Counts the measured keys.
private struct RowCounter: MemoryReceiver {
  var count = 0
  func wantsHash(_ key: borrowing KeyHeader) -> Bool { true }
  mutating func receive(_ row: borrowing MeasuredKey) throws(RDBError) { count += 1 }
  consuming func finish() throws(RDBError) -> NoSummary { NoSummary() }
}

/// Only what is optimised says something, and only where allocations can be counted.
private var canCount: Bool {
  #if DEBUG
    false
  #else
    rdb_counts_allocations() != 0
  #endif
}

@Suite("Allocations", .enabled(if: canCount))
struct AllocationTests {
  @Test("are counted: one is one")
  func control() {
    let count = allocations {
      let memory = UnsafeMutableRawPointer.allocate(byteCount: 100, alignment: 8)
      memory.storeBytes(of: 1, as: UInt8.self)
      keepAlive(memory)
      memory.deallocate()
    }
    #expect(count == 1)
  }

  @Test("are counted: an array of a thousand, appended to, is many")
  func growth() {
    var bytes: [UInt8] = []
    let count = allocations {
      for number in 0..<1000 { bytes.append(UInt8(truncatingIfNeeded: number)) }
    }
    #expect(count > 3)
    #expect(bytes.count == 1000)
  }

  static let profiles: [GenerationProfile.Name] = [.strings, .collections, .sessions, .huge]

  /// Compares a file with one that has twice as many keys or elements. A refill of the window (512 KiB) may take a few
  /// allocations, among them the error by which the parser asks for more; one per hundred keys would fail the test.
  @Test("Do not depend on the number of keys and elements", arguments: Task.allCases, profiles)
  func loops(_ task: Task, _ profile: GenerationProfile.Name) throws {
    let (small, large) = (try Self.source(profile, 1), try Self.source(profile, 2))
    let refills = (large.totalByteCount ?? 0) / (512 << 10) + 1
    // The first run makes the allocations that a process makes only once.
    try task.run(try Self.source(profile, 1))
    let first = try allocations { try task.run(small) }
    let second = try allocations { try task.run(large) }
    #expect(second <= first + 8 * refills, "\(first), then \(second)")
  }

  private static func source(_ profile: GenerationProfile.Name, _ factor: UInt64) throws -> MemorySource {
    var options = SnapshotGenerator.Options(.named(profile))
    options.extent = profile == .huge ? .bytes(2_000_000 * factor) : .keys(41 * 200 * factor)
    let destination = MemoryDestination()
    _ = try SnapshotGenerator.write(options, to: destination)
    return MemorySource(destination.bytes)
  }

  @inline(never)
  private func keepAlive(_ memory: UnsafeMutableRawPointer) { withExtendedLifetime(memory) {} }
}
