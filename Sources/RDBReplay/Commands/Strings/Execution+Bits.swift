import RDB

/// SETBIT and BITOP.
extension Execution {
  static let badBitOffset = CommandError("the bit offset is not an integer or out of range")

  func setbit(_ command: ReplayCommand) throws {
    guard let offset = try? command.integer(2), offset >= 0 else { throw Self.badBitOffset }
    guard let bit = try? command.integer(3), bit == 0 || bit == 1 else {
      throw CommandError("the bit is neither 0 nor 1")
    }
    let byte = Int(offset >> 3)
    try makeBits(command, byteCount: byte + 1)
    let mask = UInt8(0x80) >> UInt8(offset & 7)
    _ = try changeString(command[1]) { bytes in
      if bit == 1 { bytes[byte] |= mask } else { bytes[byte] &= ~mask }
    }
  }

  /// Makes the string at the command's key raw, and at least `byteCount` bytes long.
  func makeBits(_ command: ReplayCommand, byteCount: Int) throws {
    let former = try string(command[1])?.count
    try requireMemory(byteCount - (former ?? 0), command)
    if former == nil { set(command[1], .string([], isRaw: true)) }
    _ = try changeString(command[1]) { grow(&$0, to: byteCount) }
  }

  func bitop(_ command: ReplayCommand) throws {
    let operation = try bitOperation(command)
    var sources: [[UInt8]] = []
    for index in 3..<command.count { sources.append(try string(command[index]) ?? []) }
    let count = sources.map(\.count).max() ?? 0
    try requireMemory(count, command)
    guard count > 0 else {
      remove(command[2])
      return
    }
    let result = operation.combine(sources, byteCount: count)
    set(command[2], .string(result, isRaw: true))
  }

  private func bitOperation(_ command: ReplayCommand) throws -> BitOperation {
    guard let operation = BitOperation(rawValue: command.lowercased(1)),
      !operation.isRecent || limits.server.isAtLeast(8, 2, valkey: nil)
    else { throw CommandError.syntax }
    switch operation {
    case .not: guard command.count == 4 else { throw CommandError.wrongArgumentCount }
    case .diff, .diff1, .andor: guard command.count > 4 else { throw CommandError.wrongArgumentCount }
    case .and, .or, .xor, .one: break
    }
    return operation
  }
}

/// An operation of BITOP.
enum BitOperation: String {
  case and, or, xor, not
  /// Bits of the first key that no other key has.
  case diff
  /// Bits of any other key that the first key does not have.
  case diff1
  /// Bits of the first key that another key has too.
  case andor
  /// Bits that exactly one key has.
  case one

  /// Whether only Redis 8.2 and later have the operation.
  var isRecent: Bool {
    switch self {
    case .and, .or, .xor, .not: false
    case .diff, .diff1, .andor, .one: true
    }
  }

  /// Combines strings, of which the shorter ones are continued by bytes of 0.
  ///
  /// - Parameter sources: At least one string; none is longer than `byteCount`.
  func combine(_ sources: [[UInt8]], byteCount: Int) -> [UInt8] {
    var first = sources[0]
    first.append(contentsOf: repeatElement(0, count: byteCount - first.count))
    switch self {
    case .not: return first.map { ~$0 }
    case .and:
      for source in sources.dropFirst() {
        for index in 0..<source.count { first[index] &= source[index] }
        for index in source.count..<byteCount { first[index] = 0 }
      }
      return first
    case .xor:
      for source in sources.dropFirst() {
        for index in 0..<source.count { first[index] ^= source[index] }
      }
      return first
    case .or, .diff, .diff1, .andor, .one:
      return combineByCount(first, sources.dropFirst())
    }
  }

  /// The operations that ask whether no, one or more of the strings have a bit.
  private func combineByCount(_ first: [UInt8], _ others: ArraySlice<[UInt8]>) -> [UInt8] {
    // Bits that at least one of the other strings has, and bits that at least two of them have.
    var once = [UInt8](repeating: 0, count: first.count)
    var twice = once
    for other in others {
      for index in 0..<other.count {
        twice[index] |= once[index] & other[index]
        once[index] |= other[index]
      }
    }
    var result = first
    for index in 0..<first.count {
      let (own, others) = (first[index], once[index])
      switch self {
      case .diff: result[index] = own & ~others
      case .diff1: result[index] = others & ~own
      case .andor: result[index] = own & others
      case .one: result[index] = (own ^ others) & ~twice[index]
      default: result[index] = own | others
      }
    }
    return result
  }
}
