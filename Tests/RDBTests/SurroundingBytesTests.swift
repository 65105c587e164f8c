import RDB
import RDBFormat
import TestSupport
import Testing

/// Bytes before and after a snapshot in the same input.
@Suite("Bytes around a snapshot")
struct SurroundingBytesTests {
  /// A snapshot of three keys with a checksum.
  static let snapshot: [UInt8] = {
    var builder = SnapshotBuilder(version: 9)
    builder.aux("redis-ver", "6.2.6")
    builder.string("a", "1")
    builder.hash("h", [("f", "v")])
    builder.string("b", String(repeating: "x", count: 300))
    let body = builder.bytes + [0xFF]
    var checksum = CRC64()
    checksum.update(body.span.bytes)
    return body + RDBBytes.little(checksum.value)
  }()
  static let mark = Array("0123456789abcdef0123456789abcdef01234567".utf8)
  static let ping = Array("*1\r\n$4\r\nPING\r\n".utf8)
  static let set = Array("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n2\r\n".utf8)

  /// Bytes after the snapshot, and the parts that they are read as.
  static let tails: [(bytes: [UInt8], parts: [String])] = [
    ([], []),
    ([UInt8](repeating: 0, count: 437), ["437 zero bytes"]),
    ([10], ["1 newline"]),
    ([13, 10, 13, 10], ["4 newlines"]),
    (mark, ["the mark of a replication transfer"]),
    (mark + [10, 10], ["the mark of a replication transfer", "2 newlines"]),
    (mark + ping + [10] + set, ["the mark of a replication transfer", "2 commands (42 bytes)"]),
    (set, ["1 command (27 bytes)"]),
    (Array("#TS:1795959024\r\n".utf8) + set, ["1 command (43 bytes)"]),
    (set + set.dropLast(3), ["1 command (27 bytes)", "24 bytes of another kind"]),
    (snapshot, ["another snapshot of 3 keys (\(snapshot.count) bytes)"]),
    (
      [0, 0, 10] + snapshot + snapshot,
      [
        "2 zero bytes", "1 newline", "another snapshot of 3 keys (\(snapshot.count) bytes)",
        "another snapshot of 3 keys (\(snapshot.count) bytes)",
      ]
    ),
    (Array("$\(snapshot.count)\r\n".utf8) + snapshot, ["another snapshot of 3 keys (\(snapshot.count + 6) bytes)"]),
    (Array(snapshot.dropLast(9)), ["another snapshot of 3 keys (\(snapshot.count - 9) bytes)"]),
    (Array("xyz".utf8), ["3 bytes of another kind"]),
    (Array("REDIS".utf8), ["5 bytes of another kind"]),
    ([0] + [7] + snapshot, ["1 zero byte", "\(snapshot.count + 1) bytes of another kind"]),
  ]

  /// Bytes before the snapshot.
  static let heads: [[UInt8]] = [
    [], [10], [13, 10, 10], Array("$\(snapshot.count)\r\n".utf8), Array("$EOF:".utf8) + mark + [13, 10],
    Array("+FULLRESYNC 4d17ed48547a8102f96b3a1f5816ea3b52ef2bd1 71\r\n\n\n$\(snapshot.count)\r\n".utf8),
  ]

  @Test("The end of the snapshot lists the parts that follow, however the bytes arrive", arguments: tails.indices)
  func tail(_ index: Int) throws {
    let (bytes, parts) = Self.tails[index]
    for head in Self.heads {
      let whole = head + Self.snapshot + bytes
      let expected = try RDBReaderCounts(whole)
      #expect(expected.end.tailParts.map(\.phrase) == parts, "\(head)")
      #expect(expected.keys == 3)
      #expect(expected.end.byteCount == UInt64(Self.snapshot.count))
      guard case .verified = expected.end.checksum else {
        Issue.record("the checksum was not verified: \(expected.end.checksum)")
        continue
      }
      for way in Way.allCases {
        #expect(way.read(whole, interest: .elements) == Way.whole.read(whole, interest: .elements), "\(way)")
      }
      for threads in [1, 2, 3] {
        var reader = RDBReader(MemorySource(whole))
        let result = try reader.fold(threads: threads) { RecordingSink() }
        #expect(result.end == expected.end, "\(threads) threads")
      }
    }
  }

