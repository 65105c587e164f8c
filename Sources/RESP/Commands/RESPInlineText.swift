/// Words of a line of text, with the quotation marks and escapes of Redis: inline commands, manifests.
///
/// - A word without quotation marks ends at white space.
/// - Between `"` and `"`, the escapes are `\n \r \t \a \b \xhh`; another character after a backslash stands for itself.
/// - Between `'` and `'`, the only escape is `\'`.
/// - White space, or the end of the line, follows a closing quotation mark.
///
/// Source: `sdssplitargs` in Redis `src/sds.c`.
package enum RESPInlineText {
  /// Splits a line, whose words are unescaped in place.
  ///
  /// - Parameters:
  ///   - bytes: The memory that contains the line. A word never becomes longer.
  ///   - line: The range of the line in the memory, without its end.
  ///   - ranges: Receives the ranges of the words.
  /// - Returns: The index of a quotation mark that is not closed, or not followed by white space; `nil` for none.
  static func split(_ bytes: UnsafeMutableRawBufferPointer, _ line: Range<Int>, into ranges: inout [Range<Int>]) -> Int?
  {
    var index = line.lowerBound
    while true {
      while index < line.upperBound, isSpace(bytes[index]) { index += 1 }
      guard index < line.upperBound else { return nil }
      let start = index
      var end = start
      while index < line.upperBound, !isSpace(bytes[index]) {
        let byte = bytes[index]
        index += 1
        guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else {
          bytes[end] = byte
          end += 1
          continue
        }
        let mark = index - 1
        guard unquote(bytes, byte, &index, &end, line.upperBound),
          index == line.upperBound || isSpace(bytes[index])
        else { return mark }
        break
      }
      ranges.append(start..<end)
    }
  }

  /// Splits a line into its words.
  ///
  /// - Returns: `nil` if quotation marks are not balanced.
  package static func words(_ line: some Sequence<UInt8>) -> [[UInt8]]? {
    var bytes = Array(line)
    var ranges: [Range<Int>] = []
    let mark = bytes.withUnsafeMutableBytes { split($0, 0..<$0.count, into: &ranges) }
    return mark == nil ? ranges.map { Array(bytes[$0]) } : nil
  }

  /// Copies the bytes up to the closing quotation mark, and unescapes them.
  ///
  /// - Returns: Whether the mark was found.
  private static func unquote(
    _ bytes: UnsafeMutableRawBufferPointer, _ mark: UInt8, _ index: inout Int, _ end: inout Int, _ limit: Int
  ) -> Bool {
    while index < limit {
      var byte = bytes[index]
      index += 1
      if byte == mark { return true }
      if byte == UInt8(ascii: "\\"), index < limit {
        if mark == UInt8(ascii: "\"") {
          byte = unescape(bytes, &index, limit)
        } else if bytes[index] == mark {
          byte = mark
          index += 1
        }
      }
      bytes[end] = byte
      end += 1
    }
    return false
  }

  /// Reads what follows a backslash between double quotation marks.
  private static func unescape(_ bytes: UnsafeMutableRawBufferPointer, _ index: inout Int, _ limit: Int) -> UInt8 {
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "a"): return 7
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "x"):
      guard index + 1 < limit, let high = digit(bytes[index]), let low = digit(bytes[index + 1]) else { return byte }
      index += 2
      return high << 4 | low
    default: return byte
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || 9...13 ~= byte }
}
