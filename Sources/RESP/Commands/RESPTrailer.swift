import RDBSupport

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

  /// Finds the trailer at the end of a command file, if the file has one that fits its size.
  ///
  /// - Parameters:
  ///   - end: The last bytes of the file, ``endByteCount`` of them if it has as many.
  ///   - byteCount: The size of the file, in bytes.
  package init?(end: [UInt8], byteCount: UInt64) {
    let command = Array("*2\r\n$4\r\nECHO\r\n".utf8)
    let starts = end.indices.filter { end[$0...].starts(with: command) }
    guard let start = starts.last else { return nil }
    let last = Array(end[start...])
    var reader = RESPCommandReader()
    reader.feed(last.span.bytes)
    guard (try? reader.next()) == true, (try? reader.finish()) != nil, reader.argumentCount == 2 else { return nil }
    self.init(String(decoding: reader.copiedArguments()[1], as: UTF8.self))
    guard bytes == byteCount - UInt64(end.count - start) else { return nil }
  }

  /// The number of bytes at the end of a file that are examined.
  package static let endByteCount = 256
}
