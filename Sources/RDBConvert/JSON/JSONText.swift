import RDB

/// A writer of bytes as the content of a JSON string (RFC 8259, section 7).
///
/// It copies and checks sixteen bytes per step. Only a block with a byte to escape goes through a table that has the text
/// of each byte. The kinds of text differ only in this table:
///
/// | | ASCII | control characters | `"` `\` | 80–FF |
/// | --- | --- | --- | --- | --- |
/// | `utf8` (checked before) | itself | `\n` … or `\u00hh` | `\"` `\\` | itself |
/// | `latin1` | itself | `\n` … or `\u00hh` | `\"` `\\` | the code point of that number |
/// | `escape` | itself | `\\n` … or `\\xhh` (so DEL) | `\\\"` `\\\\` | `\\xhh` |
///
/// To get the bytes back, a reader takes the UTF-8 of a `utf8` string, or one byte per code point of a `latin1` string. In
/// an `escape` string it replaces the escapes of `redis-cli`: `\xhh`, `\n \r \t \a \b`, `\\`, `\"`.
struct JSONText: ~Copyable {
  /// The kinds of text.
  enum Kind { case utf8, latin1, escape }

  /// The text of each byte: up to seven bytes, with their number in the highest byte.
  private let table: UnsafeMutablePointer<UInt64>
  /// Whether bytes from 0x80 on are copied unchanged.
  private let copiesHigh: Bool
  /// Whether DEL is written as an escape.
  private let escapesDelete: Bool

  /// The longest text of a byte, in bytes.
  static var maximumExpansion: Int { 6 }
  /// The longest piece, in bytes. The caller reserves memory once per piece.
  static var pieceByteCount: Int { 4096 }
  /// The memory to reserve for a piece, in bytes: its longest text, and the width of the last store.
  static var pieceRoom: Int { pieceByteCount * maximumExpansion + 64 }

  init(_ kind: Kind) {
    table = .allocate(capacity: 256)
    for byte in 0...255 {
      let text = Self.text(of: UInt8(byte), kind)
      var entry = UInt64(text.count) << 56
      for (index, character) in text.enumerated() { entry |= UInt64(character) << (8 * index) }
      (table + byte).initialize(to: entry)
    }
    copiesHigh = kind == .utf8
    escapesDelete = kind == .escape
  }

  deinit { table.deallocate() }

