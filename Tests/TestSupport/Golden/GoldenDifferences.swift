public import RDB
import RDBFormat
import RDBSupport

/// A key's database and name.
public struct KeyName: Hashable, CustomStringConvertible {
  public let database: UInt64
  public let name: [UInt8]

  public init(_ key: SnapshotKey) { (database, name) = (key.database, key.name) }
  public init(_ row: Golden.Row) { (database, name) = (row.database ?? 0, row.key ?? []) }
  public var description: String { "db \(database) \(printable(name))" }
}

/// Where a value and its golden row differ.
public struct GoldenDifferences {
  /// The dump's RDB version, which stands in the footer of a DUMP payload.
  let version: Int
  public private(set) var found: [String] = []

  /// Whether the value was built by commands: consumers then have the times of the loading, and a score of −0 may be 0, because
  /// a server that loads a value into a listpack loses the sign.
  let isReplayed: Bool

  public init(version: Int, isReplayed: Bool = false) {
    self.version = version
    self.isReplayed = isReplayed
  }

  private mutating func expect(_ isSo: Bool, _ what: @autoclosure () -> String) {
    if !isSo && found.count < 5 { found.append(what()) }
  }

  public mutating func compare(
    _ key: SnapshotKey, _ golden: Golden.Value, expiredFields: Golden.Value?
  ) {
    switch (key.value, golden) {
    case (.string(let value), .string(let expected)): expect(expected.matches(value), "value")
    case (.list(let list), .list(let expected)):
      expect(list.count == expected.count, "\(list.count) elements, not \(expected.count)")
      for (index, (element, other)) in zip(list, expected).enumerated() {
        expect(other.matches(element), "element \(index)")
      }
    case (.set(let set), .set(let expected)):
      matchUp(set.map { ($0, ()) }, expected.map { ($0, ()) }) { _, _ in true }
    case (.zset(let zset), .zset(let expected)):
      let packed = isReplayed || key.storedType == .zsetListpack || key.storedType == .zsetZiplist
      matchUp(zset.map { ($0.member, $0.score) }, expected.map { ($0.member, $0.score) }) {
        (own: Double, other: Double) -> Bool in
        // A packed sorted set keeps no sign of zero.
        if own.bitPattern == other.bitPattern { return true }
        return packed && own == 0 && other == 0
      }
    case (.hash(let hash), .hash(let expected)):
      var rows = expected
      if case .hash(let gone) = expiredFields { rows += gone }
      matchUp(hash.map { ($0.field, $0) }, rows.map { ($0.field, $0) }) {
        (
          own: (field: [UInt8], value: [UInt8], expiry: UnixMilliseconds?),
          row: (field: Golden.Bytes, value: Golden.Bytes, expiry: Int64?)
        ) -> Bool in
        row.value.matches(own.value) && own.expiry?.value == row.expiry
      }
    case (.stream(let stream), .stream(let expected)): compare(stream, expected)
    case (.array(let elements, let insertIndex), .array(let expected, let expectedIndex)):
      expect(insertIndex == expectedIndex, "insert index")
      expect(elements.count == expected.count, "\(elements.count) elements")
      let found = Dictionary(elements.map { ($0.index, $0.value) }, uniquingKeysWith: { $1 })
      expect(zip(elements, elements.dropFirst()).allSatisfy { $0.index < $1.index }, "elements in file order")
      for (index, value) in expected {
        expect(found[index].map { value.matches($0) } ?? false, "element \(index)")
      }
    case (.pathHash(let paths), .pathHash(let expected)):
      matchUp(paths.map { ($0.path, $0.fields) }, expected.map { ($0.path, $0.fields) }) {
        (
          own: [(field: [UInt8], value: [UInt8])], row: [(field: Golden.Bytes, value: Golden.Bytes)]
        ) -> Bool in
        own.count == row.count && zip(own, row).allSatisfy { $1.field.matches($0.field) && $1.value.matches($0.value) }
      }
    case (.module(let module, let stored), .module(let type, let dump)):
      expect(module.name == type, "module \(module.name)")
      expect(dump.matches(payload(module, stored)), "the module's value")
    default: expect(false, "\(key.storedType.name) is not \(golden)")
    }
  }

  /// What DUMP says of a module's value: type, module ID, items, version, checksum.
  private func payload(_ module: ModuleID, _ stored: [UInt8]) -> [UInt8] {
    RDBBytes.payload([7] + RDBBytes.length(module.rawValue) + stored, version: version)
  }

  /// Compares what each name has, in any order.
  private mutating func matchUp<A, B>(
    _ pairs: [([UInt8], A)], _ expected: [(Golden.Bytes, B)], _ isEqual: (A, B) -> Bool
  ) {
    expect(pairs.count == expected.count, "\(pairs.count) elements, not \(expected.count)")
    let all = Dictionary(pairs, uniquingKeysWith: { a, _ in a })
    expect(all.count == pairs.count, "an element twice")
    let digests = expected.contains { if case .digest = $0.0 { true } else { false } }
    for (name, other) in expected {
      var value: A?
      switch name {
      case .all(let bytes): value = all[bytes]
      case .digest: value = digests ? all.first { name.matches($0.key) }?.value : nil
      }
      expect(value.map { isEqual($0, other) } ?? false, "\(printable(Self.short(name)))")
    }
  }

