/// Splits names of keys at separators.
struct NameParts: Sendable {
  private let separators: [[UInt8]]
  /// The separator, if there is only one and it is one byte.
  private let single: UInt8?

  init(_ separators: [[UInt8]]) {
    self.separators = separators
    single = separators.count == 1 && separators[0].count == 1 ? separators[0][0] : nil
  }

  /// Returns the end of the part that begins at `start`, and the start of the next part; `nil` for the latter: there is
  /// none.
  func part(_ name: UnsafeRawBufferPointer, from start: Int) -> (end: Int, next: Int?) {
    var index = start
    while index < name.count {
      let byte = name[index]
      if let single {
        if byte == single { return (index, index &+ 1) }
      } else {
        for separator in separators where separator[0] == byte && name.count - index >= separator.count {
          if name[index..<index + separator.count].elementsEqual(separator) { return (index, index + separator.count) }
        }
      }
      index &+= 1
    }
    return (name.count, nil)
  }
}
