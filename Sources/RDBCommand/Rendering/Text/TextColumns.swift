/// Lines of a name and its value, with the values in one column.
struct TextColumns {
  private(set) var text = ""

  mutating func row(_ name: String, _ value: String) {
    line(name.padded(to: 16) + value)
  }

  mutating func line(_ content: String) { text += content + "\n" }
}

extension String {
  /// The result of `printable` without its quotation marks, for bytes that are a name.
  var dropQuotes: String { String(dropFirst().dropLast()) }
}
