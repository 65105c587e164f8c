import TestSupport

/// Random commands on strings, bitmaps and HyperLogLogs: mostly valid, some with errors.
struct RandomStringCommands {
  private var random: SeededGenerator
  private let isValkey: Bool
  /// Whether the commands are for a server that loads a file: such a server accepts any offset of bits and expiries in the
  /// past. Relative expiries depend on the time of loading.
  private let isLoading: Bool

  init(seed: UInt64, isValkey: Bool, isLoading: Bool = false) {
    random = SeededGenerator(seed: seed)
    (self.isValkey, self.isLoading) = (isValkey, isLoading)
  }

  private mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func chance(_ percent: Int) -> Bool { number(0..<100) < percent }
  private mutating func pick(_ words: String...) -> String { words.randomElement(using: &random)! }
  private mutating func key() -> String { "k\(number(0..<6))" }
  private mutating func hyperLogLogKey() -> String { chance(3) ? key() : "h\(number(0..<4))" }

  private mutating func integer() -> String {
    switch number(0..<20) {
    case 0: pick("9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809")
    case 1: pick("", " 1", "1 ", "+1", "01", "-0", "0x10", "1.0", "x")
    case 2..<6: "\(Int64.random(in: .min ... .max, using: &random) >> number(0..<64))"
    default: "\(number(-300..<300))"
    }
  }

  private mutating func float() -> String {
    switch number(0..<12) {
    case 0:
      pick("inf", "-inf", "nan", "", " 1", "1 ", "1e4932", "1e-5000", "0x1p4", "0x1.8", "1e", "e1", ".", "-", "-0")
    case 1: "\(Double.random(in: -1...1, using: &random))e\(number(-25..<25))"
    case 2: "\(Double.random(in: -1e18...1e18, using: &random))"
    case 3: integer()
    default: "\(Double(number(-100_000..<100_000)) / 1000)"
    }
  }

  private mutating func value() -> String {
    switch number(0..<6) {
    case 0: integer()
    case 1: float()
    case 2: pick("", "a", "b")
    default: String((0..<number(0..<70)).map { _ in Character(UnicodeScalar(UInt8(number(32..<127)))) })
    }
  }

  private mutating func expiry() -> [String] {
    if isLoading {
      return [
        pick("PXAT", "EXAT", "pxat"),
        pick("0", "1", "-1", "x", "5000", "1600000000000", "\(number(1..<9_000_000_000))"),
      ]
    }
    switch number(0..<12) {
    case 0: return [pick("EX", "PX", "EXAT", "PXAT"), pick("0", "-1", "x", "9223372036854775807")]
    case 1...3: return ["EX", "\(number(1000..<9_000_000))"]
    case 4: return ["PX", "\(number(1_000_000..<9_000_000_000))"]
    case 5: return ["EXAT", "\(number(4_000_000_000..<5_000_000_000))"]
    case 6: return [pick("EX", "PX", "foo")]
    default: return ["PXAT", "\(number(4_000_000_000_000..<5_000_000_000_000))"]
    }
  }

  private mutating func setOptions() -> [String] {
    var options: [String] = []
    while chance(45) {
      switch number(0..<9) {
      case 0: options += ["NX"]
      case 1: options += ["xx"]
      case 2: options += ["GET"]
      case 3: options += ["KEEPTTL"]
      case 4: options += ["IFEQ", value()]
      case 5 where chance(20): options += [pick("PERSIST", "foo", "IFEQ")]
      default: options += expiry()
      }
    }
    return options
  }

