import RDBFormat
import RDBSupport
import RESP

/// All fields and values of a small hash, or all members and scores of a small sorted set, in a packed value of the
/// snapshot that has not been checked yet.
///
/// A sink that can discard what it wrote takes them at once: the text is written while the entries are checked.
/// Valid during the call that receives it.
public struct PackedPairs: ~Escapable {
  private let bytes: RawSpan
  private let sieve: DuplicateFinder.Sieve
  /// The number of pairs that the value claims.
  @usableFromInline package let count: Int

  /// - Parameters:
  ///   - bytes: A listpack whose header and terminator have been checked.
  ///   - entryCount: The number of entries according to its header.
  ///   - sieve: The sieve for its members.
  /// - Returns: `nil` if the header claims no pair, half a pair, or more pairs than `sieve` is made for.
  @usableFromInline @_lifetime(copy bytes)
  init?(_ bytes: RawSpan, entryCount: Int?, _ sieve: DuplicateFinder.Sieve) {
    guard let entryCount, entryCount > 0, entryCount & 1 == 0, entryCount <= 2 * DuplicateFinder.siftedCount else {
      return nil
    }
    (self.bytes, self.sieve, count) = (bytes, sieve, entryCount / 2)
  }

  /// The bytes to reserve for the text of all pairs.
  ///
  /// A string grows by at most 5 bytes, an integer by at most 17: one of eight bytes takes 10 in the listpack, and its text
  /// of 20 characters takes 27 as a bulk string. The last store may be 32 bytes wider.
  package var maximumByteCount: Int { bytes.byteCount &+ 34 &* count &+ 32 }

  /// Writes each field and its value as bulk strings, and checks the whole value.
  ///
  /// - Returns: The byte count of the text; `nil`: the value must be read pair by pair, because it is damaged, has a field
  ///   of 64 bytes or more, or may have a field twice.
  package func writeFields(to destination: UnsafeMutableRawPointer) -> Int? {
    bytes.withUnsafeBytes { listpack in
      var walk = Walk(listpack, destination)
      var rest = count
      repeat {
        guard walk.writeField(sieve), walk.write() else { return nil }
        rest &-= 1
      } while rest > 0
      return walk.isAtEnd ? walk.target - destination : nil
    }
  }

  /// Writes each score and its member as bulk strings, and checks the whole value.
  ///
  /// - Returns: The byte count of the text; `nil`: as for ``writeFields(to:)``, or because a score is neither an integer of
  ///   at most 32 bits nor a text that ``DoubleText/isShortest(_:)`` knows.
  package func writeMembers(to destination: UnsafeMutableRawPointer) -> Int? {
    bytes.withUnsafeBytes { listpack in
      var walk = Walk(listpack, destination)
      var rest = count
      repeat {
        guard walk.writeMember(sieve) else { return nil }
        rest &-= 1
      } while rest > 0
      return walk.isAtEnd ? walk.target - destination : nil
    }
  }
}

/// A walk over the entries of a listpack, which checks each entry and writes it as a bulk string.
private struct Walk {
  private let start: UnsafeRawPointer
  /// The terminator.
  private let end: UnsafeRawPointer
  /// The last position of an entry after which 18 bytes precede the terminator: a string of up to 16 bytes there, its
  /// backlen, and the bytes that are copied with it are in the listpack.
  private let lastWide: UnsafeRawPointer
  /// The next entry, at most the terminator.
  private var source: UnsafeRawPointer
  /// The end of the text.
  private(set) var target: UnsafeMutableRawPointer

  @inline(__always)
  init(_ listpack: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer) {
    start = listpack.baseAddress.unsafelyUnwrapped
    end = start + (listpack.count &- 1)
    lastWide = end - 18
    source = start + 6
    self.target = target
  }

  var isAtEnd: Bool { source == end }

  /// Writes an entry.
  @inline(__always)
  mutating func write() -> Bool {
    let count = Int(source.load(as: UInt8.self) ^ 0x80)
    if isWide(count) { return writeWide(count) }
    return writeOther()
  }

  /// Writes an entry that must differ from all fields before it.
  @inline(__always)
  mutating func writeField(_ sieve: DuplicateFinder.Sieve) -> Bool {
    let count = Int(source.load(as: UInt8.self) ^ 0x80)
    if isWide(count) {
      let end = source + (count &+ 1)
      return writeWide(count) && count != 0 && sieve.admits(textBefore: end, byteCount: count)
    }
    return writeOtherField(sieve)
  }

  /// Writes the score of a member, then the member, which must differ from all members before it.
  @inline(__always)
  mutating func writeMember(_ sieve: DuplicateFinder.Sieve) -> Bool {
    let member = source
    let count = Int(member.load(as: UInt8.self) ^ 0x80)
    guard isWide(count), count != 0 else { return writeOtherMember(sieve) }
    source += count &+ 2
    guard sieve.admits(textBefore: source - 1, byteCount: count), writeScore() else { return false }
    let next = source
    source = member
    guard writeWide(count) else { return false }
    source = next
    return true
  }

  /// Writes an entry that must be a plain score.
  @inline(__always)
  private mutating func writeScore() -> Bool {
    let first = source.load(as: UInt8.self)
    let count = Int(first ^ 0x80)
    if count < 0x40 {
      let text = source + 1
      return (isWide(count) ? writeWide(count) : writeShort(count))
        && DoubleText.isShortest(RawSpan(_unsafeStart: text, byteCount: count))
    }
    return first != 0xF4 && writeInteger()
  }

  /// Whether the entry is a string of `count` bytes that ``writeWide(_:)`` can write.
  @inline(__always)
  private func isWide(_ count: Int) -> Bool { count <= 16 && source <= lastWide }

