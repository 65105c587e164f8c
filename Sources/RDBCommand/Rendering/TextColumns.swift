/// Lines of a name and what belongs to it.
struct TextColumns {
  private(set) var text = ""

  mutating func row(_ name: String, _ value: String) {
    line(name.padded(to: 16) + value)
  }

  mutating func line(_ content: String) { text += content + "\n" }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(width - count, 1))
  }

  /// `printable` without its quotation marks, for what is a name of itself.
  var dropQuotes: String { String(dropFirst().dropLast()) }
}
