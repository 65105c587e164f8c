import RDBSupport
import Testing

@Suite("SipHash-2-4 and SipHash-1-3 with 128 bits")
struct SipHashTests {
  /// The results for the key 00 01 … 0f and messages 00 01 02 …, by number of bytes: those below 64 are in the table of
  /// the reference implementation, and all are what OpenSSL 3.0 answers.
  static let vectors: [(byteCount: Int, result: String)] = [
    (0, "a3817f04ba25a8e66df67214c7550293"),
    (1, "da87c1d86b99af44347659119b22fc45"),
    (2, "8177228da4a45dc7fca38bdef60affe4"),
    (3, "9c70b60c5267a94e5f33b6b02985ed51"),
    (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
    (8, "3b62a9ba6258f5610f83e264f31497b4"),
    (9, "264499060ad9baabc47f8b02bb6d71ed"),
    (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
    (16, "6ee2a4ca67b054bbfd3315bf85230577"),
    (31, "2939b0183223fafc1723de4f52c43d35"),
    (63, "5150d1772f50834a503e069a973fbd7c"),
    (64, "1eaf077dc0d4cd3f8cad4d383658a74b"),
    (255, "1c9bb67528165f8e468248e3799b0eab"),
    (256, "67a00304d3834c4612eaee7b5f579acb"),
    (300, "ce005a406d14b36d5386b5f7a7e1b311"),
  ]

  /// The same for SipHash-1-3, as OpenSSL 3.0 answers with `c-rounds:1` and `d-rounds:3`.
  static let reducedVectors: [(byteCount: Int, result: String)] = [
    (0, "e77ebcb22788a5befd62db6add303001"),
    (1, "fc6f370460d3eda85e0573cc2b2ff063"),
    (3, "6bc5ccfa1edcf79f4823187712ebd743"),
    (7, "1084b923f2aae0c3a62f2ec80848ab77"),
    (8, "aa12fee1d5e3dab4724f16ab35f9c799"),
    (9, "81ddb8042cf33994f4720e0094137c42"),
    (15, "c17e5505b2bd526c2921cdec1e7e0109"),
    (16, "d0a8d95715518eebb513b0f83d9e1793"),
    (31, "42ea961c5b3c858b17c3e550dfa79010"),
    (63, "4c5800e34efe426f079f6b0aa75260ad"),
    (64, "1253def24b4aa5364ec8a759ba6a66c2"),
    (255, "f528a4c10a2158a5f1a465d0aebb3ee9"),
    (256, "f56c8b243a0c025a6a687aa2b99c707a"),
    (300, "3165ead62761c51719819dcf73cd572b"),
  ]

  private static func text(_ result: (low: UInt64, high: UInt64)) -> String {
    [result.low, result.high].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(8 * $0)) } }
      .map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }
      .joined()
  }

  @Test("has the published results", arguments: vectors)
  func published(_ vector: (byteCount: Int, result: String)) {
    let message = (0..<vector.byteCount).map { UInt8(truncatingIfNeeded: $0) }
    let result = SipHash.hash(message.span.bytes, key: 0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
    #expect(Self.text(result) == vector.result)
  }

  @Test("has the results of OpenSSL with one step per word and three at the end", arguments: reducedVectors)
  func reduced(_ vector: (byteCount: Int, result: String)) {
    let message = (0..<vector.byteCount).map { UInt8(truncatingIfNeeded: $0) }
    let result = SipHash.hash(
      message.span.bytes, key: 0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, isReduced: true)
    #expect(Self.text(result) == vector.result)
  }

  @Test("adds a byte string as its length, its bytes and zeros", arguments: 0...33)
  func padded(byteCount: Int) {
    let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: 255 - $0) }
    var state = SipHash(key: 1, 2)
    state.add(bytes.span.bytes)
    state.add(UInt64(77))
    let padding = [UInt8](repeating: 0, count: (8 - byteCount % 8) % 8)
    let message = [UInt8(byteCount), 0, 0, 0, 0, 0, 0, 0] + bytes + padding + [77, 0, 0, 0, 0, 0, 0, 0]
    #expect(state.finish() == SipHash.hash(message.span.bytes, key: 1, 2))
  }
}
