/// Steps through a short ASCII text.
struct TextScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { position == bytes.count }
  var next: UInt8? { isAtEnd ? nil : bytes[position] }

  /// Steps over `text`, if it stands here.
  mutating func take(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: count)
    guard bytes.count - position >= count,
      bytes[position..<position + count].elementsEqual(wanted)
    else { return false }
    position += count
    return true
  }

  /// The number that all digits from here on make; `nil`: there are none, or it is larger than `Int64`.
  mutating func digits() -> (value: Int64, count: Int)? {
    var value: Int64 = 0
    let start = position
    while let digit = next, (48...57).contains(digit) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int64(digit - 48))
      if overflow || carry { return nil }
      value = sum
      position += 1
    }
    return position == start ? nil : (value, position - start)
  }

  /// A number of exactly `count` digits.
  mutating func digits(exactly count: Int) -> Int64? {
    let start = position
    guard let (value, found) = digits(), found == count else {
      position = start
      return nil
    }
    return value
  }
}
