import Foundation
import RDB
import RDBEdit
import RDBFormat
import RDBLZF
import TestSupport
import Testing

@Suite("Masked values")
struct MaskedValueTests {
  /// Masks strings, each as the value of a key.
  private func mask(_ values: [[UInt8]]) throws -> [[UInt8]] {
    var builder = SnapshotBuilder(version: 9)
    for (index, value) in values.enumerated() { builder.string("key:\(index)", value) }
    return try MaskedReading.read(try MaskedReading.mask(builder.whole).bytes).keys.map { $0.values[0] }
  }

  private func kind(_ byte: UInt8) -> String {
    switch byte {
    case 48...57: "digit"
    case 65...90: "upper"
    case 97...122: "lower"
    case 128...: "high"
    case 9, 10, 13, 32...47, 58...64, 91...96, 123...126: "sign"
    default: "control"
    }
  }

  @Test("have the kinds of bytes of the values, and differ from them")
  func kinds() throws {
    let texts = [
      "Hello World 42", #"{"name":"Ann-Marie","age":37,"tags":["a","b"]}"#, "user@example.com", "2026-11-30T02:00:00Z",
      "3f2a9c70-12ab-4d9e-8f00-abcdef012345", "a", "7", "007", "-", "---", "12345678901234567890123", "p@ss!w0rd#1",
      "\u{1}\u{2}\u{3}binary", "+49 (30) 1234", "x", String(repeating: "x", count: 1000),
    ]
    for (text, masked) in zip(texts, try mask(texts.map { Array($0.utf8) })) {
      #expect(Array(text.utf8).map(kind) == masked.map(kind), "\(text)")
      #expect(Array(text.utf8) != masked, "\(text)")
    }
  }

  @Test("that are UTF-8 stay UTF-8 with the same lengths, and others stay others")
  func utf8() throws {
    let texts = ["Größe ÄÖ", "Привет мир", "你好，世界", "한국어", "🙂🙃 emoji", "日本のカタカナ", "e\u{301}"]
    for (text, masked) in zip(texts, try mask(texts.map { Array($0.utf8) })) {
      let result = try #require(String(validating: masked, as: UTF8.self))
      #expect(result.unicodeScalars.map { $0.utf8.count } == text.unicodeScalars.map { $0.utf8.count }, "\(text)")
      #expect(result != text)
    }
    var random = SeededGenerator(seed: 7)
    let binary = (0..<500).map { _ in
      (0..<Int.random(in: 1...4, using: &random)).map { _ in UInt8.random(in: 128...255, using: &random) }
    }
    let others = binary.filter { String(validating: $0, as: UTF8.self) == nil }
    for masked in try mask(others) { #expect(String(validating: masked, as: UTF8.self) == nil) }
  }

  @Test("that are integers stay integers of the same sign, digits and width")
  func integers() throws {
    var numbers: [Int64] = [0, 1, 9, 10, 12, 13, 99, 100, 127, 128, 999, 4095, 4096, 32767, 32768, .max, .min, -1]
    for bits in 3..<63 { numbers += [1 << bits, (1 << bits) - 1, -(1 << bits), -(1 << bits) - 1] }
    for (number, bytes) in zip(numbers, try mask(numbers.map { Array(String($0).utf8) })) {
      let text = String(decoding: bytes, as: UTF8.self)
      let masked = try #require(Int64(text), "\(number) became \(text)")
      #expect(String(masked) == text && text.utf8.count == String(number).utf8.count)
      #expect((masked < 0) == (number < 0) && masked != number)
      for width in [8, 16, 24, 32] {
        let range = -(Int64(1) << (width - 1))...(Int64(1) << (width - 1)) - 1
        #expect(range.contains(number) == range.contains(masked), "\(number) became \(masked)")
      }
    }
  }

  @Test("that are not integers do not become integers")
  func notIntegers() throws {
    let texts = ["007", "00", "-0", "-01", "9223372036854775808", "-9223372036854775809", "12345678901234567890"]
    for masked in try mask(texts.map { Array($0.utf8) }) {
      let text = String(decoding: masked, as: UTF8.self)
      #expect(Int64(text).map { String($0) != text } ?? true, "\(text)")
    }
  }

  @Test("repeat where the values repeat, so that they compress as well")
  func repeated() throws {
    let words = ["status", "active", "inactive", "customer", "2026", "order", "shipped", "address"]
    var random = SeededGenerator(seed: 11)
    let text = (0..<400).map { _ in
      #"{"\#(words.randomElement(using: &random)!)":"\#(words.randomElement(using: &random)!)"}"#
    }
    .joined(separator: ",")
    let values = [Array(text.utf8), [UInt8](repeating: 120, count: 5000)]
    for (value, masked) in zip(values, try mask(values)) {
      #expect(Double(Compressed.size(masked)) < 1.15 * Double(Compressed.size(value)) + 32)
    }
    let masked = String(decoding: try mask([Array("one two one two".utf8)])[0], as: UTF8.self).split(separator: " ")
    #expect(masked[0] == masked[2] && masked[1] == masked[3] && masked[0] != masked[1])
  }
}

/// Strings compressed as servers do.
private enum Compressed {
  static func size(_ bytes: [UInt8]) -> Int {
    var output = [UInt8](repeating: 0, count: bytes.count)
    let compressor = LZFCompressor()
    let count = output.withUnsafeMutableBytes { compressor.compress(bytes.span.bytes, into: $0) }
    return count == 0 ? bytes.count : count
  }
}
