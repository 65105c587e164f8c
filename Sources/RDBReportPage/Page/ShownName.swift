import RDBSupport

/// Bytes of a snapshot as text that a reader sees whole.
///
/// Visible characters of UTF-8 stay as they are. Bytes that are not UTF-8, control characters, and characters that only
/// change how their neighbours look are escaped as in redis-cli, as in the other outputs of this project.
package struct ShownName: Hashable, Sendable {
  package let text: String

  /// The largest number of characters of a name that the page shows.
  package static let limit = 100

  /// - Parameters:
  ///   - limit: The most characters. Longer text is cut, and `…` and the size in bytes follow.
  ///   - stored: The most bytes of a name that the document has. The name itself may be longer.
  package init(_ bytes: some Collection<UInt8>, limit: Int = ShownName.limit, stored: Int = ReportLimits.name) {
    guard !bytes.isEmpty else {
      text = "(empty name)"
      return
    }
    var text = ""
    var count = 0
    func add(_ piece: String) -> Bool {
      count += piece.unicodeScalars.count
      guard count <= limit else { return false }
      text += piece
      return true
    }
    // A character has at most four bytes; bytes far beyond the limit are not looked at.
    let start = Array(bytes.prefix(4 * limit + 4))
    var isWhole = start.count == bytes.count
    if let string = Self.decoded(start, isWhole: isWhole) {
      for scalar in string.unicodeScalars {
        guard add(Self.isVisible(scalar) ? String(scalar) : Self.escaped(String(scalar).utf8)) else {
          isWhole = false
          break
        }
      }
    } else {
      for byte in start {
        guard add(Self.escaped(CollectionOfOne(byte))) else {
          isWhole = false
          break
        }
      }
    }
    let size = Figure.counted(UInt64(bytes.count), "byte") + (bytes.count >= stored ? " or more" : "")
    self.text = isWhole ? text : "\(text)… (\(size))"
  }

  /// Returns the text of bytes; `nil` if they are not UTF-8.
  ///
  /// - Parameter isWhole: Whether no further bytes follow. Otherwise the last character may be cut.
  private static func decoded(_ bytes: [UInt8], isWhole: Bool) -> String? {
    for dropped in 0...(isWhole ? 0 : 3) {
      if let text = String(validating: bytes.dropLast(dropped), as: UTF8.self) { return text }
    }
    return nil
  }

  private static func escaped(_ bytes: some Sequence<UInt8>) -> String {
    String(printable(bytes).dropFirst().dropLast())
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "\"" || scalar == "\\" { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }
}
