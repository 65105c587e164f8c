import RDBSupport
import TestSupport
import Testing

@Suite("Hash slots")
struct HashSlotsTests {
  private static let slots = HashSlots()

  private static func slot(_ name: String) -> Int { slots.slot(of: Array(name.utf8).span.bytes) }

  /// CRC16 (XMODEM), one bit after another.
  private static func reference(_ bytes: [UInt8]) -> UInt16 {
    var crc: UInt16 = 0
    for byte in bytes {
      crc ^= UInt16(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
    }
    return crc
  }

  @Test("have the checksum of the standard")
  func check() {
    let checksum = Self.slots.checksum(Array("123456789".utf8).span.bytes)
    #expect(checksum == 0x31C3)
    #expect(Self.slot("123456789") == 12739)
    // CLUSTER KEYSLOT of Redis 7.0.15.
    #expect(Self.slot("foo") == 12182)
    #expect(Self.slot("") == 0)
  }

  @Test("are those of the hash tag, if there is one")
  func tags() {
    #expect(Self.slot("{user1000}.following") == Self.slot("user1000"))
    #expect(Self.slot("a{foo}b{bar}") == Self.slot("foo"))
    #expect(Self.slot("foo{{bar}}zap") == Self.slot("{bar"))
    let whole = Int(Self.reference(Array("foo{}{bar}".utf8)) & 0x3FFF)
    #expect(Self.slot("foo{}{bar}") == whole)
    let open = Int(Self.reference(Array("foo{bar".utf8)) & 0x3FFF)
    #expect(Self.slot("foo{bar") == open)
  }

  @Test("are the same as bit by bit, for names of every length, in one piece or two")
  func lengths() {
    var random = SeededGenerator(seed: 16)
    for length in 0..<70 {
      for _ in 0..<5 {
        let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        let expected = Self.reference(bytes)
        let whole = Self.slots.checksum(bytes.span.bytes)
        #expect(whole == expected)
        let cut = Int.random(in: 0...length, using: &random)
        let first = Self.slots.checksum(bytes.span.bytes.extracting(first: cut))
        let both = Self.slots.checksum(bytes.span.bytes.extracting(droppingFirst: cut), after: first)
        #expect(both == expected)
      }
    }
  }
}