  private static func text(of byte: UInt8, _ kind: Kind) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    let hex = [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    if kind == .escape {
      switch byte {
      case UInt8(ascii: "\""): return Array(#"\\\""#.utf8)
      case UInt8(ascii: "\\"): return Array(#"\\\\"#.utf8)
      case 0x07: return Array(#"\\a"#.utf8)
      case 0x08: return Array(#"\\b"#.utf8)
      case 0x09: return Array(#"\\t"#.utf8)
      case 0x0A: return Array(#"\\n"#.utf8)
      case 0x0D: return Array(#"\\r"#.utf8)
      case 0x20...0x7E: return [byte]
      default: return Array(#"\\x"#.utf8) + hex
      }
    }
    switch byte {
    case UInt8(ascii: "\""): return Array(#"\""#.utf8)
    case UInt8(ascii: "\\"): return Array(#"\\"#.utf8)
    case 0x08: return Array(#"\b"#.utf8)
    case 0x09: return Array(#"\t"#.utf8)
    case 0x0A: return Array(#"\n"#.utf8)
    case 0x0C: return Array(#"\f"#.utf8)
    case 0x0D: return Array(#"\r"#.utf8)
    case 0..<0x20: return Array(#"\u00"#.utf8) + hex
    case 0x80... where kind == .latin1: return [0xC0 | byte >> 6, 0x80 | byte & 0x3F]
    default: return [byte]
    }
  }

  // MARK: Pieces

  /// The longest string for ``copyPlain(_:_:to:)``, in bytes.
  static var plainByteCount: Int { 64 }

  /// Copies a short string that needs no escapes and is ASCII.
  ///
  /// - Parameter destination: Memory with room for `count` bytes.
  /// - Returns: Whether the string is such text. If not, the copied bytes are meaningless.
  @inline(__always)
  static func copyPlain(
    _ source: UnsafeRawPointer, _ count: Int, to destination: UnsafeMutableRawPointer
  ) -> Bool {
    // Overlapping loads cover all bytes.
    if count > 16 {
      let first = copy(source, to: destination)
      let last = copy(source + (count &- 16), to: destination + (count &- 16))
      if count <= 32 { return !hasTop(first | last) }
      let second = copy(source + 16, to: destination + 16)
      let third = copy(source + (count &- 32), to: destination + (count &- 32))
      return !hasTop(first | second | third | last)
    }
    if count >= 8 {
      let first = source.loadUnaligned(as: UInt64.self)
      let last = source.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      destination.storeBytes(of: first, as: UInt64.self)
      destination.storeBytes(of: last, toByteOffset: count &- 8, as: UInt64.self)
      let both = Block(first, last)
      return !hasTop(specials(both) | both)
    }
    if count >= 4 {
      let first = source.loadUnaligned(as: UInt32.self)
      let last = source.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
      destination.storeBytes(of: first, as: UInt32.self)
      destination.storeBytes(of: last, toByteOffset: count &- 4, as: UInt32.self)
      return notPlain(UInt64(first) | UInt64(last) &<< 32) & tops == 0
    }
    // Spaces fill the missing bytes.
    var bytes = ones &* 0x20
    for index in 0..<count {
      let byte = source.load(fromByteOffset: index, as: UInt8.self)
      destination.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      bytes = bytes &<< 8 | UInt64(byte)
    }
    return notPlain(bytes) & tops == 0
  }

  /// Copies sixteen bytes. Returns the top bit of each byte that is not ASCII or needs an escape.
  @inline(__always)
  private static func copy(_ source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer) -> Block {
    let bytes = source.loadUnaligned(as: Block.self)
    destination.storeBytes(of: bytes, as: Block.self)
    return specials(bytes) | bytes
  }

  /// Returns the top bit of each byte that is not ASCII or needs an escape.
  @inline(__always)
  private static func notPlain(_ bytes: UInt64) -> UInt64 {
    let quotes = bytes ^ (ones &* 0x22)
    let backslashes = bytes ^ (ones &* 0x5C)
    return bytes | (bytes &- ones &* 0x20) & ~bytes | (quotes &- ones) & ~quotes
      | (backslashes &- ones) & ~backslashes
  }

  /// Writes `count` bytes to `destination`, which has room for six times as many bytes and 16 more.
  ///
  /// - Parameter stopsAtHigh: Whether to stop before the first block with a byte from 0x80 on.
  /// - Returns: The number of bytes read and written. If it stops early, the bytes read are ASCII.
  @inline(__always)
  func write(
    _ source: UnsafeRawPointer, _ count: Int, to destination: UnsafeMutableRawPointer, stopsAtHigh: Bool
  ) -> (read: Int, written: Int) {
    var read = 0
    var written = 0
    while read + 16 <= count {
      let block = source.loadUnaligned(fromByteOffset: read, as: Block.self)
      destination.storeBytes(of: block, toByteOffset: written, as: Block.self)
      if !hasSpecial(block, high: stopsAtHigh || !copiesHigh) {
        written += 16
      } else {
        if stopsAtHigh && Self.hasTop(block) { return (read, written) }
        written += escape(source + read, 16, to: destination + written)
      }
      read += 16
    }
    let rest = count - read
    if rest >= 8 {
      let first = source.loadUnaligned(fromByteOffset: read, as: UInt64.self)
      let last = source.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
      if !hasSpecial(Block(first, last), high: stopsAtHigh || !copiesHigh) {
        destination.storeBytes(of: first, toByteOffset: written, as: UInt64.self)
        destination.storeBytes(of: last, toByteOffset: written + rest - 8, as: UInt64.self)
        return (count, written + rest)
      }
      if stopsAtHigh && (first | last) & Self.tops != 0 { return (read, written) }
    } else if rest >= 4 {
      let first = source.loadUnaligned(fromByteOffset: read, as: UInt32.self)
      let last = source.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
      let both = UInt64(first) | UInt64(last) << 32
      if !hasSpecial(Block(both, both), high: stopsAtHigh || !copiesHigh) {
        destination.storeBytes(of: first, toByteOffset: written, as: UInt32.self)
        destination.storeBytes(of: last, toByteOffset: written + rest - 4, as: UInt32.self)
        return (count, written + rest)
      }
      if stopsAtHigh && both & Self.tops != 0 { return (read, written) }
    } else if stopsAtHigh {
      for position in read..<count where source.load(fromByteOffset: position, as: UInt8.self) >= 0x80 {
        return (read, written)
      }
    }
    written += escape(source + read, rest, to: destination + written)
    return (count, written)
  }

  /// Returns whether `count` bytes at `source` need no escapes.
  func isPlain(_ source: UnsafeRawPointer, _ count: Int) -> Bool {
    var position = 0
    while position + 16 <= count {
      let block = source.loadUnaligned(fromByteOffset: position, as: Block.self)
      if hasSpecial(block, high: !copiesHigh) { return false }
      position += 16
    }
    while position < count {
      if table[Int(source.load(fromByteOffset: position, as: UInt8.self))] >> 56 != 1 { return false }
      position += 1
    }
    return true
  }

  /// Writes bytes through the table. Each store is eight bytes wide; the next one overwrites the excess.
  @inline(__always)
  private func escape(_ source: UnsafeRawPointer, _ count: Int, to destination: UnsafeMutableRawPointer) -> Int {
    var written = 0
    for position in 0..<count {
      let entry = table[Int(source.load(fromByteOffset: position, as: UInt8.self))]
      destination.storeBytes(of: entry.littleEndian, toByteOffset: written, as: UInt64.self)
      written &+= Int(truncatingIfNeeded: entry >> 56)
    }
    return written
  }

  // MARK: Blocks

  /// Sixteen bytes as two words in one register. The compiler turns operations on words into one instruction for both,
  /// but comparisons of a `SIMD16` into a loop.
  private typealias Block = SIMD2<UInt64>

  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var tops: UInt64 { 0x8080_8080_8080_8080 }

  /// Returns whether a byte of `block` has its top bit set.
  @inline(__always)
  private static func hasTop(_ block: Block) -> Bool { (block.x | block.y) & tops != 0 }

  /// Returns whether one of sixteen bytes needs an escape or, with `high`, is not ASCII.
  @inline(__always)
  private func hasSpecial(_ bytes: Block, high: Bool) -> Bool {
    var found = Self.specials(bytes)
    if high { found |= bytes }
    if escapesDelete {
      let deletes = bytes ^ Block(repeating: Self.ones &* 0x7F)
      found |= (deletes &- Block(repeating: Self.ones)) & ~deletes
    }
    return Self.hasTop(found)
  }

  /// Returns the top bit of each byte that is a control character, a quotation mark or a backslash.
  ///
  /// A borrow of a subtraction can mark one more byte, but only after a byte that is found. So the result is 0 exactly
  /// if there is no such byte.
  @inline(__always)
  private static func specials(_ bytes: Block) -> Block {
    let quotes = bytes ^ Block(repeating: ones &* 0x22)
    let backslashes = bytes ^ Block(repeating: ones &* 0x5C)
    let one = Block(repeating: ones)
    return (bytes &- Block(repeating: ones &* 0x20)) & ~bytes | (quotes &- one) & ~quotes
      | (backslashes &- one) & ~backslashes
  }
}
