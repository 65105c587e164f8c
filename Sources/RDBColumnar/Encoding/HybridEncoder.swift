/// Encodes levels and dictionary indexes as Parquet's mixture of repeated and bit-packed values.
///
///     repeated     varint(count << 1)        the value in as few whole bytes as hold the bit width
///     bit-packed   varint(groups << 1 | 1)   groups of eight values, lowest bits first
///
/// Source: `Encodings.md` of Apache Parquet, "RLE/Bit-Packing Hybrid".
package struct HybridEncoder {
  package private(set) var bytes: [UInt8] = []
  private let bitWidth: Int
  /// Values that will be bit-packed.
  private var packed: [UInt32] = []
  /// The current sequence of equal values, which follows `packed`.
  private var value: UInt32 = 0
  private var count = 0

  package init(bitWidth: Int) { self.bitWidth = bitWidth }

  /// The number of bits that hold all numbers below `count`; at least 1.
  package static func bitWidth(forCount count: Int) -> Int {
    max(1, Int.bitWidth - max(count - 1, 0).leadingZeroBitCount)
  }

  @inline(__always)
  package mutating func append(_ value: UInt32, count: Int = 1) {
    if value == self.value {
      self.count &+= count
    } else {
      endSequence()
      self.value = value
      self.count = count
    }
  }

  private mutating func endSequence() {
    if count < 8 {
      for _ in 0..<count { packed.append(value) }
      count = 0
      return
    }
    // Bit-packed values come in groups of eight: the sequence fills the last group.
    while packed.count & 7 != 0 {
      packed.append(value)
      count &-= 1
    }
    if count < 8 {
      for _ in 0..<count { packed.append(value) }
    } else {
      pack()
      bytes.append(varint: UInt64(count) << 1)
      for index in 0..<((bitWidth + 7) / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
    count = 0
  }

  private mutating func pack() {
    if packed.isEmpty { return }
    while packed.count & 7 != 0 { packed.append(0) }
    bytes.append(varint: UInt64(packed.count / 8) << 1 | 1)
    var bits: UInt64 = 0
    var bitCount = 0
    for value in packed {
      bits |= UInt64(value) << UInt64(bitCount)
      bitCount &+= bitWidth
      while bitCount >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bits >>= 8
        bitCount &-= 8
      }
    }
    packed.removeAll(keepingCapacity: true)
  }

  /// Ends the sequence of values; `bytes` is then complete.
  package mutating func finish() {
    endSequence()
    pack()
  }
}
