import RDB
import RDBFormat

/// Estimates of how surely a record begins where it was read, in bits: that many bits of garbage would have to fit by
/// chance.
///
/// The weights are rough on purpose: they rank what is strong (a packed value that agrees with itself, an expiry in this
/// century), middling (a printable name), and weak (a short string, which almost any bytes can be).
struct Evidence {
  /// The least bits that make the beginning of a record after damage certain enough to be believed.
  static let believable = 16
  /// The least bits after a record that make its end certain enough to be believed: fewer, because the records before it
  /// have led to it.
  static let confirming = 13
  /// The least bits of a run of records that is taken for the continuation of the snapshot.
  static let strong = 40

  /// The least bits of what precedes a damaged value whose lengths are believed.
  static let certainHead = 9

  let bytes: SourceBytes

  /// The evidence of a record, its value included.
  ///
  /// - Parameter previous: The name of a key nearby; names that begin alike are evidence.
  func bits(of record: ScannedRecord, near previous: [UInt8]? = nil) throws(RDBError) -> Int {
    guard let key = record.key else { return record.opcodeBits }
    return Self.bits(ofHeadOf: key, near: previous) + (try valueBits(key, end: record.end))
  }

  /// The evidence of what precedes a key's value: its type, its attributes and its name.
  static func bits(ofHeadOf key: ScannedRecord.Key, near previous: [UInt8]? = nil) -> Int {
    var bits = 5
    if let expiry = key.expiry { bits += plausibleTimes.contains(expiry.value) ? 24 : -16 }
    if key.frequency != nil { bits += 6 }
    if let idle = key.idleSeconds { bits += idle < 1 << 30 ? 6 : -8 }
    bits += Self.bits(ofName: key.name, byteCount: key.nameByteCount)
    if let previous, previous.count >= 3, key.name.prefix(3).elementsEqual(previous.prefix(3)) {
      bits += 8
    } else if let previous, digestByteCounts.contains(key.nameByteCount), key.nameByteCount == previous.count {
      bits += 8
    }
    return bits
  }

  /// The sizes of digests and UUIDs, as names of keys.
  private static let digestByteCounts: Set<Int> = [16, 20, 32, 36, 40, 64]

  /// The times from 1990 to 2200, in milliseconds.
  static let plausibleTimes: Range<Int64> = 631_152_000_000..<7_258_118_400_000

  private static func bits(ofName name: [UInt8], byteCount: Int) -> Int {
    if name.isEmpty { return -4 }
    if name.allSatisfy({ (0x20...0x7E).contains($0) }) { return min(byteCount, 10) }
    // Short strings of a collection, read from the wrong byte on, look like names with control characters.
    guard !name.contains(where: { $0 < 0x20 }) else { return -8 }
    return String(validating: name.dropLast(name.count > 8 ? 4 : 0), as: UTF8.self) == nil ? 0 : 4
  }

  private func valueBits(_ key: ScannedRecord.Key, end: UInt64) throws(RDBError) -> Int {
    let count = Int(clamping: key.elementCount ?? 0)
    switch key.type.layout.content {
    case .string: return try stringBits(at: key.valueStart)
    case .packed(.intset): return 34
    case .packed(.zipmap): return 16
    case .packed: return 40
    case .quicklist: return count > 0 ? 30 : 0
    case .stream: return count > 0 ? 36 : 4
    case .collection(.zset), .collection(.hashWithExpiries), .collection(.hashWithLeadingExpiries):
      return 4 + min(count, 4)
    case .collection: return key.name.contains { $0 < 0x20 } ? 0 : 3 + min(count, 5)
    case .module: return key.hasNamedModule ? 20 : 0
    case .array: return 12
    case .templateListpack, .templateValues: return 16
    case .pathHash: return 10
    }
  }

  private func stringBits(at offset: UInt64) throws(RDBError) -> Int {
    guard let first = try bytes.byte(at: offset) else { return 0 }
    switch first {
    case 0xC0...0xC2: return 6
    case 0xC3: return 20
    case 0x80, 0x81: return 8
    default: return 3
    }
  }

  /// Whether damage that changed the end of the record, or that reaches into its last bytes, would have shown in it: its
  /// value is packed and ends with a mark.
  static func provesItsEnd(_ record: ScannedRecord) -> Bool {
    guard let key = record.key, case .packed(let packed) = key.type.layout.content else { return false }
    if case .intset = packed { return false }
    return true
  }

  /// The evidence of an AUX field.
  static func bits(ofAux field: borrowing AuxField) -> Int {
    if knownAuxFields.contains([UInt8](field.name.extracting(first: 32))) { return 40 }
    let name = [UInt8](field.name.extracting(first: 64))
    guard name.count >= 3, name.allSatisfy({ (0x21...0x7E).contains($0) }) else { return 0 }
    return min(name.count, 10)
  }

  private static let knownAuxFields: Set<[UInt8]> = Set(
    [
      "redis-ver", "valkey-ver", "redis-bits", "ctime", "used-mem", "repl-stream-db", "repl-id", "repl-offset",
      "aof-preamble", "aof-base", "slot-info", "cluster-asm-task", "mvcc-tstamp", "keydb-subexpire-key",
      "keydb-subexpire-when", "repl-masters",
    ].map { Array($0.utf8) })
}
