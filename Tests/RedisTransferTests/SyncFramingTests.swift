import RedisTransfer
import TestSupport
import Testing

@Suite("The framing of a synchronisation")
struct SyncFramingTests {
  static let mark = Array("784457b712bfb44ed7bff720b59ec27d6f7ba811".utf8)

  /// The result of a transfer: the payload, the bytes after it, and whether it is complete.
  struct Result: Equatable {
    var payload: [UInt8] = []
    var rest: [UInt8] = []
    var isComplete = false
    var payloadByteCount: UInt64 = 0
    var offset: UInt64 = 0
  }

  /// Feeds `input` in pieces of the sizes that `next` returns.
  private func transfer(_ input: [UInt8], _ next: (Int) -> Int = { $0 }) throws(SyncFramingError) -> Result {
    var framing = SyncFraming()
    var result = Result()
    var index = 0
    while index < input.count {
      let end = index + next(input.count - index)
      let chunk = Array(input[index..<end])
      let part = try framing.receive(chunk.span.bytes)
      result.payload += part.heldBytes + chunk[part.range]
      result.rest += chunk[part.consumedByteCount...]
      index = end
    }
    result.isComplete = framing.isComplete
    result.payloadByteCount = framing.payloadByteCount
    result.offset = framing.offset
    if framing.isComplete { #expect(framing.totalByteCount == framing.payloadByteCount) }
    return result
  }

  private func marked(_ payload: [UInt8], by mark: [UInt8] = mark, rest: [UInt8] = []) -> [UInt8] {
    Array("\n\n$EOF:".utf8) + mark + [13, 10] + payload + mark + rest
  }

  private func counted(_ payload: [UInt8], rest: [UInt8] = []) -> [UInt8] {
    Array("\n$\(payload.count)\r\n".utf8) + payload + rest
  }

  @Test("A payload with its length, or with a mark, is the same whatever the cuts, and the bytes after it are kept")
  func cuts() throws {
    let payload = Array("REDIS0011\r\n$5\r\n\n".utf8) + Self.mark.dropLast() + [0, 255] + Self.mark.prefix(20)
    let rest = Array("*1\r\n$4\r\nPING\r\n".utf8)
    for input in [marked(payload, rest: rest), counted(payload, rest: rest)] {
      let whole = Result(
        payload: payload, rest: rest, isComplete: true, payloadByteCount: UInt64(payload.count),
        offset: UInt64(input.count - rest.count))
      #expect(try transfer(input) == whole)
      for size in [1, 2, 3, 7, 39, 40, 41] {
        #expect(try transfer(input) { min($0, size) } == whole, "pieces of \(size)")
      }
      for cut in 1..<input.count {
        #expect(try transfer(input) { $0 == input.count ? cut : $0 } == whole, "cut at \(cut)")
      }
    }
  }

  @Test("A payload with any part of the mark at its end is whole", arguments: 0...39)
  func partOfMark(_ count: Int) throws {
    let payload = Array("REDIS".utf8) + Self.mark.prefix(count)
    let input = marked(payload)
    for size in [1, 13, 40, 1000] {
      let result = try transfer(input) { min($0, size) }
      #expect(result.payload == payload)
      #expect(result.isComplete)
    }
  }

  @Test("Marks and payloads of two letters give the same as a search of the whole, in random pieces")
  func randomPieces() throws {
    for seed in UInt64(1)...400 {
      var generator = SeededGenerator(seed: seed)
      let letters: ClosedRange<UInt8> = 97...98
      // Most marks repeat a short word, so that they overlap with themselves.
      let word = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        UInt8.random(in: letters, using: &generator)
      }
      let mark = (0..<40).map { word[$0 % word.count] }
      var stream: [UInt8] = []
      while stream.count < 600 {
        if Bool.random(using: &generator) {
          stream += mark.prefix(Int.random(in: 0...39, using: &generator))
        } else {
          stream.append(UInt8.random(in: letters, using: &generator))
        }
      }
      stream += mark + stream.prefix(20)
      let end = (0...(stream.count - 40)).first { stream[$0..<($0 + 40)].elementsEqual(mark) }!
      let input = Array("$EOF:".utf8) + mark + [13, 10] + stream
      let result = try transfer(input) { min($0, Int.random(in: 1...60, using: &generator)) }
      #expect(result.payload == Array(stream[..<end]), "seed \(seed)")
      #expect(result.rest == Array(stream[(end + 40)...]), "seed \(seed)")
    }
  }

