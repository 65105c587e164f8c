import RDB
import RDBFormat

/// A choice of elements of one value.
package enum ElementChoice: Hashable, Sendable {
  /// All elements.
  case all
  /// One element: a hash field, a member of a set or sorted set, a stream entry by its ID, an array element by its
  /// index, or a path with its fields.
  case named([UInt8])
  /// A range of elements, counted from 0, both ends included, as in LRANGE; bytes of a string, as in GETRANGE;
  /// indexes of an array. Negative numbers count from the end, −1 being the last element, and need
  /// ``resolved(count:)`` for every type except string.
  case range(first: Int64, last: Int64)

  /// Whether an end of the range counts from the end of the value.
  package var countsFromEnd: Bool {
    if case .range(let first, let last) = self { first < 0 || last < 0 } else { false }
  }

  /// Returns the same choice with numbers that count from the beginning.
  ///
  /// - Parameter count: The number of elements of the value.
  package func resolved(count: UInt64) -> ElementChoice {
    guard case .range(let first, let last) = self, countsFromEnd else { return self }
    let count = Int64(clamping: count)
    let from = first < 0 ? max(count + first, 0) : first
    let to = last < 0 ? count + last : last
    // The range from 1 to 0 is empty.
    return to < from || to < 0 ? .range(first: 1, last: 0) : .range(first: from, last: to)
  }

  /// Checks that values of a type have such elements.
  ///
  /// - Throws: ``RDBError`` (`refused`) if they do not.
  func check(_ type: DataType) throws(RDBError) {
    let other: String
    var choice = "a choice by name"
    if case .range = self { choice = countsFromEnd ? "numbers from the end" : "a range" }
    switch (self, type) {
    case (.all, _): return
    case (_, .module): other = "the whole value (only the module knows its elements)"
    case (.named, .string): other = "the whole value or a range of bytes"
    case (.named, .list): other = "the whole value or a range"
    case (.named(let name), .stream) where StreamID(text: name) == nil:
      other = "the ID of an entry, such as 1526919030474-55"
    case (.named(let name), .array) where Self.index(name) == nil: other = "an index from 0 on"
    case (.range, .string): return
    case (.range, _) where countsFromEnd: other = "numbers from 0 on (the end of the value is not known in advance)"
    case (.range, _), (.named, .set), (.named, .zset), (.named, .hash), (.named, .stream), (.named, .array),
      (.named, .pathHash):
      return
    }
    throw RDBError(.refused, at: 0, expected: other, found: "\(choice) for the type \(type.rawValue)")
  }

  @inline(__always)
  func includes(_ name: RawSpan, number: UInt64) -> Bool {
    switch self {
    case .all: true
    case .named(let wanted): equals(name, wanted)
    case .range(let first, let last): isBetween(number, first, last)
    }
  }

  func includes(_ id: StreamID, number: UInt64) -> Bool {
    switch self {
    case .all: true
    case .named(let wanted): StreamID(text: wanted) == id
    case .range(let first, let last): isBetween(number, first, last)
    }
  }

  func includes(index: UInt64) -> Bool {
    switch self {
    case .all: true
    case .named(let wanted): Self.index(wanted) == index
    case .range(let first, let last): isBetween(index, first, last)
    }
  }

  /// Returns the chosen bytes of a string.
  @_lifetime(copy value)
  func part(of value: RawSpan) -> RawSpan {
    guard case .range(let first, let last) = resolved(count: UInt64(value.byteCount)) else { return value }
    let start = Int(clamping: min(max(first, 0), Int64(value.byteCount)))
    let end = Int(clamping: min(max(last, -1), Int64(value.byteCount) - 1)) + 1
    return start < end ? value.extracting(start..<end) : value.extracting(first: 0)
  }

  private func isBetween(_ number: UInt64, _ first: Int64, _ last: Int64) -> Bool {
    last >= 0 && number >= UInt64(max(first, 0)) && number <= UInt64(last)
  }

  private static func index(_ text: [UInt8]) -> UInt64? { UInt64(String(decoding: text, as: UTF8.self)) }
}

/// Returns whether borrowed bytes equal an array.
@inline(__always)
func equals(_ bytes: RawSpan, _ other: [UInt8]) -> Bool {
  bytes.byteCount == other.count && bytes.withUnsafeBytes { $0.elementsEqual(other) }
}

extension StreamID {
  /// Parses an ID such as `1526919030474-55`. A missing sequence number is 0.
  init?(text: [UInt8]) {
    let parts = String(decoding: text, as: UTF8.self).split(separator: "-", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { UInt64($0) }
    guard numbers.count == parts.count, (1...2).contains(parts.count) else { return nil }
    self.init(numbers[0], numbers.count == 2 ? numbers[1] : 0)
  }
}
