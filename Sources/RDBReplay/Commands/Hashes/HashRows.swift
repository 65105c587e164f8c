extension CommandTable {
  static let hashRows: [CommandRow] = [
    CommandRow("hset", -4, .first, Execution.setHashFields),
    CommandRow("hmset", -4, .first, Execution.setHashFields),
    CommandRow("hsetnx", 4, .first, Execution.setNewHashField),
    CommandRow("hdel", -3, .first, Execution.deleteHashFields),
    CommandRow("hincrby", 4, .first, Execution.incrementHashField),
    CommandRow("hincrbyfloat", 4, .first, Execution.incrementHashFieldByFloat),
    CommandRow("hexpire", -6, .first, Execution.expireHashFields),
    CommandRow("hexpireat", -6, .first, Execution.expireHashFields),
    CommandRow("hpexpire", -6, .first, Execution.expireHashFields),
    CommandRow("hpexpireat", -6, .first, Execution.expireHashFields),
    CommandRow("hpersist", -5, .first, Execution.persistHashFields),
    CommandRow("hsetex", -6, .first, Execution.setExpiringHashFields),
    CommandRow("hgetex", -5, .first, Execution.changeHashExpiries),
    CommandRow("hgetdel", -5, .first, Execution.takeHashFields),
  ]
}
