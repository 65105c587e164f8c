import RDB
import RDBFormat
import RESP

/// A destination that passes bytes to another destination, and can append a trailer.
package final class TrailingDestination: ByteDestination {
  private let destination: any ByteDestination
  private var checksum = CRC64()
  /// The number of bytes written so far.
  package private(set) var byteCount: UInt64 = 0

  package init(to destination: any ByteDestination) { self.destination = destination }

  /// Counts `bytes` and `more`, and passes them on.
  package func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    checksum.update(bytes)
    checksum.update(more)
    byteCount += UInt64(bytes.byteCount + more.byteCount)
    try destination.write(bytes, followedBy: more)
  }

  /// Writes the trailer. Write no bytes after it.
  package func writeTrailer(_ summary: RESPSummary) throws {
    let trailer = RESPTrailer(
      keys: summary.ledger.keysWritten, commands: summary.commandCount, bytes: byteCount,
      crc64: checksum.value)
    let command = RESPText.command("ECHO", trailer.description)
    try write(command)
  }
}
