/// BITFIELD.
extension Execution {
  func bitfield(_ command: ReplayCommand) throws {
    let steps = try bitfieldSteps(command)
    guard let end = steps.map(\.end).max() else {
      _ = try string(command[1])
      return
    }
    try makeBits(command, byteCount: (end + 7) / 8)
    _ = try changeString(command[1]) { bytes in
      for step in steps { step.apply(to: &bytes) }
    }
  }

  /// The steps of the command that write.
  private func bitfieldSteps(_ command: ReplayCommand) throws -> [BitfieldStep] {
    var steps: [BitfieldStep] = []
    var overflow = BitfieldStep.Overflow.wrap
    var index = 2
    while index < command.count {
      let word = command.lowercased(index)
      let left = command.count - index - 1
      switch word {
      case "get" where left >= 2:
        _ = try bitfieldPosition(command, index)
        index += 3
      case "set" where left >= 3, "incrby" where left >= 3:
        let position = try bitfieldPosition(command, index)
        steps.append(
          BitfieldStep(
            offset: position.offset, width: position.width, isSigned: position.isSigned, isIncrement: word == "incrby",
            number: try command.integer(index + 3), overflow: overflow))
        index += 4
      case "overflow" where left >= 1:
        guard let mode = BitfieldStep.Overflow(rawValue: command.lowercased(index + 1)) else {
          throw CommandError("the overflow behaviour is none of WRAP, SAT and FAIL")
        }
        overflow = mode
        index += 2
      default: throw CommandError.syntax
      }
    }
    return steps
  }

  /// The type and offset after the word at `index`, such as `u8 #3`.
  private func bitfieldPosition(
    _ command: ReplayCommand, _ index: Int
  ) throws(CommandError) -> (offset: Int, width: Int, isSigned: Bool) {
    let badType = CommandError("the type of the bit field is not i1 to i64 or u1 to u63")
    let type = command[index + 1]
    let isSigned = type.first == UInt8(ascii: "i")
    guard isSigned || type.first == UInt8(ascii: "u") else { throw badType }
    let digits = ReplayCommand([Array(type.dropFirst())])
    guard let width = try? digits.integer(0), width >= 1, width <= (isSigned ? 64 : 63) else { throw badType }
    var text = command[index + 2]
    let isMultiple = text.first == UInt8(ascii: "#")
    if isMultiple { text.removeFirst() }
    guard let number = try? ReplayCommand([text]).integer(0) else { throw Self.badBitOffset }
    let (offset, overflow) = number.multipliedReportingOverflow(by: isMultiple ? width : 1)
    guard offset >= 0, !overflow, offset <= .max - 128 else { throw Self.badBitOffset }
    return (Int(offset), Int(width), isSigned)
  }
}

/// A step of BITFIELD that writes an integer of 1 to 64 bits.
struct BitfieldStep {
  /// The result if the integer does not fit.
  enum Overflow: String { case wrap, sat, fail }

  let offset: Int
  let width: Int
  let isSigned: Bool
  let isIncrement: Bool
  let number: Int64
  let overflow: Overflow

  /// The offset after the last bit.
  var end: Int { offset + width }

  /// Writes the integer into `bytes`, which are long enough.
  func apply(to bytes: inout [UInt8]) {
    let former = read(bytes)
    let one: Int128 = 1
    let (lowest, highest) =
      isSigned ? (-(one << (width - 1)), one << (width - 1) - 1) : (0, one << width - 1)
    // SET of a negative number to an unsigned field means the number with the same 64 bits.
    let value: Int128 =
      isIncrement ? former + Int128(number) : isSigned ? Int128(number) : Int128(UInt64(bitPattern: number))
    if value >= lowest, value <= highest {
      write(value, to: &bytes)
      return
    }
    switch overflow {
    case .fail: break
    case .sat:
      // SET of a number near the least one of 64 bits: the distance to the highest number overflows on servers.
      let isLow = value < lowest && (isIncrement || highest - value <= Int128(Int64.max))
      write(isLow ? lowest : highest, to: &bytes)
    case .wrap: write(value, to: &bytes)
    }
  }

  private func read(_ bytes: [UInt8]) -> Int128 {
    var bits: UInt64 = 0
    for bit in offset..<end { bits = bits << 1 | UInt64(bytes[bit >> 3] >> UInt8(7 - bit & 7) & 1) }
    guard isSigned, width < 64 else { return isSigned ? Int128(Int64(bitPattern: bits)) : Int128(bits) }
    return bits >> UInt64(width - 1) & 1 == 1 ? Int128(bits) - (Int128(1) << width) : Int128(bits)
  }

  private func write(_ value: Int128, to bytes: inout [UInt8]) {
    let bits = UInt64(truncatingIfNeeded: value)
    for index in 0..<width {
      let bit = offset + index
      let mask = UInt8(0x80) >> UInt8(bit & 7)
      if bits >> UInt64(width - 1 - index) & 1 == 1 { bytes[bit >> 3] |= mask } else { bytes[bit >> 3] &= ~mask }
    }
  }
}
