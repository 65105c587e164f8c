import RDB
import RDBFormat
import TestSupport
import Testing

@Suite("Bad input")
struct DamageTests {
  /// Every byte of a small file, a seeded sample of a larger one.
  static func places(_ count: Int, seed: UInt64) -> [Int] {
    if count <= 4096 { return Array(0..<count) }
    var generator = SeededGenerator(seed: seed)
    return (0..<(count < 100_000 ? 200 : 20)).map { _ in Int.random(in: 0..<count, using: &generator) }
  }

  @Test("cut anywhere, is an error inside the file", arguments: Fixture.valid)
  func cut(_ fixture: Fixture) {
    let bytes = fixture.bytes
    for count in Self.places(bytes.count, seed: 1) {
      let interest: Interest = count % 2 == 0 ? .elements : .validate
      let reading = errorOf(Array(bytes[..<count]), interest)
      guard let error = reading else {
        Issue.record("\(fixture) cut to \(count) bytes was read without an error")
        continue
      }
      #expect(error.code == .truncated, "\(fixture) cut to \(count): \(error)")
      #expect(error.offset <= count)
    }
  }

  @Test("with one bit flipped, is an error, or a whole result without a checksum", arguments: Fixture.valid)
  func flipped(_ fixture: Fixture) {
    let original = fixture.bytes
    let hasChecksum = { () -> Bool in
      var reader = RDBReader(MemorySource(original))
      var sink = NoSink()
      do { try reader.read(into: &sink) } catch { return false }
      if case .verified = reader.end?.checksum { return true }
      return false
    }()
    var bytes = original
    for place in Self.places(original.count, seed: 2) {
      let bit = UInt8(1) << UInt8(place % 8)
      bytes[place] ^= bit
      let error = errorOf(bytes, place % 3 == 0 ? .validate : .elementsAfterOutline)
      bytes[place] ^= bit
      if let error {
        #expect(error.offset <= bytes.count)
      } else if hasChecksum {
        // Only a checksum that became zero, or a version without one, hides a flip.
        #expect(place < 9, "\(fixture): bit \(bit) of byte \(place) went unnoticed")
      }
    }
  }

  @Test("with huge claims in place of every length, ends in an error", arguments: Fixture.valid)
  func hugeClaims(_ fixture: Fixture) {
    let original = fixture.bytes
    for place in Self.places(original.count, seed: 3) where place >= 9 && place % 3 == 0 {
      let claim: [UInt8] = [0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
      let bytes = original[..<place] + claim + original[(place + 1)...]
      _ = errorOf(Array(bytes), .elements)
      _ = errorOf(Array(bytes), .skip)
      _ = errorOf(Array(original[..<place] + [0xFF, 0xFF, 0xFF, 0xFF] + original[(place + 1)...]), .stored)
    }
  }

  @Test("is refused for the reason beside it", arguments: Fixture.refused)
  func refused(_ fixture: Fixture) {
    let error = errorOf(fixture.bytes, .elements)
    #expect(error?.code == fixture.expectedErrorCode, "\(String(describing: error))")
  }

  @Test("gives the same error in every way", arguments: Fixture.damaged)
  func sameErrors(_ fixture: Fixture) {
    let whole = Way.whole.read(fixture.bytes, interest: .elements)
    for way in Way.allCases {
      let other = way.read(fixture.bytes, interest: .elements)
      // A reader that sees the whole file knows earlier that a length cannot be.
      if whole.error?.hasPrefix("truncated") == true {
        #expect(other.error != nil, "\(way)")
        #expect(other.log == whole.log, "\(way)")
      } else {
        #expect(other == whole, "\(way)")
      }
    }
  }

  private func errorOf(_ bytes: [UInt8], _ interest: Interest) -> RDBError? {
    var reader = RDBReader(MemorySource(bytes))
    var sink = NoSink(interest: interest)
    do { try reader.read(into: &sink) } catch { return error }
    return nil
  }
}
