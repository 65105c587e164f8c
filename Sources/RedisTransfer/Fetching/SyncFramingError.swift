/// An error in the transfer of a snapshot.
package struct SyncFramingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of an error.
  package enum Kind: Hashable, Sendable {
    /// The first byte after the reply is not that of a snapshot's length, mark or error.
    case unexpectedByte
    /// More newlines than a server sends while it saves.
    case tooManyNewlines
    /// A line is longer than any that a server sends.
    case lineTooLong
    /// A line does not end with `\r\n`.
    case badLineEnd
    /// The length of the snapshot is not a number above zero, or has too many digits.
    case badLength
    /// The mark does not have 40 bytes.
    case badMark
    /// The server sends an error in place of the snapshot.
    case refused(ServerError)
    /// The connection ended before the snapshot did.
    case truncated
  }

  package var kind: Kind
  /// The offset of the error, in bytes after the reply to PSYNC.
  package var offset: UInt64
  /// A noun phrase for the expected bytes.
  package var expected: String
  /// A noun phrase for the bytes found instead.
  package var found: String

  init(_ kind: Kind, at offset: UInt64, expected: String, found: String) {
    (self.kind, self.offset, self.expected, self.found) = (kind, offset, expected, found)
  }

  package var description: String {
    if case .refused(let error) = kind { return "\(error) in place of a snapshot" }
    return "the snapshot that the server sends is malformed at offset \(offset): expected \(expected), found \(found)"
  }
}