  @Test("Offsets of keys are offsets in the file, whatever precedes the snapshot", arguments: heads.indices)
  func offsets(_ index: Int) throws {
    let head = Self.heads[index]
    let plain = try RDBReaderCounts(Self.snapshot).offsets
    #expect(try RDBReaderCounts(head + Self.snapshot).offsets == plain.map { $0 + head.count })
    for offset in plain {
      let location = KeyLocation(database: 0, offset: UInt64(offset + head.count))
      var sink = CountingSink()
      var reader = try RDBReader(MemorySource(head + Self.snapshot), at: location)
      try reader.read(into: &sink)
      #expect(sink.offsets.first == offset + head.count)
    }
  }

  @Test("A snapshot ends at the length that the transfer announced")
  func bounded() throws {
    let short = Array("$\(Self.snapshot.count - 5)\r\n".utf8) + Self.snapshot
    for way in Way.allCases {
      let reading = way.read(short, interest: .elements)
      #expect(reading.error?.hasPrefix("truncated at offset \(short.count - 8)") == true, "\(way): \(reading)")
    }
    for cut in 10..<Self.snapshot.count {
      let bytes = Array("$\(cut)\r\n".utf8) + Self.snapshot
      let reading = Way.whole.read(bytes, interest: .elements)
      #expect(reading.error?.hasPrefix("truncated") == true, "\(cut): \(reading)")
      #expect(throws: RDBError.self) {
        var reader = RDBReader(MemorySource(bytes))
        try reader.fold(threads: 2) { RecordingSink() }
      }
    }
  }

  @Test("A transfer that lacks its mark or some of its bytes is cut after the snapshot")
  func cutAfter() throws {
    let mark = Array("$EOF:".utf8) + Self.mark + [13, 10]
    #expect(try RDBReaderCounts(mark + Self.snapshot).end.isCutAfter)
    #expect(try !RDBReaderCounts(mark + Self.snapshot + Self.mark).end.isCutAfter)
    let longer = try RDBReaderCounts(Self.snapshot + Self.mark + Array("a".utf8)).end.tailParts
    #expect(longer.map(\.phrase) == ["41 bytes of another kind"])
    let length = Array("$\(Self.snapshot.count + 1)\r\n".utf8)
    #expect(try RDBReaderCounts(length + Self.snapshot).end.isCutAfter)
    #expect(try !RDBReaderCounts(length + Self.snapshot + [0]).end.isCutAfter)
  }

  @Test("Commands that change data and keys of another snapshot are losses; what a link sends is none")
  func losses() throws {
    func lost(_ tail: [UInt8]) throws -> [String: UInt64] {
      let losses = try RDBReaderCounts(Self.snapshot + tail).end.losses
      return Dictionary(uniqueKeysWithValues: losses.lost.map { ($0.key.loss.rawValue, $0.value.count) })
    }
    #expect(try lost(Self.mark + Self.ping + [10]) == [:])
    #expect(try lost(Self.set + Self.ping) == ["command": 1])
    #expect(try lost(Self.mark + Self.ping + Self.set + Self.set) == ["command": 2])
    #expect(try lost(Self.snapshot + [10] + Self.snapshot) == ["key": 6])
    #expect(try lost([0, 10] + Array("xyz".utf8)) == [:])
  }

  @Test("Many alternating parts are counted as bytes of another kind from the seventeenth on")
  func manyParts() throws {
    let tail = [[UInt8]](repeating: [0, 10], count: 100).flatMap { $0 }
    let parts = try RDBReaderCounts(Self.snapshot + tail).end.tailParts
    #expect(parts.count == 17)
    #expect(parts.last?.phrase == "184 bytes of another kind")
  }

  @Test(
    "What only resembles the start of a transfer is no snapshot",
    arguments: ["$\r\n", "$12\n", "$EOF:short\r\n", "+OK\r\n", "$5\r\n$5\r\n", "$99999999999999999999\r\n"])
  func wrongHeads(_ head: String) {
    let reading = Way.whole.read(Array(head.utf8) + Self.snapshot, interest: .elements)
    #expect(reading.error?.hasPrefix("notRDB") == true, "\(reading)")
  }
}

/// The keys of a snapshot and its end.
private struct RDBReaderCounts {
  var keys: Int { offsets.count }
  var offsets: [Int]
  var end: SnapshotEnd

  init(_ bytes: [UInt8]) throws {
    var sink = CountingSink()
    var reader = RDBReader(MemorySource(bytes))
    end = try #require(try reader.read(into: &sink))
    offsets = sink.offsets
  }
}

private struct CountingSink: SelectiveSink {
  static var events: SinkEvents { [.beginKey] }
  var offsets: [Int] = []

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    offsets.append(key.offset)
    return .skip
  }
}
