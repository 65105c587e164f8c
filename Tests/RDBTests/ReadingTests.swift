import RDB
import RDBFormat
import RDBSupport
import TestSupport
import Testing

/// The result of reading a snapshot: its events, and the error that ended the reading.
struct Reading: Equatable, CustomStringConvertible {
  var log: [String]
  var error: String?
  var description: String { (log.suffix(3) + [error ?? "no error"]).joined(separator: "\n") }
}

/// The ways to read a snapshot, which must all give the same events.
enum Way: CaseIterable, CustomTestStringConvertible, Sendable {
  case whole, window64, pipe1, pipe7, pushed1, pushed7, pushed4096

  var testDescription: String { "\(self)" }

  func read(_ bytes: [UInt8], interest: Interest, skipsDamaged: Bool = false) -> Reading {
    var sink = RecordingSink(interest: interest)
    var options = RDBReader.Options()
    options.skipsDamagedKeys = skipsDamaged
    do {
      switch self {
      case .whole:
        var reader = RDBReader(MemorySource(bytes), options: options)
        try reader.read(into: &sink)
      case .window64:
        options.windowByteCount = 64
        var reader = RDBReader(MemorySource(bytes), options: options)
        try reader.read(into: &sink)
      case .pipe1, .pipe7:
        options.windowByteCount = 64
        let source = MemorySource(bytes, readLimit: self == .pipe1 ? 1 : 7, canSeek: false)
        var reader = RDBReader(source, options: options)
        try reader.read(into: &sink)
      case .pushed1: try push(bytes, 1, options, &sink)
      case .pushed7: try push(bytes, 7, options, &sink)
      case .pushed4096: try push(bytes, 4096, options, &sink)
      }
      return Reading(log: sink.log)
    } catch {
      return Reading(log: sink.log, error: "\(error)")
    }
  }

  private func push(
    _ bytes: [UInt8], _ size: Int, _ options: RDBReader.Options, _ sink: inout RecordingSink
  ) throws {
    var options = options
    options.windowByteCount = 64
    var reader = RDBPushReader(options: options)
    for start in stride(from: 0, to: bytes.count, by: size) {
      let chunk = Array(bytes[start..<min(start + size, bytes.count)])
      try reader.feed(chunk.span.bytes, into: &sink)
    }
    _ = try reader.finish(into: &sink)
  }
}

@Suite("Reading a snapshot")
struct ReadingTests {
  static let interests: [Interest] = [
    .elements, .elementsAfterOutline, .stored, .stored(atMost: 100), .storedOrOutlined(atMost: 40),
    .skip, .measure, .validate, .validatedStored(atMost: 100), .validatedStoredOrOutlined(atMost: .max),
  ]
  static let small = Fixture.valid.filter { $0.bytes.count <= 20_000 }

  /// Every interest for files up to 4 KiB; single bytes make larger ones slow.
  static func interests(for bytes: [UInt8]) -> [Interest] {
    bytes.count <= 4096 || isDeep ? interests : [.elementsAfterOutline, .stored(atMost: 100)]
  }

  @Test("Gives the same events in windows, from pipes and pushed in chunks", arguments: small)
  func sameEveryWay(_ fixture: Fixture) {
    let bytes = fixture.bytes
    for interest in Self.interests(for: bytes) {
      let whole = Way.whole.read(bytes, interest: interest)
      #expect(whole.error == nil)
      for way in Way.allCases where way != .whole {
        let other = way.read(bytes, interest: interest)
        #expect(other == whole, "\(way), \(interest)")
      }
    }
  }

  @Test("Gives the same events of large files in small windows", arguments: Fixture.valid)
  func sameInWindows(_ fixture: Fixture) {
    let bytes = fixture.bytes
    let whole = Way.whole.read(bytes, interest: .elementsAfterOutline)
    #expect(whole.error == nil)
    #expect(whole.log.last?.hasPrefix("whole") == true)
    #expect(Way.window64.read(bytes, interest: .elementsAfterOutline) == whole)
    #expect(Way.pushed4096.read(bytes, interest: .elementsAfterOutline) == whole)
  }

  /// Returns the records of a log: the lines of a key or of module AUX data joined in their order, every other line by
  /// itself.
  static func records(_ log: [String]) -> [String] {
    var records: [String] = []
    var lastLine: String?
    for line in log {
      if lastLine == nil { records.append(line) } else { records[records.count - 1] += "\n" + line }
      if line.hasPrefix("key ") { lastLine = "end " }
      if line.hasPrefix("module aux ") { lastLine = "stored bytes " }
      if let prefix = lastLine, line.hasPrefix(prefix) { lastLine = nil }
    }
    return records
  }

