import TestSupport

/// Random commands on streams: mostly valid, some with errors.
struct RandomStreamCommands {
  private var random: SeededGenerator
  private let isRedis8: Bool
  /// The milliseconds of the largest ID so far.
  private var clock = 1

  init(seed: UInt64, isRedis8: Bool) {
    random = SeededGenerator(seed: seed)
    self.isRedis8 = isRedis8
  }

  private mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
  private mutating func chance(_ percent: Int) -> Bool { number(0..<100) < percent }
  private mutating func pick(_ words: String...) -> String { words.randomElement(using: &random)! }
  private mutating func key() -> String { chance(3) ? "none" : "s\(number(0..<3))" }
  private mutating func group() -> String { chance(4) ? "nogroup" : "g\(number(0..<3))" }
  private mutating func consumer() -> String { "c\(number(0..<4))" }

  /// An ID at or near one that was used.
  private mutating func id() -> String {
    switch number(0..<30) {
    case 0: return pick("x", "-", "+", "5-", "-5", "1-x", "18446744073709551616", "1-2-3", "", "$")
    case 1: return pick("0", "0-0", "0-1", "00\(clock)", "18446744073709551615")
    case 2..<5: return "\(clock + number(0..<5))"
    default:
      // Most IDs are near the end.
      let back = chance(80) ? number(0..<min(clock, 40) + 1) : number(0..<clock + 1)
      return chance(70) ? "\(clock - back)" : "\(clock - back)-\(number(0..<3))"
    }
  }

  private mutating func ids() -> [String] { (0..<number(1..<5)).map { _ in id() } }

  private mutating func newID() -> String {
    switch number(0..<30) {
    case 0: return id()
    case 1..<4: return "\(clock)-*"
    case 4..<10: return "\(clock)-\(number(0..<1000))"
    default:
      clock += chance(5) ? number(1..<100_000) : number(1..<3)
      return chance(50) ? "\(clock)" : "\(clock)-\(number(0..<300))"
    }
  }

  private mutating func fields() -> [String] {
    switch number(0..<12) {
    case 0: return ["field", String(repeating: "v", count: number(0..<5000))]
    case 1: return ["name"]
    case 2..<5: return (0..<number(1..<6) * 2).map { _ in "\(number(-70_000..<70_000))" }
    default: return ["name", "\(number(0..<300))", "other", String(repeating: "w", count: number(0..<80))]
    }
  }

  private mutating func trimming(isTrim: Bool) -> [String] {
    var words: [String] = []
    if isTrim || chance(25) {
      words += chance(60) ? [pick("MAXLEN", "maxlen")] : ["MINID"]
      words += chance(60) ? [] : [pick("=", "~")]
      words += [words[0] == "MINID" ? id() : chance(4) ? pick("-1", "x") : "\(number(0..<400))"]
    }
    if isRedis8, chance(20) { words = chance(50) ? words + [references()] : [references()] + words }
    return words
  }

  private mutating func references() -> String { pick("KEEPREF", "DELREF", "ACKED", "acked") }

  private mutating func claimOptions() -> [String] {
    var words: [String] = []
    while chance(55) {
      switch number(0..<8) {
      case 0: words += ["IDLE", "\(number(0..<9_000_000))"]
      case 1:
        words += [
          "TIME", chance(20) ? pick("-5", "99999999999999", "x") : "\(1_600_000_000_000 + number(0..<1_000_000))",
        ]
      case 2: words += ["RETRYCOUNT", "\(number(-2..<9))"]
      case 3, 4: words += ["FORCE"]
      case 5: words += ["JUSTID"]
      case 6: words += ["LASTID", id()]
      default: words += chance(10) ? [pick("foo", "TIME", "LASTID")] : ["FORCE"]
      }
    }
    return words
  }

  private mutating func groupCommand() -> [String] {
    let read = chance(30) ? ["ENTRIESREAD", "\(number(-2..<500))"] : []
    switch number(0..<12) {
    case 0..<4:
      return ["XGROUP", "CREATE", key(), group(), chance(20) ? "$" : chance(30) ? "0" : id()] + read
        + (chance(60) ? ["MKSTREAM"] : [])
    case 4, 5: return ["XGROUP", "SETID", key(), group(), chance(30) ? "$" : id()] + read
    case 6 where chance(30): return ["XGROUP", "DESTROY", key(), group()]
    case 7, 8: return ["XGROUP", "CREATECONSUMER", key(), group(), consumer()]
    case 9: return ["XGROUP", "DELCONSUMER", key(), group(), consumer()]
    case 10 where chance(20): return ["XGROUP", pick("CREATE", "SETID", "DESTROY"), key(), group(), id(), "foo"]
    default: return ["XGROUP", "CREATE", key(), group(), "0"]
    }
  }

  mutating func next() -> [[UInt8]] { words().map { Array($0.utf8) } }

  private mutating func words() -> [String] {
    switch number(0..<40) {
    case 0..<16:
      return ["XADD", key()] + (chance(5) ? ["NOMKSTREAM"] : []) + trimming(isTrim: false) + [newID()] + fields()
    case 16, 17: return ["XTRIM", key()] + trimming(isTrim: true)
    case 18, 19, 20: return ["XDEL", key()] + ids()
    case 21:
      return ["XSETID", key(), "\(clock + number(-2..<4))"]
        + (chance(40) ? ["ENTRIESADDED", "\(number(-1..<900))"] : [])
        + (chance(40) ? ["MAXDELETEDID", id()] : [])
    case 22, 23, 24: return groupCommand()
    case 25, 26: return ["XACK", key(), group()] + ids()
    case 27, 28: return ["XCLAIM", key(), group(), consumer(), chance(20) ? "5000000" : "0"] + ids() + claimOptions()
    case 29:
      return ["XAUTOCLAIM", key(), group(), consumer(), chance(20) ? "5000000" : "0", chance(60) ? "0" : "(" + id()]
        + (chance(50) ? ["COUNT", "\(number(0..<6))"] : []) + (chance(30) ? ["JUSTID"] : [])
    case 30..<34:
      return ["XREADGROUP", "GROUP", group(), consumer()] + (chance(80) ? ["COUNT", "\(number(-1..<9))"] : [])
        + (chance(15) ? ["NOACK"] : []) + ["STREAMS", key(), chance(75) ? ">" : id()]
    case 34:
      return [
        "XREADGROUP", "count", "3", "GROUP", group(), consumer(), "STREAMS", key(), key(), ">", chance(80) ? ">" : "0",
      ]
    case 35 where isRedis8, 36 where isRedis8:
      let ids = ids()
      return ["XDELEX", key()] + (chance(70) ? [references()] : []) + ["IDS", "\(ids.count)"] + ids
    case 37 where isRedis8:
      let ids = ids()
      return ["XACKDEL", key(), group()] + (chance(70) ? [references()] : []) + ["IDS", "\(ids.count)"] + ids
    case 38 where chance(4): return [pick("DEL", "GETDEL"), key()]
    case 39 where chance(4): return ["SET", key(), "a string"]
    default: return ["XADD", key(), newID()] + fields()
    }
  }
}
