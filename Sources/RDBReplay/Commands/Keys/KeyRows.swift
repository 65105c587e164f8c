extension CommandTable {
  static let keyRows: [CommandRow] = [
    CommandRow("del", -2, .range(first: 1, last: -1, step: 1), Execution.delete),
    CommandRow("unlink", -2, .range(first: 1, last: -1, step: 1), Execution.delete),
    CommandRow("expire", -3, .first, Execution.expire),
    CommandRow("pexpire", -3, .first, Execution.expire),
    CommandRow("expireat", -3, .first, Execution.expire),
    CommandRow("pexpireat", -3, .first, Execution.expire),
    CommandRow("persist", 2, .first, Execution.persist),
    CommandRow("rename", 3, .two, Execution.rename),
    CommandRow("renamenx", 3, .two, Execution.rename),
    CommandRow("copy", -3, .two, Execution.copy),
    CommandRow("move", 3, .first, Execution.move),
    CommandRow("restore", -4, .first, Execution.restore),
    CommandRow("restore-asking", -4, .first, Execution.restore),
  ]

  static let serverRows: [CommandRow] = [
    CommandRow("select", 2, .none, Execution.select),
    CommandRow("swapdb", 3, .none, Execution.swapDatabases),
    CommandRow("flushdb", -1, .none, Execution.flushDatabase),
    CommandRow("flushall", -1, .none, Execution.flushAll),
    CommandRow("function", -2, .none, Execution.function),
    CommandRow("cluster", -2, .none, Execution.cluster),
  ]
}
