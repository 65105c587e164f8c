import TestSupport

/// A generator of commands about collections, with arguments that are right in most cases.
struct CollectionCommands {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  mutating func pick<T>(_ values: [T]) -> T { values[number(0...values.count - 1)] }
  mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// A key of one of the types, now and then of another type.
  mutating func key(_ type: String) -> [UInt8] {
    let type = chance(2) ? pick(["h", "l", "s", "z", "str"]) : type
    return bytes("\(type)\(number(0...3))")
  }

  /// An element: short text, an integer, or a text near a limit of an encoding.
  mutating func element() -> [UInt8] {
    switch number(0...99) {
    case 0...34: return bytes("e\(number(0...40))")
    case 35...69: return bytes("\(number(-30...130))")
    case 70...74:
      return bytes("\(pick([127, 128, 4095, 4096, -4096, -4097, 32767, 32768, 8_388_607, 1 << 31, .max, .min]))")
    case 75...79: return [UInt8](repeating: 120, count: pick([63, 64, 65]))
    case 80...81:
      return [UInt8](repeating: 121, count: pick([253, 254, 700, 4000, 8170, 8190, 8191, 8192, 8193, 9000]))
    case 82: return []
    case 83: return bytes(pick(["007", "+1", "-0", " 1", "9223372036854775808", "1e3", "3.5"]))
    case 84: return [0, 255, 13, 10, UInt8(number(0...255))]
    default: return bytes("value \(number(0...400))")
    }
  }

  mutating func integer() -> [UInt8] {
    chance(3)
      ? bytes(pick(["x", "", "1.5", "007", "9223372036854775807", "-9223372036854775808", "9223372036854775808"]))
      : bytes("\(number(-12...12))")
  }

  mutating func float() -> [UInt8] {
    switch number(0...19) {
    case 0...9: bytes("\(number(-20...20))")
    case 10...15: bytes(pick(["0.1", "1.5", "-2.25", "3e5", "1e-7", "+4", "5.", ".5", "-0", "1e300", "123456789.123"]))
    case 16...17: bytes(pick(["inf", "-inf", "+inf"]))
    case 18: bytes(pick(["nan", "x", "", " 1", "1 ", "0x10", "1e400", "1e-400", "0x1p3"]))
    default: bytes("\(number(1...9)).\(number(1...999))")
    }
  }

  mutating func words(_ texts: String...) -> [[UInt8]] { texts.map { bytes($0) } }
  mutating func many(_ range: ClosedRange<Int>, _ make: (inout Self) -> [[UInt8]]) -> [[UInt8]] {
    let count = chance(1) ? pick([100, 129, 200, 513, 600]) : number(range)
    return (0..<count).flatMap { _ in make(&self) }
  }
  mutating func optional(_ percent: Int, _ words: [[UInt8]]) -> [[UInt8]] { chance(percent) ? words : [] }
  mutating func word(_ texts: [String]) -> [[UInt8]] { [bytes(pick(texts))] }

  /// A command that deletes a key or sets a string, so that types change.
  mutating func other() -> [[UInt8]] {
    switch number(0...5) {
    case 0...2: words("DEL") + [key(pick(["h", "l", "s", "z"]))]
    case 3: words("SET") + [key("str"), element()]
    case 4: words("COPY") + [key(pick(["h", "l", "s", "z"])), key(pick(["h", "l", "s", "z"]))] + words("REPLACE")
    default: words("PEXPIREAT") + [key(pick(["h", "l", "s", "z"]))] + words("9000000000000")
    }
  }

  /// The command's name in one of its spellings.
  mutating func name(_ name: String) -> [[UInt8]] { [bytes(chance(10) ? name.lowercased() : name)] }
}
