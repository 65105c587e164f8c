import Foundation
import RDB
import RDBConvert
import RDBSupport
import TestSupport
import Testing

/// What `body` appends to an output.
private func output(_ body: (inout ByteOutput) throws -> Void) throws -> [UInt8] {
  let destination = MemoryDestination()
  var output = ByteOutput(to: destination)
  try body(&output)
  try output.flush()
  return destination.bytes
}

@Suite("JSON text")
struct JSONTextTests {
  /// Strings of every length around the sizes of blocks and pieces, of several kinds.
  static func samples() -> [[UInt8]] {
    var random = SeededGenerator(seed: 20_260_101)
    let lengths = Array(0...70) + [255, 4079, 4080, 4095, 4096, 4097, 4112, 8192, 8200, 40_000, 70_001, 200_000]
    var samples: [[UInt8]] = []
    for length in lengths {
      samples.append((0..<length).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) })
      samples.append((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
      samples.append(Array(String(repeating: "Ж\"я\u{2028}𝄞é\\", count: length / 5 + 1).utf8.prefix(length)))
      samples.append(Array(String(repeating: "жэ", count: length / 4).utf8))
      samples.append([UInt8](repeating: UInt8(ascii: "a"), count: length))
    }
    // One odd byte at every place of three blocks.
    for byte in [0, 0x1F, 0x22, 0x5C, 0x7F, 0x80, 0xC3, 0xFF] as [UInt8] {
      for length in [1, 3, 5, 7, 8, 12, 15, 16, 17, 33, 47] {
        for place in 0..<length {
          var sample = [UInt8](repeating: UInt8(ascii: "a"), count: length)
          sample[place] = byte
          samples.append(sample)
        }
      }
    }
    // An odd byte late in a long string, and several pieces of plain bytes.
    for place in [0, 4095, 4096, 50_000, 99_999] {
      for byte in [0x0A, 0xFF, 0x7F] as [UInt8] {
        var sample = [UInt8](repeating: UInt8(ascii: "b"), count: 100_000)
        sample[place] = byte
        samples.append(sample)
      }
    }
    samples.append(contentsOf: ["$base64:", "$base64:AAAA", "$base64", "$base64:\u{FFFD}"].map { Array($0.utf8) })
    return samples
  }

  @Test("Every string reads back as its bytes, also by Foundation", arguments: JSONOptions.Strings.allCases)
  func reversible(_ mode: JSONOptions.Strings) throws {
    let strings = JSONStrings(mode)
    for sample in Self.samples() {
      let value = try output { try strings.appendValue(sample.span.bytes, to: &$0) }
      #expect(try mode.bytes(JSONNode(value)) == sample)
      let name = try output { try strings.appendName(sample.span.bytes, to: &$0) }
      #expect(try mode.nameBytes(JSONNode(name).utf8 ?? [0]) == sample)
      let foundation = try JSONSerialization.jsonObject(with: Data(name), options: .fragmentsAllowed) as? String
      #expect(foundation.map { Array($0.utf8) } == (try JSONNode(name).utf8))
      if mode == .utf8 {
        let isText = String(validating: sample, as: UTF8.self) != nil
        #expect((try JSONNode(value).utf8 != nil) == isText)
        #expect(value.contains(0x7F) == (isText && sample.contains(0x7F)))
      } else {
        #expect(value == name)
      }
    }
  }

