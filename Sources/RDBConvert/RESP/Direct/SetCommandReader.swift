import RDB
import RDBSupport
import RESP

/// Reads a file of commands as long as they are plain: SET of a value, perhaps with PXAT, and SELECT.
struct SetCommandReader: ~Copyable {
  enum Item {
    /// SET of ``key``.
    case set(expires: Bool)
    case select(UInt64)
    /// A trailer, after which nothing follows.
    case trailer(RESPTrailer)
    case end
    /// Anything else, also damage.
    case other
  }

  /// The bytes of `*3`, `$3`, `SET` and their line ends.
  static let headByteCount = 13
  private static let chunkByteCount = 256 << 10

  private let source: any ByteSource
  private var reader: RESPCommandReader
  private var isAtEnd = false

  init(_ source: any ByteSource) {
    self.source = source
    var limits = RESPLimits()
    limits.elementCount = 5
    reader = RESPCommandReader(limits: limits)
  }

  /// The offset of the current command.
  var offset: UInt64 { reader.offset }

  /// The key of the current SET.
  var key: RawSpan {
    @_lifetime(borrow self)
    get { reader.argument(1) }
  }

  /// The value of the current SET.
  var value: RawSpan {
    @_lifetime(borrow self)
    get { reader.argument(2) }
  }

  /// The current command from its first argument on, as it is in the file.
  var arguments: RawSpan {
    @_lifetime(borrow self)
    get { reader.commandBytes().extracting(droppingFirst: Self.headByteCount) }
  }

  /// Advances to the next command.
  ///
  /// - Throws: An error of the source.
  mutating func next() throws -> Item {
    while true {
      do throws(RESPError) {
        if try reader.next() { return item }
      } catch { return .other }
      if isAtEnd { return reader.offset == reader.endOffset ? .end : .other }
      let before = reader.endOffset
      try reader.fill(Self.chunkByteCount) { try source.read(into: $0) }
      isAtEnd = reader.endOffset == before
    }
  }

  private var item: Item {
    let count = reader.argumentCount
    switch count {
    case 3, 5:
      guard hasPlainHead, hasPlainLengths else { return .other }
      if count == 3 { return .set(expires: false) }
      guard reader.argument(3).isEqual(to: "PXAT".utf8), let time = reader.argument(4).plainNumber, time > 0 else {
        return .other
      }
      return .set(expires: true)
    case 2:
      if reader.argument(0).isEqual(to: "SELECT".utf8), let number = reader.argument(1).plainNumber {
        return .select(number)
      }
      guard reader.argument(0).isEqual(to: "ECHO".utf8) else { return .other }
      return RESPTrailer(String(decoding: reader.copiedArguments()[1], as: UTF8.self)).map { .trailer($0) } ?? .other
    default: return .other
    }
  }

  /// Whether the command begins with `*3` or `*5`, `$3` and `SET` in any case.
  private var hasPlainHead: Bool {
    let bytes = reader.commandBytes()
    // The first byte is "*", and the fifth "$".
    return bytes.byte(at: 2) == 13 && bytes.byte(at: 5) == UInt8(ascii: "3") && bytes.byte(at: 6) == 13
      && bytes.byte(at: 8) | 0x20 == UInt8(ascii: "s") && bytes.byte(at: 9) | 0x20 == UInt8(ascii: "e")
      && bytes.byte(at: 10) | 0x20 == UInt8(ascii: "t")
  }

  /// Whether no length has needless digits, which servers refuse.
  private var hasPlainLengths: Bool {
    var byteCount = Self.headByteCount
    for index in 1..<reader.argumentCount { byteCount += RESPText.bulkByteCount(reader.argument(index).byteCount) }
    return byteCount == reader.byteCount
  }
}

extension RawSpan {
  fileprivate func isEqual(to text: String.UTF8View) -> Bool {
    guard byteCount == text.count else { return false }
    var offset = 0
    for byte in text {
      if self.byte(at: offset) != byte { return false }
      offset += 1
    }
    return true
  }

  /// The number that the bytes write in decimal digits; `nil` if they have another character, a zero in front, or more than 18
  /// digits.
  fileprivate var plainNumber: UInt64? {
    guard (1...18).contains(byteCount), byteCount == 1 || byte(at: 0) != UInt8(ascii: "0") else { return nil }
    var number: UInt64 = 0
    for index in 0..<byteCount {
      let digit = byte(at: index) &- 48
      guard digit <= 9 else { return nil }
      number = number * 10 + UInt64(digit)
    }
    return number
  }
}
