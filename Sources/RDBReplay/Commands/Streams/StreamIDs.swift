import RDBFormat

extension CommandError {
  static let badStreamID = CommandError("not a stream ID")
  static let noGroup = CommandError("no such key or consumer group")
}

extension ReplayCommand {
  /// The argument as a stream ID: `ms-seq`, or `ms` with `sequence` as the rest.
  ///
  /// - Throws: ``CommandError/badStreamID``.
  func streamID(_ index: Int, sequence: UInt64 = 0) throws(CommandError) -> StreamID {
    try Self.streamID(arguments[index][...], sequence: sequence)
  }

  static func streamID(_ text: ArraySlice<UInt8>, sequence: UInt64 = 0) throws(CommandError) -> StreamID {
    let dash = text.firstIndex(of: UInt8(ascii: "-")) ?? text.endIndex
    guard let milliseconds = number(text[..<dash]) else { throw .badStreamID }
    if dash == text.endIndex { return StreamID(milliseconds, sequence) }
    guard let rest = number(text[(dash + 1)...]) else { throw .badStreamID }
    return StreamID(milliseconds, rest)
  }

  /// The argument as a stream ID, or `-` or `+` as the smallest or largest one.
  func rangeID(_ index: Int) throws(CommandError) -> StreamID {
    if arguments[index] == [0x2D] { return .zero }
    if arguments[index] == [0x2B] { return StreamID(.max, .max) }
    return try streamID(index)
  }

  /// The IDs of all arguments from `start` to `end`.
  func streamIDs(_ range: Range<Int>) throws(CommandError) -> [StreamID] {
    var ids: [StreamID] = []
    for index in range { ids.append(try streamID(index)) }
    return ids
  }

  /// A number of 64 bits; leading zeros are allowed.
  static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit - 48))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }
}

extension StreamID {
  /// The next ID; `nil` after the largest one.
  var next: StreamID? {
    if sequence < .max { return StreamID(milliseconds, sequence + 1) }
    return milliseconds < .max ? StreamID(milliseconds + 1, 0) : nil
  }
}
