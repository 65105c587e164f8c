import TestSupport

extension CollectionCommands {
  /// A command about sorted sets.
  mutating func sortedSet() -> [[UInt8]] {
    let key = [key("z")]
    switch number(0...29) {
    case 0...5: return name("ZADD") + key + addOptions() + many(1...8) { [$0.float(), $0.element()] }
    case 6: return name("ZADD") + key + words("INCR") + addOptions() + [float(), element()]
    case 7...8: return name("ZINCRBY") + key + [float(), element()]
    case 9...10: return name("ZREM") + key + many(1...6) { [$0.element()] }
    case 11: return name("ZREMRANGEBYRANK") + key + [integer(), integer()]
    case 12: return name("ZREMRANGEBYSCORE") + key + [score(), score()]
    case 13: return name(pick(["ZPOPMIN", "ZPOPMAX"])) + key + optional(40, [integer()])
    case 14: return name("ZMPOP") + keys("z") + word(["MIN", "MAX"]) + optional(50, words("COUNT") + [integer()])
    case 15: return name("BZMPOP") + words("0") + keys("z") + word(["MIN", "MAX"])
    case 16: return name(pick(["BZPOPMIN", "BZPOPMAX"])) + key + [self.key("z")] + word(["0", "0.1", "-1"])
    case 17...20: return name(pick(["ZUNIONSTORE", "ZINTERSTORE"])) + key + sources() + aggregation()
    case 21: return name("ZDIFFSTORE") + key + sources()
    case 22...23: return name("ZRANGESTORE") + key + [self.key("z"), integer(), integer()] + optional(50, words("REV"))
    case 24:
      return name("ZRANGESTORE") + key + [self.key("z"), score(), score()] + words("BYSCORE")
        + optional(40, words("REV"))
        + optional(40, words("LIMIT") + [integer(), integer()])
    case 25: return lexical()
    case 26...27: return place()
    default: return name("ZADD") + key + many(20...150) { [$0.float(), $0.element()] }
    }
  }

  /// A command about names in sorted sets whose members all have the same score.
  private mutating func lexical() -> [[UInt8]] {
    let key = words("lex\(number(0...1))")
    switch number(0...5) {
    case 0...3: return name("ZADD") + key + many(1...10) { [[48], $0.element()] }
    case 4: return name("ZREMRANGEBYLEX") + key + [bound(), bound()]
    default:
      return name("ZRANGESTORE") + [self.key("z")] + key + [bound(), bound()] + words("BYLEX")
        + optional(40, words("REV"))
        + optional(40, words("LIMIT") + [integer(), integer()])
    }
  }

  private mutating func place() -> [[UInt8]] {
    let key = words("geo\(number(0...1))")
    let point = words("\(Double(number(-18100...18100)) / 100)", "\(Double(number(-8600...8600)) / 100)")
    let distance = words("\(number(1...9000))") + word(["km", "mi", "KM"])
    let options = optional(30, word(["ASC", "DESC"])) + optional(30, words("COUNT") + [integer()])
    switch number(0...9) {
    case 0...4:
      return name("GEOADD") + key + optional(20, word(["NX", "XX", "CH"]))
        + many(1...8) {
          $0.words(
            "\(Double($0.number(-1800...1800)) / 10.1)", "\(Double($0.number(-850...850)) / 10.3)",
            "p\($0.number(0...99))")
        }
    case 5:
      return name("GEORADIUS") + key + point + distance + options + word(["STORE", "STOREDIST"]) + [self.key("z")]
    case 6:
      return name("GEORADIUSBYMEMBER") + key + words("p\(number(0...99))") + distance + options
        + word(["STORE", "STOREDIST"])
        + [self.key("z")]
    case 7:
      return name("GEOSEARCHSTORE") + [self.key("z")] + key + words("FROMLONLAT") + point + words("BYRADIUS") + distance
        + options
    case 8:
      return name("GEOSEARCHSTORE") + [self.key("z")] + key
        + words("FROMMEMBER", "p\(number(0...99))", "BYBOX", "\(number(1...9000))")
        + distance + options + optional(40, words("STOREDIST"))
    default: return name("ZREM") + key + words("p\(number(0...99))")
    }
  }

  private mutating func addOptions() -> [[UInt8]] {
    optional(15, word(["NX", "XX", "nx"])) + optional(15, word(["GT", "LT"])) + optional(10, words("CH"))
  }
  private mutating func score() -> [UInt8] { (chance(20) ? [40] : []) + float() }
  private mutating func bound() -> [UInt8] {
    chance(30) ? Array(pick(["-", "+", "x", "", "++"]).utf8) : [chance(50) ? 40 : 91] + element()
  }
  private mutating func sources() -> [[UInt8]] {
    let count = number(1...3)
    return words("\(chance(3) ? count + 1 : count)") + (0..<count).map { _ in chance(25) ? key("s") : key("z") }
  }
  private mutating func aggregation() -> [[UInt8]] {
    optional(30, words("WEIGHTS") + (0..<number(1...3)).map { _ in float() })
      + optional(30, words("AGGREGATE") + word(["SUM", "MIN", "max"]))
  }

  /// A command that stores a sorted list.
  ///
  /// Elements whose texts to compare are equal or missing keep no certain order: ALPHA comes without patterns of keys.
  mutating func sort() -> [[UInt8]] {
    if chance(20) { return words("SET", "w_e\(number(0...40))") + [chance(90) ? float() : element()] }
    var command = name("SORT") + [key(pick(["l", "s", "z"]))]
    if chance(30) {
      command += words("BY") + word(["w_*", "h*->f1", "x*->"])
    } else {
      command += optional(30, words("BY") + word(["nosort", "#"])) + optional(50, words("ALPHA"))
    }
    command += optional(30, words("LIMIT") + [integer(), integer()])
    for _ in 0..<number(0...2) { command += words("GET") + word(["#", "w_*", "*", "h*->f2", "nothing"]) }
    return command + optional(30, word(["ASC", "DESC"])) + optional(90, words("STORE") + [key("l")])
  }
}
