import RDB

/// A range of scores as commands name it: `1.5`, `(1.5`, `-inf`.
struct ScoreRange {
  let minimum: Double
  let maximum: Double
  let excludesMinimum: Bool
  let excludesMaximum: Bool

  init(_ command: ReplayCommand, from first: Int, through last: Int, _ limits: EncodingLimits) throws(CommandError) {
    (minimum, excludesMinimum) = try Self.limit(command[first], limits)
    (maximum, excludesMaximum) = try Self.limit(command[last], limits)
  }

  private static func limit(
    _ text: [UInt8], _ limits: EncodingLimits
  ) throws(CommandError) -> (value: Double, isExclusive: Bool) {
    let isExclusive = text.first == UInt8(ascii: "(")
    guard let value = FloatText.lenient(isExclusive ? text.dropFirst() : text[...], limits)?.value else {
      throw .notFloat
    }
    return (value, isExclusive)
  }

  /// Whether a score is below the range.
  func isAbove(_ score: Double) -> Bool { excludesMinimum ? score <= minimum : score < minimum }

  /// Whether a score is not above the range.
  func reaches(_ score: Double) -> Bool { excludesMaximum ? score < maximum : score <= maximum }
}

/// A range of names as commands name it: `[a`, `(a`, `-`, `+`.
struct NameRange {
  private enum Limit {
    case lowest, highest
    case name(ArraySlice<UInt8>, isExclusive: Bool)
  }
  private let minimum: Limit
  private let maximum: Limit

  init(_ command: ReplayCommand, from first: Int, through last: Int) throws(CommandError) {
    minimum = try Self.limit(command[first])
    maximum = try Self.limit(command[last])
  }

  private static func limit(_ text: [UInt8]) throws(CommandError) -> Limit {
    switch text.first {
    case UInt8(ascii: "-") where text.count == 1: return .lowest
    case UInt8(ascii: "+") where text.count == 1: return .highest
    case UInt8(ascii: "("): return .name(text.dropFirst(), isExclusive: true)
    case UInt8(ascii: "["): return .name(text.dropFirst(), isExclusive: false)
    default: throw .invalidNameRange
    }
  }

  /// Whether a name is below the range.
  func isAbove(_ name: [UInt8]) -> Bool {
    switch minimum {
    case .lowest: false
    case .highest: true
    case .name(let limit, let isExclusive): isExclusive ? !limit.precedes(name[...]) : name[...].precedes(limit)
    }
  }

  /// Whether a name is not above the range.
  func reaches(_ name: [UInt8]) -> Bool {
    switch maximum {
    case .lowest: false
    case .highest: true
    case .name(let limit, let isExclusive): isExclusive ? name[...].precedes(limit) : !limit.precedes(name[...])
    }
  }

  /// Whether no name is in the range.
  var isEmpty: Bool {
    switch (minimum, maximum) {
    case (.highest, .highest), (.lowest, .lowest): false
    case (.highest, _), (_, .lowest): true
    case (.lowest, _), (_, .highest): false
    case (.name(let first, let isExclusive), .name(let last, let excludesLast)):
      last.precedes(first) || first == last && (isExclusive || excludesLast)
    }
  }
}

extension CommandError {
  static let invalidNameRange = CommandError("not a range of names")
}

extension ArraySlice<UInt8> {
  fileprivate func precedes(_ other: Self) -> Bool { lexicographicallyPrecedes(other) }
}

extension ReplayedSortedSet {
  /// The ranks of the members whose scores are in a range.
  func ranks(_ range: ScoreRange) -> Range<Int> {
    let start = order.rank { range.isAbove($0.score) }
    return start..<max(start, order.rank { range.reaches($0.score) })
  }

  /// The ranks of the members whose names are in a range.
  ///
  /// The members should have equal scores. If they do not, the first consecutive members in the range are found, as on
  /// a server.
  func ranks(_ range: NameRange) -> Range<Int> {
    guard !range.isEmpty, let first = order.members(0..<1).first, let last = order.members(count - 1..<count).first
    else { return 0..<0 }
    if first.score == last.score {
      let start = order.rank { range.isAbove($0.member) }
      return start..<max(start, order.rank { range.reaches($0.member) })
    }
    guard !range.isAbove(last.member), range.reaches(first.member) else { return 0..<0 }
    let members = order.members(0..<count)
    let start = members.firstIndex { !range.isAbove($0.member) } ?? members.count
    return start..<(members[start...].firstIndex { !range.reaches($0.member) } ?? members.count)
  }
}

extension FloatText {
  /// Reads a number as C's `strtod` does: no text is 0, and a NUL ends the text.
  ///
  /// - Returns: The value, and whether it is out of range; `nil` if other text follows the number.
  static func lenient(
    _ text: ArraySlice<UInt8>, _ limits: EncodingLimits
  ) -> (value: Double, isOutOfRange: Bool)? {
    var text = text.prefix { $0 != 0 }
    let isStrict = limits.readsNumbersStrictly
    if !isStrict { text = text.drop { $0 == 32 || $0 >= 9 && $0 <= 13 } }
    if text.isEmpty { return (0, false) }
    guard let value = rangeLimit(text, allowsHexadecimal: !isStrict) else { return nil }
    return (value, double(text, allowsHexadecimal: !isStrict) == nil)
  }
}
