import Foundation
import RDBSupport
import TestSupport
import Testing

@Suite("Numbers as text")
struct NumberTextTests {
  private func text(
    _ room: Int = DecimalText.maximumByteCount, _ write: (UnsafeMutableRawPointer) -> Int
  ) -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
    defer { buffer.deallocate() }
    for index in buffer.indices { buffer[index] = 0xEE }
    let count = write(buffer.baseAddress!)
    #expect(count <= room)
    #expect(buffer[room...].allSatisfy { $0 == 0xEE }, "wrote more than its maximum byte count")
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Around every power of ten and of two.
  static let magnitudes: [UInt64] = {
    var numbers: [UInt64] = [0, 1, .max]
    var ten: UInt64 = 1
    for _ in 0..<20 {
      numbers += [ten &- 1, ten, ten &+ 1, ten &* 9, ten &* 5]
      ten = ten &* 10
    }
    for shift in UInt64(0)..<64 { numbers += [(1 << shift) &- 1, 1 << shift, (1 << shift) | 1] }
    return numbers
  }()

  @Test("Writes integers of every width as decimal digits")
  func integers() {
    for number in Self.magnitudes {
      #expect(text { DecimalText.write(number, to: $0) } == "\(number)")
      let signed = Int64(bitPattern: number)
      #expect(text { DecimalText.write(signed, to: $0) } == "\(signed)")
      #expect(text { DecimalText.write(0 &- signed, to: $0) } == "\(0 &- signed)")
      #expect(DecimalText.digitCount(number) == "\(number)".utf8.count)
    }
  }

