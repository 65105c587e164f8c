import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import TestSupport
import Testing

@Suite("Scores that a file has as text")
struct ScoreTextTests {
  static let texts = [
    "1.50", "007", "1e5", "-0", "0", "inf", "-inf", "0.1", "-0.5", "3", "-3", "0.0001", "0.00001", "123456.789",
    "0.10000000000000001", "+1.5", "0x1p3", ".5", "5.", "-.5", "0.0", "99999999999.9999", "1e400", "123456789012345",
    "1234567890123456", "3.14159265358979", "2.675",
  ]

  /// Sorted sets of these texts, packed; and with the numbers that they stand for.
  private func snapshots(_ kind: UInt8) throws -> (packed: [UInt8], plain: [UInt8]) {
    var entries: [RDBBytes.Entry] = []
    var members = RDBBytes.length(UInt64(Self.texts.count))
    for (index, text) in Self.texts.enumerated() {
      let member = Array("member \(index)".utf8)
      let score = DoubleText.parse(Array(text.utf8).span.bytes) ?? .nan
      entries += [.text(member), .text(Array(text.utf8))]
      members += RDBBytes.string(member) + RDBBytes.little(score.bitPattern)
    }
    let packed = kind == 17 ? RDBBytes.listpack(entries) : RDBBytes.ziplist(entries)
    return (
      RDBBytes.snapshot(version: 11, RDBBytes.key(kind, RDBBytes.string(packed))),
      RDBBytes.snapshot(version: 11, RDBBytes.key(5, members))
    )
  }

  @Test("Give the same commands as binary scores", arguments: [17, 12] as [UInt8])
  func commands(_ kind: UInt8) throws {
    let (packed, plain) = try snapshots(kind)
    for count in [1, 3, 1000] {
      let one = convert(packed, target: "7.2") { $0.commandElementCount = count }
      #expect(one.error == nil)
      #expect(one.bytes == convert(plain, target: "7.2") { $0.commandElementCount = count }.bytes)
    }
  }

  @Test("Give the same JSON as binary scores", arguments: [17, 12] as [UInt8])
  func json(_ kind: UInt8) throws {
    let (packed, plain) = try snapshots(kind)
    for shape in JSONOptions.Shape.allCases {
      let one = JSONConversion(packed, shape: shape)
      #expect(one.error == nil)
      let text = String(decoding: one.bytes, as: UTF8.self)
      let other = String(decoding: JSONConversion(plain, shape: shape).bytes, as: UTF8.self)
      #expect(Self.withoutEncoding(text) == Self.withoutEncoding(other))
    }
  }

  private static func withoutEncoding(_ text: String) -> [Substring] {
    text.split(separator: ",").filter { !$0.hasPrefix("\"encoding\"") }
  }

  @Test("Of -0 are noted for targets that drop the sign in a listpack", arguments: [17, 12] as [UInt8])
  func negativeZero(_ kind: UInt8) throws {
    let (packed, plain) = try snapshots(kind)
    let note = "signs of scores of -0, which only RESTORE carries into small sorted sets ×1"
    for dump in [packed, plain] {
      for target in ["7.0", "8.2", "valkey-8.0"] {
        let noted = convert(dump, target: target)
        #expect(noted.notes.contains(note) && noted.losses.isEmpty)
        #expect(noted.lines[1].contains(" -0 "))
      }
      #expect(!convert(dump, target: "6.2").notes.contains(note))
    }
    // The listpack holds the text -0, which the target keeps.
    let restored = convert(packed, target: "7.2") { $0.restore = .auto }
    #expect(!restored.notes.contains(note) && restored.lines[1].hasPrefix("RESTORE k 0 "))
  }

  @Test("Are rejected if they are not numbers", arguments: ["", "nan", "1,5", "--1", "1.2.3"])
  func refused(_ text: String) {
    let packed = RDBBytes.listpack([.text(Array("m".utf8)), .text(Array(text.utf8))])
    let bytes = RDBBytes.snapshot(version: 11, RDBBytes.key(17, RDBBytes.string(packed)))
    #expect(convert(bytes).error?.isEmpty == false)
  }
}
