extension CommandTable {
  static let stringRows: [CommandRow] = [
    CommandRow("set", -3, .first, Execution.set),
    CommandRow("setnx", 3, .first, Execution.setnx),
    CommandRow("setex", 4, .first, Execution.setex),
    CommandRow("psetex", 4, .first, Execution.psetex),
    CommandRow("getset", 3, .first, Execution.getset),
    CommandRow("getex", -2, .first, Execution.getex),
    CommandRow("getdel", 2, .first, Execution.getdel),
    CommandRow("delex", -2, .first, Execution.delex),
    CommandRow("delifeq", 3, .first, Execution.delifeq),
    CommandRow("mset", -3, .range(first: 1, last: -1, step: 2), Execution.mset),
    CommandRow("msetnx", -3, .range(first: 1, last: -1, step: 2), Execution.msetnx),
    CommandRow("msetex", -4, .special(keysOfMsetex), Execution.msetex),
    CommandRow("append", 3, .first, Execution.append),
    CommandRow("setrange", 4, .first, Execution.setrange),
    CommandRow("incr", 2, .first, Execution.incr),
    CommandRow("decr", 2, .first, Execution.decr),
    CommandRow("incrby", 3, .first, Execution.incrby),
    CommandRow("decrby", 3, .first, Execution.decrby),
    CommandRow("incrbyfloat", 3, .first, Execution.incrbyfloat),
    CommandRow("increx", -2, .first, .notReplayed("the command is not implemented (Redis 8.8, Valkey 9.2)")),
    CommandRow("setbit", 4, .first, Execution.setbit),
    CommandRow("bitop", -4, .range(first: 2, last: -1, step: 1), Execution.bitop),
    CommandRow("bitfield", -2, .first, Execution.bitfield),
    CommandRow("pfadd", -2, .first, Execution.pfadd),
    CommandRow("pfcount", -2, .range(first: 1, last: -1, step: 1), Execution.pfcount),
    CommandRow("pfmerge", -2, .range(first: 1, last: -1, step: 1), Execution.pfmerge),
    CommandRow("pfdebug", 3, .range(first: 2, last: 2, step: 1), Execution.pfdebug),
  ]

  /// `MSETEX numkeys key value [key value …] …`: the number of keys comes first.
  @Sendable private static func keysOfMsetex(_ command: ReplayCommand) -> [Int] {
    guard let count = try? command.integer(1), count > 0 else { return [] }
    return Array(stride(from: 2, to: command.count, by: 2).prefix(Int(count)))
  }
}
