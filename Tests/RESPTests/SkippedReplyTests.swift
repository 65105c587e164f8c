import RESP
import TestSupport
import Testing

@Suite("Skipped replies")
struct SkippedReplyTests {
  private static let successes = [
    "+OK\r\n", "+\r\n", ":1\r\n", ":-12345\r\n", ":0\r\n", "$-1\r\n", "_\r\n", "+QUEUED\r\n",
  ]
  private static let others = [
    "-ERR no\r\n", "$2\r\nab\r\n", "*1\r\n:1\r\n", ":9223372036854775807\r\n", "#t\r\n", ">1\r\n+x\r\n", "$0\r\n\r\n",
  ]

  @Test("Are the same number of replies as decoded, in pieces of any size")
  func pieces() throws {
    for seed: UInt64 in 1...30 {
      var random = SeededGenerator(seed: seed)
      let replies = (0..<200).map { _ in
        (Int.random(in: 0..<8, using: &random) == 0 ? Self.others : Self.successes).randomElement(using: &random)!
      }
      let bytes = replies.flatMap { Array($0.utf8) }
      let stops = Bool.random(using: &random)
      var (decoder, start, skipped, decoded) = (RESPDecoder(), 0, 0, 0)
      while start < bytes.count {
        let end = min(bytes.count, start + Int.random(in: 1...40, using: &random))
        decoder.feed(bytes[start..<end])
        start = end
        while true {
          let count = decoder.skipSuccesses(atMost: Int.random(in: 1...5, using: &random), stoppingAtZero: stops)
          for reply in replies[skipped + decoded..<skipped + decoded + count] {
            #expect(Self.successes.contains(reply))
            #expect(!stops || ![":0\r\n", "$-1\r\n", "_\r\n"].contains(reply))
          }
          skipped += count
          if count == 0 {
            guard try decoder.next() != nil else { break }
            decoded += 1
          }
        }
      }
      #expect(skipped + decoded == replies.count)
      #expect(decoder.offset == UInt64(bytes.count))
      #expect(decoder.isBetweenValues)
      #expect(decoded >= replies.filter { Self.others.contains($0) }.count)
      if !stops { #expect(decoded == replies.filter { Self.others.contains($0) }.count) }
    }
  }

  @Test(
    "Keep the limits and errors of the decoder",
    arguments: [
      "+a\nb\r\n", ":1x\r\n", ":\r\n", ":-\r\n", "$-2\r\n", "_x\r\n", "+a\rb\r\n", "?\r\n", ":99999999999999999999\r\n",
    ])
  func errors(_ text: String) throws {
    var plain = RESPDecoder()
    plain.feed(Array(text.utf8))
    let expected = #expect(throws: RESPError.self) { try plain.next() }
    var skipping = RESPDecoder()
    skipping.feed(Array(text.utf8))
    #expect(skipping.skipSuccesses(atMost: 10) == 0)
    let found = #expect(throws: RESPError.self) { try skipping.next() }
    #expect(found == expected)
  }

  @Test("Are none inside an aggregate, and none beyond the line limit")
  func aggregates() throws {
    var decoder = RESPDecoder()
    decoder.feed(Array("*2\r\n:1\r\n".utf8))
    #expect(try decoder.next() == nil)
    decoder.feed(Array(":2\r\n".utf8))
    #expect(decoder.skipSuccesses(atMost: 1) == 0)
    #expect(try decoder.next() == .array([.integer(1), .integer(2)]))
    var limits = RESPLimits()
    limits.lineByteCount = 3
    var short = RESPDecoder(limits: limits)
    short.feed(Array("+abc\r\n+abcd\r\n".utf8))
    #expect(short.skipSuccesses(atMost: 5) == 1)
    #expect(throws: RESPError.self) { try short.next() }
  }
}