  private static func short(_ bytes: Golden.Bytes) -> [UInt8] {
    if case .all(let all) = bytes { Array(all.prefix(40)) } else { Array("long".utf8) }
  }

  private mutating func compare(_ stream: SnapshotStream, _ golden: Golden.Stream) {
    expect(stream.entries.count == golden.entries.count, "\(stream.entries.count) entries")
    for (entry, expected) in zip(stream.entries, golden.entries) {
      let same =
        "\(entry.id)" == expected.id && entry.fields.count == expected.fields.count
        && zip(entry.fields, expected.fields).allSatisfy {
          $1.field.matches($0.name) && $1.value.matches($0.value)
        }
      expect(same, "entry \(entry.id)")
    }
    let info = stream.info
    expect(info.length == golden.length, "length")
    expect("\(info.lastID)" == golden.lastID, "last ID \(info.lastID)")
    expect(info.groupCount == UInt64(stream.groups.count), "count of groups")
    if let id = golden.firstID, let own = info.firstID { expect("\(own)" == id, "first ID \(own)") }
    if let id = golden.maxDeletedID, let own = info.maxDeletedID {
      expect("\(own)" == id, "greatest deleted ID \(own)")
    }
    if let added = golden.entriesAdded, let own = info.entriesAdded {
      expect(own == added, "entries added \(own)")
    }
    expect(stream.groups.count == golden.groups.count, "\(stream.groups.count) groups")
    for group in golden.groups {
      guard let own = stream.groups.first(where: { group.name.matches($0.name) }) else {
        expect(false, "a group is missing")
        continue
      }
      compare(own, group, approximate: golden.timesAreApproximate)
    }
    compareIdempotency(stream, golden)
  }

  private mutating func compare(
    _ group: SnapshotStream.Group, _ golden: Golden.Group, approximate: Bool
  ) {
    let name = printable(group.name)
    expect("\(group.lastDelivered)" == golden.lastDeliveredID, "\(name) last delivered")
    switch (group.entriesRead, golden.entriesRead) {
    case (.absent, _), (_, nil): break
    case (.unknown, let read): expect(read == -1, "\(name) entries read")
    case (.known(let own), .some(let read)): expect(Int64(own) == read, "\(name) entries read")
    }
    expect(group.pending.count == golden.pending.count, "\(name) pending")
    let pending = Dictionary(group.pending.map { ("\($0.id)", $0) }, uniquingKeysWith: { $1 })
    for (id, consumer, time, count) in golden.pending {
      guard let own = pending[id] else {
        expect(false, "\(name) pending \(id)")
        continue
      }
      expect(own.consumer.map { consumer?.matches($0) ?? false } ?? (consumer == nil), "\(name) \(id) consumer")
      expect(Self.near(own.delivered.value, time, approximate), "\(name) \(id) delivered")
      expect(own.deliveryCount == count, "\(name) \(id) count")
    }
    expect(group.consumers.count == golden.consumers.count, "\(name) consumers")
    for consumer in golden.consumers {
      guard let own = group.consumers.first(where: { consumer.name.matches($0.name) }) else {
        expect(false, "\(name): a consumer is missing")
        continue
      }
      if isReplayed { continue }
      expect(Self.near(own.seen.value, consumer.seenTime, approximate), "\(name) \(printable(own.name)) seen")
      if let active = consumer.activeTime, let time = own.active {
        expect(time.value == active, "\(name) \(printable(own.name)) active")
      }
      let ids = group.pending.filter { $0.consumer == own.name }.map { "\($0.id)" }
      expect(ids.sorted() == consumer.pending.sorted(), "\(name) \(printable(own.name)) pending")
    }
  }

  private static func near(_ one: Int64, _ other: Int64, _ approximate: Bool) -> Bool {
    approximate ? abs(one - other) <= 1500 : one == other
  }

  private mutating func compareIdempotency(_ stream: SnapshotStream, _ golden: Golden.Stream) {
    guard let own = stream.idempotency, let golden = golden.idempotency else {
      return expect(stream.idempotency == nil && golden.idempotency == nil, "idempotency")
    }
    expect(own.durationSeconds == golden.durationSeconds, "duration")
    expect(own.maxEntries == golden.maxEntries, "entries remembered")
    expect(own.idsAdded == golden.added && own.idsDuplicate == golden.duplicates, "counters")
    let producers = golden.producers.filter { !$0.ids.isEmpty }
    expect(own.producers.count == producers.count, "producers")
    for (producer, expected) in zip(own.producers, producers) {
      expect(expected.id.matches(producer.name), "producer")
      expect(producer.ids.count == expected.ids.count, "producer's IDs")
      for (id, other) in zip(producer.ids, expected.ids) {
        expect(other.id.matches(id.id) && "\(id.entry)" == other.entry, "producer's ID")
      }
    }
  }
}
