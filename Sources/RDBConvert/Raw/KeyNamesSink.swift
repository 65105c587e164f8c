public import RDB
import RDBSupport

/// A sink that writes the names of all keys, one per line, and skips values.
///
/// Names are escaped as `redis-cli` shows strings, without quotation marks: printable ASCII unchanged, the escapes
/// `\n \r \t \a \b \\ \"`, and `\xhh` for other bytes. An apostrophe at the beginning is `\x27` if the rest is the text
/// of a formula (``FormulaText``). `redis-cli` reads a line between double quotes back as the name. Other programs parse
/// these lines, so the form must not change. Source: `sdscatrepr` in Redis `src/sds.c`.
@usableFromInline package struct KeyNamesSink: SelectiveSink, OutputSink, ~Copyable {
  private var output: ByteOutput
  private var count: UInt64 = 0

  package init(to destination: any ByteDestination) { output = ByteOutput(to: destination) }

  @inlinable package static var events: SinkEvents { [.beginKey] }

  // The parser's loop inlines both methods, so that a key costs one call.
  @inlinable package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    try writeLine(key.name)
    return .skip
  }

  @inlinable package mutating func endKey(_ end: KeyEnd) {}

  /// Writes a name and a line feed.
  @usableFromInline mutating func writeLine(_ name: RawSpan) throws(RDBError) {
    count &+= 1
    guard name.byteCount <= Self.pieceByteCount, !FormulaText.hasApostrophe(name) else {
      return try writeLongLine(name)
    }
    try writePiece(name, "\n")
  }

  /// Writes a long name in pieces, or a name whose first byte, an apostrophe, is escaped; then a line feed.
  @inline(never)
  private mutating func writeLongLine(_ name: RawSpan) throws(RDBError) {
    var rest = name
    if FormulaText.hasApostrophe(name) {
      try output.append(FormulaText.escapedApostrophe)
      rest = name.extracting(droppingFirst: 1)
    }
    while rest.byteCount > 0 {
      let byteCount = min(rest.byteCount, Self.pieceByteCount)
      try writePiece(rest.extracting(first: byteCount), "")
      rest = rest.extracting(droppingFirst: byteCount)
    }
    try output.append("\n")
  }

  private static var pieceByteCount: Int { 4096 }

  /// Writes a piece of a name, and a literal of at most eight bytes.
  @inline(__always)
  private mutating func writePiece(_ piece: RawSpan, _ end: StaticString) throws(RDBError) {
    let byteCount = piece.byteCount
    try output.reserve(4 * byteCount + 16)
    guard let start = output.spare.baseAddress else { return }
    let written = piece.withUnsafeBytes { bytes in
      bytes.baseAddress.map { Self.write($0, byteCount, to: start) } ?? 0
    }
    output.advance(uncheckedBy: written)
    output.appendUnchecked(end)
  }

  /// Writes bytes with escapes; eight bytes per step if they need no escapes.
  ///
  /// - Parameter target: Memory with room for four times as many bytes and eight more.
  /// - Returns: The number of bytes written.
  @inline(__always)
  private static func write(
    _ source: UnsafeRawPointer, _ byteCount: Int, to target: UnsafeMutableRawPointer
  ) -> Int {
    var read = 0
    var written = 0
    while byteCount &- read >= 8 {
      let eight = source.loadUnaligned(fromByteOffset: read, as: UInt64.self)
      if isPlain(eight) {
        target.storeBytes(of: eight, toByteOffset: written, as: UInt64.self)
        written &+= 8
      } else {
        for index in read..<read &+ 8 { written &+= escape(source, index, target + written) }
      }
      read &+= 8
    }
    let rest = byteCount &- read
    if rest > 0, byteCount >= 8 {
      // The last eight bytes, the first of which are written already: without escapes they come out the same again.
      let eight = source.loadUnaligned(fromByteOffset: byteCount &- 8, as: UInt64.self)
      if isPlain(eight) {
        target.storeBytes(of: eight, toByteOffset: written &+ rest &- 8, as: UInt64.self)
        return written &+ rest
      }
    }
    while read < byteCount {
      written &+= escape(source, read, target + written)
      read &+= 1
    }
    return written
  }

  /// Returns whether all eight bytes are printable ASCII without quotation marks and backslashes.
  @inline(__always)
  private static func isPlain(_ eight: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let deletes = eight ^ ones &* 0x7F
    let quotes = eight ^ ones &* 0x22
    let backslashes = eight ^ ones &* 0x5C
    let found =
      eight | (eight &- ones &* 0x20) & ~eight | (deletes &- ones) & ~deletes
      | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
    return found & (ones &* 0x80) == 0
  }

  /// Writes one byte with its escape, and returns the number of bytes written, at most 4.
  @inline(__always)
  private static func escape(
    _ source: UnsafeRawPointer, _ index: Int, _ target: UnsafeMutableRawPointer
  ) -> Int {
    let byte = source.load(fromByteOffset: index, as: UInt8.self)
    if byte >= 0x20 && byte <= 0x7E && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
      target.storeBytes(of: byte, as: UInt8.self)
      return 1
    }
    return escapeSpecial(byte, target)
  }

  @inline(never)
  private static func escapeSpecial(_ byte: UInt8, _ target: UnsafeMutableRawPointer) -> Int {
    target.storeBytes(of: UInt8(ascii: "\\"), as: UInt8.self)
    let letter: UInt8
    switch byte {
    case UInt8(ascii: "\\"), UInt8(ascii: "\""): letter = byte
    case UInt8(ascii: "\n"): letter = UInt8(ascii: "n")
    case UInt8(ascii: "\r"): letter = UInt8(ascii: "r")
    case UInt8(ascii: "\t"): letter = UInt8(ascii: "t")
    case 0x07: letter = UInt8(ascii: "a")
    case 0x08: letter = UInt8(ascii: "b")
    default:
      target.storeBytes(of: UInt8(ascii: "x"), toByteOffset: 1, as: UInt8.self)
      target.storeBytes(of: hexDigit(byte >> 4), toByteOffset: 2, as: UInt8.self)
      target.storeBytes(of: hexDigit(byte & 15), toByteOffset: 3, as: UInt8.self)
      return 4
    }
    target.storeBytes(of: letter, toByteOffset: 1, as: UInt8.self)
    return 2
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 48 + value : UInt8(ascii: "a") - 10 + value
  }

  @usableFromInline package mutating func endBatch() throws(RDBError) { try output.flush() }

  @usableFromInline package consuming func finish() throws(RDBError) -> Ledger {
    try output.flush()
    var ledger = Ledger()
    (ledger.keysRead, ledger.keysWritten) = (count, count)
    return ledger
  }
}
