/// The flags of the command for options of the libraries.
///
/// A message of a library names options of its API in backquotes: "at most 1024 bytes (`stringLimit`)". The command
/// shows the flag instead: "at most 1024 bytes (--max-string)".
enum OptionFlags {
  /// The flags by the name of the option in the API.
  static let flags: [String: String] = [
    "databaseCount": "--databases",
    "databaseMap": "--db-map",
    "existing": "--replace",
    "forceVersion": "--force-version",
    "functions": "--functions",
    "ignoresChecksum": "--ignore-checksum",
    "isGrouped": "--grouped",
    "memoryLimit": "--max-memory",
    "meta": "--meta",
    "ratioLimit": "--max-ratio",
    "singleDatabase": "--single-db",
    "skipsUnknown": "--skip-unknown",
    "stringLimit": "--max-string",
  ]

  /// Returns a library's text with each known option in backquotes replaced by its flag.
  ///
  /// - Parameter text: Words of a library, without bytes of a snapshot.
  static func naming(_ text: String) -> String {
    guard text.contains("`") else { return text }
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstIndex(of: "`") {
      result += rest[..<start]
      let name = rest[rest.index(after: start)...].prefix { $0 != "`" }
      guard name.endIndex < rest.endIndex, let flag = flags[String(name)] else {
        result += "`"
        rest = rest[rest.index(after: start)...]
        continue
      }
      result += flag
      rest = rest[rest.index(after: name.endIndex)...]
    }
    return result + rest
  }
}
