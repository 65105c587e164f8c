/// A check whether bytes are one JSON text (RFC 8259), which the output can embed unchanged.
package enum JSONCheck {
  /// The result of a check. For a valid text it tells whether the text contains line breaks.
  package enum Verdict { case malformed, oneLine, severalLines }

  /// The deepest nesting of a valid text. The limit of RedisJSON is 128.
  package static var depthLimit: Int { 1024 }

  /// Checks whether `bytes` are one JSON text.
  ///
  /// - Complexity: O(*n*) for *n* bytes, without recursion. Uses one bit of memory per level of nesting.
  package static func check(_ bytes: RawSpan) -> Verdict {
    bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, UTF8Check.isValid(start, bytes.count) else { return .malformed }
      var scanner = Scanner(bytes: bytes)
      guard scanner.scan() else { return .malformed }
      return scanner.hasLineBreaks ? .severalLines : .oneLine
    }
  }
}

private struct Scanner {
  private enum Expected { case value, valueOrEnd, name, nameOrEnd, colon, commaOrEnd }

  let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0
  /// One bit per level of nesting: 1 for an object, 0 for an array.
  private var isObject = [16 of UInt64](repeating: 0)
  private(set) var hasLineBreaks = false

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func scan() -> Bool {
    var expected = Expected.value
    while true {
      skipSpace()
      guard let byte = peek() else { return expected == .commaOrEnd && depth == 0 }
      position += 1
      switch (byte, expected) {
      case (UInt8(ascii: ","), .commaOrEnd):
        guard depth > 0 else { return false }
        expected = isInObject ? .name : .value
      case (UInt8(ascii: ":"), .colon):
        expected = .value
      case (UInt8(ascii: "\""), .name), (UInt8(ascii: "\""), .nameOrEnd):
        guard string() else { return false }
        expected = .colon
      case (UInt8(ascii: "}"), .nameOrEnd), (UInt8(ascii: "}"), .commaOrEnd):
        guard depth > 0, isInObject else { return false }
        depth -= 1
        expected = .commaOrEnd
      case (UInt8(ascii: "]"), .valueOrEnd), (UInt8(ascii: "]"), .commaOrEnd):
        guard depth > 0, !isInObject else { return false }
        depth -= 1
        expected = .commaOrEnd
      case (UInt8(ascii: "{"), .value), (UInt8(ascii: "{"), .valueOrEnd):
        guard push(object: true) else { return false }
        expected = .nameOrEnd
      case (UInt8(ascii: "["), .value), (UInt8(ascii: "["), .valueOrEnd):
        guard push(object: false) else { return false }
        expected = .valueOrEnd
      case (_, .value), (_, .valueOrEnd):
        guard scalar(byte) else { return false }
        expected = .commaOrEnd
      default:
        return false
      }
    }
  }

  private var isInObject: Bool {
    isObject[(depth - 1) >> 6] >> UInt64((depth - 1) & 63) & 1 == 1
  }

  private mutating func push(object: Bool) -> Bool {
    guard depth < JSONCheck.depthLimit else { return false }
    let bit: UInt64 = 1 << UInt64(depth & 63)
    if object { isObject[depth >> 6] |= bit } else { isObject[depth >> 6] &= ~bit }
    depth += 1
    return true
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek() {
      switch byte {
      case 0x20, 0x09: break
      case 0x0A, 0x0D: hasLineBreaks = true
      default: return
      }
      position += 1
    }
  }

  private mutating func scalar(_ first: UInt8) -> Bool {
    switch first {
    case UInt8(ascii: "\""): string()
    case UInt8(ascii: "t"): word("rue")
    case UInt8(ascii: "f"): word("alse")
    case UInt8(ascii: "n"): word("ull")
    default: number(first)
    }
  }

  private mutating func word(_ rest: StaticString) -> Bool {
    let count = rest.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    for index in 0..<count where bytes[position + index] != rest.utf8Start[index] { return false }
    position += count
    return true
  }

  /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?`
  private mutating func number(_ first: UInt8) -> Bool {
    var first = first
    if first == UInt8(ascii: "-") {
      guard let next = peek() else { return false }
      first = next
      position += 1
    }
    guard (0x30...0x39).contains(first) else { return false }
    if first != 0x30 { _ = digits() }
    if peek() == UInt8(ascii: ".") {
      position += 1
      guard digits() else { return false }
    }
    if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      guard digits() else { return false }
    }
    return true
  }

  /// Scans digits, and returns whether there was at least one.
  private mutating func digits() -> Bool {
    let start = position
    while let byte = peek(), (0x30...0x39).contains(byte) { position += 1 }
    return position > start
  }

  /// Scans the rest of a string after its opening quote.
  private mutating func string() -> Bool {
    while let byte = peek() {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"):
        guard escape() else { return false }
      case 0..<0x20: return false
      default: break
      }
    }
    return false
  }

  private mutating func escape() -> Bool {
    guard let byte = peek() else { return false }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return true
    case UInt8(ascii: "u"):
      for _ in 0..<4 {
        guard let digit = peek(),
          (0x30...0x39).contains(digit) || (0x61...0x66).contains(digit | 0x20)
        else { return false }
        position += 1
      }
      return true
    default: return false
    }
  }
}
