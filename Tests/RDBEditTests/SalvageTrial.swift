import RDB
import RDBEdit
import RDBFormat
import RDBSupport
import TestSupport

/// The keys of a snapshot: each with its database, name, expiry, and its value as stored.
struct StoredKeys: SelectiveSink {
  struct Key: Hashable, CustomStringConvertible {
    var database: UInt64
    var expiry: Int64?
    var type: UInt8
    var name: [UInt8]
    var value: [UInt8]

    /// The same key in a database that is not known.
    var withoutDatabase: Key {
      var key = self
      key.database = 0
      return key
    }

    var description: String {
      "db \(database) \(printable(name)) type \(type) expiry \(expiry ?? -1) value \(value.prefix(40))"
    }
  }

  static var events: SinkEvents { [.beginKey, .endKey] }
  /// The range of each record in the file.
  private(set) var ranges: [Range<Int>] = []
  private(set) var keys: [Key] = []
  private var values: [Range<Int>] = []
  /// Whether the snapshot has a checksum, and nothing follows it.
  private(set) var hasChecksum = false
  private var valueStart = 0

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    ranges.append(key.offset..<key.offset)
    keys.append(
      Key(
        database: key.database, expiry: key.expiry?.value, type: key.storedType.code, name: [UInt8](key.name), value: []
      ))
    valueStart = key.valueOffset
    return .validate
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    let start = ranges[ranges.count - 1].lowerBound
    ranges[ranges.count - 1] = start..<valueStart + Int(end.storedByteCount)
    values.append(valueStart..<valueStart + Int(end.storedByteCount))
  }

  /// Reads the keys of a whole snapshot.
  static func read(_ bytes: [UInt8]) throws -> StoredKeys {
    var sink = StoredKeys()
    var reader = RDBReader(MemorySource(bytes))
    if let end = try reader.read(into: &sink), case .verified = end.checksum {
      sink.hasChecksum = end.endOffset == UInt64(bytes.count)
    }
    for (index, range) in sink.values.enumerated() { sink.keys[index].value = Array(bytes[range]) }
    return sink
  }
}

/// A change of a snapshot's bytes.
struct SeededDamage: CustomStringConvertible {
  /// The kinds of damage that the tests make.
  enum Kind: String, CaseIterable, Sendable {
    case byteFlip, zeroedRange, overwrittenRange, cutEnd, insertedBytes, missingBytes, lengthField
  }

  var kind: Kind
  /// The offset of the first changed byte.
  var offset: Int
  /// The number of bytes of the original that are changed or missing.
  var count: Int
  /// The bytes in their place.
  var replacement: [UInt8]

  var description: String { "\(kind.rawValue) at \(offset): \(count) bytes become \(replacement.prefix(40))" }

  func apply(to bytes: [UInt8]) -> [UInt8] {
    Array(bytes[..<offset]) + replacement + Array(bytes[(offset + count)...])
  }

  /// Makes a damage after the header.
  ///
  /// - Parameter records: The ranges of the keys' records, whose first bytes hold most lengths.
  static func random(
    _ kind: Kind, in bytes: [UInt8], records: [Range<Int>], using generator: inout SeededGenerator
  ) -> SeededDamage {
    let end = bytes.count
    let offset = Int.random(in: 9..<end, using: &generator)
    let longest = Int.random(in: 0..<4, using: &generator) == 0 ? 300 : 16
    let count = min(Int.random(in: 1...longest, using: &generator), end - offset)
    func garbage(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) } }
    switch kind {
    case .byteFlip:
      let change = UInt8.random(in: 1...255, using: &generator)
      return SeededDamage(kind: kind, offset: offset, count: 1, replacement: [bytes[offset] ^ change])
    case .zeroedRange:
      return SeededDamage(kind: kind, offset: offset, count: count, replacement: [UInt8](repeating: 0, count: count))
    case .overwrittenRange:
      return SeededDamage(kind: kind, offset: offset, count: count, replacement: garbage(count))
    case .cutEnd:
      return SeededDamage(kind: kind, offset: offset, count: end - offset, replacement: [])
    case .insertedBytes:
      return SeededDamage(kind: kind, offset: offset, count: 0, replacement: garbage(count))
    case .missingBytes:
      return SeededDamage(kind: kind, offset: offset, count: count, replacement: [])
    case .lengthField:
      // A length or a type near the beginning of a record.
      guard let record = records.randomElement(using: &generator) else {
        return Self.random(.byteFlip, in: bytes, records: records, using: &generator)
      }
      let limit = min(record.count, 24)
      var place = record.lowerBound + Int.random(in: 0..<limit, using: &generator)
      for _ in 0..<8 where (0x30...0x7A).contains(bytes[place]) {
        place = record.lowerBound + Int.random(in: 0..<limit, using: &generator)
      }
      let lengths: [[UInt8]] = [
        [bytes[place] &+ 1], [bytes[place] &- 1], [bytes[place] ^ 0x40], [bytes[place] ^ 0x20], [0x3F], [0], [0x80],
        [0x81], [0xC3], [UInt8.random(in: 0...63, using: &generator)],
      ]
      return SeededDamage(
        kind: kind, offset: place, count: 1, replacement: lengths.randomElement(using: &generator) ?? [0])
    }
  }
}

