import RDB
import RDBFormat
import RDBSupport

/// Strings as redis-rdb-tools writes them.
struct RdbtoolsText: Sendable {
  /// The values of its option `-e`.
  enum Escape: String, CaseIterable { case raw, print, utf8, base64 }

  var escape: Escape

  /// Returns the bytes, escaped as `escape` says.
  ///
  /// - Parameter isName: Whether printable ASCII stays as it is, as in names of keys and fields.
  func bytes(_ text: RawSpan, isName: Bool) -> [UInt8] {
    switch escape(of: text, isName: isName) {
    case .raw: return [UInt8](text)
    case .base64: return Array(Base64.encode([UInt8](text)).utf8)
    case .print, .utf8:
      var result: [UInt8] = []
      result.reserveCapacity(text.byteCount)
      forEachCharacter(text, isName: isName) { scalar in result += UTF8.encode(scalar).map { Array($0) } ?? [] }
      return result
    }
  }

  /// Appends a string of JSON, in which all characters but those of ASCII are `\u` escapes.
  func appendJSON(_ text: RawSpan, isName: Bool, to output: inout ByteOutput) throws(RDBError) {
    try output.append(UInt8(ascii: "\""))
    var failure: RDBError?
    forEachCharacter(text, isName: isName) { scalar in
      guard failure == nil else { return }
      do throws(RDBError) { try Self.append(scalar, to: &output) } catch { failure = error }
    }
    if let failure { throw failure }
    try output.append(UInt8(ascii: "\""))
  }

  private static func append(_ scalar: Unicode.Scalar, to output: inout ByteOutput) throws(RDBError) {
    switch scalar {
    case "\"": try output.append("\\\"")
    case "\\": try output.append("\\\\")
    case "\n": try output.append("\\n")
    case "\r": try output.append("\\r")
    case "\t": try output.append("\\t")
    case "\u{8}": try output.append("\\b")
    case "\u{C}": try output.append("\\f")
    case " "..."~": try output.append(UInt8(truncatingIfNeeded: scalar.value))
    default:
      for unit in UTF16.encode(scalar).map({ Array($0) }) ?? [] {
        try output.append("\\u")
        for shift in [12, 8, 4, 0] { try output.append(hexDigit(UInt8(unit >> shift & 15), "a")) }
      }
    }
  }

  private static func hexDigit(_ value: UInt8, _ a: Unicode.Scalar) -> UInt8 {
    value < 10 ? 48 + value : UInt8(ascii: a) + value - 10
  }

  private func escape(of text: RawSpan, isName: Bool) -> Escape {
    guard isName else { return escape }
    for index in 0..<text.byteCount where !(0x20...0x7E).contains(text.byte(at: index)) { return escape }
    return .raw
  }

  /// Calls `body` with each character of a string, escapes included.
  private func forEachCharacter(_ text: RawSpan, isName: Bool, _ body: (Unicode.Scalar) -> Void) {
    let escape = escape(of: text, isName: isName)
    if escape == .base64 { return Base64.encode([UInt8](text)).unicodeScalars.forEach(body) }
    var index = 0
    while index < text.byteCount {
      let byte = text.byte(at: index)
      let character = escape == .utf8 ? UTF8Character(text, at: index) : nil
      if let character {
        body(character.scalar)
        index += character.byteCount
        continue
      }
      index += 1
      if escape == .raw || escape == .print && (0x20...0x7E).contains(byte) {
        body(Unicode.Scalar(byte))
      } else {
        body("\\")
        body("x")
        body(Unicode.Scalar(Self.hexDigit(byte >> 4, "A")))
        body(Unicode.Scalar(Self.hexDigit(byte & 15, "A")))
      }
    }
  }

  /// A score as that tool writes it. It depends on how the sorted set is stored: as text, which stays; as an integer or text
  /// in a ziplist; or as a double.
  static func score(_ value: Double, storedAs type: ValueType) -> [UInt8] {
    if type == .zset, value.isFinite {
      return [UInt8](unsafeUninitializedCapacity: DoubleText.maximumByteCount) { buffer, count in
        count = buffer.baseAddress.map { DoubleText.writeLong(value, to: UnsafeMutableRawPointer($0)) } ?? 0
      }
    }
    let isNegativeZero = value == 0 && value.sign == .minus
    if type == .zsetZiplist, value.magnitude < 1e17, value == value.rounded(), !isNegativeZero {
      return Array("\(Int64(value))".utf8)
    }
    return Array(score(value).utf8)
  }

  /// The integer that Python's `int` makes of a text, in decimal; `nil` if it makes none.
  static func pythonInteger(_ text: RawSpan) -> [UInt8]? {
    let spaces: Set<UInt8> = [9, 10, 11, 12, 13, 32]
    var bytes = [UInt8](text)[...]
    while let first = bytes.first, spaces.contains(first) { bytes.removeFirst() }
    while let last = bytes.last, spaces.contains(last) { bytes.removeLast() }
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative || bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
    var digits: [UInt8] = []
    var wasDigit = false
    for byte in bytes {
      if byte == UInt8(ascii: "_"), wasDigit {
        wasDigit = false
        continue
      }
      guard byte &- 48 <= 9 else { return nil }
      wasDigit = true
      digits.append(byte)
    }
    guard wasDigit else { return nil }
    let significant = digits.drop { $0 == 48 }
    if significant.isEmpty { return [48] }
    return (isNegative ? [UInt8(ascii: "-")] : []) + significant
  }

  /// A score as Python writes it: `1.0`, `1e+16`, `inf`.
  static func score(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    // The shortest digits that give the number again, and its exponent: those of Swift's own text.
    var digits = "", point = 0, exponent = 0
    let text = "\(value.magnitude)"
    let parts = text.split(separator: "e", omittingEmptySubsequences: false)
    if parts.count == 2 { exponent = Int(parts[1]) ?? 0 }
    let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    digits = halves.joined()
    point = halves[0].count + exponent
    let zeros = digits.prefix { $0 == "0" }.count
    digits = String(digits.dropFirst(zeros))
    point -= zeros
    while digits.count > 1, digits.last == "0" { digits.removeLast() }
    let sign = value < 0 ? "-" : ""
    if point > 16 || point < -3 {
      let power = point - 1
      let rest = digits.dropFirst()
      let number = power.magnitude < 10 ? "0\(power.magnitude)" : "\(power.magnitude)"
      return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest) + "e" + (power < 0 ? "-" : "+") + number
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if digits.count <= point { return sign + digits + String(repeating: "0", count: point - digits.count) + ".0" }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
  }
}

/// A character of UTF-8, with the number of its bytes.
struct UTF8Character {
  let scalar: Unicode.Scalar
  let byteCount: Int

  /// The character that begins at `index`; `nil` if the bytes there are not UTF-8.
  init?(_ text: RawSpan, at index: Int) {
    let first = text.byte(at: index)
    let count = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0
    guard count > 0, index + count <= text.byteCount else { return nil }
    var value = count == 1 ? UInt32(first) : UInt32(first) & (0x7F >> UInt32(count))
    for next in 1..<max(count, 1) {
      let byte = text.byte(at: index + next)
      guard byte & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    // A longer form than needed, and halves of UTF-16, are not valid.
    let least: UInt32 = count == 3 ? 0x800 : count == 4 ? 0x10000 : 0
    guard value >= least, let scalar = Unicode.Scalar(value) else { return nil }
    (self.scalar, byteCount) = (scalar, count)
  }
}
