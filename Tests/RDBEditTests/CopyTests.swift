import Foundation
import RDB
import RDBEdit
import RDBFormat
import TestSupport
import Testing

/// Passes the keys whose offset in the file is even.
private struct EvenOffsets<Base: RDBSink & ~Copyable>: ForwardingSink, ~Copyable {
  var base: Base
  private var passes = true

  init(_ base: consuming Base) { self.base = base }

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    passes = key.offset.isMultiple(of: 2)
    return passes ? try base.beginKey(key) : .skip
  }
  mutating func endKey(_ end: KeyEnd) throws { if passes { try base.endKey(end) } }
}

/// Passes all keys, each without its expiry, and hashes element by element.
private struct Changing<Base: RDBSink & ~Copyable>: ForwardingSink, ~Copyable {
  var base: Base
  init(_ base: consuming Base) { self.base = base }

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    let interest = try key.changing(name: key.name, database: key.database, expiry: nil) { try base.beginKey($0) }
    switch key.type {
    case .hash, .list, .set, .zset, .string: return .elements
    case .stream, .array, .pathHash, .module: return interest
    }
  }
}

private struct RecordingEnd: SelectiveSink {
  static var events: SinkEvents { [.endSnapshot] }
  var end: SnapshotEnd?
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest { .skip }
  mutating func endSnapshot(_ end: SnapshotEnd) throws { self.end = end }
}

@Suite("A copy of a snapshot")
struct CopyTests {
  /// Copies that differ from the snapshot, and why.
  static let exceptions = [
    "crafted/v15-templates": "Values that refer to a hash template are written as hashes of their own.",
    "crafted/v10-strings": "The keys follow no SELECTDB; the copy says that they are in database 0.",
    "crafted/v10-structure": "As before; and another record lies between a key and its attributes.",
    "crafted/v80-slotimport": "A slot import without slots is left out: there is no event for it.",
  ]

  /// The options of a copy that takes values unseen.
  static func options(_ reader: inout RDBReader) throws -> SnapshotWritingOptions {
    var options = SnapshotWritingOptions(copying: try reader.origin())
    options.validatesStored = false
    return options
  }

  static func copy(_ bytes: [UInt8], threads: Int = 1) throws -> [UInt8] {
    var reader = RDBReader(MemorySource(bytes))
    let (options, destination) = (try options(&reader), MemoryDestination())
    let snapshot = try SnapshotDestination(options, to: destination)
    let result = try reader.write(to: snapshot, threads: threads) { SnapshotWritingSink(options, to: $0) }
    try snapshot.finish(result.summary)
    return destination.bytes
  }

  /// Copies a snapshot through a sink around the writing sink.
  static func copy<Outer: ForwardingSink & ~Copyable>(
    _ bytes: [UInt8], through outer: (consuming SnapshotWritingSink) -> Outer
  ) throws -> [UInt8] where Outer.Base == SnapshotWritingSink {
    var reader = RDBReader(MemorySource(bytes))
    let (options, destination) = (try options(&reader), MemoryDestination())
    let snapshot = try SnapshotDestination(options, to: destination)
    var sink = outer(SnapshotWritingSink(options, to: snapshot))
    try reader.read(into: &sink)
    try sink.base.endBatch()
    try snapshot.finish(sink.base.summary)
    return destination.bytes
  }

  /// The events of a snapshot, without what a copy may change: offsets, layouts, hints.
  static func events(_ bytes: [UInt8]) throws -> [String] {
    var sink = RecordingSink()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    return sink.log.compactMap { line in
      if line.hasPrefix("elements ") || line.hasPrefix("node ") || line.hasPrefix("end ") || line.hasPrefix("whole ") {
        return nil
      }
      return line.replacing(#/ at \d+/#, with: "")
    }
  }

  @Test("is the snapshot byte for byte", arguments: Fixture.valid, [1, 2])
  func identical(_ fixture: Fixture, threads: Int) throws {
    let bytes = fixture.bytes
    let copy = try Self.copy(bytes, threads: threads)
    if Self.exceptions[fixture.name] != nil {
      #expect(copy != bytes)
      let types = #/ hash_template_\w+| hash_listpack\b| hash\b/#
      let (read, written) = (try Self.events(bytes), try Self.events(copy))
      #expect(read.map { $0.replacing(types, with: " hash") } == written.map { $0.replacing(types, with: " hash") })
    } else {
      // Bytes that follow the snapshot are not part of it.
      let difference = zip(copy, bytes).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      #expect(difference == nil)
      #expect(try copy.count == Self.snapshotByteCount(bytes))
    }
  }

  static func snapshotByteCount(_ bytes: [UInt8]) throws -> Int {
    var sink = RecordingEnd()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    return Int(try #require(sink.end).byteCount)
  }

  static let checker: String? = ["/usr/bin/redis-check-rdb", "/usr/local/bin/redis-check-rdb"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  static func isAccepted(_ bytes: [UInt8]) throws -> Bool {
    guard let checker else { return true }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(
      "copy-\(UInt64.random(in: 0 ... .max)).rdb")
    defer { try? FileManager.default.removeItem(at: path) }
    try Data(bytes).write(to: path)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: checker)
    process.arguments = [path.path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test("through a filter has the keys that pass, and redis-check-rdb accepts it", arguments: Fixture.valid)
  func filtered(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let copy = try Self.copy(bytes) { EvenOffsets($0) }
    var expected = EvenOffsets(RecordingSink())
    var again = RDBReader(MemorySource(bytes))
    try again.read(into: &expected)
    let written = try Self.events(copy).map { $0.replacing(#/ hash_template_\w+| hash_listpack\b/#, with: " hash") }
    let read = expected.base.log.compactMap { line -> String? in
      if line.hasPrefix("elements ") || line.hasPrefix("node ") || line.hasPrefix("end ") || line.hasPrefix("whole ") {
        return nil
      }
      return line.replacing(#/ at \d+/#, with: "").replacing(#/ hash_template_\w+| hash_listpack\b/#, with: " hash")
    }
    #expect(written == read)
    if try Self.isAccepted(bytes) { #expect(try Self.isAccepted(copy)) }
  }

  @Test("whose headers and elements change has the same elements", arguments: Fixture.valid)
  func changed(_ fixture: Fixture) throws {
    let copy = try Self.copy(fixture.bytes) { Changing($0) }
    let target = ServerVersion(
      String(fixture.name).contains("valkey-9") || fixture.topic.hasPrefix("v8") ? "valkey-9.2" : "8.10")!
    let read = try Content.lines(fixture.bytes, for: target, ignoresExpiry: true)
    let written = try Content.lines(copy, for: target, ignoresExpiry: true)
    let difference = zip(read, written).first { $0 != $1 }
    #expect(difference == nil)
    #expect(read.count == written.count)
  }
}