  @Test("Gives the same records with several workers", arguments: Fixture.valid, [2, 7])
  func sameWithWorkers(_ fixture: Fixture, threads: Int) throws {
    var options = RDBReader.Options()
    options.windowByteCount = 64
    for interest in [Interest.elements, .measure, .stored] {
      var reader = RDBReader(MemorySource(fixture.bytes), options: options)
      let result = try reader.fold(threads: threads) { RecordingSink(interest: interest) }
      let whole = Way.whole.read(fixture.bytes, interest: interest)
      #expect(result.end != nil)
      // Workers finish in any order; the lines of a record keep theirs.
      let isSame = Self.records(result.summary.values).sorted() == Self.records(whole.log).sorted()
      #expect(isSame, "\(interest)")
    }
  }

  @Test("ends without an error when the sink has had enough")
  func stops() throws {
    var reader = RDBReader(MemorySource(Fixture.named("redis-7.2.6/all").bytes))
    var sink = StoppingSink(after: 3)
    #expect(try reader.read(into: &sink) == nil)
    #expect(sink.keys == 3)
  }

  @Test("reads what came before its source failed, then fails", arguments: [64, 1 << 20])
  func failingSource(windowByteCount: Int) {
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    let whole = Way.whole.read(bytes, interest: .elements)
    var options = RDBReader.Options()
    options.windowByteCount = windowByteCount
    var reader = RDBReader(FailingSource(Array(bytes.prefix(3000))), options: options)
    var sink = RecordingSink()
    let error = #expect(throws: RDBError.self) { try reader.read(into: &sink) }
    #expect(error?.code == .corruptCompression)
    #expect(sink.log.count > 50)
    #expect(sink.log.elementsEqual(whole.log.prefix(sink.log.count)))
  }

  @Test("says where the file comes from without consuming it")
  func origin() throws {
    var reader = RDBReader(MemorySource(Fixture.named("valkey-9.1.2/all").bytes))
    let origin = try reader.origin()
    #expect(origin.header == SnapshotHeader(vendor: .valkey, version: 80))
    #expect(origin.writer == ServerVersion(.valkey, 9, 1, 2))
    var sink = RecordingSink()
    try reader.read(into: &sink)
    #expect(sink.log.first == "snapshot valkey 80")
  }

  @Test("says where the file comes from, however its bytes come", arguments: Fixture.valid)
  func originOfPipes(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    var whole = RDBReader(MemorySource(bytes))
    let expected = try whole.origin()
    for limit in [1, 7, 100] {
      var options = RDBReader.Options()
      options.windowByteCount = 64
      var reader = RDBReader(MemorySource(bytes, readLimit: limit, canSeek: false), options: options)
      let origin = try reader.origin()
      #expect(origin.header == expected.header)
      #expect(origin.assumedWriter == expected.assumedWriter)
      #expect(origin.auxFields.map { $0.name + $0.value } == expected.auxFields.map { $0.name + $0.value })
    }
  }

  @Test("Gives owned keys in file order", arguments: small)
  func ownedKeys(_ fixture: Fixture) throws {
    let names = Way.whole.read(fixture.bytes, interest: .skip).log.filter { $0.hasPrefix("key ") }
    var snapshot = SnapshotKeys(MemorySource(fixture.bytes))
    var keys: [SnapshotKey] = []
    while let key = try snapshot.next() { keys.append(key) }
    #expect(keys.count == names.count)
    for (key, line) in zip(keys, names) {
      #expect(line.hasPrefix("key \(printable(key.name, limit: .max)) db \(key.database) \(key.storedType.name) at "))
    }
  }
}

/// Stops after a number of keys.
private struct StoppingSink: SelectiveSink {
  var keys = 0
  let after: Int
  init(after: Int) { self.after = after }
  static var events: SinkEvents { [.endKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .skip }
  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    keys += 1
    if keys == after { throw .stop }
  }
}

/// A source that has something, and then throws.
private final class FailingSource: ByteSource {
  private let base: MemorySource

  init(_ bytes: [UInt8]) { base = MemorySource(bytes, readLimit: 700, canSeek: false) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(RDBError) -> Int {
    let count = try base.read(into: buffer)
    if count > 0 { return count }
    throw RDBError(.corruptCompression, at: 3000, expected: "more", found: "damage")
  }
}
