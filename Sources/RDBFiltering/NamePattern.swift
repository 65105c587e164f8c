/// A pattern over key names, for ``FilterOptions/keyPatterns``.
///
/// Conform a type of your own to filter by other rules than ``Glob``; `KeyPattern` of `RDBRegex` conforms.
public protocol NamePattern: Sendable {
  /// Returns a function that tells whether a name matches.
  ///
  /// Each worker calls this method once and uses its own function from one thread, so the function may keep
  /// memory between calls. An error that it throws ends the reading.
  func makeMatcher() -> (RawSpan) throws -> Bool
}
