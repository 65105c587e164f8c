import RDB
import RDBFormat
import TestSupport
import Testing

/// Forwards all events, and counts keys on the way.
private struct CountingForwarder<Base: RDBSink & ~Copyable>: ForwardingSink, ~Copyable {
  var base: Base
  var keyCount = 0

  init(_ base: consuming Base) { self.base = base }

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    keyCount += 1
    return try base.beginKey(key)
  }
}

/// Announces each key in database 7, without expiry.
private struct Moving<Base: RDBSink & ~Copyable>: ForwardingSink, ~Copyable {
  var base: Base
  init(_ base: consuming Base) { self.base = base }
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    try key.changing(name: key.name, database: 7, expiry: nil) { try base.beginKey($0) }
  }
}

/// Declares an event whose method has another signature.
private struct Mismatched: SelectiveSink {
  static var events: SinkEvents { [.hashField] }
  var count = 0
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest { .elements }
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: Int64?) throws { count += 1 }
}

/// Stops after some keys.
private struct Stopping: SelectiveSink {
  static var events: SinkEvents { [.endKey] }
  var limit: Int
  var count = 0
  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest { .skip }
  mutating func endKey(_ end: KeyEnd) throws {
    count += 1
    if count == limit { throw RDBError.stop }
  }
}

@Suite("Sinks around sinks")
struct SinkTests {
  static let fixtures = Fixture.valid.filter { $0.bytes.count <= 20_000 }
  static let interests: [Interest] = [
    .skip, .measure, .validate, .stored, .stored(atMost: 40), .elements, .elementsAfterOutline,
    .storedOrOutlined(atMost: 40), .storedOrOutlined(atMost: .max),
  ]

  static func log(_ bytes: [UInt8], _ interest: Interest) throws -> [String] {
    var sink = RecordingSink(interest: interest)
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    return sink.log
  }

  @Test("A forwarding sink gives its base all events", arguments: fixtures, [.elements, .stored] as [Interest])
  func forwards(_ fixture: Fixture, _ interest: Interest) throws {
    let expected = try Self.log(fixture.bytes, interest)
    var sink = CountingForwarder(RecordingSink(interest: interest))
    var reader = RDBReader(MemorySource(fixture.bytes))
    try reader.read(into: &sink)
    #expect(sink.base.log == expected)
    #expect(sink.keyCount == expected.count { $0.hasPrefix("key ") })
  }

  @Test("A forwarding sink can announce a key with another database and expiry")
  func changes() throws {
    let bytes = try WritingTests.write(10) {
      try $0.selectDatabase(3)
      try $0.string([97].span.bytes, [98].span.bytes, KeyAttributes(expiry: UnixMilliseconds(5)))
    }
    var sink = Moving(RecordingSink())
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    let key = try #require(sink.base.log.first { $0.hasPrefix("key ") })
    #expect(key.contains(" db 7 string at "))
    #expect(!key.contains("expiry"))
  }

  @Test("A selective sink whose declared method has another signature fails instead of counting nothing")
  func mismatch() throws {
    let bytes = try WritingTests.write(10) {
      try $0.beginElements([97].span.bytes, .hash, count: 1)
      try $0.hashField([98].span.bytes, value: [99].span.bytes)
      try $0.endKey()
    }
    var sink = Mismatched()
    var reader = RDBReader(MemorySource(bytes))
    let error = #expect(throws: RDBError.self) { try reader.read(into: &sink) }
    #expect(error?.code == .sink)
    #expect(error?.description.contains("hashField(_:value:expiry:)") == true)
  }

