import RDB
import RDBFormat
import TestSupport
import Testing

@Suite("A push reader")
struct PushReaderTests {
  private static let bytes = Fixture.named("redis-7.2.6/all").bytes

  /// Feeds `bytes` in chunks, and returns the events.
  private static func log(_ spool: Spool, _ interest: Interest, chunk: Int = 7) throws -> [String] {
    var reader = RDBPushReader(spool: spool)
    var sink = RecordingSink(interest: interest)
    for start in stride(from: 0, to: bytes.count, by: chunk) {
      let piece = Array(bytes[start..<min(start + chunk, bytes.count)])
      try reader.feed(piece.span.bytes, into: &sink)
    }
    try reader.finish(into: &sink)
    return sink.log
  }

  @Test("gives the same events with a spool in memory and in a file")
  func spools() throws {
    let memory = try Self.log(.memory(), .elementsAfterOutline)
    #expect(memory.last?.hasPrefix("whole") == true)
    #expect(try Self.log(.file, .elementsAfterOutline) == memory)
  }

  @Test("refuses a value that does not fit into the spool")
  func smallSpool() throws {
    let error = #expect(throws: RDBError.self) { try Self.log(.memory(limit: 10), .elementsAfterOutline) }
    #expect(error?.code == .valueTooLarge)
  }

  @Test("refuses a value that has not arrived whole when there is no spool")
  func noSpool() throws {
    let error = #expect(throws: RDBError.self) { try Self.log(.refuse, .elementsAfterOutline) }
    #expect(error?.code == .refused)
    _ = try Self.log(.refuse, .elements)
    _ = try Self.log(.refuse, .elementsAfterOutline, chunk: .max / 2)
  }

  @Test("makes the sink when the origin is known, before any event", arguments: [1, 20, 100_000])
  func origin(chunk: Int) throws {
    var expected = RDBReader(MemorySource(Self.bytes))
    let origin = try expected.origin()
    var reader = RDBPushReader()
    var sink: RecordingSink?
    var made = 0
    for start in stride(from: 0, to: Self.bytes.count, by: chunk) {
      let piece = Array(Self.bytes[start..<min(start + chunk, Self.bytes.count)])
      try reader.feed(piece.span.bytes, into: &sink) { found in
        made += 1
        #expect(found.header == origin.header)
        #expect(found.auxFields.map(\.value) == origin.auxFields.map(\.value))
        return RecordingSink()
      }
    }
    #expect(made == 1)
    let result = try reader.finish(sink)
    #expect(result.end != nil)
    var whole = RecordingSink()
    try expected.read(into: &whole)
    #expect(result.summary.values == whole.log)
  }

  @Test("ends as truncated when there were too few bytes to make a sink")
  func tooShort() throws {
    var reader = RDBPushReader()
    var sink: RecordingSink?
    try reader.feed(Array("REDIS".utf8).span.bytes, into: &sink) { _ in RecordingSink() }
    let error = #expect(throws: RDBError.self) { try reader.finish(sink) }
    #expect(error?.code == .truncated)
  }

  @Test("throws the same error again when it is fed after damage")
  func damage() throws {
    var bytes = Self.bytes
    bytes[3] = 0
    var reader = RDBPushReader()
    var sink = RecordingSink()
    let piece = bytes
    for _ in 0..<2 {
      let error = #expect(throws: RDBError.self) { try reader.feed(piece.span.bytes, into: &sink) }
      #expect(error?.code == .notRDB)
    }
  }
}
