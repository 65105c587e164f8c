import RDBFormat
import TestSupport

extension StoredValue {
  /// Returns the value with one to three seeded changes.
  ///
  /// A change inside a string corrects the string's length, and mostly the size in the header of a packed value, so
  /// that what lies deeper is reached.
  func mutated(using generator: inout SeededGenerator) -> StoredValue {
    var value = self
    var parts = ValueParts(self)
    let strings = parts.parts.indices.filter { index in
      if case .string(let bytes) = parts.parts[index] { return !bytes.isEmpty }
      return false
    }
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      if let index = strings.randomElement(using: &generator), Int.random(in: 0..<10, using: &generator) < 7 {
        guard case .string(var bytes) = parts.parts[index] else { continue }
        let size = bytes.count
        bytes.mutate(using: &generator)
        if bytes.count != size, bytes.count >= 7, Int.random(in: 0..<10, using: &generator) < 9 {
          bytes.replaceSubrange(0..<4, with: RDBBytes.little(UInt32(bytes.count)))
        }
        parts.parts[index] = .string(bytes)
      } else {
        let index = parts.parts.indices.filter { if case .plain = parts.parts[$0] { true } else { false } }
          .randomElement(using: &generator)
        guard let index, case .plain(var bytes) = parts.parts[index] else { continue }
        bytes.mutate(using: &generator)
        parts.parts[index] = .plain(bytes)
      }
    }
    value.bytes = parts.bytes
    return value
  }
}

extension [UInt8] {
  /// Bytes with a meaning in lengths and encodings.
  private static let marks: [UInt8] = [
    0, 1, 2, 3, 4, 0x0A, 0x3F, 0x40, 0x7F, 0x80, 0x81, 0x82, 0xBF, 0xC0, 0xC1, 0xC3, 0xD0, 0xDF, 0xE0, 0xF0, 0xF1,
    0xF4, 0xF5, 0xFD, 0xFE, 0xFF,
  ]

  /// Changes a few bytes.
  fileprivate mutating func mutate(using generator: inout SeededGenerator) {
    guard !isEmpty else {
      append(Self.marks.randomElement(using: &generator) ?? 0)
      return
    }
    let index = Int.random(in: 0..<count, using: &generator)
    let length = Int.random(in: 1...Swift.min(4, count - index), using: &generator)
    switch Int.random(in: 0..<12, using: &generator) {
    case 0, 1, 2: self[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 3, 4: self[index] = Self.marks.randomElement(using: &generator) ?? 0
    case 5: self[index] &+= 1
    case 6: self[index] &-= 1
    case 7: removeSubrange(index..<index + length)
    case 8: insert(Self.marks.randomElement(using: &generator) ?? 0, at: index)
    case 9: insert(contentsOf: self[index..<index + length], at: index)
    case 10:
      // Another part of the value instead of this one.
      let other = Int.random(in: 0..<count, using: &generator)
      let part = Array(self[other..<Swift.min(other + length, count)])
      replaceSubrange(index..<Swift.min(index + part.count, count), with: part)
    default: self[index] = UInt8.random(in: 0...255, using: &generator)
    }
  }
}
