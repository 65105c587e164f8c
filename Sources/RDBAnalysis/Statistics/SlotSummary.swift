import RDBSupport

/// The number of keys, and their memory, per hash slot.
package struct SlotSummary: Hashable, Sendable {
  package private(set) var keys = [UInt64](repeating: 0, count: HashSlots.count)
  package private(set) var memory = [UInt64](repeating: 0, count: HashSlots.count)

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

  package var used: Int { keys.count { $0 > 0 } }
}

extension SlotSummary: Codable {
  enum CodingKeys: String, CodingKey {
    case used, slots
    case meanKeys = "mean_keys"
    case mostKeys = "most_keys"
    case mostMemory = "most_memory_bytes"
  }

  /// In JSON `slots` is an array of `[slot, keys, memory_bytes]` for the slots that have keys.
  package init(from decoder: any Decoder) throws {
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

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(used, forKey: .used)
    try container.encode(Double(keys.reduce(0, &+)) / Double(HashSlots.count), forKey: .meanKeys)
    try container.encode(keys.max() ?? 0, forKey: .mostKeys)
    try container.encode(memory.max() ?? 0, forKey: .mostMemory)
    try container.encode(
      keys.indices.filter { keys[$0] > 0 }.map { [UInt64($0), keys[$0], memory[$0]] }, forKey: .slots)
  }
}
