import RDB
import RDBFormat
import TestSupport
import Testing

private typealias B = RDBBytes

/// Damaged values between two whole ones: what reaches a sink that wants stored bytes, and what is left out.
@Suite("Damaged values")
struct DamagedValueTests {
  static let values =
    ValidationTests.packed + ValidationTests.plain + ValidationTests.hashes + ValidationTests.streams
    + ValidationTests.newer

  /// Text that LZF does not decompress to the size announced, and a module value with an item that is none.
  static let more: [BadValue] = [
    BadValue("LZF data that is cut", 0, [0xC3, 2, 30, 5, 65], .corruptLZF),
    BadValue("an LZF element", 1, [2] + B.string("x") + [0xC3, 2, 30, 5, 65], .corruptLZF),
  ]

  /// The records of a snapshot of one record, with a key before and a key after it.
  static func between(_ bytes: [UInt8]) -> [UInt8] {
    let end = bytes.count - (bytes[8] < UInt8(ascii: "5") && bytes[7] == UInt8(ascii: "0") ? 1 : 9)
    return Array(bytes[..<9]) + B.key(0, B.string("1"), name: "before") + bytes[9..<end]
      + B.key(0, B.string("2"), name: "after") + bytes[end...]
  }

  @Test("Never come as validated stored bytes", arguments: values + more)
  func validated(_ value: BadValue) {
    guard value.checking != nil else { return }
    let elements = Way.whole.read(value.bytes, interest: .elements)
    let isFramed = Way.whole.read(value.bytes, interest: .skip).error == nil
    for way in [Way.whole, .window64, .pipe1, .pushed1, .pushed7] {
      let reading = way.read(value.bytes, interest: .validatedStored(atMost: .max))
      #expect(!reading.log.contains { $0.hasPrefix("stored") }, "\(way)")
      if isFramed {
        #expect(reading.error == elements.error && reading.log == elements.log, "\(way)")
      } else {
        #expect(reading.error != nil)
      }
    }
  }

  @Test("Are left out alone if their lengths lead to their end", arguments: values + more)
  func skipped(_ value: BadValue) throws {
    let bytes = Self.between(value.bytes)
    let isFramed = Way.whole.read(bytes, interest: .skip).error == nil
    let alone = Way.whole.read(bytes, interest: .elements)
    for interest in [Interest.elements, .elementsAfterOutline, .stored, .validatedStoredOrOutlined(atMost: .max)] {
      let whole = Way.whole.read(bytes, interest: interest, skipsDamaged: true)
      for way in Way.allCases where way != .whole {
        #expect(way.read(bytes, interest: interest, skipsDamaged: true) == whole, "\(way), \(interest)")
      }
      let damaged = whole.log.filter { $0.hasPrefix("damaged") }
      guard value.reading != nil, isFramed else {
        #expect(damaged.isEmpty)
        let plain = Way.whole.read(bytes, interest: interest)
        #expect(whole.error == plain.error && (whole.error != nil || whole.log == plain.log))
        continue
      }
      #expect(whole.error == nil)
      let damage = try #require(alone.error)
      #expect(damaged.count == 1 && damaged.allSatisfy { $0.hasSuffix(damage) })
      #expect(whole.log.filter { $0.hasPrefix("key ") }.count == 2)
      #expect(!whole.log.contains { $0.hasPrefix("key \"k\"") })
      for threads in [2, 3] {
        var options = RDBReader.Options()
        options.windowByteCount = 64
        options.skipsDamagedKeys = true
        var reader = RDBReader(MemorySource(bytes), options: options)
        let result = try reader.fold(threads: threads) { RecordingSink(interest: interest) }
        #expect(ReadingTests.records(result.summary.values).sorted() == ReadingTests.records(whole.log).sorted())
      }
    }
  }

  @Test("Are left out of a batch, a long string and a record beyond the batches", arguments: [1, 3])
  func long(_ threads: Int) throws {
    let damaged = [0xC3] + B.length(2) + B.length(30) + [5, 65]
    let long = B.string([UInt8](repeating: 7, count: 1 << 20))
    let records =
      B.key(
        0, [0xC3] + B.length(1 << 20) + B.length(1 << 21) + [UInt8](repeating: 0xFF, count: 1 << 20), name: "string")
      + B.key(1, [11] + Array([[UInt8]](repeating: long, count: 10).joined()) + damaged, name: "list")
      + B.key(0, B.string("2"), name: "after")
    let bytes = B.snapshot(version: 9, B.key(0, B.string("1"), name: "before") + records)
    for canSeek in [true, false] {
      var options = RDBReader.Options()
      options.skipsDamagedKeys = true
      var reader = RDBReader(MemorySource(bytes, canSeek: canSeek), options: options)
      let result = try reader.fold(threads: threads) { RecordingSink(interest: .elements) }
      let log = result.summary.values
      #expect(result.end != nil)
      #expect(log.filter { $0.hasPrefix("key ") }.map { $0.prefix(10) }.sorted() == ["key \"after", "key \"befor"])
      #expect(
        log.filter { $0.hasPrefix("damaged ") }.map { $0.prefix(16) }.sorted() == [
          "damaged \"list\" d", "damaged \"string\"",
        ])
    }
  }

  @Test("Are left out with their expiry, idle time and database")
  func attributes() {
    var dump = SnapshotBuilder(version: 9)
    dump.select(3)
    dump.expiry(5000)
    dump.raw([248, 9])
    dump.key(16, "bad", value: B.string(B.listpack(["a"])))
    dump.string("after", "v")
    let reading = Way.whole.read(dump.whole, interest: .elements, skipsDamaged: true)
    #expect(
      reading.log.contains { $0.hasPrefix("damaged \"bad\" db 3 hash_listpack at 11: corruptListpack at offset ") })
    #expect(reading.log.contains("key \"after\" db 3 string at \(dump.bytes.count - 9)"))
  }

  @Test("End the reading if the sink does not leave them out")
  func unaware() {
    let bytes = B.snapshot(version: 9, B.key(16, B.string(B.listpack(["a"]))))
    var options = RDBReader.Options()
    options.skipsDamagedKeys = true
    var reader = RDBReader(MemorySource(bytes), options: options)
    var sink = Counter()
    let error = #expect(throws: RDBError.self) { try reader.read(into: &sink) }
    #expect(error?.code == .corruptListpack && error?.key == [UInt8(ascii: "k")])
  }

  private struct Counter: SelectiveSink {
    static var events: SinkEvents { [.beginKey] }
    mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { .elements }
  }
}