  @Test("A tee gives each sink what the sink would get alone", arguments: fixtures.filter { $0.bytes.count <= 4_000 })
  func tee(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let hasTemplates = fixture.description.contains("templates")
    let logs = try Dictionary(uniqueKeysWithValues: Self.interests.map { ($0, try Self.log(bytes, $0)) })
    for a in Self.interests {
      for b in Self.interests {
        var tee = Tee(RecordingSink(interest: a), RecordingSink(interest: b))
        var reader = RDBReader(MemorySource(bytes))
        try reader.read(into: &tee)
        for (log, own, other) in [(tee.first.log, a, b), (tee.second.log, b, a)] {
          let alone = try #require(logs[own])
          let differences = zip(Self.values(log), Self.values(alone)).filter { $0.0 != $0.1 }
          #expect(log.count { $0.hasPrefix("key ") } == alone.count { $0.hasPrefix("key ") })
          for (key, expected) in differences {
            // See the table of Tee.
            let isOutlinedStream = expected.contains(" stream_") && Self.asksForOutline(other)
            let isMeasuredTemplate = hasTemplates && (own == .measure || own == .validate)
            #expect(
              isOutlinedStream || isMeasuredTemplate,
              "\(fixture), \(own) beside \(other): \(key.prefix(300)) instead of \(expected.prefix(300))")
          }
        }
      }
    }
  }

  static func asksForOutline(_ interest: Interest) -> Bool {
    switch interest {
    case .elementsAfterOutline, .storedOrOutlined, .validatedStoredOrOutlined: true
    case .skip, .measure, .validate, .stored, .elements, .validatedStored: false
    }
  }

  /// The lines of each key, joined.
  static func values(_ log: [String]) -> [String] {
    var keys: [String] = []
    for line in log {
      if line.hasPrefix("key ") || keys.isEmpty { keys.append(line) } else { keys[keys.count - 1] += "\n" + line }
    }
    return keys
  }

  @Test("A tee reads on for one sink when the other has stopped")
  func stop() throws {
    let bytes = try WritingTests.write(10) { writer in
      for name in UInt8(97)..<107 { try writer.string([name].span.bytes, [1].span.bytes) }
    }
    var tee = Tee(Stopping(limit: 2), RecordingSink())
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &tee)
    #expect(tee.first.count == 2)
    #expect(tee.second.log == (try Self.log(bytes, .elements)))
    var both = Tee(Stopping(limit: 2), Stopping(limit: 5))
    var again = RDBReader(MemorySource(bytes))
    try again.read(into: &both)
    #expect(both.first.count == 2)
    #expect(both.second.count == 5)
  }

  @Test("A tee gives both sinks the findings and the damaged keys, and each its own end")
  func rareEvents() throws {
    let damaged = Fixture.named("reports/one-damaged-key").bytes
    var builder = SnapshotBuilder(version: 10)
    builder.list("empty", [String]())
    for bytes in [damaged, builder.whole] {
      let alone = Way.whole.read(bytes, interest: .elements, skipsDamaged: true)
      var options = RDBReader.Options()
      options.skipsDamagedKeys = true
      var tee = Tee(RecordingSink(interest: .elements), RecordingSink(interest: .elements))
      var reader = RDBReader(MemorySource(bytes), options: options)
      try reader.read(into: &tee)
      #expect(tee.first.log == alone.log && tee.second.log == alone.log)
      #expect(alone.log.contains { $0.hasPrefix("damaged ") || $0.hasPrefix("finding ") })
      var forwarder = CountingForwarder(RecordingSink(interest: .elements))
      var again = RDBReader(MemorySource(bytes), options: options)
      try again.read(into: &forwarder)
      #expect(forwarder.base.log == alone.log)
    }
  }

  @Test(
    "A tee of two outputs writes both, with any number of threads, also where one of them stops", arguments: [1, 3])
  func outputs(_ threads: Int) throws {
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    let (one, other, alone) = (MemoryDestination(), MemoryDestination(), MemoryDestination())
    var reader = RDBReader(MemorySource(bytes))
    let count = try reader.write(to: alone, threads: threads) { NameSink(to: $0) }.summary
    var again = RDBReader(MemorySource(bytes))
    let pair = try again.fold(threads: 1) { Tee(NameSink(to: one), NameSink(to: other, limit: 3)) }.summary
    let (total, expected) = (pair.first.values.reduce(0, +), count.values.reduce(0, +))
    #expect(total == expected && one.bytes == alone.bytes)
    let lines = other.bytes.count { $0 == UInt8(ascii: "\n") }
    #expect(pair.second.values == [3] && lines == 3)
    var sum = pair
    sum.merge(pair)
    #expect(sum.second.values == [3, 3])
  }
}
