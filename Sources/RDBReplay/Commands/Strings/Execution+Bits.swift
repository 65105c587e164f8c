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
    var result = [UInt8](repeating: 0, count: count)
    var column = [UInt8](repeating: 0, count: sources.count)
    for position in 0..<count {
      for source in sources.indices {
        column[source] = position < sources[source].count ? sources[source][position] : 0
      }
      result[position] = operation.combine(column)
    }
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

  /// Combines the bytes that the keys have at one offset; there is at least one.
  func combine(_ bytes: [UInt8]) -> UInt8 {
    let first = bytes[0]
    var others: UInt8 { bytes.dropFirst().reduce(0, |) }
    switch self {
    case .and: return bytes.reduce(255, &)
    case .or: return bytes.reduce(0, |)
    case .xor: return bytes.reduce(0, ^)
    case .not: return ~first
    case .diff: return first & ~others
    case .diff1: return others & ~first
    case .andor: return first & others
    case .one:
      var (once, twice): (UInt8, UInt8) = (0, 0)
      for byte in bytes {
        twice |= once & byte
        once |= byte
      }
      return once & ~twice
    }
  }
}
