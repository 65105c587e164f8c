import RESP

/// A trial of commands that changes nothing: they are queued in a transaction, which is then discarded.
///
/// A server refuses to queue a command that the user may not run.
package enum PermissionProbe {
  /// The name of the key in the commands. It need not exist, and is not created.
  private static let key = "swift-rdb-probe"

  /// The commands that write keys, with the arguments that they need at least.
  package static let writing: [[String]] = [
    ["SET", key, "v"], ["SETNX", key, "v"], ["APPEND", key, "v"], ["RPUSH", key, "v"], ["SADD", key, "v"],
    ["ZADD", key, "1", "v"], ["HSET", key, "f", "v"], ["XADD", key, "1-1", "f", "v"], ["PEXPIREAT", key, "1"],
    ["RENAME", key, key], ["RENAMENX", key, key], ["UNLINK", key], ["INFO"], ["WAIT", "0", "0"],
  ]

  /// The commands that read keys one after another.
  package static let scanning: [[String]] = [["SCAN", "0"], ["DUMP", key], ["PTTL", key], ["INFO"]]

  /// The command that pauses the writes of clients, on servers from 6.2 on.
  package static let pausing: [[String]] = [["CLIENT", "PAUSE", "1", "WRITE"]]

  /// Returns the commands that the user may not run, each by its name.
  ///
  /// A user whose permission depends on the names of keys may run a command: only the real names can show more.
  ///
  /// - Returns: Only `MULTI`, if the user may not use transactions.
  /// - Throws: ``TransferError``.
  package static func forbidden(
    _ commands: [[String]], on connection: Connection
  ) throws(TransferError) -> [String] {
    if let words = try connection.reply(to: [Array("MULTI".utf8)]).errorBytes {
      let error = ServerError(words)
      guard error.kind == .noPermission else { throw connection.refused(Array("MULTI".utf8), error) }
      return ["MULTI"]
    }
    var forbidden: [String] = []
    for command in commands {
      let reply = try connection.reply(to: command.map { Array($0.utf8) })
      guard let words = reply.errorBytes, let name = command.first else { continue }
      let error = ServerError(words)
      if error.kind == .noPermission, Self.concernsCommand(error) { forbidden.append(name) }
    }
    _ = try connection.call("DISCARD")
    return forbidden
  }

  /// Whether the words are about the command, not about the key: `… no permissions to run the 'set' command`.
  private static func concernsCommand(_ error: ServerError) -> Bool {
    let words = String(decoding: error.words, as: UTF8.self)
    return words.contains(" to run the ")
  }
}
