extension CommandTable {
  static let streamRows: [CommandRow] = [
    CommandRow("xadd", -5, .first, Execution.xadd),
    CommandRow("xtrim", -4, .first, Execution.xtrim),
    CommandRow("xdel", -3, .first, Execution.xdel),
    CommandRow("xdelex", -5, .first, Execution.xdelex),
    CommandRow("xackdel", -6, .first, Execution.xackdel),
    CommandRow("xsetid", -3, .first, Execution.xsetid),
    CommandRow("xgroup", -2, .range(first: 2, last: 2, step: 1), Execution.xgroup),
    CommandRow("xack", -4, .first, Execution.xack),
    CommandRow("xclaim", -6, .first, Execution.xclaim),
    CommandRow("xautoclaim", -6, .first, Execution.xautoclaim),
    CommandRow("xreadgroup", -7, .special(keysOfXreadgroup), Execution.xreadgroup),
    CommandRow("xnack", -7, .first, .notReplayed("the command is not implemented (Redis 8.8)")),
    CommandRow("xcfgset", -4, .first, .notReplayed("the command is not implemented (Redis 8.6)")),
    CommandRow("xidmprecord", 5, .first, .notReplayed("the command is not implemented (Redis 8.6)")),
  ]

  /// `XREADGROUP GROUP group consumer … STREAMS key [key …] id [id …]`: the first half of the arguments after STREAMS.
  @Sendable private static func keysOfXreadgroup(_ command: ReplayCommand) -> [Int] {
    guard let options = try? ReadGroupOptions(command) else { return [] }
    return Array(options.keys)
  }
}
