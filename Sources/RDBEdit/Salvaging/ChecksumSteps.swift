import RDBFormat

/// The steps of ``CRC64`` over one byte, forward and backward.
struct ChecksumSteps {
  private let table: [UInt64]
  /// The index of the row of the table by its highest byte, each of which occurs once.
  private let row: [Int]

  init() {
    // The reflected polynomial of ``CRC64``.
    let polynomial: UInt64 = 0x95AC_9329_AC4B_C9B5
    table = (0..<256).map { index in
      (0..<8).reduce(UInt64(index)) { value, _ in value >> 1 ^ (value & 1 == 0 ? 0 : polynomial) }
    }
    var row = [Int](repeating: 0, count: 256)
    for (index, value) in table.enumerated() { row[Int(value >> 56)] = index }
    self.row = row
  }

  /// The checksum after a byte.
  func after(_ sum: UInt64, _ byte: UInt8) -> UInt64 {
    table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8
  }

  /// The checksum before a byte, from that after it.
  func before(_ sum: UInt64, _ byte: UInt8) -> UInt64 {
    let index = row[Int(sum >> 56)]
    return (sum ^ table[index]) << 8 | UInt64(UInt8(index) ^ byte)
  }
}
