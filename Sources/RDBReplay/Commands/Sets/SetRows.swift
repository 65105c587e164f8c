extension CommandTable {
  static let setRows: [CommandRow] = [
    CommandRow("sadd", -3, .first, Execution.addMembers),
    CommandRow("srem", -3, .first, Execution.removeMembers),
    CommandRow("smove", 4, .two, Execution.moveMember),
    CommandRow("spop", -2, .first, Execution.popMembers),
    CommandRow("sinterstore", -3, .range(first: 1, last: -1, step: 1), Execution.storeIntersection),
    CommandRow("sunionstore", -3, .range(first: 1, last: -1, step: 1), Execution.storeUnion),
    CommandRow("sdiffstore", -3, .range(first: 1, last: -1, step: 1), Execution.storeDifference),
  ]
}
