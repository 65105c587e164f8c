import RDBAnalysis

/// A sentence with figures and names in it.
struct Sentence: Hashable, Sendable, ExpressibleByStringInterpolation {
  enum Part: Hashable, Sendable {
    case text(String)
    /// A figure in its final form.
    case figure(String)
    /// The bytes of a name.
    case name([UInt8])
    /// The name of a key with a repeated value: at most ``ReportLimits/example`` bytes of it.
    case example([UInt8])
    /// Text that is typed as it is, such as a setting.
    case code(String)
  }

  /// The most characters of a name in a sentence.
  static let nameLimit = 60

  var parts: [Part]

  init(stringLiteral value: String) { parts = [.text(value)] }
  init(stringInterpolation: Interpolation) { parts = stringInterpolation.parts }

  /// The sentence as plain text.
  var text: String {
    parts.map { part in
      switch part {
      case .text(let text), .figure(let text), .code(let text): text
      case .name(let bytes): ShownName(bytes, limit: Self.nameLimit).text
      case .example(let bytes): ShownName(bytes, limit: Self.nameLimit, stored: ReportLimits.example).text
      }
    }.joined()
  }

  struct Interpolation: StringInterpolationProtocol {
    var parts: [Part] = []
    init(literalCapacity: Int, interpolationCount: Int) {}
    mutating func appendLiteral(_ literal: String) { if !literal.isEmpty { parts.append(.text(literal)) } }
    mutating func appendInterpolation(text: String) { parts.append(.text(text)) }
    mutating func appendInterpolation(_ name: BinaryText) { parts.append(.name(name.bytes)) }
    mutating func appendInterpolation(example name: BinaryText) { parts.append(.example(name.bytes)) }
    mutating func appendInterpolation(code: String) { parts.append(.code(code)) }
    mutating func appendInterpolation(bytes: UInt64) { parts.append(.figure(Figure.bytes(bytes))) }
    mutating func appendInterpolation(count: UInt64) { parts.append(.figure(Figure.count(count))) }
    mutating func appendInterpolation(share part: UInt64, of whole: UInt64) {
      parts.append(.figure(Figure.share(part, of: whole)))
    }
  }
}
