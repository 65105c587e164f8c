import RDB
import RDBFormat
import RDBSupport

/// The facts that must be equal for a load to go on where an earlier one ended.
package struct JournalIdentity: Hashable, Sendable {
  package enum Field: String, Hashable, Sendable, CaseIterable {
    case version = "rdbLoadJournal"
    case inputByteCount, inputDigest, options, target
  }

  /// The size of the input, in bytes.
  package var inputByteCount: UInt64
  /// The digest of the input.
  package var inputDigest: String
  /// The digest of all options that change the commands or their order.
  package var options: String
  /// The address of the server, without a user and a password.
  package var target: String

  package init(inputByteCount: UInt64, inputDigest: String, options: String, target: String) {
    (self.inputByteCount, self.inputDigest) = (inputByteCount, inputDigest)
    (self.options, self.target) = (options, target)
  }

  /// Creates the identity of a load from an open file.
  ///
  /// - Parameter options: A text of all options that change the commands or their order.
  /// - Throws: `RDBError` (`io`).
  package init(input descriptor: Int32, options: String, target: String) throws {
    // A checksum of the whole input finds an edit in the middle, and is faster than a digest of all bytes.
    var (byteCount, checksum, start): (UInt64, CRC64, [UInt8]) = (0, CRC64(), [])
    while true {
      let piece = try readBytes(descriptor, at: Int(byteCount), count: Self.pieceByteCount)
      if byteCount == 0 { start = Array(piece.prefix(Self.startByteCount)) }
      checksum.update(piece.span.bytes)
      byteCount += UInt64(piece.count)
      if piece.count < Self.pieceByteCount { break }
    }
    self.init(
      inputByteCount: byteCount, inputDigest: Self.digest(start + Array("\(checksum.value)".utf8)),
      options: Self.digest(Array(options.utf8)), target: target)
  }

  /// The number of bytes that are read at a time.
  private static var pieceByteCount: Int { 1 << 20 }
  /// The number of bytes at the start of the input that the digest covers, beside the checksum.
  private static var startByteCount: Int { 64 << 10 }

  private static func digest(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(SHA256.digest(bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  // MARK: Text

  /// The version of the journal's format.
  private static var version: UInt64 { 1 }

  /// The first line of a journal, without its line end: a JSON object.
  var line: String {
    let values = Field.allCases.map { field in "\"\(field.rawValue)\":\(Self.json(value(of: field)))" }
    return "{" + values.joined(separator: ",") + "}"
  }

  /// The beginning of each first line.
  static var lineBeginning: String { "{\"\(Field.version.rawValue)\":" }

  private func value(of field: Field) -> String {
    switch field {
    case .version: "\(Self.version)"
    case .inputByteCount: "\(inputByteCount)"
    case .inputDigest: inputDigest
    case .options: options
    case .target: target
    }
  }

  private static func json(_ text: String) -> String {
    var json = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"", "\\": json += "\\" + String(character)
      case "\0"..<" ": json += "\\u00" + hex(UInt8(character.value)).dropFirst(2)
      default: json.unicodeScalars.append(character)
      }
    }
    return json + "\""
  }

  /// Checks that the first line of a journal is that of this identity.
  ///
  /// - Throws: ``JournalError``.
  func check(_ line: String) throws(JournalError) {
    guard let found = Self.fields(line) else { throw .malformed(line: 1) }
    for field in Field.allCases {
      guard let value = found[field.rawValue] else { throw .malformed(line: 1) }
      if value != self.value(of: field) { throw .differs(field, expected: self.value(of: field), found: value) }
    }
  }

  /// Reads a JSON object whose values are strings.
  private static func fields(_ line: String) -> [String: String]? {
    var fields: [String: String] = [:]
    var rest = line.unicodeScalars[...]
    guard rest.popFirst() == "{" else { return nil }
    while true {
      guard let name = string(&rest), rest.popFirst() == ":", let value = string(&rest) else { return nil }
      fields[name] = value
      switch rest.popFirst() {
      case ",": continue
      case "}": return rest.isEmpty ? fields : nil
      default: return nil
      }
    }
  }

  private static func string(_ rest: inout Substring.UnicodeScalarView) -> String? {
    guard rest.popFirst() == "\"" else { return nil }
    var text = ""
    while let character = rest.popFirst() {
      if character == "\"" { return text }
      guard character == "\\" else {
        text.unicodeScalars.append(character)
        continue
      }
      switch rest.popFirst() {
      case let escaped? where escaped == "\"" || escaped == "\\": text.unicodeScalars.append(escaped)
      case "u":
        guard let code = UInt32(String(rest.prefix(4)), radix: 16), let scalar = Unicode.Scalar(code) else {
          return nil
        }
        text.unicodeScalars.append(scalar)
        rest = rest.dropFirst(4)
      default: return nil
      }
    }
    return nil
  }
}

/// A journal that cannot be used for a load.
package enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The journal belongs to a load of another input, with other options, or to another server.
  case differs(JournalIdentity.Field, expected: String, found: String)
  /// A line is not that of a journal.
  case malformed(line: Int)
  /// Another process uses the journal.
  case inUse
  /// The path is not that of a regular file.
  case notAFile

  package var description: String {
    switch self {
    case .differs(.version, let expected, let found):
      "the journal has format \(found); this program reads format \(expected)"
    case .differs(.inputByteCount, let expected, let found):
      "the journal belongs to another input: it had \(found) bytes, and this one has \(expected)"
    case .differs(.inputDigest, _, _): "the journal belongs to another input of the same size"
    case .differs(.options, _, _): "the journal belongs to a load with other options"
    case .differs(.target, let expected, let found): "the journal belongs to a load into \(found), not \(expected)"
    case .malformed(let line): "line \(line) of the file is not that of a journal"
    case .inUse: "another process uses the journal"
    case .notAFile: "the journal is not a regular file"
    }
  }
}
