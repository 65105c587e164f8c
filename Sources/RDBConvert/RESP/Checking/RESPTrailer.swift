import RDB
import RDBFormat
import RESP

/// The trailer of a command file: counts and a checksum of all commands before it.
///
/// The last command of the file carries it: `ECHO "swift-rdb/1 keys=… …"`.
package struct RESPTrailer: Hashable, Sendable, CustomStringConvertible {
  /// The number of keys written.
  package var keys: UInt64
  /// The number of commands before the trailer.
  package var commands: UInt64
  /// The number of bytes before the trailer.
  package var bytes: UInt64
  /// The CRC-64/Jones of these bytes.
  package var crc64: UInt64

  /// The start of the text.
  package static let mark = "swift-rdb/1 "

  package init(keys: UInt64, commands: UInt64, bytes: UInt64, crc64: UInt64) {
    (self.keys, self.commands, self.bytes, self.crc64) = (keys, commands, bytes, crc64)
  }

  /// Reads the text of ``description``. Returns `nil` for other text.
  package init?(_ text: String) {
    guard text.hasPrefix(Self.mark) else { return nil }
    var values: [String: Substring] = [:]
    for word in text.dropFirst(Self.mark.count).split(separator: " ", omittingEmptySubsequences: false) {
      let halves = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard halves.count == 2, values.updateValue(halves[1], forKey: String(halves[0])) == nil else {
        return nil
      }
    }
    guard let keys = values["keys"].flatMap({ UInt64($0) }),
      let commands = values["commands"].flatMap({ UInt64($0) }),
      let bytes = values["bytes"].flatMap({ UInt64($0) }), let hex = values["crc64"], hex.count == 16,
      let crc64 = UInt64(hex, radix: 16)
    else { return nil }
    self.init(keys: keys, commands: commands, bytes: bytes, crc64: crc64)
  }

  /// The text of the trailer, which other programs parse: `swift-rdb/1 keys=N commands=N bytes=N crc64=HEX`, with sixteen lowercase digits.
  package var description: String {
    let digits = String(crc64, radix: 16)
    let hex = String(repeating: "0", count: 16 - digits.count) + digits
    return "\(Self.mark)keys=\(keys) commands=\(commands) bytes=\(bytes) crc64=\(hex)"
  }
}

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
