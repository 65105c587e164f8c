import Foundation
import RDB
import RDBAnalysis
import RDBFormat
import RDBFiltering
import TestSupport
import Testing

@Suite("An index")
struct KeyIndexTests {
  /// A folder with a dump and its index.
  private struct Pair {
    let folder: Scratch
    var dump: FileSource { get throws { try FileSource(path: folder.path + "/dump.rdb") } }
    var index: String { folder.path + "/dump.rdb.idx" }
    func open() throws -> KeyIndex { try KeyIndex(path: index, of: dump) }
  }

  private static func indexed(_ bytes: [UInt8], threads: Int = 1, memory: Int = 1 << 20) throws -> Pair {
    let pair = Pair(folder: Scratch())
    pair.folder.write(bytes, as: "dump.rdb")
    pair.folder.write(try index(pair.dump, pair.folder, threads: threads, memory: memory), as: "dump.rdb.idx")
    return pair
  }

  private static func index(
    _ dump: FileSource, _ folder: Scratch, threads: Int, memory: Int
  ) throws -> [UInt8] {
    var options = IndexSink.Options(workers: threads, folder: folder.path)
    options.memoryByteCount = memory
    var small = RDBReader.Options()
    small.windowByteCount = 64
    let reader = RDBReader(AheadSource(dump, from: 0), options: small)
    let result = try reader.fold(threads: threads) { IndexSink(options) }
    let output = MemoryDestination()
    let identity = try DumpIdentity(of: dump, end: try #require(result.end))
    try KeyIndex.write(result.summary, of: identity, to: output)
    return output.bytes
  }

  /// What a sink is told of each key, in file order.
  private static func events(_ bytes: [UInt8]) throws -> [(key: KeyPlace, name: [UInt8], log: [String])] {
    var places = PlaceSink()
    var recording = RecordingSink()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &places)
    var again = RDBReader(MemorySource(bytes))
    try again.read(into: &recording)
    var logs: [[String]] = []
    for line in recording.log {
      if line.hasPrefix("key ") { logs.append([]) }
      if !logs.isEmpty, logs[logs.count - 1].last?.hasPrefix("end ") != true { logs[logs.count - 1].append(line) }
    }
    return zip(places.found, logs).map { ($0.place, $0.name, $1) }
  }

  @Test("leads to every key of every fixture", arguments: Fixture.valid)
  func everyKey(_ fixture: Fixture) throws {
    let keys = try Self.events(fixture.bytes)
    let pair = try Self.indexed(fixture.bytes)
    let (index, dump) = (try pair.open(), try pair.dump)
    #expect(index.count == UInt64(keys.count))
    for key in keys {
      let places = try index.places(of: key.name.span.bytes)
      #expect(places.contains(key.key))
      var sink = OneKey(OneKey.Options(database: key.key.database, name: key.name), base: RecordingSink())
      var reader = try RDBReader(dump, at: key.key)
      try reader.read(into: &sink)
      let summary = try sink.finish()
      #expect(summary.isFound)
      #expect(summary.base.values == key.log)
    }
    #expect(try index.places(of: Array("no such key \(fixture.name)".utf8).span.bytes) == [])
  }

  @Test("has the same bytes for any number of workers, and however often they had to spill", arguments: [1, 2, 7])
  func workers(_ threads: Int) throws {
    var snapshot = SnapshotBuilder()
    for number in 0..<5000 { snapshot.string("key:\(number)", "value") }
    snapshot.select(3)
    for number in stride(from: 0, to: 5000, by: 7) { snapshot.string("key:\(number)", "other") }
    let pair = try Self.indexed(snapshot.whole)
    let expected = readFile(pair.index)
    // 1024 entries a worker is the least.
    let other = try Self.index(pair.dump, pair.folder, threads: threads, memory: 1)
    #expect(other == expected)
    #expect(expected.count <= 16 * 5715)
    let index = try pair.open()
    for number in 0..<5000 {
      let places = try index.places(of: Array("key:\(number)".utf8).span.bytes)
      #expect(places.map { $0.database } == (number % 7 == 0 ? [0, 3] : [0]))
      #expect(places.allSatisfy { $0.offset > 8 })
    }
    #expect(try index.places(of: Array("key:5000".utf8).span.bytes).isEmpty)
  }

