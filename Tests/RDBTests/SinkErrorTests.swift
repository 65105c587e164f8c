import RDB
import RDBFormat
import TestSupport
import Testing

private struct Full: Error, Equatable { let keyCount: Int }

/// Throws an error of its own type at its third key, through a typed requirement.
private struct TypedSink: SelectiveSink, FoldingSink {
  var keyCount = 0
  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(Full) -> Interest {
    keyCount += 1
    if keyCount == 3 { throw Full(keyCount: 3) }
    return .elements
  }
  consuming func finish() -> Collected<Int> { Collected([keyCount]) }
}

/// The same without a type, at its third value.
private struct UntypedSink: SelectiveSink, FoldingSink {
  var keyCount = 0
  static var events: SinkEvents { [.string] }

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    keyCount += 1
    return .elements
  }
  mutating func string(_ value: RawSpan) throws {
    if keyCount == 3 { throw Full(keyCount: 3) }
  }
  consuming func finish() -> Collected<Int> { Collected([keyCount]) }
}

/// Throws nothing.
private struct QuietSink: SelectiveSink, FoldingSink {
  var keyCount = 0
  static var events: SinkEvents { [.string] }

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest { .elements }
  mutating func string(_ value: RawSpan) { keyCount += 1 }
  consuming func finish() -> Collected<Int> { Collected([keyCount]) }
}

/// Throws an error with the code that a reader uses for input that ends too early.
private struct TruncatedSink: SelectiveSink, FoldingSink {
  var keyCount = 0
  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    keyCount += 1
    throw RDBError(.truncated, at: 7, expected: "a row", found: "none", missing: 5)
  }
  consuming func finish() -> Collected<Int> { Collected([keyCount]) }
}

@Suite("An error of a sink")
struct SinkErrorTests {
  enum Way: CaseIterable, Sendable { case oneThread, twoThreads, push }

  private static var snapshot: [UInt8] {
    var bytes = Array("REDIS0011".utf8)
    for number in 1...9 { bytes += [0] + RDBBytes.string("key:\(number)") + RDBBytes.string("value") }
    return bytes + [0xFF] + RDBBytes.little(UInt64(0))
  }

  /// Reads into a sink, and returns its summary.
  private func read<S: FoldingSink>(_ makeSink: () -> S, _ way: Way) throws -> S.Summary {
    let bytes = Self.snapshot
    switch way {
    case .oneThread, .twoThreads:
      var reader = RDBReader(MemorySource(bytes))
      return try reader.fold(threads: way == .oneThread ? 1 : 2) { makeSink() }.summary
    case .push:
      var sink = makeSink()
      var reader = RDBPushReader()
      for byte in bytes { try reader.feed([byte].span.bytes, into: &sink) }
      return try reader.finish(sink).summary
    }
  }

  @Test("arrives unchanged as the underlying error, with the key", arguments: Way.allCases)
  func underlying(_ way: Way) throws {
    let typed = try #require(throws: RDBError.self) { _ = try read({ TypedSink() }, way) }
    #expect(typed.code == .sink)
    #expect(typed.underlying as? Full == Full(keyCount: 3))
    #expect(typed.offset == 9 + 3 * 13 - 6)
    let untyped = try #require(throws: RDBError.self) { _ = try read({ UntypedSink() }, way) }
    #expect(untyped.code == .sink)
    #expect(untyped.underlying as? Full == Full(keyCount: 3))
    #expect(untyped.key == Array("key:3".utf8))
    #expect(untyped.offset == 9 + 3 * 13)
  }

  @Test("may be none at all: a sink whose methods do not throw is a sink", arguments: Way.allCases)
  func quiet(_ way: Way) throws {
    #expect(try read({ QuietSink() }, way).values.reduce(0, +) == 9)
  }

  @Test("with the code `truncated` is not taken for a need of more input", arguments: Way.allCases)
  func truncated(_ way: Way) throws {
    let error = try #require(throws: RDBError.self) { _ = try read({ TruncatedSink() }, way) }
    #expect(error.code == .truncated)
    #expect(error.offset == 7)
    #expect(error.expected == "a row")
    #expect(error.found == "none")
  }
}
