import RESP

/// A position in the commands that a master sends to its replicas.
package struct ReplicationPosition: Hashable, Sendable {
  /// The identifier of the history of commands: 40 hexadecimal digits.
  package var identifier: [UInt8]
  /// The number of bytes of this history before the position.
  package var offset: UInt64

  package init(identifier: [UInt8], offset: UInt64) { (self.identifier, self.offset) = (identifier, offset) }

  /// The command that tells a master that all bytes before the position have arrived. The master does not reply.
  ///
  /// After a snapshot that ends with a mark, a master sends nothing more before the first such command. It closes a
  /// connection that sends none for `repl-timeout` (60 s by default).
  package var acknowledgement: [UInt8] { RESPText.command("REPLCONF", "ACK", "\(offset)") }
}
