import TestSupport

extension CollectionCommands {
  /// A command about hashes.
  ///
  /// - Parameter hasExpiries: Whether the server knows field expiries.
  mutating func hash(hasExpiries: Bool) -> [[UInt8]] {
    let key = [key("h")]
    switch number(0...(hasExpiries ? 22 : 9)) {
    case 0...2:
      return name(pick(["HSET", "HMSET"])) + key + many(1...6) { [$0.field(), $0.element()] } + optional(2, [element()])
    case 3: return name("HSETNX") + key + [field(), element()]
    case 4...5: return name("HDEL") + key + many(1...5) { [$0.field()] }
    case 6...7: return name("HINCRBY") + key + [field(), integer()]
    case 8...9: return name("HINCRBYFLOAT") + key + [field(), float()]
    case 10...12:
      return name(pick(["HPEXPIREAT", "HEXPIREAT"])) + key + [time()] + optional(40, word(["NX", "XX", "GT", "LT"]))
        + fields(1)
    case 13...14: return name("HPERSIST") + key + fields(1)
    case 15...16: return name("HGETDEL") + key + fields(1)
    case 17...19:
      return name("HGETEX") + key + pick([words("PERSIST"), words("PXAT") + [time()], words("EXAT") + [time()], []])
        + fields(1)
    default:
      return name("HSETEX") + key + optional(30, word(["FNX", "FXX"]))
        + pick([words("KEEPTTL"), words("PXAT") + [time()], words("EXAT") + [time()], []]) + fields(2)
    }
  }

  private mutating func field() -> [UInt8] { chance(60) ? Array("f\(number(0...12))".utf8) : element() }

  /// A time in the past, in the far future, or now and then out of range.
  private mutating func time() -> [UInt8] {
    let times =
      chance(5)
      ? ["0", "-1", "x", "70368744177663", "70368744177664", "9223372036854775807"]
      : ["5", "900000000", "1000000000000", "3000000000", "9000000000000", "9000000000001", "40000000000"]
    return Array(pick(times).utf8)
  }

  private mutating func fields(_ step: Int) -> [[UInt8]] {
    let count = chance(1) ? pick([100, 513, 600]) : number(1...4)
    var all: [[UInt8]] = []
    for _ in 0..<count { all += step == 1 ? [field()] : [field(), element()] }
    return [
      Array(chance(5) ? "fields".utf8 : "FIELDS".utf8), Array("\(chance(3) ? count + number(-1...1) : count)".utf8),
    ] + all
  }
}