  private mutating func bitfield() -> [String] {
    var words = ["BITFIELD", key()]
    repeat {
      let width =
        chance(5) ? number(0..<70) : [1, 2, 5, 7, 8, 13, 16, 31, 32, 33, 62, 63, 64].randomElement(using: &random)!
      let type = pick("u", "i", "i", "u") + "\(width == 64 && chance(50) ? 63 : width)"
      // A server that loads a file accepts offsets that a live one refuses, such as 2^40.
      let wrong = ["-1", "x", "01", "1.5"]
      let offset = (chance(30) ? "#" : "") + (chance(4) ? wrong[number(0..<wrong.count)] : "\(number(0..<200))")
      switch number(0..<8) {
      case 0: words += ["GET", type, offset]
      case 1, 2, 3: words += ["SET", type, offset, integer()]
      case 4: words += ["OVERFLOW", chance(5) ? "foo" : pick("WRAP", "SAT", "FAIL", "sat")]
      case 5 where chance(5): words += ["SET"]
      default: words += ["INCRBY", type, offset, integer()]
      }
    } while chance(60)
    return words
  }

  private mutating func elements() -> [String] {
    let size = chance(10) ? number(0..<300) : number(0..<5)
    return (0..<size).map { _ in String(repeating: "e", count: number(0..<12)) + "\(number(0..<100_000))" }
  }

  private mutating func hyperLogLog() -> [String] {
    switch number(0..<20) {
    case 0: ["DEL", hyperLogLogKey()]
    case 1: ["PFMERGE"] + (0...number(0..<3)).map { _ in hyperLogLogKey() }
    case 2, 3, 4: ["PFCOUNT", hyperLogLogKey()]
    case 5: ["PFCOUNT", hyperLogLogKey(), hyperLogLogKey()]
    case 6 where chance(10): ["PFDEBUG", pick("TODENSE", "ENCODING", "GETREG", "foo"), hyperLogLogKey()]
    // Only the header is damaged: with damaged registers, the result of a server depends on its memory.
    case 7 where chance(30): ["SETRANGE", hyperLogLogKey(), "\(number(4..<15))", "\u{1}\u{7F}"]
    default: ["PFADD", hyperLogLogKey()] + elements()
    }
  }

  mutating func next() -> [[UInt8]] { words().map { Array($0.utf8) } }

  private mutating func words() -> [String] {
    switch number(0..<34) {
    case 0, 1, 2: return ["SET", key(), value()] + setOptions()
    case 3: return ["SETNX", key(), value()]
    case 4:
      if isLoading { return ["INCR", key()] }
      return chance(50)
        ? ["SETEX", key(), integer(), value()] : ["PSETEX", key(), "\(number(0..<9_000_000) * 1000)", value()]
    case 5: return ["GETSET", key(), value()]
    case 6: return ["GETEX", key()] + (chance(30) ? ["PERSIST"] : chance(80) ? expiry() : setOptions())
    case 7: return ["GETDEL", key()]
    case 8: return ["MSET"] + (0..<number(1..<4)).flatMap { _ in [key(), value()] } + (chance(10) ? [key()] : [])
    case 9: return ["MSETNX"] + (0..<number(1..<4)).flatMap { _ in [key(), value()] } + (chance(10) ? [key()] : [])
    case 10 where isValkey:
      let count = number(1..<4)
      return ["MSETEX", chance(10) ? integer() : "\(count)"] + (0..<count).flatMap { _ in [key(), value()] }
        + setOptions()
    case 11 where isValkey: return ["DELIFEQ", key(), value()]
    case 10, 12, 13: return ["APPEND", key(), value()]
    case 14, 15: return ["SETRANGE", key(), chance(5) ? "-1" : "\(number(0..<100))", value()]
    case 16: return [pick("INCR", "DECR"), key()]
    case 17: return [pick("INCRBY", "DECRBY"), key(), integer()]
    case 18, 19: return ["INCRBYFLOAT", key(), float()]
    case 20: return ["SETBIT", key(), "\(number(-2..<500))", "\(number(0..<21) / 10)"]
    case 21, 22: return bitfield()
    case 23, 24:
      return ["BITOP", pick("AND", "or", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE", "foo"), key()]
        + (0..<number(1..<4)).map { _ in key() }
    case 25 where chance(10): return ["XADD", key(), "1", "a", "b"]
    case 25: return ["DEL", key()]
    default: return hyperLogLog()
    }
  }
}
