import RDBFormat

/// Several regular expressions in order, with the memory of one worker.
package final class KeyPatternList {
  private let patterns: [KeyPattern]
  private let memory = MatchMemory()

  package init(_ patterns: [KeyPattern]) { self.patterns = patterns }

  /// Returns the index of the first expression found in `name`, or `nil` if none is.
  ///
  /// - Throws: ``RDBError`` (`patternTooCostly`).
  package func firstIndex(in name: RawSpan) throws(RDBError) -> Int? {
    for (index, pattern) in patterns.enumerated() where try pattern.matches(name, memory) { return index }
    return nil
  }
}
