import TestSupport

extension CollectionCommands {
  /// A command about lists.
  mutating func list() -> [[UInt8]] {
    let key = [key("l")]
    switch number(0...24) {
    case 0...5: return name(pick(["LPUSH", "RPUSH"])) + key + many(1...8) { [$0.element()] }
    case 6: return name(pick(["LPUSHX", "RPUSHX"])) + key + many(1...4) { [$0.element()] }
    case 7...8: return name(pick(["LPOP", "RPOP"])) + key
    case 9: return name(pick(["LPOP", "RPOP"])) + key + [integer()]
    case 10...11: return name("LINSERT") + key + word(["BEFORE", "AFTER", "after"]) + [element(), element()]
    case 12...13: return name("LSET") + key + [integer(), element()]
    case 14: return name("LREM") + key + [integer(), element()]
    case 15: return name("LTRIM") + key + [integer(), integer()]
    case 16: return name("LTRIM") + key + words(pick(["0", "1", "3"]), pick(["-1", "-2", "-5", "20", "200"]))
    case 17: return name("RPOPLPUSH") + key + [self.key("l")]
    case 18: return name("BRPOPLPUSH") + key + [self.key("l")] + word(["0", "1.5", "x"])
    case 19: return name("LMOVE") + key + [self.key("l")] + ends() + ends()
    case 20: return name("BLMOVE") + key + [self.key("l")] + ends() + ends() + words("0")
    case 21: return name(pick(["BLPOP", "BRPOP"])) + key + [self.key("l")] + word(["0", "0.1", "-1"])
    case 22: return name("LMPOP") + keys("l") + ends() + optional(50, words("COUNT") + [integer()])
    case 23: return name("BLMPOP") + words("0") + keys("l") + ends() + optional(50, words("COUNT") + [integer()])
    default: return name("RPUSH") + key + many(20...200) { [$0.element()] }
    }
  }

  private mutating func ends() -> [[UInt8]] { word(["LEFT", "RIGHT", "left"]) }

  /// The number of keys, and the keys.
  mutating func keys(_ type: String) -> [[UInt8]] {
    let count = number(1...3)
    var all = [Array("\(chance(3) ? count + 1 : count)".utf8)]
    for _ in 0..<count { all.append(key(type)) }
    return all
  }
}
