import Foundation
import RDB
import RDBFormat
import RDBSupport
import RDBFiltering
import RDBIndex
import RDBSupport
import TestSupport
import Testing

@Suite("A key index")
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
    var reader = RDBReader(AheadSource(dump, from: 0), options: small)
    let result = try reader.fold(threads: threads) { IndexSink(options) }
    let output = MemoryDestination()
    let identity = try DumpIdentity(of: dump, end: try #require(result.end))
    try KeyIndex.write(result.summary, of: identity, to: output)
    return output.bytes
  }

  /// Returns the location, name and events of each key, in file order.
  private static func events(_ bytes: [UInt8]) throws -> [(key: KeyLocation, name: [UInt8], log: [String])] {
    var locations = LocationSink()
    var recording = RecordingSink()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &locations)
    var again = RDBReader(MemorySource(bytes))
    try again.read(into: &recording)
    var logs: [[String]] = []
    for line in recording.log {
      if line.hasPrefix("key ") { logs.append([]) }
      if !logs.isEmpty, logs[logs.count - 1].last?.hasPrefix("end ") != true { logs[logs.count - 1].append(line) }
    }
    return zip(locations.found, logs).map { ($0.location, $0.name, $1) }
  }

  @Test("Finds every key of every fixture", arguments: Fixture.valid)
  func everyKey(_ fixture: Fixture) throws {
    let keys = try Self.events(fixture.bytes)
    let pair = try Self.indexed(fixture.bytes)
    let (index, dump) = (try pair.open(), try pair.dump)
    #expect(index.count == UInt64(keys.count))
    for key in keys {
      let locations = try index.keyLocations(of: key.name.span.bytes)
      #expect(locations.contains(key.key))
      var sink = OneKey(OneKey.Options(database: key.key.database, name: key.name), base: RecordingSink())
      var reader = try RDBReader(dump, at: key.key)
      try reader.read(into: &sink)
      let summary = try sink.finish()
      #expect(summary.isFound)
      #expect(summary.base.values == key.log)
    }
    #expect(try index.keyLocations(of: Array("no such key \(fixture.name)".utf8).span.bytes) == [])
  }

  @Test("Has the same bytes for any number of workers and sorted runs", arguments: [1, 2, 7])
  func workers(_ threads: Int) throws {
    var snapshot = SnapshotBuilder()
    for number in 0..<5000 { snapshot.string("key:\(number)", "value") }
    snapshot.select(3)
    for number in stride(from: 0, to: 5000, by: 7) { snapshot.string("key:\(number)", "other") }
    let pair = try Self.indexed(snapshot.whole)
    let expected = readFile(pair.index)
    // The smallest memory is 1024 entries per worker.
    let other = try Self.index(pair.dump, pair.folder, threads: threads, memory: 1)
    #expect(other == expected)
    #expect(expected.count <= 16 * 5715)
    let index = try pair.open()
    for number in 0..<5000 {
      let locations = try index.keyLocations(of: Array("key:\(number)".utf8).span.bytes)
      #expect(locations.map { $0.database } == (number % 7 == 0 ? [0, 3] : [0]))
      #expect(locations.allSatisfy { $0.offset > 8 })
    }
    #expect(try index.keyLocations(of: Array("key:5000".utf8).span.bytes).isEmpty)
  }

  @Test("Refuses a cut or changed file, or finds the same keys")
  func damage() throws {
    var snapshot = SnapshotBuilder()
    for number in 0..<700 { snapshot.string("key:\(number)", "value") }
    let pair = try Self.indexed(snapshot.whole)
    let whole = readFile(pair.index)
    let names = [3, 350, 699].map { Array("key:\($0)".utf8) }
    let expected = try names.map { try pair.open().keyLocations(of: $0.span.bytes) }
    #expect(expected.allSatisfy { $0.count == 1 })
    for count in stride(from: 0, to: whole.count, by: 13) {
      pair.folder.write(Array(whole.prefix(count)), as: "dump.rdb.idx")
      #expect(throws: KeyIndex.Refusal.self) { _ = try pair.open() }
    }
    for offset in whole.indices {
      var changed = whole
      changed[offset] ^= 0x10
      pair.folder.write(changed, as: "dump.rdb.idx")
      do throws(KeyIndex.Refusal) {
        let index = try KeyIndex(path: pair.index, of: FileSource.opened(pair.folder.path + "/dump.rdb"))
        for (name, locations) in zip(names, expected) {
          #expect(try index.keyLocations(of: name.span.bytes) == locations)
        }
      } catch {}
    }
  }

  @Test("Refuses a header with a hostile number of keys")
  func hostile() throws {
    let pair = try Self.indexed(SnapshotBuilder().whole)
    let identity = try DumpIdentity(
      of: pair.dump, end: SnapshotEnd(checksum: .absent, byteCount: 10, tailParts: []))
    for count in [1, 1 << 47, 1 << 48, UInt64.max / 14, .max] {
      pair.folder.write(IndexHeader(count: count, identity).bytes, as: "dump.rdb.idx")
      #expect(throws: KeyIndex.Refusal.self) { _ = try pair.open() }
    }
  }

  @Test("Refuses the index of another dump or of an earlier version")
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

  @Test(
    "Sorts entries as the standard library does, for any distribution of hashes",
    arguments: [0, 1, 2, 100, 5000, 300_000])
  func sorting(_ count: Int) {
    var random = SeededGenerator(seed: UInt64(count))
    for mask: UInt64 in [.max, 0, 0xFF, 0xFFFF_FFFF_0000_0000, 0x0001_0000_0000_0001] {
      var entries = (0..<count).map { IndexEntry(order: random.next() & mask, offset: UInt64($0)) }
      let expected = entries.sorted { $0.precedes($1) }
      entries.withUnsafeMutableBufferPointer { IndexEntry.sort($0) }
      #expect(entries == expected)
    }
  }

  @Test("Is written by one call, with the same bytes as by separate workers", arguments: [1, 3])
  func written(_ threads: Int) throws {
    var snapshot = SnapshotBuilder()
    for number in 0..<2000 { snapshot.string("key:\(number)", "value") }
    let pair = try Self.indexed(snapshot.whole)
    let output = MemoryDestination()
    let count = try KeyIndex.write(of: pair.dump, to: output, threads: threads, folder: pair.folder.path)
    #expect(count == 2000)
    #expect(output.bytes == readFile(pair.index))
  }

  @Test("Encodes an entry in 14 bytes")
  func entries() {
    var random = SeededGenerator(seed: 14)
    for _ in 0..<1000 {
      let entry = IndexEntry(order: random.next(), offset: random.next() & (IndexEntry.offsetLimit - 1))
      var bytes = [UInt8](repeating: 0xEE, count: IndexEntry.byteCount + 1)
      var span = bytes.mutableSpan
      var target = span.mutableBytes
      entry.encode(into: &target, at: 0)
      #expect(bytes.last == 0xEE)
      #expect(IndexEntry(bytes.span.bytes, at: 0) == entry)
    }
  }
}

extension FileSource {
  /// Opens a file that exists.
  fileprivate static func opened(_ path: String) -> FileSource { try! FileSource(path: path) }
}

/// Collects the location and name of every key.
private struct LocationSink: SelectiveSink {
  private(set) var found: [(location: KeyLocation, name: [UInt8])] = []

  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    found.append(
      (KeyLocation(database: key.database, offset: UInt64(key.offset)), key.name.withUnsafeBytes { Array($0) }))
    return .skip
  }
}