/// The result of salvaging one damaged snapshot, compared with the original.
struct SalvageTrial {
  /// The number of records that the damage does not touch.
  var untouchedCount = 0
  /// The number of these that were recovered.
  var recoveredCount = 0
  /// The keys in the output that the original lacks, and that a reader of the damaged bytes could tell from true ones.
  var invented: [String] = []
  /// The number of keys in the output in another database, because the record that names it is lost.
  var misplacedCount = 0
  /// The number of keys in the output that were changed without a trace in their record's structure.
  var alteredCount = 0
  var report: SalvageReport

  init(_ original: [UInt8], _ keys: StoredKeys, _ damage: SeededDamage, options: RDBReader.Options = .init()) throws {
    let damaged = damage.apply(to: original)
    let destination = MemoryDestination()
    report = try Salvage(options: options).run(MemorySource(damaged), to: destination)
    let output = destination.bytes
    let salvaged = try StoredKeys.read(output).keys

    let changed = damage.offset..<damage.offset + max(damage.count, 1)
    var untouched: [StoredKeys.Key: Int] = [:]
    var all: [StoredKeys.Key: Int] = [:]
    for (range, key) in zip(keys.ranges, keys.keys) {
      all[key, default: 0] += 1
      let isTouched =
        damage.count == 0
        ? range.lowerBound < damage.offset && damage.offset < range.upperBound
        : range.overlaps(changed)
      if !isTouched {
        untouched[key, default: 0] += 1
        untouchedCount += 1
      }
    }
    let traceless = Self.traceless(original, damaged, keys, damage, changed)
    var anywhere: [StoredKeys.Key: Int] = [:]
    for key in keys.keys { anywhere[key.withoutDatabase, default: 0] += 1 }
    let isDatabaseKnown = !report.losses.contains { $0.mayLackDatabase }
    // Damage can leave a valid snapshot of other keys. Only a checksum shows it.
    let isValid = report.lossCount == 0 && report.checksum != .verified
    for key in salvaged {
      if let count = all[key], count > 0 {
        all[key] = count - 1
        if let left = untouched[key], left > 0 {
          untouched[key] = left - 1
          recoveredCount += 1
        }
      } else if isValid || traceless.contains(key.withoutDatabase) {
        alteredCount += 1
      } else if !isDatabaseKnown, let count = anywhere[key.withoutDatabase], count > 0 {
        anywhere[key.withoutDatabase] = count - 1
        misplacedCount += 1
      } else {
        invented.append("\(key)")
      }
    }
  }

  /// The records that damage of the same size has changed into others that are as valid: no reader can tell.
  private static func traceless(
    _ original: [UInt8], _ damaged: [UInt8], _ keys: StoredKeys, _ damage: SeededDamage, _ changed: Range<Int>
  ) -> Set<StoredKeys.Key> {
    guard damage.replacement.count == damage.count else { return [] }
    var records: Set<StoredKeys.Key> = []
    for range in keys.ranges where range.overlaps(changed) {
      // Damage that reaches beyond the record shows there.
      guard range.lowerBound <= changed.lowerBound, changed.upperBound <= range.upperBound else { continue }
      let record = Array(damaged[range])
      var bytes = Array(original[..<9])
      bytes += record + [0xFF] + [UInt8](repeating: 0, count: 8)
      if let read = try? StoredKeys.read(bytes), read.ranges == [9..<9 + range.count] {
        records.formUnion(read.keys.map(\.withoutDatabase))
      }
    }
    return records
  }
}