  @Test("Writes doubles with 17 digits as printf does")
  func longDoubles() {
    var random = SeededGenerator(seed: 17)
    var numbers: [Double] = [
      0, -0.0, 0.1, 1.5, 1e17, 1e16, 123456789012345678, 1e-5, 1e-4, 5e-324, .greatestFiniteMagnitude, .infinity,
    ]
    numbers += (0..<5000).map { _ in Double(bitPattern: random.next()) }.filter { !$0.isNaN }
    numbers += (0..<5000).map { _ in Double(Int64(truncatingIfNeeded: random.next() >> 20)) / 1000 }
    for number in numbers {
      #expect(
        text(DoubleText.maximumByteCount) { DoubleText.writeLong(number, to: $0) } == String(format: "%.17g", number))
    }
  }

  @Test("Reads only the canonical text of an integer")
  func canonical() {
    for number in Self.magnitudes.map(Int64.init(bitPattern:)) {
      #expect(DecimalText.parseCanonical(Array("\(number)".utf8).span.bytes) == number)
    }
    let others = [
      "", "-", "+1", "-0", "007", "00", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808",
      "-9223372036854775809", "99999999999999999999", "18446744073709551616",
      "123456789012345678901", "１",
    ]
    for other in others {
      #expect(DecimalText.parseCanonical(Array(other.utf8).span.bytes) == nil, "\(other)")
    }
  }

  @Test("Reads no number from a text with a byte of 0x80 or more")
  func foreignBytes() {
    for base in ["1.5", "82.25", "0.125", "12.5", "123.45", "1234.5", "12345.67", "12345678", "1.5e300"] {
      for index in base.utf8.indices {
        for byte in UInt8(0x80)...0xFF {
          var text = Array(base.utf8)
          text[base.utf8.distance(from: base.startIndex, to: index)] = byte
          #expect(DoubleText.parse(text.span.bytes) == nil, "\(text)")
        }
      }
    }
  }

  @Test("Takes for a number what it reads as a number other than NaN")
  func numbers() {
    let characters = Array("019./:-+ ena\u{1}".utf8)
    var state: UInt64 = 7
    for round in 0..<200_000 {
      // Most texts differ in one character from digits with a point.
      var text = (0..<(round % 10)).map { _ in
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return UInt8(ascii: "0") + UInt8((state >> 33) % 10)
      }
      for _ in 0..<(round / 10 % 3) where !text.isEmpty {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        let index = Int(state >> 40) % text.count
        text[index] = round % 7 == 0 ? characters[Int(state >> 33) % characters.count] : UInt8(ascii: ".")
      }
      let value = DoubleText.parse(text.span.bytes)
      #expect(DoubleText.isNumber(text.span.bytes) == (value.map { !$0.isNaN } ?? false), "\(text)")
    }
  }

  @Test("Writes doubles that read back to the same bits")
  func doubles() {
    var numbers: [Double] = [
      0, -0.0, 1, -1, 0.1, 1.5, 1e-5, 5e-324, 1.7976931348623157e308, 123456.5, 1e22, 1e300,
      9007199254740991, 9007199254740992, 9007199254740993, -9007199254740992, 3.0000000000000004,
    ]
    var state: UInt64 = 1
    for _ in 0..<10_000 {
      state = state &* 6364136223846793005 &+ 1442695040888963407
      let number = Double(bitPattern: state ^ state >> 29)
      if number.isFinite { numbers.append(number) }
      // Scores as people have them: a few decimals, and their neighbours.
      let decimals = [10.0, 100, 1000, 10_000, 100_000][Int(state >> 60) % 5]
      let score = Double(Int64(bitPattern: state) >> 25) / decimals
      numbers += [score, score.nextUp, score.nextDown]
    }
    for number in numbers {
      let text = text(DoubleText.maximumByteCount) { DoubleText.write(number, to: $0) }
      #expect(Double(text)?.bitPattern == number.bitPattern, "\(number): \(text)")
      // Never longer than the shortest, apart from how an exponent is written.
      if !text.contains("e"), !"\(number)".contains("e") {
        #expect("\(number)" == text || "\(number)" == text + ".0")
      }
      #expect(DoubleText.parse(Array(text.utf8).span.bytes)?.bitPattern == number.bitPattern)
      #expect(text.utf8.count <= DoubleText.maximumByteCount)
    }
  }

  @Test(
    "Writes doubles as servers write them",
    arguments: [
      (0.0, "0"), (-0.0, "-0"), (3.0, "3"), (100000.0, "100000"), (0.1, "0.1"), (1.5, "1.5"),
      (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"), (-.nan, "nan"),
    ] as [(Double, String)])
  func spelling(_ number: Double, _ expected: String) {
    #expect(text(DoubleText.maximumByteCount) { DoubleText.write(number, to: $0) } == expected)
  }

  @Test("Recognizes the text that it would write for a double")
  func canonicalDoubles() throws {
    var texts = [
      "0", "3", "-3", "0.5", "-0.5", "1.50", "007", "0.0", "1.", "00.5", ".5", "-.5", "-0.0", "0.0001", "0.0009",
      "0.00012", "0.00009999", "0.00001", "-00.25", "100000", "123456789012345", "12345678901.2345",
    ]
    var state: UInt64 = 1
    func random(_ count: Int) -> Int {
      state = state &* 6364136223846793005 &+ 1442695040888963407
      return Int(state >> 33) % count
    }
    for _ in 0..<50_000 {
      var text = (0...random(15)).map { _ in "\(random(3) == 0 ? 0 : random(10))" }.joined()
      let point = random(text.count + 3)
      if point <= text.count { text.insert(".", at: text.index(text.startIndex, offsetBy: point)) }
      texts.append((random(2) == 0 ? "-" : "") + text)
    }
    for text in texts where text != "-0" && text.filter(\.isNumber).count <= 15 {
      let read = DoubleText.read(Array(text.utf8).span.bytes)
      let (value, isCanonical) = try #require(read)
      if let expected = Double(text) { #expect(value.bitPattern == expected.bitPattern, "\(text)") }
      #expect(
        isCanonical == (self.text(DoubleText.maximumByteCount) { DoubleText.write(value, to: $0) } == text), "\(text)")
    }
    for text in ["-0", "1e5", "inf", "nan", "1234567890123456", "0x1p3", "+1"] {
      #expect(DoubleText.read(Array(text.utf8).span.bytes)?.isCanonical == false, "\(text)")
    }
  }

  @Test("Reads the doubles that strtod reads, and rejects other text")
  func parsing() {
    for other in [
      "", " 1", "1 ", "x", "1.5x", "1,5", "--1", "-", ".", "-.", "1.2.3", "1.5e", "1.:", "1./", "1:.5", "1/.5",
      "12345.:7", "1234.5/7", "1..5", "1.5.", "1.\u{b5}", "\u{b5}1.5", "1.5\0", "\01.5",
    ] {
      #expect(DoubleText.parse(Array(other.utf8).span.bytes) == nil, "\(other)")
    }
    for (text, value) in [
      ("+1.5", 1.5), ("0x1p3", 8), ("inf", .infinity), ("-inf", -.infinity), ("Infinity", .infinity),
      ("1e400", .infinity), ("0.10000000000000001", 0.1), (".5", 0.5), ("5.", 5), ("-000.25", -0.25),
      ("123456789012345.6", 123456789012345.6), ("1e+300", 1e300), ("-0", -0.0),
    ] {
      #expect(DoubleText.parse(Array(text.utf8).span.bytes) == value, "\(text)")
    }
  }
}
