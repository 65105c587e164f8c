import RDBFormat
import RDBSupport

/// Masks scores and other numbers: their digits change, their signs, points and exponents stay.
extension Masker {
  /// Masks a number. The masked number has as many digits, and is an integer if the number is one.
  func mask(score: Double, _ key: MaskingKey) -> Double {
    if !score.isFinite || score == 0 && score.sign == .minus { return score }
    if score.magnitude < 9_007_199_254_740_992, let integer = Int64(exactly: score) {
      return Double(mask(integer, .value, key))
    }
    return withUnsafeTemporaryAllocation(byteCount: 2 * DoubleText.maximumByteCount, alignment: 8) { memory in
      guard let start = memory.baseAddress else { return score }
      let text = UnsafeRawBufferPointer(start: start, count: DoubleText.write(score, to: start))
      let masked = start + DoubleText.maximumByteCount
      mask(scoreText: text, to: masked, key)
      let result = DoubleText.parse(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: masked, count: text.count)))
      guard let result, result.isFinite else { return .greatestFiniteMagnitude * (score < 0 ? -1 : 1) }
      return result
    }
  }

  /// Masks the text of a number.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - target: Memory for as many bytes, apart from `text`.
  func mask(scoreText text: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, _ key: MaskingKey) {
    let end = text.firstIndex { [0x65, 0x45, 0x70, 0x50].contains($0) } ?? text.count
    let digits = (0..<end).filter { text[$0] &- 48 <= 9 }
    guard let first = digits.first, let last = digits.last else {
      if let start = text.baseAddress { target.copyMemory(from: start, byteCount: text.count) }
      return
    }
    if end == text.count, last - first + 1 == digits.count { return mask(text, to: target, .value, key) }
    if let start = text.baseAddress { target.copyMemory(from: start, byteCount: text.count) }
    let random = key.hash(text, tag: 2)
    var isSame = true
    for (number, index) in digits.enumerated() {
      let digit = text[index]
      // The first and the last digit stay zero or not zero, so the number keeps its magnitude and its digits.
      let isEdge = index == first || index == last
      if isEdge && digit == 48 { continue }
      let lowest: UInt64 = isEdge ? 49 : 48
      let count: UInt64 = isEdge ? 9 : 10
      var masked = lowest + key.hash(random, UInt64(number)).multipliedFullWidth(by: count).high
      if index == last, isSame, masked == UInt64(digit) { masked = lowest + (masked - lowest + 1) % count }
      if masked != UInt64(digit) { isSame = false }
      target.storeBytes(of: UInt8(truncatingIfNeeded: masked), toByteOffset: index, as: UInt8.self)
    }
  }
}
