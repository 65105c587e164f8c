import RDB
import RDBConvert
import TestSupport
import Testing

@Suite("Finishing a sink after reading into it")
struct SinkEndingTests {
  /// The ways to read a snapshot into a sink that is then finished.
  enum Way: CaseIterable { case reader, pushReader }

  /// Reads the whole snapshot into a sink, finishes the sink, and returns its summary.
  static func read<S: OutputSink & ~Copyable>(
    _ bytes: [UInt8], _ way: Way, into sink: consuming S
  ) throws -> S.Summary {
    var sink = sink
    switch way {
    case .reader:
      var reader = RDBReader(MemorySource(bytes))
      let end = try reader.read(into: &sink)
      #expect(end != nil)
    case .pushReader:
      var reader = RDBPushReader()
      for start in stride(from: 0, to: bytes.count, by: 1000) {
        let chunk = Array(bytes[start..<min(start + 1000, bytes.count)])
        try reader.feed(chunk.span.bytes, into: &sink)
      }
      let end = try reader.finish(into: &sink)
      #expect(end != nil)
    }
    return try sink.finish()
  }

  static func origin(_ fixture: Fixture) throws -> SnapshotOrigin {
    var reader = RDBReader(MemorySource(fixture.bytes))
    return try reader.origin()
  }

  @Test("writes all commands, like one call of write(to:)", arguments: Fixture.valid, Way.allCases)
  func commands(_ fixture: Fixture, _ way: Way) throws {
    var options = RESPOptions(target: try Self.origin(fixture).assumedWriter)
    options.databaseCount = 1 << 32
    let (whole, separate) = (MemoryDestination(), MemoryDestination())
    var reader = RDBReader(MemorySource(fixture.bytes))
    let expected = try reader.write(to: whole) { RESPSink(options, to: $0) }.summary
    let summary = try Self.read(fixture.bytes, way, into: RESPSink(options, to: separate))
    #expect(separate.bytes == whole.bytes)
    #expect(summary == expected)
  }

  @Test("writes a whole JSON document, like one call of write(to:)", arguments: Fixture.valid, Way.allCases)
  func document(_ fixture: Fixture, _ way: Way) throws {
    for layout in [JSONOptions.Layout.array, .lines] {
      let options = JSONOptions(
        layout: layout, strings: .utf8, shape: .native, meta: true, writer: try Self.origin(fixture).assumedWriter)
      let (whole, separate) = (MemoryDestination(), MemoryDestination())
      var reader = RDBReader(MemorySource(fixture.bytes))
      let expected = try reader.write(to: whole) { JSONSink(options, to: $0) }.summary
      let summary = try Self.read(fixture.bytes, way, into: JSONSink(options, to: separate))
      #expect(separate.bytes == whole.bytes)
      #expect(!separate.bytes.isEmpty)
      #expect(summary == expected)
    }
  }
}
