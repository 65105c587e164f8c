import RDBSupport

/// A change that a shell, an editor or a transfer in text mode made to a file of commands.
package struct RESPRewriting: Hashable, Sendable, CustomStringConvertible {
  /// The number of bytes at the start of a file that are examined.
  package static let startByteCount = 16

  /// The change, as a noun phrase for messages.
  package let description: String
  /// Its offset in the file.
  package let offset: UInt64

  /// Finds the reason for an error.
  ///
  /// - Parameters:
  ///   - error: The error.
  ///   - start: The first bytes of the file, ``startByteCount`` of them if it has as many.
  package init?(_ error: RESPError, start: [UInt8]) {
    offset = Self.offset(error, start)
    if start.starts(with: Self.mark) {
      description = "a byte order mark of UTF-8 before the first command"
    } else if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      description = "UTF-16, as a redirection in Windows PowerShell writes"
    } else if start.count > 1, start[0] == 0 || start[1] == 0 {
      description = "UTF-16 without a byte order mark"
    } else if error.code == .badLineEnd, Self.isInFirstLine(error.offset, start) {
      // A program that changes line ends changes the first one too. A wrong line end after the first one is damage, most
      // often a length that is too large and ends inside "\r\n".
      description =
        error.found == "0x0D"
        ? "\"\\r\\r\\n\" for \"\\r\\n\", as text mode writes" : "\"\\n\" for \"\\r\\n\""
    } else {
      return nil
    }
  }

  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Whether a text begins with a byte order mark.
  static func hasMark(_ text: UnsafeRawBufferPointer) -> Bool {
    text.starts(with: mark) || text.starts(with: [0xFF, 0xFE]) || text.starts(with: [0xFE, 0xFF])
  }

  private static func offset(_ error: RESPError, _ start: [UInt8]) -> UInt64 {
    error.code == .badLineEnd && isInFirstLine(error.offset, start) ? error.offset : 0
  }

  /// Whether the bytes before `offset` are only the argument count of the first command.
  private static func isInFirstLine(_ offset: UInt64, _ start: [UInt8]) -> Bool {
    guard offset < UInt64(start.count) else { return false }
    return start[..<Int(offset)].allSatisfy { $0 == UInt8(ascii: "*") || 48...57 ~= $0 || $0 == 13 }
  }
}
