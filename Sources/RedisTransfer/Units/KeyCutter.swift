import RDB
import RDBSupport

/// A destination that cuts the output of a `RESPSink` with marks into units, and passes them on.
///
///     let cutter = KeyCutter { unit in try window.send(unit) }
///     try reader.write(to: cutter, threads: 2) { RESPSink(options, to: $0) }
///     try cutter.finish()
///
/// The output may arrive in pieces that end anywhere. The bytes of commands are copied once. The memory is that of one
/// unit, and does not grow with keys, commands or arguments.
package final class KeyCutter: ByteDestination {
  /// The sizes at which units end.
  package struct Limits: Hashable, Sendable {
    /// The size in bytes from which a unit ends at the next key. A key ends a unit inside when its own commands in the
    /// unit have this size and another command follows.
    package var byteCount = 64 << 10
    /// The number of commands from which a unit ends at the next key. A key ends a unit inside when it has as many
    /// commands of its own in the unit and another command follows.
    package var commandCount = 1024
    /// The number of keys from which on a unit ends at the next key.
    package var keyCount = Int.max
    /// The size in bytes at which a unit ends inside a command.
    package var pieceByteCount = 256 << 10

    package init() {}

    /// A unit per key, which is as large as its commands are, up to some MiB: each key can go to another node.
    package static var perKey: Limits {
      var limits = Limits()
      (limits.keyCount, limits.byteCount, limits.pieceByteCount) = (1, 4 << 20, 4 << 20)
      limits.commandCount = 1 << 20
      return limits
    }
  }

  /// The output is not marks and commands as a `RESPSink` writes them.
  package struct Malformed: Error, Hashable, Sendable {
    /// The offset, in bytes, in the output of the sink.
    package var offset: UInt64
  }

  private var scanner: UnitScanner

  /// Creates a cutter.
  ///
  /// - Parameter receive: Receives each unit. It may block, and its error ends the writing.
  package init(limits: Limits = Limits(), _ receive: @escaping (KeyUnit) throws -> Void) {
    scanner = UnitScanner(limits: limits, receive)
  }

  /// The number of keys so far, function libraries and scripts included.
  package var keyCount: UInt64 { scanner.nextOrdinal }

  /// Leaves out the first `count` keys, which are on the server already. Call it before the first write.
  package func resume(skipping count: UInt64) { scanner.skippedKeyCount = count }

  package func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    try scanner.scan(bytes)
    try scanner.scan(more)
  }

  /// Passes the last unit on.
  ///
  /// - Throws: ``Malformed`` if the output ends inside a command, or an error of the receiver.
  package func finish() throws { try scanner.finish() }
}
