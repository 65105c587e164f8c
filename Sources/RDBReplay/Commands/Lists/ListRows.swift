extension CommandTable {
  static let listRows: [CommandRow] = [
    CommandRow("lpush", -3, .first, Execution.pushElements),
    CommandRow("rpush", -3, .first, Execution.pushElements),
    CommandRow("lpushx", -3, .first, Execution.pushElements),
    CommandRow("rpushx", -3, .first, Execution.pushElements),
    CommandRow("lpop", -2, .first, Execution.popElements),
    CommandRow("rpop", -2, .first, Execution.popElements),
    CommandRow("lmpop", -4, .counted(count: 1, also: nil), Execution.popElementsOfFirstList),
    CommandRow("blmpop", -5, .counted(count: 2, also: nil), Execution.popElementsOfFirstList),
    CommandRow("blpop", -3, .range(first: 1, last: -2, step: 1), Execution.popFirstAvailableElement),
    CommandRow("brpop", -3, .range(first: 1, last: -2, step: 1), Execution.popFirstAvailableElement),
    CommandRow("rpoplpush", 3, .two, Execution.moveElement),
    CommandRow("brpoplpush", 4, .two, Execution.moveElement),
    CommandRow("lmove", 5, .two, Execution.moveElement),
    CommandRow("blmove", 6, .two, Execution.moveElement),
    CommandRow("linsert", 5, .first, Execution.insertElement),
    CommandRow("lset", 4, .first, Execution.replaceElement),
    CommandRow("lrem", 4, .first, Execution.removeElements),
    CommandRow("ltrim", 4, .first, Execution.trimList),
  ]
}
