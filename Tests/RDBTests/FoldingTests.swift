import RDB
import RDBFormat
import TestSupport
import Testing

/// Counts keys, writes their names with a separator between databases, and stops after a number of keys.
struct NameSink: SelectiveSink, OutputSink, ~Copyable {
  static var events: SinkEvents { [.beginKey] }
  var output: ByteOutput
  var separators: Separators
  var count = 0
  var limit = Int.max

  init(to destination: any ByteDestination, limit: Int = .max) {
    output = ByteOutput(to: destination)
    separators = Separators(to: destination) { previous, next throws(RDBError) in
      previous == next ? [] : Array("[\(previous.map { "\($0)" } ?? "")>\(next)]".utf8)
    }
    self.limit = limit
  }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    if count == limit { throw .stop }
    count += 1
    let state = Separators.State(key.database)
    if separators.state != state { try separators.advance(to: state, in: &output) }
    try output.append(key.name)
    try output.append("\n")
    return .skip
  }

  mutating func endBatch() throws { try separators.endBatch(&output) }
  consuming func finish() throws -> Collected<Int> {
    try output.flush()
    return Collected([count])
  }
}

/// Fails with an error of its own.
private struct FailingSink: SelectiveSink, FoldingSink {
  struct Failure: Error, Equatable { var key: Int }
  static var events: SinkEvents { [.beginKey] }
  var count = 0
  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .skip }
  consuming func finish() throws -> NoSummary { throw Failure(key: 7) }
}

@Suite("Reading into a folding sink")
struct FoldingTests {
  static let bytes = Fixture.named("redis-7.2.6/all").bytes

  private static func small(_ bytes: [UInt8]) -> RDBReader {
    var options = RDBReader.Options()
    options.windowByteCount = 64
    return RDBReader(MemorySource(bytes), options: options)
  }

  @Test("writes all buffered bytes when the sink is finished after a plain read")
  func readThenFinish() throws {
    let (one, other) = (MemoryDestination(), MemoryDestination())
    var reader = RDBReader(MemorySource(Self.bytes))
    var sink = NameSink(to: one)
    let end = try reader.read(into: &sink)
    #expect(end?.byteCount == UInt64(Self.bytes.count))
    let keys = try sink.finish().values
    #expect(one.bytes.filter { $0 == 10 }.count >= keys[0])

    var push = RDBPushReader()
    var pushed = NameSink(to: other)
    try push.feed(Self.bytes.span.bytes, into: &pushed)
    let result = try push.finish(consume pushed)
    #expect(result.end == end)
    let pushedEnd = push.end
    #expect(pushedEnd == end)
    #expect(result.summary.values == keys)
    #expect(other.bytes == one.bytes)
  }

  @Test("writes the same bytes with any number of workers", arguments: Fixture.valid)
  func sameBytes(_ fixture: Fixture) throws {
    let one = MemoryDestination()
    var reader = Self.small(fixture.bytes)
    let result = try reader.write(to: one) { NameSink(to: $0) }
    for threads in [2, 5] {
      let many = MemoryDestination()
      reader = Self.small(fixture.bytes)
      let other = try reader.write(to: many, threads: threads) { NameSink(to: $0) }
      #expect(many.bytes == one.bytes)
      #expect(other.end == result.end)
      #expect(other.summary.values.reduce(0, +) == result.summary.values[0])
    }
  }

  @Test("writes several outputs, each in file order")
  func severalOutputs() throws {
    let (one, first, second) = (MemoryDestination(), MemoryDestination(), MemoryDestination())
    var reader = Self.small(Self.bytes)
    _ = try reader.write(to: one) { NameSink(to: $0) }
    reader = Self.small(Self.bytes)
    _ = try reader.write(to: [first, second], threads: 3) { destinations in
      let second = NameSink(to: destinations[1])
      return TwoSinks(first: NameSink(to: destinations[0]), second: second)
    }
    #expect(first.bytes == one.bytes)
    #expect(second.bytes == one.bytes)
  }

  /// Hands every key to two sinks.
  struct TwoSinks: SelectiveSink, OutputSink, ~Copyable {
    static var events: SinkEvents { [.beginKey] }
    var first: NameSink
    var second: NameSink
    mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
      _ = try first.beginKey(key)
      return try second.beginKey(key)
    }
    mutating func endBatch() throws {
      try first.endBatch()
      try second.endBatch()
    }
    consuming func finish() throws -> Collected<Int> { try first.finish() }
  }

  @Test("ends without an error and with all output when the sink stops")
  func stops() throws {
    let (pulled, pushed) = (MemoryDestination(), MemoryDestination())
    var reader = RDBReader(MemorySource(Self.bytes))
    let result = try reader.fold(NameSink(to: pulled, limit: 3))
    #expect(result.end == nil)
    #expect(result.summary.values == [3])

    var push = RDBPushReader()
    var sink = NameSink(to: pushed, limit: 3)
    for start in stride(from: 0, to: Self.bytes.count, by: 100) {
      let chunk = Array(Self.bytes[start..<min(start + 100, Self.bytes.count)])
      try push.feed(chunk.span.bytes, into: &sink)
    }
    let isStopped = push.isStopped
    #expect(isStopped)
    let other = try push.finish(consume sink)
    #expect(other.end == nil)
    #expect(other.summary.values == [3])
    #expect(pushed.bytes == pulled.bytes)
  }

  @Test("ends with an error of the code `sink` that has the sink's own error")
  func ownError() throws {
    var reader = RDBReader(MemorySource(Self.bytes))
    let error = #expect(throws: RDBError.self) { try reader.fold(FailingSink()) }
    #expect(error?.code == .sink)
    #expect(error?.underlying as? FailingSink.Failure == FailingSink.Failure(key: 7))
  }

  /// Refuses all writes.
  private final class FullDestination: ByteDestination {
    struct Full: Error {}
    func write(_ bytes: RawSpan, followedBy more: RawSpan) throws { throw Full() }
  }

  @Test("ends with an error of the code `io` that has the destination's own error", arguments: [1, 2])
  func fullDestination(threads: Int) throws {
    let error = #expect(throws: RDBError.self) {
      var reader = Self.small(Self.bytes)
      try reader.write(to: FullDestination(), threads: threads) { NameSink(to: $0) }
    }
    #expect(error?.code == .io)
    #expect(error?.underlying is FullDestination.Full)
  }

  @Test("names the path of a file that cannot be opened")
  func path() {
    let missing = "/nonexistent/dump.rdb"
    let read = #expect(throws: RDBError.self) { try FileSource(path: missing) }
    let written = #expect(throws: RDBError.self) { try FileDestination(path: missing) }
    for error in [read, written] {
      #expect(error?.code == .io)
      #expect(error?.path == missing)
      #expect(error?.description.contains(missing) == true)
    }
  }

  @Test("compares the first bytes of a borrowed name, and copies it")
  func names() {
    let name = Array("session:1".utf8)
    let borrowed = name.span.bytes
    let results = (borrowed.starts(with: "session:".utf8), borrowed.starts(with: "session:12".utf8), [UInt8](borrowed))
    #expect(results == (true, false, name))
  }
}
