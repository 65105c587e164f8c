import RESP

/// The sentinels that watch a server.
///
/// A master lists a client that asks for a synchronisation among its replicas, with port 0. Sentinels read this list,
/// and keep such a replica until they are reset (measured with Redis 7.0.15). They do not ask replicas for replicas of
/// their own.
package enum SentinelWatch {
  /// Whether a sentinel has a connection to the server; `nil` if the user may not ask.
  ///
  /// Sentinels name their connections `sentinel-<id>-cmd` and `sentinel-<id>-pubsub`.
  package static func isWatched(_ connection: Connection) throws(TransferError) -> Bool? {
    let reply = try connection.reply(to: ["CLIENT", "LIST"].map { Array($0.utf8) })
    guard reply.errorBytes == nil else { return nil }
    guard let bytes = reply.bytes else {
      throw TransferError(.unexpectedReply(command: "CLIENT LIST"), at: connection.server)
    }
    return bytes.split(separator: 10).contains { line in
      line.split(separator: UInt8(ascii: " ")).contains { $0.starts(with: "name=sentinel-".utf8) }
    }
  }
}