  /// Writes a string of at most 16 bytes, with a fixed number of bytes that the listpack has after its first one.
  @inline(__always)
  private mutating func writeWide(_ count: Int) -> Bool {
    let text = target + RESPText.writeBulkHeader(UInt64(truncatingIfNeeded: count), to: target)
    text.storeBytes(of: source.loadUnaligned(fromByteOffset: 1, as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
    return endShort(count, text)
  }

  /// Writes a string of `count` bytes, below 64.
  @inline(__always)
  private mutating func writeShort(_ count: Int) -> Bool {
    guard source + (count &+ 1) < end else { return false }
    let text = target + RESPText.writeBulkHeader(UInt64(truncatingIfNeeded: count), to: target)
    RESPText.copy(source + 1, to: text, byteCount: count)
    return endShort(count, text)
  }

  /// Ends a string of `count` bytes, below 64, that was written at `text`.
  @inline(__always)
  private mutating func endShort(_ count: Int, _ text: UnsafeMutableRawPointer) -> Bool {
    RESPText.writeLineEnd(to: text + count)
    target = text + (count &+ 2)
    let backlen = source + (count &+ 1)
    source = backlen + 1
    return Int(backlen.load(as: UInt8.self)) == count &+ 1
  }

  /// Writes an entry that is not wide.
  @inline(__always)
  private mutating func writeOther() -> Bool {
    let count = Int(source.load(as: UInt8.self) ^ 0x80)
    if count < 0x40 { return writeShort(count) }
    if writeInteger() { return true }
    let next: UnsafeRawPointer?
    (next, target) = Self.writeLongString(source, start, end, target)
    guard let next else { return false }
    source = next
    return true
  }

  /// Writes an entry that is an integer; returns `false` for a string.
  @inline(__always)
  private mutating func writeInteger() -> Bool {
    let byteCount: Int
    (byteCount, target) = Self.writeInteger(source, end, target)
    source += byteCount
    return byteCount > 0
  }

  /// Writes the integer at `source` at `target`.
  ///
  /// - Returns: The bytes of its entry, 0 if another or no entry is there, and the end of the text.
  @inline(never)
  private static func writeInteger(
    _ source: UnsafeRawPointer, _ end: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) -> (Int, UnsafeMutableRawPointer) {
    let first = source.load(as: UInt8.self)
    let width: Int
    let value: Int64
    if first & 0x80 == 0 {
      (width, value) = (0, Int64(first))
    } else if first & 0xE0 == 0xC0 {
      guard end - source >= 3 else { return (0, target) }
      let bits = Int64(first & 0x1F) &<< 8 | Int64(source.load(fromByteOffset: 1, as: UInt8.self))
      (width, value) = (1, (bits &<< 51) &>> 51)
    } else {
      guard first > 0xF0, first <= 0xF4 else { return (0, target) }
      width = Listpack.integerByteCount(first)
      guard end - source > width &+ 1 else { return (0, target) }
      // The integer is at the end of eight bytes: the header comes before any entry.
      let bits = Int64(littleEndian: source.loadUnaligned(fromByteOffset: width &- 7, as: Int64.self))
      value = bits &>> Int64(truncatingIfNeeded: 64 &- width &<< 3)
    }
    guard source + (width &+ 1) < end, Int(source.load(fromByteOffset: width &+ 1, as: UInt8.self)) == width &+ 1 else {
      return (0, target)
    }
    let count =
      value >= 0 && value < 100_000_000
      ? RESPText.writeShortBulk(UInt64(bitPattern: value), to: target) : RESPText.writeBulk(value, to: target)
    return (width &+ 2, target + count)
  }

  /// Writes the string at `source`, of 64 bytes or more, at `target`.
  ///
  /// - Returns: The position after it, `nil` if another or no entry is there, and the end of the text.
  @inline(never)
  private static func writeLongString(
    _ source: UnsafeRawPointer, _ start: UnsafeRawPointer, _ end: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) -> (UnsafeRawPointer?, UnsafeMutableRawPointer) {
    do throws(RDBError) {
      var listpack = try Listpack(RawSpan(_unsafeStart: start, byteCount: end - start + 1), at: 0)
      listpack.position = source - start
      let entry = try listpack.next()
      guard !entry.isInteger else { return (nil, target) }
      return (start + listpack.position, target + RESPText.writeBulk(entry.bytes, to: target))
    } catch {
      return (nil, target)
    }
  }

  /// Writes a field that is not wide.
  @inline(__always)
  private mutating func writeOtherField(_ sieve: DuplicateFinder.Sieve) -> Bool {
    let (field, header) = (source, target)
    let count = Int(field.load(as: UInt8.self) ^ 0x80)
    if count < 0x40 {
      return writeShort(count) && sieve.admits(RawSpan(_unsafeStart: field + 1, byteCount: count))
    }
    return writeInteger() && Self.admits(sieve, header, target)
  }

  /// Writes the score of a member that is not wide, then the member.
  @inline(__always)
  private mutating func writeOtherMember(_ sieve: DuplicateFinder.Sieve) -> Bool {
    let (member, text) = (source, target)
    // For its size, and for the sieve. The score then takes its place.
    guard writeOtherField(sieve) else { return false }
    target = text
    guard source < end, writeScore() else { return false }
    let next = source
    source = member
    guard writeOther() else { return false }
    source = next
    return true
  }

  /// Whether a sieve admits the text of an integer that is a bulk string from `start` to `end`.
  @inline(__always)
  private static func admits(
    _ sieve: DuplicateFinder.Sieve, _ start: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer
  ) -> Bool {
    // A text of ten and more characters has a header of five bytes.
    let header = end - start < 16 ? 4 : 5
    return sieve.admits(RawSpan(_unsafeStart: UnsafeRawPointer(start) + header, byteCount: end - start - header - 2))
  }
}
