import RDB
import RDBFormat
import RDBSupport

extension SnapshotGenerator {
  private static var entriesPerNode: Int { 100 }

  /// Writes a stream of entries with three fields, and two consumer groups. In one group the last entries are pending for
  /// two consumers; the other has not read all entries, and has none pending.
  ///
  /// Writes a list for versions before RDB 9, which have no streams.
  func stream(
    _ key: inout KeyPlan, _ writer: inout RDBWriter, _ text: inout ElementText,
    _ build: inout ValueBuilders
  ) throws(RDBError) {
    guard writer.canWrite(.streamListpacks) else { return try list(&key, &writer, &text, &build) }
    let type: ValueType =
      writer.canWrite(.streamListpacks3)
      ? .streamListpacks3 : writer.canWrite(.streamListpacks2) ? .streamListpacks2 : .streamListpacks
    let start = UInt64(options.createdSeconds) * 1000 + key.random.below(86_400_000 as UInt64)
    let nodes = (key.count + Self.entriesPerNode - 1) / Self.entriesPerNode
    try writer.beginStream(text.name.bytes, type, nodeCount: UInt64(nodes), key.attributes)
    for first in stride(from: 0, to: key.count, by: Self.entriesPerNode) {
      let entries = min(key.count - first, Self.entriesPerNode)
      let master = Self.entryID(first, from: start)
      build.node.begin(master, fieldCount: 3)
      for number in 1...3 {
        text.makeFieldName(number)
        build.node.masterField(text.member.bytes)
      }
      for number in first..<first + entries {
        build.node.beginEntry(Self.entryID(number, from: start))
        for _ in 1...3 {
          text.makeElement(key.row.valueBytes, &key.random)
          build.node.value(text.value.bytes)
        }
        build.node.endEntry()
      }
      try writer.streamNode(master, try build.node.finished())
    }
    let last = Self.entryID(key.count - 1, from: start)
    try writer.streamInfo(
      StreamInfo(
        length: UInt64(key.count), lastID: last, firstID: Self.entryID(0, from: start),
        maxDeletedID: .zero, entriesAdded: UInt64(key.count), groupCount: 2))
    try groups(key.count, from: start, &writer)
    try writer.endKey()
  }

  /// Returns the ID of an entry. Two entries share a millisecond.
  private static func entryID(_ number: Int, from start: UInt64) -> StreamID {
    StreamID(start + UInt64(number / 2) * 250, UInt64(number % 2))
  }

  private func groups(_ count: Int, from start: UInt64, _ writer: inout RDBWriter) throws(RDBError) {
    let pending = min(count, 8)
    let seen = UnixMilliseconds(Int64(start) + Int64(count) * 125)
    try writer.streamGroup(
      bytes("workers"), lastDelivered: Self.entryID(count - 1, from: start),
      entriesRead: .known(UInt64(count)), pendingCount: UInt64(pending), consumerCount: 2)
    for number in count - pending..<count {
      try writer.streamPending(
        Self.entryID(number, from: start), delivered: seen, deliveryCount: 1)
    }
    for consumer in 0...1 {
      let share = consumer == 0 ? pending / 2 : pending - pending / 2
      let from = count - pending + (consumer == 0 ? 0 : pending / 2)
      try writer.streamConsumer(
        bytes(consumer == 0 ? "worker-1" : "worker-2"), seen: seen, active: seen,
        pendingCount: UInt64(share))
      for number in from..<from + share {
        try writer.streamConsumerPending(Self.entryID(number, from: start))
      }
    }
    try writer.streamGroup(
      bytes("audit"), lastDelivered: Self.entryID(0, from: start), entriesRead: .known(1),
      pendingCount: 0, consumerCount: 0)
  }

  @_lifetime(immortal)
  private func bytes(_ text: StaticString) -> RawSpan {
    _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(text.utf8Start), byteCount: text.utf8CodeUnitCount),
      copying: ())
  }
}
