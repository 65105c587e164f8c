import RESP

/// The kind of a file, by its first bytes.
package enum CommandFileKind: Hashable, Sendable {
  /// A snapshot. Commands may follow it: that of an append-only file with a preamble says so in its AUX fields.
  case snapshot
  /// Commands as arrays, with annotations in between: an append-only file, or a dump in RESP.
  case appendOnlyFile
  /// Lines of text, mixed with arrays: what `redis-cli --pipe` reads.
  case commandFile
  /// The manifest of an append-only file of several parts.
  case manifest

  /// The number of bytes at the start of a file that are examined. Long annotations can precede the first command.
  package static let startByteCount = 4096

  /// Recognises a file.
  ///
  /// - Parameters:
  ///   - start: The first bytes of the file, ``startByteCount`` of them if it has as many.
  ///   - isName: Whether a word in lower case is the name of a command.
  /// - Returns: `nil` for an empty file, and for a file of none of these kinds.
  package init?(_ start: [UInt8], isName: (String) -> Bool = { CommandTable.rows[$0] != nil }) {
    if Self.beginsSnapshot(start) {
      self = .snapshot
    } else if LogManifest.begins(start) {
      self = .manifest
    } else if Self.beginsRewritten(start) {
      self = .commandFile
    } else if let first = Self.firstLine(start) {
      // A line that begins with `#` is an annotation if commands follow as arrays.
      switch first {
      case .array: self = .appendOnlyFile
      case .word(let word) where isName(word): self = .commandFile
      case .annotationsOnly where start.starts(with: "#TS:".utf8): self = .appendOnlyFile
      case .annotationsOnly, .word: return nil
      }
    } else {
      return nil
    }
  }

  private enum FirstLine {
    case array
    case word(String)
    case annotationsOnly
  }

  /// The first line that is neither empty nor begins with `#`.
  private static func firstLine(_ start: [UInt8]) -> FirstLine? {
    var index = 0
    var hasAnnotation = false
    while index < start.count {
      let line = start[index...].prefix { $0 != 10 }
      index = line.endIndex + 1
      let text = line.drop { $0 == 32 || 9...13 ~= $0 }
      if text.first == UInt8(ascii: "#") { hasAnnotation = true }
      guard let first = text.first, first != UInt8(ascii: "#") else { continue }
      if first == UInt8(ascii: "*") {
        let digits = text.dropFirst().prefix { 48...57 ~= $0 }
        return digits.isEmpty && text.dropFirst().first != UInt8(ascii: "-") && text.count > 1 ? nil : .array
      }
      let word = text.prefix { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }
      return word.isEmpty ? nil : .word(lowercasedText(Array(word)))
    }
    return hasAnnotation ? .annotationsOnly : nil
  }

  /// Whether a file begins with a magic, or as a replication link sends a snapshot.
  private static func beginsSnapshot(_ start: [UInt8]) -> Bool {
    start.starts(with: "REDIS".utf8) || start.starts(with: "VALKEY".utf8) || start.starts(with: "+FULLRESYNC".utf8)
      || start.starts(with: "$".utf8)
  }

  /// Whether a file begins with a byte order mark, or as UTF-16: reading it ends with an error that names it.
  private static func beginsRewritten(_ start: [UInt8]) -> Bool {
    if start.starts(with: [0xEF, 0xBB, 0xBF]) || start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
      return true
    }
    guard start.count > 1 else { return false }
    let letters: (UInt8) -> Bool = { $0 == UInt8(ascii: "*") || 65...90 ~= $0 || 97...122 ~= $0 }
    return start[0] == 0 && letters(start[1]) || start[1] == 0 && letters(start[0])
  }
}
