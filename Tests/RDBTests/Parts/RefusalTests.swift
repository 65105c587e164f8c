import RDB
import RDBFormat
import TestSupport
import Testing

/// What a writer of snapshots refuses, because it cannot be written or comes out of turn.
@Suite("Refusals of a writer")
struct RefusalTests {
  /// A call that comes out of turn, and what the writer waits for.
  struct Misplaced: Sendable, CustomTestStringConvertible {
    var testDescription: String { expected }
    var expected: String
    var write: @Sendable (inout RDBWriter) throws -> Void
  }

  private static let name: [UInt8] = [107]
  private static func group(_ writer: inout RDBWriter, pending: UInt64, consumers: UInt64) throws {
    try writer.beginStream(name.span.bytes, .streamListpacks3, nodeCount: 0)
    try writer.streamInfo(
      StreamInfo(length: 0, lastID: .zero, firstID: .zero, maxDeletedID: .zero, entriesAdded: 0, groupCount: 1))
    try writer.streamGroup(
      name.span.bytes, lastDelivered: .zero, entriesRead: .unknown, pendingCount: pending, consumerCount: consumers)
  }

  static let misplaced: [Misplaced] = [
    Misplaced(expected: "2 elements of a set") {
      try $0.beginElements(name.span.bytes, .set, count: 2)
      try $0.endKey()
    },
    Misplaced(expected: "the end of the key") {
      try $0.beginElements(name.span.bytes, .set, count: 1)
      try $0.setMember(name.span.bytes)
      try $0.setMember(name.span.bytes)
    },
    Misplaced(expected: "1 elements of a set") {
      try $0.beginElements(name.span.bytes, .set, count: 1)
      try $0.listElement(name.span.bytes)
    },
    Misplaced(expected: "1 quicklist nodes") {
      try $0.beginQuicklist(name.span.bytes, .listQuicklist2, nodeCount: 1)
      try $0.endKey()
    },
    Misplaced(expected: "the end of the key") {
      try $0.beginQuicklist(name.span.bytes, .listQuicklist2, nodeCount: 1)
      try $0.quicklistNode(plain: name.span.bytes)
      try $0.quicklistNode(packed: name.span.bytes)
    },
    Misplaced(expected: "a record") { try $0.endKey() },
    Misplaced(expected: "a record") { try $0.stored(name.span.bytes) },
    Misplaced(expected: "a record") { try $0.endModuleAux() },
    Misplaced(expected: "stored bytes or the end of the key") {
      try $0.beginStored(name.span.bytes, .string)
      try $0.aux("a", "b")
    },
    Misplaced(expected: "stored bytes or the end of the module data") {
      try $0.beginModuleAux(ModuleAux(module: ModuleID(rawValue: 1), when: 1, offset: 0))
      try $0.endKey()
    },
    Misplaced(expected: "1 stream nodes") {
      try $0.beginStream(name.span.bytes, .streamListpacks, nodeCount: 1)
      try $0.endKey()
    },
    Misplaced(expected: "the stream's numbers") {
      try $0.beginStream(name.span.bytes, .streamListpacks, nodeCount: 0)
      try $0.streamNode(.zero, name.span.bytes)
    },
    Misplaced(expected: "1 consumer groups") {
      try $0.beginStream(name.span.bytes, .streamListpacks, nodeCount: 0)
      try $0.streamInfo(
        StreamInfo(length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 1))
      try $0.endKey()
    },
    Misplaced(expected: "2 pending entries, then 1 consumers") {
      try group(&$0, pending: 2, consumers: 1)
      try $0.streamConsumer(
        name.span.bytes, seen: UnixMilliseconds(0), active: UnixMilliseconds(0), pendingCount: 0)
    },
    Misplaced(expected: "1 consumers, then 0 consumer groups") {
      try group(&$0, pending: 0, consumers: 1)
      try $0.streamPending(.zero, delivered: UnixMilliseconds(0), deliveryCount: 1)
    },
    Misplaced(expected: "1 pending IDs, then 0 consumers") {
      try group(&$0, pending: 0, consumers: 1)
      try $0.streamConsumer(
        name.span.bytes, seen: UnixMilliseconds(0), active: UnixMilliseconds(0), pendingCount: 1)
      try $0.endKey()
    },
    Misplaced(expected: "0 pending IDs, then 0 consumers") {
      try group(&$0, pending: 0, consumers: 1)
      try $0.streamConsumer(
        name.span.bytes, seen: UnixMilliseconds(0), active: UnixMilliseconds(0), pendingCount: 0)
      try $0.streamConsumerPending(.zero)
    },
  ]

  @Test("Say what should have come instead", arguments: misplaced)
  func outOfTurn(_ misplaced: Misplaced) {
    let error = #expect(throws: RDBError.self) {
      try WritingTests.write(11) { try misplaced.write(&$0) }
    }
    #expect(error?.code == .misplaced && error?.expected == misplaced.expected, "\(error?.description ?? "")")
  }

  @Test("Concern a stream without the numbers of its type, a field expiry before 1970, and no quicklist of a set")
  func lacking() {
    let refused: [(Int, Vendor, @Sendable (inout RDBWriter) throws -> Void)] = [
      (
        10, .redis,
        {
          try $0.beginStream(Self.name.span.bytes, .streamListpacks2, nodeCount: 0)
          try $0.streamInfo(
            StreamInfo(length: 0, lastID: .zero, firstID: nil, maxDeletedID: nil, entriesAdded: nil, groupCount: 0))
        }
      ),
      (10, .redis, { try $0.beginStream(Self.name.span.bytes, .set, nodeCount: 0) }),
      (10, .redis, { try $0.beginQuicklist(Self.name.span.bytes, .set, nodeCount: 1) }),
      (10, .redis, { try $0.beginQuicklist(Self.name.span.bytes, .listQuicklist2, nodeCount: 0) }),
      (10, .redis, { try $0.packed(Self.name.span.bytes, .set, Self.name.span.bytes) }),
      (10, .redis, { try $0.beginElements(Self.name.span.bytes, .setListpack, count: 1) }),
      (10, .redis, { try $0.beginStored(Self.name.span.bytes, .module2) }),
      (
        80, .valkey,
        {
          try $0.beginElements(Self.name.span.bytes, .hash2, count: 1)
          try $0.hashField(Self.name.span.bytes, value: Self.name.span.bytes, expiry: UnixMilliseconds(-5))
        }
      ),
      (
        80, .valkey,
        { try $0.string(Self.name.span.bytes, Self.name.span.bytes, KeyAttributes(metadata: [243, 0])) }
      ),
    ]
    for (index, (version, vendor, write)) in refused.enumerated() {
      let error = #expect(throws: RDBError.self, "\(index)") { try WritingTests.write(version, vendor, write) }
      #expect(error?.code == .notRepresentable, "\(index)")
    }
  }

  @Test("Do not concern the hint of a slot, which Redis 7.4 writes")
  func slots() throws {
    let written = try WritingTests.write(12) { try $0.slotInfo(slot: 300, keys: 2, expiring: 1) }
    #expect(Way.whole.read(written, interest: .skip).log.contains { $0.contains("slot: 300, keys: 2, expiring: 1") })
  }
}
