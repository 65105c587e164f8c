import RDBFiltering
import RDBFormat
import RDBSupport

/// A substitution in key names, written as in sed: `s/^old:/new:/`.
///
/// The expression is one of PCRE2, and names are bytes: see ``KeyPattern``. In the replacement, `\1` to `\9` are groups in
/// parentheses, `&` or `\0` is the whole match, `\n`, `\r`, `\t` and `\xFF` are single bytes, and `\` before any other
/// punctuation mark is that mark. The flags are `g` (all matches of a name, not only the first) and `i` (letters in either
/// case). Any ASCII punctuation mark but `\` can take the place of `/`.
package struct NameSubstitution: Sendable {
  /// A part of a replacement.
  enum Piece: Hashable, Sendable {
    case bytes([UInt8])
    /// The bytes of a group in parentheses; 0: of the whole match.
    case group(Int)
  }

  /// The longest new name, in bytes: that of the longest string in a server.
  static let byteLimit = 512 << 20

  private let pattern: CompiledPattern
  private let replacement: [Piece]
  private let replacesAll: Bool

  /// Parses a substitution.
  ///
  /// - Throws: `FilterError`, with the byte at which the text is wrong.
  package init(_ text: String) throws(FilterError) {
    let parts = try SubstitutionText(text)
    pattern = try CompiledPattern(parts.expression, ignoresCase: parts.ignoresCase)
    replacement = parts.replacement
    replacesAll = parts.replacesAll
    for case .group(let group) in replacement where group > pattern.groupCount {
      throw FilterError(
        expected: "a group of the expression, which has \(counted(UInt64(pattern.groupCount), "group"))",
        found: "\\\(group) in \(printable(text.utf8))")
    }
  }

  /// The memory that one worker needs.
  func makeMemory() -> MatchMemory { MatchMemory(groupCount: pattern.groupCount) }

  /// Replaces the content of `result` with the new name.
  ///
  /// - Returns: Whether the expression was found; if not, `result` is not changed.
  /// - Throws: ``RDBError`` (`patternTooCostly`, or `refused` if the new name is too long), with the name as key.
  func substitute(_ name: RawSpan, into result: inout [UInt8], _ memory: MatchMemory) throws(RDBError) -> Bool {
    guard try pattern.isFound(in: name, memory) else { return false }
    result.removeAll(keepingCapacity: true)
    // All bytes before this index are copied or replaced.
    var copied = 0
    var lastEnd = -1
    var searchStart = 0
    repeat {
      // An assertion with \K can give bounds before those of the last match.
      guard let match = memory.bounds(ofGroup: 0), match.lowerBound >= copied else { break }
      result.append(name.extracting(copied..<match.lowerBound))
      copied = match.upperBound
      // As in sed, an empty match right after another match is none.
      if !match.isEmpty || match.lowerBound != lastEnd {
        try append(name, memory, to: &result)
        lastEnd = match.upperBound
        if !replacesAll { break }
      }
      if match.upperBound == searchStart {
        // Without progress, the next search would find the same match.
        guard copied < name.byteCount else { break }
        let next = pattern.index(after: copied, in: name)
        result.append(name.extracting(copied..<next))
        copied = next
      }
      searchStart = copied
    } while try pattern.isFound(in: name, from: searchStart, memory)
    result.append(name.extracting(copied..<name.byteCount))
    try check(result, name)
    return true
  }

  /// Appends the replacement of the last match.
  private func append(_ name: RawSpan, _ memory: MatchMemory, to result: inout [UInt8]) throws(RDBError) {
    for piece in replacement {
      switch piece {
      case .bytes(let bytes): result += bytes
      case .group(let group):
        if let bounds = memory.bounds(ofGroup: group) { result.append(name.extracting(bounds)) }
      }
      try check(result, name)
    }
  }

  private func check(_ result: [UInt8], _ name: RawSpan) throws(RDBError) {
    if result.count <= Self.byteLimit { return }
    throw RDBError(
      .refused, at: 0, expected: "a new name of at most \(Self.byteLimit) bytes", found: "a longer one",
      key: name.withUnsafeBytes { Array($0) })
  }
}

/// Several substitutions, each applied to the result of the one before.
package struct NameSubstitutions: Sendable {
  private let substitutions: [NameSubstitution]

  package init(_ substitutions: [NameSubstitution]) { self.substitutions = substitutions }

  /// Returns a function that puts the new name of a key into an array.
  ///
  /// The function returns whether an expression was found; if none was, the array has no meaning. It throws ``RDBError``
  /// (`patternTooCostly` or `refused`). Each worker calls this method once and uses its own function from one thread.
  package func makeRenamer() -> (RawSpan, inout [UInt8]) throws -> Bool {
    let rows = substitutions.map { ($0, $0.makeMemory()) }
    var earlier: [UInt8] = []
    return { name, result in
      var isChanged = false
      for (substitution, memory) in rows {
        if isChanged {
          swap(&earlier, &result)
          if try !substitution.substitute(earlier.span.bytes, into: &result, memory) { swap(&earlier, &result) }
        } else {
          isChanged = try substitution.substitute(name, into: &result, memory)
        }
      }
      return isChanged
    }
  }
}
