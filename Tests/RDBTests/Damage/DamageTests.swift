import RDB
import RDBFormat
import TestSupport
import Testing

/// The offsets that the damage tests try in a fixture.
struct Sampling {
  static func offsets(of fixture: Fixture, _ count: Int, factor: Int = 1, seed: UInt64) -> [Int] {
    TestExtent.current.offsets(in: count, factor: factor, seed: seed)
  }
}

@Suite("Bad input")
struct DamageTests {
  @Test("cut anywhere, is an error inside the file", arguments: Fixture.valid)
  func cut(_ fixture: Fixture) {
    let bytes = fixture.bytes
    // What follows a snapshot may be cut.
    let end = Int(snapshotEnd(bytes)?.byteCount ?? 0)
    for count in Sampling.offsets(of: fixture, end, seed: 1) {
      let interest: Interest = count % 2 == 0 ? .elements : .validate
      guard let error = errorOf(Array(bytes[..<count]), interest) else {
        Issue.record("\(fixture) cut to \(count) bytes was read without an error")
        continue
      }
      let isRight =
        error.code == .truncated && error.offset <= count && (error.valueType == nil || error.key != nil)
      if !isRight { Issue.record("\(fixture) cut to \(count): \(error)") }
    }
  }

  @Test("with one bit flipped, is an error, or a whole result without a checksum", arguments: Fixture.valid)
  func flipped(_ fixture: Fixture) {
    let original = fixture.bytes
    let end = snapshotEnd(original)
    var isChecked = false
    if case .verified = end?.checksum { isChecked = true }
    let interests: [Interest] = [.elements, .validate, .elementsAfterOutline, .stored(atMost: 64)]
    var bytes = original
    for number in Sampling.offsets(of: fixture, original.count, factor: 8, seed: 2) {
      let (offset, bit) = (number / 8, UInt8(1) << UInt8(number % 8))
      bytes[offset] ^= bit
      let error = errorOf(bytes, interests[(number / 8 + number) % 4])
      bytes[offset] ^= bit
      if let error {
        let isRight =
          error.offset >= 0 && error.offset <= bytes.count && (error.valueType == nil || error.key != nil)
        if !isRight { Issue.record("\(fixture), bit \(bit) of byte \(offset): \(error)") }
      } else if isChecked, offset >= 9, offset < Int(end?.byteCount ?? 0) {
        // Only a version without a checksum hides a flip.
        Issue.record("\(fixture): bit \(bit) of byte \(offset) went unnoticed")
      }
    }
  }

  /// What stands in offset of each byte: the longest lengths there are, as length and as part of one.
  static let claims: [[UInt8]] = [
    [0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    [UInt8](repeating: 0x81, count: 1)
      + [UInt8](repeating: 0xFF, count: 8), [0x80, 0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF],
    [0xC3, 0x40, 0x40, 0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    [0xC3, 0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x05], [0x00], [],
  ]

  @Test("with huge claims in offset of every length, ends", arguments: Fixture.valid)
  func hugeClaims(_ fixture: Fixture) {
    let original = fixture.bytes
    let interests: [Interest] = [.elements, .skip, .validate, .storedOrOutlined(atMost: 30)]
    for offset in Sampling.offsets(of: fixture, original.count, seed: 3) where offset >= 9 {
      for (number, claim) in Self.claims.enumerated() where original.count <= 4096 || number < 2 {
        var bytes = Array(original[..<offset])
        bytes += claim
        bytes += original[min(offset + max(claim.count == 4 ? 4 : 1, 1), original.count)...]
        _ = errorOf(bytes, interests[(offset + number) % 4])
        if number == offset % 4 { _ = errorOf(bytes, .elements, threads: 2) }
      }
    }
  }

  @Test("Has fixtures that a reader refuses")
  func refusedAreThere() { #expect(!Fixture.refused.isEmpty) }

  @Test("Is refused with the error code that its fixture expects", arguments: Fixture.refused)
  func refused(_ fixture: Fixture) {
    let error = errorOf(fixture.bytes, .elements)
    #expect(error?.code == fixture.expectedErrorCode, "\(String(describing: error))")
  }

  @Test("gives the same error in every way", arguments: Fixture.damaged)
  func sameErrors(_ fixture: Fixture) {
    let whole = Way.whole.read(fixture.bytes, interest: .elements)
    for way in Way.allCases where way != .whole {
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

  @Test("names the key that a cut or a wrong byte falls into")
  func names() throws {
    let bytes = Fixture.named("crafted/v10-strings").bytes
    // The last record is `00`, a name of 14 bytes, a value of 256: 273 bytes before EOF and checksum.
    let cut = try #require(errorOf(Array(bytes.dropLast(100)), .elements))
    #expect(cut.code == .truncated)
    #expect(cut.key == Array("all bytes \u{0}".utf8) + [0xFF, 13, 10, 34])
    #expect(cut.valueType == "string")
    #expect(cut.database == 0)
  }

  private func snapshotEnd(_ bytes: [UInt8]) -> SnapshotEnd? {
    var reader = RDBReader(MemorySource(bytes))
    var sink = NoSink()
    return try? reader.read(into: &sink)
  }
}

/// The error that reading these bytes ends with.
func errorOf(_ bytes: [UInt8], _ interest: Interest, threads: Int = 1) -> RDBError? {
  var options = RDBReader.Options()
  options.windowByteCount = 16 << 10
  var reader = RDBReader(MemorySource(bytes), options: options)
  do {
    if threads == 1 {
      var sink = NoSink(interest: interest)
      try reader.read(into: &sink)
    } else {
      _ = try reader.fold(threads: threads) { DiscardingSink(interest: interest) }
    }
  } catch { return error as? RDBError }
  return nil
}

/// A sink without a result.
struct DiscardingSink: FoldingSink, SelectiveSink {
  let interest: Interest
  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest { interest }
  consuming func finish() throws(RDBError) -> NoSummary { NoSummary() }
}
