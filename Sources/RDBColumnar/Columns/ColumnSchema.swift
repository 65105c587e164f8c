/// A column of a table: its name, physical form and meaning.
package struct ColumnSchema: Hashable, Sendable {
  /// The form of the values.
  package enum Kind: Hashable, Sendable {
    /// Integers of 32 or 64 bits.
    case int32, int64
    /// Milliseconds since 1970, in UTC.
    case timestamp
    /// Floating-point numbers of 64 bits.
    case double
    /// Bytes without a meaning.
    case bytes
    /// Bytes that are UTF-8.
    case text
    /// Texts out of a fixed list. In memory, a value is the index of its text.
    case names([String])
  }

  /// The name, unique within its table.
  package let name: String
  package let kind: Kind
  /// Whether values may be missing.
  package let isOptional: Bool
  /// The index of the column whose values this one has in another form, where they can be expressed so.
  ///
  /// It is the text of bytes that are UTF-8, or the time of a number that is one between the years 1 and 9999.
  package let source: Int?
  /// Whether consecutive rows usually have the same value.
  package let repeats: Bool

  package init(_ name: String, _ kind: Kind, isOptional: Bool = false, source: Int? = nil, repeats: Bool = false) {
    (self.name, self.kind, self.isOptional, self.source) = (name, kind, isOptional, source)
    self.repeats = repeats
  }

  /// Whether the values are bytes in memory.
  package var holdsBytes: Bool {
    switch kind {
    case .bytes, .text: true
    case .int32, .int64, .timestamp, .double, .names: false
    }
  }

  /// The size of a value in a page; 0: it varies.
  package var fixedByteCount: Int {
    switch kind {
    case .int32: 4
    case .int64, .timestamp, .double: 8
    case .bytes, .text, .names: 0
    }
  }

  /// The range of times that every reader has: the years 1 to 9999.
  package static let times: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
}
