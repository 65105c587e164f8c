import RDBFormat

/// Masks HyperLogLogs: the registers change their order. The estimate and the size stay, but whether an element was
/// counted can no longer be tested.
enum HyperLogLogMask {
  /// Masks a string if it is a valid HyperLogLog.
  ///
  /// - Parameters:
  ///   - text: The string.
  ///   - target: Memory for as many bytes, apart from `text`.
  /// - Returns: Whether it is one.
  static func mask(_ text: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, _ key: MaskingKey) -> Bool {
    let span = RawSpan(_unsafeBytes: text)
    guard text.count >= HyperLogLogCheck.headerByteCount, HyperLogLogCheck.isOne(span),
      HyperLogLogCheck.fault(in: span) == nil
    else { return false }
    // Three bytes of the header have no meaning.
    for index in 0..<HyperLogLogCheck.headerByteCount {
      target.storeBytes(of: (5..<8).contains(index) ? 0 : text[index], toByteOffset: index, as: UInt8.self)
    }
    let registers = UnsafeRawBufferPointer(rebasing: text[HyperLogLogCheck.headerByteCount...])
    let masked = target + HyperLogLogCheck.headerByteCount
    if text[4] == 0 { maskDense(registers, masked, key) } else { maskSparse(registers, masked, key) }
    return true
  }

  /// Registers of six bits each.
  private static func maskDense(
    _ registers: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, _ key: MaskingKey
  ) {
    var values: [UInt8] = []
    values.reserveCapacity(HyperLogLogCheck.registerCount)
    for index in stride(from: 0, to: registers.count - 2, by: 3) {
      let bits = UInt32(registers[index]) | UInt32(registers[index + 1]) << 8 | UInt32(registers[index + 2]) << 16
      for shift in stride(from: UInt32(0), to: 24, by: 6) { values.append(UInt8(bits >> shift & 63)) }
    }
    shuffle(&values, key)
    for index in stride(from: 0, to: values.count - 3, by: 4) {
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(values[index + $1]) << UInt32(6 * $1) }
      for byte in 0..<3 {
        target.storeBytes(
          of: UInt8(truncatingIfNeeded: bits >> UInt32(8 * byte)), toByteOffset: index / 4 * 3 + byte, as: UInt8.self)
      }
    }
  }

  /// Runs of one or two bytes each.
  private static func maskSparse(
    _ runs: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, _ key: MaskingKey
  ) {
    var codes: [UInt16] = []
    var index = 0
    while index < runs.count {
      let isLong = runs[index] & 0xC0 == 0x40 && index + 1 < runs.count
      codes.append(UInt16(runs[index]) << 8 | (isLong ? UInt16(runs[index + 1]) : 0))
      index += isLong ? 2 : 1
    }
    shuffle(&codes, key)
    var position = 0
    for code in codes {
      target.storeBytes(of: UInt8(code >> 8), toByteOffset: position, as: UInt8.self)
      position += 1
      if code & 0xC000 == 0x4000 {
        target.storeBytes(of: UInt8(truncatingIfNeeded: code), toByteOffset: position, as: UInt8.self)
        position += 1
      }
    }
  }

  private static func shuffle<Value>(_ values: inout [Value], _ key: MaskingKey) {
    var random: UInt64 = 0
    for (step, index) in values.indices.reversed().enumerated() {
      random = step & 3 == 0 ? key.hash(UInt64(step), 4) : random &>> 16
      values.swapAt(index, Int((random & 0xFFFF) &* UInt64(index &+ 1) &>> 16))
    }
  }
}
