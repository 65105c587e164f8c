extension Execution {
  /// CLUSTER SYNCSLOTS, which frames the keys of migrated slots (Valkey 9): they stay, whatever state FINISH tells, as on a
  /// server that is not part of the cluster.
  func cluster(_ command: ReplayCommand) throws {
    guard command.isWord(1, "syncslots") else { throw NotReplayed("the state of a cluster is not in the file") }
  }
}