  @Test(
    "Strings have the text of the table",
    arguments: [
      (JSONOptions.Strings.utf8, "a\"\\\n\u{1}\u{7F}é\u{2028}", #""a\"\\\n\u0001\#u{7F}é\#u{2028}""#),
      (.latin1, "a\"\\\n\u{1}\u{7F}é", #""a\"\\\n\u0001\#u{7F}Ã©""#),
      (.escape, "a\"\\\n\r\t\u{7}\u{8}\u{1}\u{7F}é", #""a\\\"\\\\\\n\\r\\t\\a\\b\\x01\\x7f\\xc3\\xa9""#),
      (.base64, "hello", #""aGVsbG8=""#),
    ])
  func exact(_ mode: JSONOptions.Strings, _ text: String, _ expected: String) throws {
    let strings = JSONStrings(mode)
    let bytes = Array(text.utf8)
    let written = try output { try strings.appendValue(bytes.span.bytes, to: &$0) }
    #expect(String(decoding: written, as: UTF8.self) == expected)
  }

  @Test("Every byte reads back", arguments: JSONOptions.Strings.allCases)
  func everyByte(_ mode: JSONOptions.Strings) throws {
    let strings = JSONStrings(mode)
    for byte in UInt8.min...UInt8.max {
      for sample in [[byte], [byte, 0x61], [UInt8](repeating: byte, count: 20)] {
        let value = try output { try strings.appendValue(sample.span.bytes, to: &$0) }
        #expect(try mode.bytes(JSONNode(value)) == sample)
      }
    }
  }

  @Test("Accepts the same UTF-8 as the standard library")
  func validity() {
    func agrees(_ bytes: [UInt8]) -> Bool {
      let own = bytes.withUnsafeBytes { UTF8Check.isValid($0.baseAddress!, $0.count) }
      return own == (String(validating: bytes, as: UTF8.self) != nil)
    }
    var failures = 0
    // All of one and two bytes, and of three and four with every byte that decides something.
    for first in UInt8.min...UInt8.max {
      if !agrees([first]) { failures += 1 }
      for second in UInt8.min...UInt8.max where !agrees([first, second]) { failures += 1 }
    }
    let edges: [UInt8] = [0, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF]
    for first in 0xC0...UInt8.max {
      for second in UInt8.min...UInt8.max {
        for third in edges {
          if !agrees([first, second, third]) { failures += 1 }
          for fourth in edges where !agrees([first, second, third, fourth]) { failures += 1 }
        }
      }
    }
    var random = SeededGenerator(seed: 7)
    let pieces = ["a", "é", "ж", "€", "\u{D7FF}", "\u{E000}", "𝄞", "\u{10FFFF}"].map { Array($0.utf8) }
    for _ in 0..<20_000 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        bytes += pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }
      if Bool.random(using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      if !agrees(bytes) { failures += 1 }
    }
    #expect(failures == 0)
  }

  @Test("Base64 is the same as that of Foundation, whole and in chunks")
  func base64() throws {
    var random = SeededGenerator(seed: 64)
    for length in Array(0...100) + [24_575, 24_576, 24_577, 60_000] {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      let expected = Array(Data(bytes).base64EncodedString().utf8)
      #expect(try output { try $0.append(base64: bytes.span.bytes) } == expected)
      for size in [1, 2, 3, 4, 7, 1000] where length / size < 1000 {
        let pieces = try output { output in
          var stream = Base64Stream()
          for start in stride(from: 0, to: length, by: size) {
            let piece = Array(bytes[start..<min(start + size, length)])
            try stream.append(piece.span.bytes, to: &output)
          }
          try stream.finish(to: &output)
        }
        #expect(pieces == expected)
      }
    }
  }

  @Test(
    "Accepts a complete JSON text",
    arguments: [
      "{}", "[]", "0", "-0", "1.5e-3", "1E+30", "\"\"", "\"\\u00e9\\\"\\/\"", "true", "false", "null",
      " [1, {\"a\":[]}] ",
      "{\"a\":{\"b\":[null,true]},\"c\":\"d\"}", "\"\u{7F}é\"",
    ])
  func embedded(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(JSONCheck.check(bytes.span.bytes) == .oneLine)
  }

  @Test(
    "Rejects a malformed JSON text",
    arguments: [
      "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "[1 2]", "01", "-",
      "+1", "1.", ".5",
      "1e", "1e+", "tru", "nul", "True", "\"", "\"\\", "\"\\x\"", "\"\\u12g4\"", "\"\u{1}\"", "[}", "{]", "[1]]",
      "{}{}", "1 1", "[\"a\":1]",
      "{\"a\",1}", "{1:1}", "'a'", "NaN", "Infinity", "[1,2", "{\"a\":[}",
    ])
  func refused(_ text: String) {
    let bytes = Array(text.utf8)
    #expect(JSONCheck.check(bytes.span.bytes) == .malformed)
  }

  @Test("Limits the depth of a JSON text, finds its line breaks, and requires UTF-8")
  func depth() {
    func check(_ bytes: [UInt8]) -> JSONCheck.Verdict { JSONCheck.check(bytes.span.bytes) }
    func nested(_ count: Int) -> [UInt8] {
      Array((String(repeating: "[{\"a\":", count: count / 2) + "1" + String(repeating: "}]", count: count / 2)).utf8)
    }
    #expect(check(nested(JSONCheck.depthLimit)) == .oneLine)
    #expect(check(nested(JSONCheck.depthLimit + 2)) == .malformed)
    #expect(check([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)) == .malformed)
    #expect(check(Array("[1,\n2]".utf8)) == .severalLines)
    #expect(check([0x22, 0xFF, 0x22]) == .malformed)
  }
}

@Suite("Time text")
struct TimeTextTests {
  private func text(_ milliseconds: Int64) -> String? {
    var bytes = [UInt8](repeating: 0, count: TimeText.byteCount)
    let isWritten = bytes.withUnsafeMutableBytes { TimeText.write(milliseconds: milliseconds, to: $0.baseAddress!) }
    return isWritten ? String(decoding: bytes, as: UTF8.self) : nil
  }

  @Test("Writes ISO 8601 from the year 1 to 9999, and nothing for other years")
  func edges() {
    #expect(text(0) == "1970-01-01T00:00:00.000Z")
    #expect(text(-1) == "1969-12-31T23:59:59.999Z")
    #expect(text(1_767_225_600_000) == "2026-01-01T00:00:00.000Z")
    #expect(text(951_782_400_123) == "2000-02-29T00:00:00.123Z")
    #expect(text(4_107_542_400_000) == "2100-03-01T00:00:00.000Z")
    #expect(text(TimeText.range.lowerBound) == "0001-01-01T00:00:00.000Z")
    #expect(text(TimeText.range.upperBound) == "9999-12-31T23:59:59.999Z")
    for outside in [TimeText.range.lowerBound - 1, TimeText.range.upperBound + 1, .min, .max] {
      #expect(text(outside) == nil)
    }
  }

  @Test("Writes the same time as Foundation")
  func foundation() {
    // From the Gregorian calendar's first day on: before it Foundation's is the Julian one.
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0)!
    var random = SeededGenerator(seed: 1582)
    for _ in 0..<3000 {
      let milliseconds = Int64.random(in: -12_219_292_800_000...TimeText.range.upperBound, using: &random)
      let seconds = Double((milliseconds - (milliseconds % 1000 + 1000) % 1000) / 1000)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second], from: Date(timeIntervalSince1970: seconds))
      let expected = String(
        format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.year!, parts.month!, parts.day!, parts.hour!,
        parts.minute!, parts.second!, Int((milliseconds % 1000 + 1000) % 1000))
      #expect(text(milliseconds) == expected)
    }
  }
}
