import RDBSupport

/// A count of different keys: exact up to a million, then estimated by a HyperLogLog of 16,384 registers.
struct DistinctCount {
  private static let exactLimit = 1 << 20
  private static let registerBits = 14

  private var hashes: Set<UInt64> = []
  private var registers = [UInt8](repeating: 0, count: 1 << registerBits)
  /// Whether ``count`` is exact.
  private(set) var isExact = true

  mutating func insert(_ key: [UInt8], in database: UInt64) {
    let hash = StableHash.hash(key.span.bytes, seed: database)
    if isExact {
      hashes.insert(hash)
      if hashes.count > Self.exactLimit {
        isExact = false
        hashes = []
      }
    }
    let index = Int(hash >> UInt64(64 - Self.registerBits))
    let rank = UInt8(((hash << UInt64(Self.registerBits)) | 1 << UInt64(Self.registerBits - 1)).leadingZeroBitCount + 1)
    if rank > registers[index] { registers[index] = rank }
  }

  var count: UInt64 {
    if isExact { return UInt64(hashes.count) }
    let size = Double(registers.count)
    let sum = registers.reduce(0.0) { $0 + 1 / Double(1 << UInt64($1)) }
    return UInt64((0.7213 / (1 + 1.079 / size) * size * size / sum).rounded())
  }
}