  @Test("No byte after the end is consumed")
  func afterEnd() throws {
    var framing = SyncFraming()
    _ = try framing.receive(Array("$1\r\nx".utf8).span.bytes)
    let part = try framing.receive(Array("$2\r\n".utf8).span.bytes)
    #expect(part.consumedByteCount == 0)
    #expect(part.range.isEmpty)
  }

  @Test("The size is known from the length at once, and with a mark only at the end")
  func progress() throws {
    var framing = SyncFraming()
    _ = try framing.receive(Array("$100000\r\nREDIS".utf8).span.bytes)
    #expect(framing.totalByteCount == 100_000)
    #expect(framing.payloadByteCount == 5)
    #expect(!framing.endsWithMark)
    framing = SyncFraming()
    _ = try framing.receive(Array(marked([1, 2, 3]).dropLast()).span.bytes)
    #expect(framing.totalByteCount == nil)
    #expect(framing.endsWithMark)
  }

  @Test(
    "A malformed beginning is refused with its kind and offset, whatever the cuts",
    arguments: [
      ("$9223372036854775807\r\n", SyncFramingError.Kind.badLength, UInt64(1)),
      ("\n\n$99999999999999999999\r\n", .badLength, 3), ("$-1\r\n", .badLength, 1), ("$0\r\n", .badLength, 1),
      ("$\r\n", .badLength, 1), ("$12x\r\n", .badLength, 1), ("$ 12\r\n", .badLength, 1), ("$+1\r\n", .badLength, 1),
      ("$EOF:abc\r\n", .badMark, 5), ("$EOF:\r\n", .badMark, 5), ("$12\n", .badLineEnd, 3),
      ("$12\rx", .badLineEnd, 4), ("REDIS0011", .unexpectedByte, 0), ("\n\n+OK\r\n", .unexpectedByte, 2),
      ("\r\n", .unexpectedByte, 0), ("$" + String(repeating: "1", count: 2000), .lineTooLong, 1024),
      (String(repeating: "\n", count: 70_000), .tooManyNewlines, 65_536),
    ])
  func malformed(_ text: String, _ kind: SyncFramingError.Kind, _ offset: UInt64) {
    for size in [1, 2, 5, 100_000] {
      let error = #expect(throws: SyncFramingError.self) { try transfer(Array(text.utf8)) { min($0, size) } }
      #expect(error?.kind == kind)
      #expect(error?.offset == offset)
    }
  }

  @Test("An error in place of the snapshot is told with the words of the server")
  func refused() {
    let words = "ERR BGSAVE failed, replication can't continue"
    let error = #expect(throws: SyncFramingError.self) { try transfer(Array("\n-\(words)\r\n".utf8)) { _ in 1 } }
    #expect(error?.kind == .refused(ServerError(Array(words.utf8))))
    #expect("\(error!)" == "the server answered \"\(words)\" in place of a snapshot")
  }

  @Test("A connection that ends before the snapshot does is an error at the last byte")
  func truncated() throws {
    for input in [marked(Array("REDIS0011".utf8)), counted(Array("REDIS0011".utf8))] {
      for count in 0...input.count {
        var framing = SyncFraming()
        _ = try framing.receive(Array(input[..<count]).span.bytes)
        if count == input.count {
          try framing.finish()
        } else {
          let error = #expect(throws: SyncFramingError.self) { try framing.finish() }
          #expect(error?.kind == .truncated)
          #expect(error?.offset == UInt64(count))
        }
      }
    }
  }

  @Test("A payload that repeats the beginning of the mark takes linear time")
  func linearTime() throws {
    let mark = [UInt8](repeating: 97, count: 39) + [98]
    let payload = [UInt8](repeating: 97, count: 50_000)
    let input = marked(payload, by: mark)
    for size in [1, 100_000] {
      let start = ContinuousClock.now
      let result = try transfer(input) { min($0, size) }
      // Quadratic time would be hours.
      #expect(ContinuousClock.now - start < .seconds(60))
      // The last 39 letters of the payload belong to the first whole mark.
      #expect(result.payloadByteCount == 50_000)
      #expect(result.isComplete)
    }
  }
}
