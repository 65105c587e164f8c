extension Execution {
  /// DEL, UNLINK.
  func delete(_ command: ReplayCommand) { for index in 1..<command.count { remove(command[index]) } }

  /// FLUSHDB. Whether the server frees memory in the background (ASYNC, SYNC) makes no difference.
  func flushDatabase(_ command: ReplayCommand) throws {
    try checkFlushMode(command)
    flushDatabase()
  }

  /// FLUSHALL. Function libraries stay.
  func flushAll(_ command: ReplayCommand) throws {
    try checkFlushMode(command)
    flushDatabase()
    for number in keyspace.databaseNumbers {
      let current = database
      database = number
      flushDatabase()
      database = current
    }
  }

  private func checkFlushMode(_ command: ReplayCommand) throws {
    guard command.count == 1 || command.count == 2 && (command.isWord(1, "async") || command.isWord(1, "sync")) else {
      throw CommandError.syntax
    }
  }
}
