extension CommandTable {
  static let sortedSetRows: [CommandRow] =
    [
      CommandRow("zadd", -4, .first, Execution.addScoredMembers),
      CommandRow("zincrby", 4, .first, Execution.incrementScore),
      CommandRow("zrem", -3, .first, Execution.removeScoredMembers),
      CommandRow("zremrangebyrank", 4, .first, Execution.removeRanks),
      CommandRow("zremrangebyscore", 4, .first, Execution.removeScoreRange),
      CommandRow("zremrangebylex", 4, .first, Execution.removeNameRange),
      CommandRow("zpopmin", -2, .first, Execution.popScoredMembers),
      CommandRow("zpopmax", -2, .first, Execution.popScoredMembers),
      CommandRow("zmpop", -4, .counted(count: 1, also: nil), Execution.popScoredMembersOfFirstKey),
      CommandRow("bzmpop", -5, .counted(count: 2, also: nil), Execution.popScoredMembersOfFirstKey),
      CommandRow("bzpopmin", -3, .range(first: 1, last: -2, step: 1), Execution.popFirstAvailableMember),
      CommandRow("bzpopmax", -3, .range(first: 1, last: -2, step: 1), Execution.popFirstAvailableMember),
      CommandRow("zunionstore", -4, .counted(count: 2, also: 1), Execution.storeScoredUnion),
      CommandRow("zinterstore", -4, .counted(count: 2, also: 1), Execution.storeScoredIntersection),
      CommandRow("zdiffstore", -4, .counted(count: 2, also: 1), Execution.storeScoredDifference),
      CommandRow("zrangestore", -5, .two, Execution.storeScoredRange),
    ] + geoRows + sortRows
}
