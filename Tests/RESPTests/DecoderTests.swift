import RESP
import TestSupport
import Testing

/// Decodes `bytes` fed in pieces of `size`; the values, and the error that ended it.
private func decode(_ bytes: [UInt8], size: Int = .max, limits: RESPLimits = RESPLimits()) -> (
  [RESPValue], RESPError?
) {
  var decoder = RESPDecoder(limits: limits)
  var values: [RESPValue] = []
  do throws(RESPError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      decoder.feed(rest.prefix(size))
      rest = rest.dropFirst(size)
      while let value = try decoder.next() { values.append(value) }
    }
    try decoder.finish()
    return (values, nil)
  } catch {
    return (values, error)
  }
}

@Suite("Replies")
struct DecoderTests {
  static let rows: [(text: String, value: RESPValue)] = [
    ("+OK\r\n", .simple(Array("OK".utf8))),
    ("+\r\n", .simple([])),
    ("-ERR no\r\n", .error(Array("ERR no".utf8))),
    (":0\r\n", .integer(0)),
    (":-9223372036854775808\r\n", .integer(.min)),
    (":+5\r\n", .integer(5)),
    ("$0\r\n\r\n", .bulk([])),
    ("$5\r\na\r\nb\n\r\n", .bulk(Array("a\r\nb\n".utf8))),
    ("$-1\r\n", .null),
    ("*-1\r\n", .null),
    ("_\r\n", .null),
    ("*0\r\n", .array([])),
    ("*2\r\n*1\r\n:1\r\n*0\r\n", .array([.array([.integer(1)]), .array([])])),
    (",1.5\r\n", .double(1.5)),
    (",inf\r\n", .double(.infinity)),
    ("#t\r\n", .boolean(true)),
    ("#f\r\n", .boolean(false)),
    ("(-123456789012345678901234567890\r\n", .bigNumber(Array("-123456789012345678901234567890".utf8))),
    ("!3\r\nERR\r\n", .error(Array("ERR".utf8))),
    ("=7\r\ntxt:abc\r\n", .verbatim(format: Array("txt".utf8), Array("abc".utf8))),
    ("%1\r\n+k\r\n:1\r\n", .map([.init(.simple(Array("k".utf8)), .integer(1))])),
    ("%0\r\n", .map([])),
    ("~2\r\n:1\r\n:2\r\n", .set([.integer(1), .integer(2)])),
    (">1\r\n+x\r\n", .push([.simple(Array("x".utf8))])),
    (
      "|1\r\n+ttl\r\n:9\r\n*1\r\n:1\r\n",
      .attributed([.init(.simple(Array("ttl".utf8)), .integer(9))], .array([.integer(1)]))
    ),
    (
      "*2\r\n|1\r\n+a\r\n:1\r\n:2\r\n:3\r\n",
      .array([.attributed([.init(.simple(Array("a".utf8)), .integer(1))], .integer(2)), .integer(3)])
    ),
  ]

  @Test("Decode to the value of their type, whole and in chunks of any size")
  func types() {
    for row in Self.rows {
      let bytes = Array(row.text.utf8)
      for size in 1...bytes.count {
        let (values, error) = decode(bytes, size: size)
        #expect(values == [row.value], "\(row.text)")
        #expect(error == nil)
      }
    }
  }

  @Test("Decode one after the other in chunks of any size")
  func sequence() {
    let bytes = Self.rows.flatMap { Array($0.text.utf8) }
    for size in [1, 2, 3, 7, 64, Int.max] {
      let (values, error) = decode(bytes, size: size)
      #expect(values == Self.rows.map(\.value))
      #expect(error == nil)
    }
  }

  @Test("Are truncated at each cut, without a value for the last one")
  func cuts() {
    for row in Self.rows {
      let bytes = Array(row.text.utf8)
      for end in 1..<bytes.count {
        let (values, error) = decode(Array(bytes[..<end]))
        #expect(values.isEmpty)
        #expect(error?.code == .truncated)
        #expect(error?.offset == UInt64(end))
      }
    }
  }

