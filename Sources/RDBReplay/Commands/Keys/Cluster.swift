extension Execution {
  /// CLUSTER SYNCSLOTS, which marks the beginning and the end of the keys of migrated slots (Valkey 9).
  ///
  /// The keys are kept for every state that FINISH can name, as on a server that is not part of the cluster.
  func cluster(_ command: ReplayCommand) throws {
    guard command.isWord(1, "syncslots") else { throw NotReplayed("the state of a cluster is not in the file") }
  }
}
