import CChecksum
import RDBFormat
import TestSupport
import Testing

@Suite("CRC64")
struct CRC64Tests {
  /// One of the ways to compute it, if this processor has it.
  enum Way: CaseIterable, Sendable {
    case best, table, clmul, vclmul256, vclmul

    var isThere: Bool {
      switch self {
      case .best, .table: true
      case .clmul: rdb_crc64_has_clmul() != 0
      case .vclmul256: rdb_crc64_has_vclmul256() != 0
      case .vclmul: rdb_crc64_has_vclmul() != 0
      }
    }

    func crc(_ crc: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
      switch self {
      case .best: rdb_crc64(crc, bytes.baseAddress, bytes.count)
      case .table: rdb_crc64_table(crc, bytes.baseAddress, bytes.count)
      case .clmul: rdb_crc64_clmul(crc, bytes.baseAddress, bytes.count)
      case .vclmul256: rdb_crc64_vclmul256(crc, bytes.baseAddress, bytes.count)
      case .vclmul: rdb_crc64_vclmul(crc, bytes.baseAddress, bytes.count)
      }
    }
  }

  /// The definition, bit by bit.
  static func reference(_ crc: UInt64, _ bytes: some Sequence<UInt8>) -> UInt64 {
    var crc = crc
    for byte in bytes {
      crc ^= UInt64(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x95AC_9329_AC4B_C9B5 : crc >> 1 }
    }
    return crc
  }

  static let bytes: [UInt8] = {
    var generator = SeededGenerator(seed: 7)
    return (0..<2100).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }()

  @Test("has the check value")
  func checkValue() {
    var crc = CRC64()
    crc.update(Array("123456789".utf8).span.bytes)
    #expect(crc.value == 0xE9C6_D914_C4B8_D9CA)
  }

  @Test("is the same in every way, at all lengths and alignments", arguments: Way.allCases)
  func ways(_ way: Way) {
    guard way.isThere else { return }
    Self.bytes.withUnsafeBytes { all in
      for start in 0..<16 {
        for count in stride(from: start, through: 1100, by: start == 0 ? 1 : 13) {
          let part = UnsafeRawBufferPointer(rebasing: all[start..<start + count])
          let expected = Self.reference(0x1234_5678_9ABC_DEF0, part)
          #expect(way.crc(0x1234_5678_9ABC_DEF0, part) == expected, "\(start), \(count)")
        }
      }
    }
  }

  @Test("combines two parts")
  func combine() {
    for count in 0...2100 {
      let first = Self.reference(0, Self.bytes[..<count])
      let second = Self.reference(0, Self.bytes[count...])
      let whole = Self.reference(0, Self.bytes)
      #expect(
        CRC64.combine(first, second, secondByteCount: UInt64(2100 - count)) == whole, "\(count)")
    }
  }
}