  static let wrong: [(text: String, code: RESPError.Code, offset: UInt64)] = [
    ("SET k v\r\n", .unknownType, 0),
    ("S", .unknownType, 0),
    ("\r\n", .unknownType, 0),
    ("$-2\r\n", .badLength, 1),
    ("$+3\r\nabc\r\n", .badLength, 1),
    ("$ 3\r\nabc\r\n", .badLength, 1),
    ("$\r\n", .badLength, 1),
    ("$9223372036854775807\r\n", .bulkTooLong, 1),
    ("$9223372036854775808\r\n", .badLength, 1),
    ("$99999999999999999999\r\n", .badLength, 1),
    ("*9223372036854775807\r\n", .tooManyElements, 1),
    ("%4611686018427387904\r\n", .tooManyElements, 1),
    ("$?\r\n", .streamed, 1),
    ("*?\r\n", .streamed, 1),
    ("$3\r\nabcd\r\n", .badLineEnd, 7),
    ("+a\n", .badLineEnd, 2),
    ("+a\rb\r\n", .badLineEnd, 3),
    (":1x\r\n", .badNumber, 1),
    (":9223372036854775808\r\n", .badNumber, 1),
    (",x\r\n", .badNumber, 1),
    ("#1\r\n", .badNumber, 1),
    ("(1.5\r\n", .badNumber, 1),
    ("_x\r\n", .badNumber, 1),
    ("=3\r\nabc\r\n", .badNumber, 4),
    ("*1\r\nx\r\n", .unknownType, 4),
  ]

  @Test("Are rejected with the offset if they are malformed")
  func refused() {
    for row in Self.wrong {
      for size in [1, Int.max] {
        let (values, error) = decode(Array(row.text.utf8), size: size)
        #expect(values.isEmpty, "\(row.text)")
        #expect(error?.code == row.code, "\(row.text): \(error as Any)")
        #expect(error?.offset == row.offset, "\(row.text)")
      }
    }
  }

  @Test("Nest up to the limit")
  func depth() {
    var limits = RESPLimits()
    limits.depth = 1000
    let deep = Array(String(repeating: "*1\r\n", count: 1000).utf8) + Array(":1\r\n".utf8)
    #expect(decode(deep, limits: limits).1 == nil)
    limits.depth = 999
    #expect(decode(deep, limits: limits).1?.code == .tooDeep)
    let bomb = Array(String(repeating: "*1\r\n", count: 100_000).utf8)
    #expect(decode(bomb).1?.code == .tooDeep)
    let wide = Array(String(repeating: "*1000000\r\n", count: 30).utf8)
    limits.elementCount = 5_000_000
    #expect(decode(wide, limits: limits).1?.code == .tooManyElements)
  }

  @Test("Have limits for lines, bulk strings and elements")
  func limits() {
    var limits = RESPLimits()
    limits.lineByteCount = 10
    limits.bulkByteCount = 10
    limits.elementCount = 3
    #expect(decode(Array("+12345678901".utf8), limits: limits).1?.code == .lineTooLong)
    #expect(decode(Array("$11\r\n".utf8), limits: limits).1?.code == .bulkTooLong)
    #expect(decode(Array("*2\r\n*2\r\n".utf8), limits: limits).1?.code == .tooManyElements)
    #expect(decode(Array("*3\r\n:1\r\n:2\r\n:3\r\n*3\r\n:1\r\n:2\r\n:3\r\n".utf8), limits: limits).1 == nil)
  }

  @Test("Have a limit for all nested values together, which each reply has for itself")
  func replySize() {
    var limits = RESPLimits()
    limits.replyByteCount = 30
    let fits = Array("*2\r\n$7\r\nabcdefg\r\n$7\r\n".utf8)
    #expect(fits.count + 7 == 28)
    #expect(decode(fits + Array("abcdefg\r\n".utf8), limits: limits).1 == nil)
    // The second length is refused before its bytes arrive.
    #expect(decode(Array("*2\r\n$7\r\nabcdefg\r\n$10\r\n".utf8), limits: limits).1?.code == .replyTooLarge)
    let numbers = Array(("*9\r\n" + String(repeating: ":1\r\n", count: 9)).utf8)
    #expect(decode(numbers, limits: limits).1?.code == .replyTooLarge)
    let replies = Array(String(repeating: "+abcdefgh\r\n", count: 9).utf8)
    for size in [1, 5, Int.max] { #expect(decode(replies, size: size, limits: limits).0.count == 9) }
  }
}
