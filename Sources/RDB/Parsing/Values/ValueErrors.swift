import RDBFormat
import RDBSupport

/// Errors about values, created outside the parser's loops.
extension RDBError {
  @inline(never)
  @usableFromInline static func absurdCount(at offset: Int, _ count: UInt64) -> RDBError {
    RDBError(.badLength, at: offset, expected: "a count that a file can hold", found: "\(count)")
  }

  @inline(never)
  @usableFromInline static func notANumber(at offset: Int, inner: Int? = nil) -> RDBError {
    RDBError(.badScore, at: offset, inner: inner, expected: "a score", found: "NaN")
  }

  @inline(never)
  @usableFromInline static func badScore(at offset: Int, inner: Int? = nil, _ found: String) -> RDBError {
    RDBError(.badScore, at: offset, inner: inner, expected: "the text of a score", found: found)
  }

  @inline(never)
  @usableFromInline static func badFieldExpiry(at offset: Int, inner: Int? = nil, _ value: Int64)
    -> RDBError
  {
    RDBError(
      .corruptHash, at: offset, inner: inner, expected: "a field's expiry", found: "\(value)")
  }

  @inline(never)
  @usableFromInline static func badContainer(at offset: Int, _ container: UInt64) -> RDBError {
    RDBError(
      .corruptQuicklist, at: offset, expected: "a plain (1) or packed (2) node",
      found: "container \(container)")
  }

  @inline(never)
  @usableFromInline static func badArrayTag(at offset: Int, _ tag: UInt64) -> RDBError {
    RDBError(.corruptArray, at: offset, expected: "an element tag 0–3", found: "\(tag)")
  }

  @inline(never)
  @usableFromInline static func badModuleItem(at offset: Int, _ code: UInt64) -> RDBError {
    RDBError(.corruptModule, at: offset, expected: "a module item 0–5", found: "\(code)")
  }

  @inline(never)
  @usableFromInline static func value(
    _ code: Code, at offset: Int, inner: Int? = nil, _ expected: @autoclosure () -> String,
    _ found: @autoclosure () -> String
  ) -> RDBError {
    RDBError(code, at: offset, inner: inner, expected: expected(), found: found())
  }

  @inline(never)
  @usableFromInline static func duplicate(at offset: Int, inner: Int, _ what: String) -> RDBError {
    RDBError(
      .duplicateMember, at: offset, inner: inner, expected: "\(what) only once", found: "it again")
  }
}

/// Reads the text of a score with white space around it, which no server writes, and which every server reads.
///
/// - Returns: `nil` for other text.
@inline(never)
@usableFromInline func spacedScore(_ text: RawSpan) -> Double? {
  let bytes = [UInt8](text)
  let isSpace: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) }
  guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) }),
    last - first + 1 < bytes.count
  else { return nil }
  return DoubleText.parse(text.extracting(first...last))
}
