import TestSupport

extension CollectionCommands {
  /// A command about sets.
  mutating func set() -> [[UInt8]] {
    let key = [key("s")]
    let small = number(0...1) == 0
    switch number(0...19) {
    case 0...5:
      return name("SADD") + key + many(1...12) { [small ? Array("\($0.number(-40...700))".utf8) : $0.element()] }
    case 6...9: return name("SREM") + key + many(1...10) { [$0.element()] }
    case 10...11: return name("SMOVE") + key + [self.key("s"), element()]
    case 12: return name("SPOP") + key + word(["0", "100000", "-1", "x"])
    case 13...14: return name("SUNIONSTORE") + key + many(1...3) { [$0.key("s")] }
    case 15...16: return name("SINTERSTORE") + key + many(1...3) { [$0.key("s")] }
    case 17...18: return name("SDIFFSTORE") + key + many(1...3) { [$0.key("s")] }
    default:
      return name("SADD") + key + many(20...150) { [small ? Array("\($0.number(-40...700))".utf8) : $0.element()] }
    }
  }
}
