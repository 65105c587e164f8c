import RDBAnalysis

/// HTML that is being written. All text of a snapshot goes through ``text(_:)``, which escapes it.
struct HTMLText {
  private(set) var html = ""

  /// Appends markup as it is.
  mutating func markup(_ markup: String) { html += markup }

  /// Appends text, escaped for an element's content and for an attribute in double quotes.
  mutating func text(_ text: String) { html += Self.escaped(text) }

  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Appends a name. The element `bdi` keeps text that runs from right to left from reordering its neighbours.
  ///
  /// - Parameters:
  ///   - limit: The most characters.
  ///   - stored: The most bytes of such a name that the document has.
  mutating func name(_ bytes: [UInt8], limit: Int = ShownName.limit, stored: Int = ReportLimits.name) {
    markup("<bdi class=\"name\">")
    text(ShownName(bytes, limit: limit, stored: stored).text)
    markup("</bdi>")
  }

  /// Appends a figure.
  ///
  /// - Parameters:
  ///   - value: The figure as the JSON form has it.
  ///   - path: The position of the figure in the JSON form.
  mutating func figure(_ text: String, _ value: some CustomStringConvertible, at path: String) {
    markup("<data value=\"\(Self.escaped(value.description))\" data-p=\"\(path)\">")
    self.text(text)
    markup("</data>")
  }

  mutating func sentence(_ sentence: Sentence) {
    for part in sentence.parts {
      switch part {
      case .text(let text): self.text(text)
      case .figure(let figure):
        markup("<b>")
        text(figure)
        markup("</b>")
      case .name(let bytes): name(bytes, limit: Sentence.nameLimit)
      case .example(let bytes): name(bytes, limit: Sentence.nameLimit, stored: ReportLimits.example)
      case .code(let code):
        markup("<code>")
        text(code)
        markup("</code>")
      }
    }
  }

  /// Appends a bar of a part of a whole.
  mutating func bar(_ part: UInt64, of whole: UInt64, isWarm: Bool) {
    let tenths = whole > 0 ? Int((Double(min(part, whole)) / Double(whole) * 1000).rounded()) : 0
    let width = part > 0 ? max(tenths, 5) : 0
    markup(
      "<svg class=\"bar\" aria-hidden=\"true\"><rect class=\"rail\" width=\"100%\" height=\"100%\" rx=\"3\"/>"
        + "<rect class=\"\(isWarm ? "warm" : "cool")\" width=\"\(width / 10).\(width % 10)%\" height=\"100%\" rx=\"3\"/></svg>"
    )
  }

  /// Appends a section with its heading.
  mutating func section(_ id: String, _ heading: String, _ lead: String, _ content: (inout HTMLText) -> Void) {
    markup("<section id=\"\(id)\" aria-labelledby=\"\(id)-h\"><h2 id=\"\(id)-h\">")
    text(heading)
    markup("</h2><p class=\"lead\">")
    text(lead)
    markup("</p>")
    content(&self)
    markup("</section>\n")
  }
}
