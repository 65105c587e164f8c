public import RDBFormat

/// Several regular expressions, tried one after the other. One a worker.
public final class KeyPatterns {
  private let patterns: [KeyPattern]
  private let memory = MatchMemory()

  public init(_ patterns: [KeyPattern]) { self.patterns = patterns }

  /// The number of the first that is found in `name`; `nil`: none is.
  ///
  /// - Throws: ``RDBError`` (`patternTooCostly`).
  public func first(in name: RawSpan) throws(RDBError) -> Int? {
    for (number, pattern) in patterns.enumerated() where try pattern.matches(name, memory) { return number }
    return nil
  }
}
