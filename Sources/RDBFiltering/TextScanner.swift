/// A forward scanner of a short ASCII text.
struct TextScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { position == bytes.count }
  var next: UInt8? { isAtEnd ? nil : bytes[position] }

  /// Advances over `text` if it is next, and returns whether it was.
  mutating func take(_ text: String) -> Bool {
    guard bytes[position...].starts(with: text.utf8) else { return false }
    position += text.utf8.count
    return true
  }

  /// Reads the digits from here on as a number; `nil` if there are none, or if the number exceeds `Int64`.
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

  /// Reads a number of exactly `count` digits.
  mutating func digits(exactly count: Int) -> Int64? {
    let start = position
    guard let (value, found) = digits(), found == count else {
      position = start
      return nil
    }
    return value
  }
}
