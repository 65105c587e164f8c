import RDBFormat
import RDBSupport

/// Which of a cluster's 16 384 slots a key belongs to.
///
/// CRC16 (XMODEM) of the name, or of what stands between its first `{` and the next `}`, if that is
/// something. Source: `keyHashSlot` in Redis `src/cluster.c`.
public struct HashSlots: Sendable {
  public static let count = 16_384
  /// Of every byte.
  private nonisolated(unsafe) static let table: UnsafePointer<UInt16> = {
    let table = UnsafeMutablePointer<UInt16>.allocate(capacity: 256)
    for byte in 0..<256 {
      let crc = (0..<8).reduce(UInt16(byte) << 8) { crc, _ in crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
      (table + byte).initialize(to: crc)
    }
    return UnsafePointer(table)
  }()

  private nonisolated(unsafe) let table: UnsafePointer<UInt16>

  public init() { table = Self.table }

  public func slot(of name: RawSpan) -> Int {
    if let tag = Self.tag(of: name) { return slot(ofHashed: tag) }
    return slot(ofHashed: name)
  }

  /// The slot of a name's tag, or of a name that has none.
  func slot(ofHashed bytes: RawSpan) -> Int {
    var crc: UInt16 = 0
    var place = 0
    while place < bytes.byteCount {
      let byte = bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
      crc = crc << 8 ^ table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ byte)]
      place &+= 1
    }
    return Int(crc & 0x3FFF)
  }

  /// What decides the slot, if it is not the whole name.
  @_lifetime(copy name)
  public static func tag(of name: RawSpan) -> RawSpan? {
    guard let start = place(of: UInt8(ascii: "{"), in: name, from: 0),
      let end = place(of: UInt8(ascii: "}"), in: name, from: start + 1), end > start + 1
    else { return nil }
    return name.extracting(start + 1..<end)
  }

  private static func place(of byte: UInt8, in name: RawSpan, from start: Int) -> Int? {
    name.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress, start < bytes.count,
        let found = memchr(base + start, Int32(byte), bytes.count - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}

/// Keys and their memory in each slot.
public struct SlotTotals: Hashable, Sendable {
  public private(set) var keys = [UInt64](repeating: 0, count: HashSlots.count)
  public private(set) var memory = [UInt64](repeating: 0, count: HashSlots.count)

  @inline(__always)
  mutating func add(_ slot: Int, memory byteCount: UInt64) {
    keys[slot] &+= 1
    memory[slot] &+= byteCount
  }

  mutating func merge(_ other: Self) {
    for slot in keys.indices {
      keys[slot] &+= other.keys[slot]
      memory[slot] &+= other.memory[slot]
    }
  }

  public var used: Int { keys.count { $0 > 0 } }
}

extension SlotTotals: Codable {
  enum CodingKeys: String, CodingKey {
    case used, slots
    case meanKeys = "mean_keys"
    case mostKeys = "most_keys"
    case mostMemory = "most_memory_bytes"
  }

  /// In JSON `slots` is an array of `[slot, keys, memory_bytes]` of those that have keys.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    for row in try container.decode([[UInt64]].self, forKey: .slots) {
      guard row.count == 3, row[0] < UInt64(HashSlots.count) else {
        throw DecodingError.dataCorruptedError(
          forKey: .slots, in: container, debugDescription: "expected [slot, keys, memory_bytes]")
      }
      keys[Int(row[0])] = row[1]
      memory[Int(row[0])] = row[2]
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(used, forKey: .used)
    try container.encode(Double(keys.reduce(0, &+)) / Double(HashSlots.count), forKey: .meanKeys)
    try container.encode(keys.max() ?? 0, forKey: .mostKeys)
    try container.encode(memory.max() ?? 0, forKey: .mostMemory)
    try container.encode(
      keys.indices.filter { keys[$0] > 0 }.map { [UInt64($0), keys[$0], memory[$0]] }, forKey: .slots)
  }
}
