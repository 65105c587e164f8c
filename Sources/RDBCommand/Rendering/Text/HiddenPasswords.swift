/// Returns a text in which user and password of each URI are `***`.
///
/// A message can quote an argument, and an argument can be a URI that was mistyped.
package func hidingPasswords(in text: String) -> String {
  guard text.contains("://") else { return text }
  var shown = ""
  var rest = Substring(text)
  while let scheme = rest.firstRange(of: "://") {
    shown += rest[..<scheme.upperBound]
    rest = rest[scheme.upperBound...]
    let word = rest.prefix { !$0.isWhitespace && $0 != "'" && $0 != "\"" }
    guard let at = word.lastIndex(of: "@") else { continue }
    shown += "***"
    rest = rest[at...]
  }
  return shown + rest
}