  @Test("that was cut or changed anywhere is refused, or answers as before")
  func damage() throws {
    var snapshot = SnapshotBuilder()
    for number in 0..<700 { snapshot.string("key:\(number)", "value") }
    let pair = try Self.indexed(snapshot.whole)
    let whole = readFile(pair.index)
    let names = [3, 350, 699].map { Array("key:\($0)".utf8) }
    let expected = try names.map { try pair.open().places(of: $0.span.bytes) }
    #expect(expected.allSatisfy { $0.count == 1 })
    for count in stride(from: 0, to: whole.count, by: 13) {
      pair.folder.write(Array(whole.prefix(count)), as: "dump.rdb.idx")
      #expect(throws: KeyIndex.Refusal.self) { _ = try pair.open() }
    }
    for place in whole.indices {
      var changed = whole
      changed[place] ^= 0x10
      pair.folder.write(changed, as: "dump.rdb.idx")
      do throws(KeyIndex.Refusal) {
        let index = try KeyIndex(path: pair.index, of: FileSource.opened(pair.folder.path + "/dump.rdb"))
        for (name, places) in zip(names, expected) {
          #expect(try index.places(of: name.span.bytes) == places)
        }
      } catch {}
    }
  }

  @Test("whose numbers are hostile is refused")
  func hostile() throws {
    let pair = try Self.indexed(SnapshotBuilder().whole)
    let identity = try DumpIdentity(
      of: pair.dump, end: SnapshotEnd(checksum: .absent, byteCount: 10, tail: .nothing))
    for count in [1, 1 << 47, 1 << 48, UInt64.max / 14, .max] {
      pair.folder.write(IndexHeader(count: count, identity).bytes, as: "dump.rdb.idx")
      #expect(throws: KeyIndex.Refusal.self) { _ = try pair.open() }
    }
  }

  @Test("of another dump, or of an older one, is refused")
  func stale() throws {
    var (one, other) = (SnapshotBuilder(), SnapshotBuilder())
    one.string("key", "value")
    other.string("key", "eulav")
    let pair = try Self.indexed(one.whole)
    let index = readFile(pair.index)
    let time = try #require(
      try FileManager.default.attributesOfItem(atPath: pair.folder.path + "/dump.rdb")[.modificationDate])
    // The same size and time, but not the same bytes.
    pair.folder.write(other.whole, as: "dump.rdb")
    try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: pair.folder.path + "/dump.rdb")
    pair.folder.write(index, as: "dump.rdb.idx")
    #expect(throws: KeyIndex.Refusal.stale("it was made for a dump with another content")) { _ = try pair.open() }
    // The same bytes, written anew.
    pair.folder.write(one.whole, as: "dump.rdb")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: pair.folder.path + "/dump.rdb")
    #expect(throws: KeyIndex.Refusal.stale("the dump was modified after it was made")) { _ = try pair.open() }
    pair.folder.write(one.whole + [0], as: "dump.rdb")
    #expect(throws: KeyIndex.Refusal.self) { _ = try pair.open() }
    pair.folder.write(Array("no index at all".utf8), as: "dump.rdb.idx")
    #expect(throws: KeyIndex.Refusal.foreign("it does not begin as an index of rdb does")) { _ = try pair.open() }
  }

  @Test("is sorted as any sort would, whatever the hashes", arguments: [0, 1, 2, 100, 5000, 300_000])
  func sorting(_ count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    for mask: UInt64 in [.max, 0, 0xFF, 0xFFFF_FFFF_0000_0000, 0x0001_0000_0000_0001] {
      var entries = (0..<count).map { IndexEntry(order: random.next() & mask, offset: UInt64($0)) }
      let expected = entries.sorted { $0.precedes($1) }
      entries.withUnsafeMutableBufferPointer { IndexEntry.sort($0) }
      #expect(entries == expected)
    }
  }

  @Test("has 14 bytes for a key")
  func entries() {
    var random = SeededGenerator(seed: 14)
    for _ in 0..<1000 {
      let entry = IndexEntry(order: random.next(), offset: random.next() & (IndexEntry.offsetLimit - 1))
      var bytes = [UInt8](repeating: 0xEE, count: IndexEntry.byteCount + 1)
      bytes.withUnsafeMutableBytes { entry.write(to: $0.baseAddress!) }
      #expect(bytes.last == 0xEE)
      #expect(bytes.withUnsafeBytes { IndexEntry($0.baseAddress!) } == entry)
    }
  }
}

extension FileSource {
  /// Opens what is there for sure.
  fileprivate static func opened(_ path: String) -> FileSource { try! FileSource(path: path) }
}

/// Where every key stands.
private struct PlaceSink: SelectiveSink {
  private(set) var found: [(place: KeyPlace, name: [UInt8])] = []

  static var events: SinkEvents { .beginKey }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    found.append(
      (KeyPlace(database: key.database, offset: UInt64(key.offset)), key.name.withUnsafeBytes { Array($0) }))
    return .skip
  }
}
