/// A process of a server, and the history of the writes that it has.
package struct ServerProcess: Hashable, Sendable {
  /// The identifier of the process, which is another one after each start.
  package var identifier: String
  /// The identifier of the history of its writes; empty: unknown.
  package var history: String
  /// The history that the process had before it became a master; empty: none.
  var formerHistory = ""
  /// The number of bytes of the former history that it has.
  var formerOffset: UInt64 = 0
  /// The number of bytes of the history when the server was asked.
  var offset: UInt64 = 0

  package init(identifier: String, history: String) { (self.identifier, self.history) = (identifier, history) }

  /// The process as one word of a journal.
  var recorded: String { "\(identifier)/\(history)/\(offset)" }

  /// Reads the word of a journal. `nil` for another word.
  init?(recorded word: Substring) {
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, let offset = UInt64(parts[2]) else { return nil }
    self.init(identifier: String(parts[0]), history: String(parts[1]))
    self.offset = offset
  }

  /// Reads the sections about the server and about replication. `nil` if the server does not tell them.
  init?(_ server: ServerInfo?, _ replication: ServerInfo?) {
    guard let identifier = server?.runIdentifier else { return nil }
    self.init(identifier: identifier, history: replication?["master_replid"] ?? "")
    formerHistory = replication?["master_replid2"] ?? ""
    formerOffset = replication?["second_repl_offset"].flatMap { UInt64($0) } ?? 0
    offset = replication?["master_repl_offset"].flatMap { UInt64($0) } ?? 0
  }

  /// Whether the process has what an earlier one had and its replicas confirmed: it is the same, or was one of the
  /// replicas. A process that was started anew can have lost keys.
  ///
  /// - Parameter hasReplicas: Whether replicas confirmed each key.
  func continues(_ earlier: ServerProcess, withReplicas hasReplicas: Bool) -> Bool {
    if identifier == earlier.identifier { return true }
    guard hasReplicas, !earlier.history.isEmpty, formerHistory == earlier.history else { return false }
    return formerOffset >= earlier.offset
  }
}
