import RDBFormat
import RDBSupport

/// Masks strings: replaces their letters, digits and other bytes by bytes of the same class.
///
/// A string is cut into words of letters and digits. A word is replaced as a whole, so equal words of a string stay equal
/// and the string compresses as before, but letters cannot be told from their frequency.
final class Masker {
  /// The way in which the words of a string are replaced.
  enum Form {
    /// Each word by itself. Different words can become the same word.
    case value
    /// Each word by itself. Different strings stay different.
    case linkedName
    /// Each word in a way that depends on the whole string. Different strings stay different.
    case name
  }

  /// A part of a word: at most eight units.
  private struct Piece {
    var start: Int
    var count: Int
  }

  /// The kind of bytes in a string.
  private enum Content { case ascii, utf8, binary, punctuation }

  private let alphabet: MaskingAlphabet
  /// 0: the byte stays; 1 letters, 2 digits, 3 signs, 4 control bytes, 5 other bytes.
  private let groups: [UInt8]
  private var pieces: [Piece] = []
  private var walk = ByteBuffer(capacity: 256)

  init(_ alphabet: MaskingAlphabet = MaskingAlphabet()) {
    self.alphabet = alphabet
    groups = alphabet.classes.map { cls in
      switch cls {
      case MaskingAlphabet.Class.lower, MaskingAlphabet.Class.upper: 1
      case MaskingAlphabet.Class.digit: 2
      case MaskingAlphabet.Class.symbol: 3
      case MaskingAlphabet.Class.control: 4
      case MaskingAlphabet.Class.high: 5
      default: 0
      }
    }
  }

  /// Masks a string.
  ///
  /// - Parameters:
  ///   - text: The string.
  ///   - target: Memory for as many bytes, apart from `text`.
  ///   - isInZiplist: Whether a ziplist holds the string, if it is an integer.
  func mask(
    _ text: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, _ form: Form, _ key: MaskingKey,
    isInZiplist: Bool = false
  ) {
    guard let start = text.baseAddress, !text.isEmpty else { return }
    if alphabet.masksIntegers, let masked = integer(text, form, key, isInZiplist) {
      return write(masked, digits: text.count - (masked.isNegative ? 1 : 0), to: target)
    }
    target.copyMemory(from: start, byteCount: text.count)
    // No other text of two bytes is an integer with a needless sign.
    if text.count == 2, text[0] == UInt8(ascii: "-"), text[1] == UInt8(ascii: "0") { return }
    let content: Content = UTF8Characters.isASCII(text) ? .ascii : UTF8Characters.isValid(text) ? .utf8 : .binary
    guard maskWords(text, target, content, form, key, 0) else {
      _ = maskWords(text, target, .punctuation, form, key, 0)
      return
    }
    if content == .binary { leaveText(target, text.count, form, key) }
  }

  /// Masks a string again that was binary and became text, until it is binary.
  private func leaveText(_ target: UnsafeMutableRawPointer, _ count: Int, _ form: Form, _ key: MaskingKey) {
    let result = UnsafeRawBufferPointer(start: target, count: count)
    var number: UInt64 = 1
    // A string that cannot change any more stays as it is.
    while number < 1000, UTF8Characters.isValid(result) {
      walk.removeAll()
      walk.append(RawSpan(_unsafeBytes: result))
      _ = maskWords(
        UnsafeRawBufferPointer(start: walk.base, count: count), target, .binary, form, key, form == .value ? number : 0)
      number += 1
    }
  }

  // MARK: Integers

  private func integer(
    _ text: UnsafeRawBufferPointer, _ form: Form, _ key: MaskingKey, _ isInZiplist: Bool
  ) -> (magnitude: UInt64, isNegative: Bool)? {
    let isNegative = text[0] == UInt8(ascii: "-")
    let digits = text.count - (isNegative ? 1 : 0)
    guard digits >= 1, digits <= 19 else { return nil }
    var magnitude: UInt64 = 0
    for index in (isNegative ? 1 : 0)..<text.count {
      let digit = text[index] &- 48
      guard digit <= 9 else { return nil }
      magnitude = magnitude &* 10 &+ UInt64(digit)
    }
    if text[isNegative ? 1 : 0] == 48, isNegative || digits > 1 { return nil }
    return (maskMagnitude(magnitude, isNegative, digits, form, key, isInZiplist), isNegative)
  }

  /// Masks an integer of at most 19 digits.
  func maskMagnitude(
    _ magnitude: UInt64, _ isNegative: Bool, _ digits: Int, _ form: Form, _ key: MaskingKey, _ isInZiplist: Bool
  ) -> UInt64 {
    let range = IntegerClass(magnitude, isNegative: isNegative, digits: digits, isInZiplist: isInZiplist)
    let number = magnitude &- range.lowest
    let sign: UInt64 = isNegative ? 1 : 2
    switch form {
    case .linkedName, .name:
      return range.lowest &+ Permutation(key: key, tweak: sign)(number, below: range.count)
    case .value:
      var masked = key.hash(magnitude, sign).multipliedFullWidth(by: range.count).high
      if masked == number { masked = masked &+ 1 == range.count ? 0 : masked &+ 1 }
      return range.lowest &+ masked
    }
  }

  /// Masks an integer.
  func mask(_ integer: Int64, _ form: Form, _ key: MaskingKey, isInZiplist: Bool = false) -> Int64 {
    let magnitude = integer.magnitude
    let masked = maskMagnitude(
      magnitude, integer < 0, DecimalText.digitCount(magnitude), form, key, isInZiplist)
    return integer < 0 ? Int64(truncatingIfNeeded: 0 &- masked) : Int64(truncatingIfNeeded: masked)
  }

  private func write(_ number: (magnitude: UInt64, isNegative: Bool), digits: Int, to target: UnsafeMutableRawPointer) {
    var rest = number.magnitude
    let start = number.isNegative ? 1 : 0
    if number.isNegative { target.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self) }
    for index in (0..<digits).reversed() {
      target.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ rest % 10), toByteOffset: start &+ index, as: UInt8.self)
      rest /= 10
    }
  }

  // MARK: Words

  /// Masks the words of a string that `target` has a copy of.
  ///
  /// - Returns: Whether there were any.
  private func maskWords(
    _ text: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, _ content: Content, _ form: Form,
    _ key: MaskingKey, _ number: UInt64
  ) -> Bool {
    var index = 0
    var found = false
    if form == .name { pieces.removeAll(keepingCapacity: pieces.capacity < 1 << 16) }
    while index < text.count {
      let (group, length) = group(text, index, content)
      if group == 0 {
        index &+= length
        continue
      }
      found = true
      let unitCount = unitCount(text, index, group, content)
      // The pieces of a long word have nearly the same size.
      let pieceCount = (unitCount &+ 7) &>> 3
      let (size, larger) = pieceCount == 1 ? (unitCount, 0) : unitCount.quotientAndRemainder(dividingBy: pieceCount)
      for piece in 0..<pieceCount {
        let start = index
        let count = size &+ (piece < larger ? 1 : 0)
        if form == .name {
          pieces.append(Piece(start: start, count: count))
          if content == .utf8 { _ = read(text, &index, count, content) } else { index &+= count }
          continue
        }
        if group <= 2, isFast(content), var piece = AlphanumericPiece(text, start, count) {
          if form == .value { piece.word.substitute(key, number) } else { piece.word.permute(key, 0, moves: true) }
          piece.write(to: target + start, room: text.count &- start)
          index &+= count
          continue
        }
        var word = read(text, &index, count, content)
        if form == .value { word.substitute(key, number) } else { word.permute(key, 0, moves: true) }
        write(word, target + start)
      }
    }
    if form == .name, found { maskPieces(text, target, content, key) }
    return found
  }

  /// Masks all pieces so that each depends on all the others.
  ///
  /// The longest piece is permuted in a way that the other pieces select, then each other piece in a way that the masked
  /// longest piece and the pieces before it select. Both steps can be undone, so different strings stay different.
  private func maskPieces(
    _ text: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, _ content: Content, _ key: MaskingKey
  ) {
    var (pivot, unitCount) = (0, 0)
    for (index, piece) in pieces.enumerated() {
      unitCount += piece.count
      if piece.count > pieces[pivot].count { pivot = index }
    }
    if pieces.count == 1 { return _ = permute(pieces[0], text, target, content, key, 0, moves: true) }
    let start = pieces[pivot].start
    let end = end(of: pieces[pivot], text, content)
    let before = UnsafeRawBufferPointer(rebasing: text[..<start])
    let after = UnsafeRawBufferPointer(rebasing: text[end...])
    // A long string stays the same too rarely to matter.
    _ = permute(
      pieces[pivot], text, target, content, key, key.hash(key.hash(before), key.hash(after)), moves: unitCount < 10)
    var chain = key.hash(UnsafeRawBufferPointer(start: target + start, count: end - start), tag: 1)
    for (index, piece) in pieces.enumerated() where index != pivot {
      let end = permute(piece, text, target, content, key, chain, moves: false)
      chain = key.hash(chain, key.hash(UnsafeRawBufferPointer(rebasing: text[piece.start..<end])), 3)
    }
  }

  private func end(of piece: Piece, _ text: UnsafeRawBufferPointer, _ content: Content) -> Int {
    if content != .utf8 { return piece.start + piece.count }
    var end = piece.start
    _ = read(text, &end, piece.count, content)
    return end
  }

  /// Permutes one piece.
  ///
  /// - Returns: The index after the piece.
  private func permute(
    _ piece: Piece, _ text: UnsafeRawBufferPointer, _ target: UnsafeMutableRawPointer, _ content: Content,
    _ key: MaskingKey, _ tweak: UInt64, moves: Bool
  ) -> Int {
    if isFast(content), var fast = AlphanumericPiece(text, piece.start, piece.count) {
      fast.word.permute(key, tweak, moves: moves)
      fast.write(to: target + piece.start, room: text.count &- piece.start)
      return piece.start + piece.count
    }
    var end = piece.start
    var word = read(text, &end, piece.count, content)
    word.permute(key, tweak, moves: moves)
    write(word, target + piece.start)
    return end
  }

  /// Whether letters and digits of the string are handled as ``AlphanumericPiece``.
  private func isFast(_ content: Content) -> Bool {
    (content == .ascii || content == .binary) && alphabet.masksAlphanumerics
  }

  /// Returns the group of the unit at `index`, and its byte count. Group 0 stays.
  @inline(__always)
  private func group(_ text: UnsafeRawBufferPointer, _ index: Int, _ content: Content) -> (UInt8, Int) {
    let byte = text[index]
    switch content {
    case .ascii, .binary: return (groups[Int(byte)], 1)
    case .utf8: return byte < 0x80 ? (groups[Int(byte)], 1) : groupOfCharacter(text, index)
    case .punctuation: return (groupOfPunctuation(byte, text.count), 1)
    }
  }

  private func groupOfCharacter(_ text: UnsafeRawBufferPointer, _ index: Int) -> (UInt8, Int) {
    let first = text[index]
    if first >= 0xF0 { return (1, 4) }
    let cls = MaskingAlphabet.characterClass(UTF8Characters.scalar(text, at: index))
    return (alphabet.radices[Int(cls)] > 1 ? 1 : 0, first < 0xE0 ? 2 : 3)
  }

  /// In a string of one or two bytes, brackets, quotes and white space stay: `{}`, `""`.
  private func groupOfPunctuation(_ byte: UInt8, _ count: Int) -> UInt8 {
    if alphabet.punctuation[Int(byte)] == 0 { return 0 }
    if count > 2 { return 6 }
    switch byte {
    case 9, 10, 13, 32, 34, 39, 40, 41, 60, 62, 91, 93, 123, 125: return 0
    default: return 6
    }
  }

  /// Returns the number of units of the word at `start`.
  ///
  /// Letters and digits are in one word, unless at least three of one kind come before the other kind.
  @inline(__always)
  private func unitCount(_ text: UnsafeRawBufferPointer, _ start: Int, _ first: UInt8, _ content: Content) -> Int {
    if first <= 2, isFast(content) { return alphanumericCount(text, start, first == 2) }
    var (index, group, run, count) = (start, first, 0, 0)
    while index < text.count {
      let (next, length) = self.group(text, index, content)
      if next != group {
        if next == 0 || next > 2 || group > 2 || run >= 3 { break }
        (group, run) = (next, 0)
      }
      run &+= 1
      count &+= 1
      index &+= length
    }
    return count
  }

  /// Returns the number of bytes of a word of ASCII letters and digits.
  @inline(__always)
  private func alphanumericCount(_ text: UnsafeRawBufferPointer, _ start: Int, _ beginsWithDigit: Bool) -> Int {
    var (index, isDigit) = (start, beginsWithDigit)
    while true {
      let run = AlphanumericPiece.runLength(text, index, isDigit: isDigit)
      index &+= run
      guard run < 3, index < text.count else { return index &- start }
      let next = groups[Int(text[index])]
      guard next == 1 || next == 2 else { return index &- start }
      isDigit.toggle()
    }
  }

  /// Reads `count` units, and steps over them.
  @inline(__always)
  private func read(_ text: UnsafeRawBufferPointer, _ index: inout Int, _ count: Int, _ content: Content) -> MaskedWord
  {
    var word = MaskedWord()
    for _ in 0..<count {
      let byte = text[index]
      if content == .utf8, byte >= 0x80 {
        readCharacter(text, &index, &word)
        continue
      }
      if content == .punctuation {
        let cls = MaskingAlphabet.Class.punctuation
        word.append(UInt16(alphabet.punctuation[Int(byte)] &- 1), cls, radix: alphabet.radices[Int(cls)])
      } else if alphabet.classes[Int(byte)] == MaskingAlphabet.Class.digit, alphabet.masksIntegers {
        let cls = classOfDigit(text, index)
        let first: UInt8 = cls == MaskingAlphabet.Class.leadingDigit ? 49 : 48
        word.append(UInt16(byte &- first), cls, radix: alphabet.radices[Int(cls)])
      } else {
        let cls = alphabet.classes[Int(byte)]
        word.append(UInt16(alphabet.indexes[Int(byte)]), cls, radix: alphabet.radices[Int(cls)])
      }
      index &+= 1
    }
    return word
  }

  /// The first of several digits stays zero or not zero.
  @inline(__always)
  private func classOfDigit(_ text: UnsafeRawBufferPointer, _ index: Int) -> UInt8 {
    if index > 0, text[index &- 1] &- 48 <= 9 { return MaskingAlphabet.Class.digit }
    guard index &+ 1 < text.count, text[index &+ 1] &- 48 <= 9 else { return MaskingAlphabet.Class.digit }
    return text[index] == 48 ? MaskingAlphabet.Class.leadingZero : MaskingAlphabet.Class.leadingDigit
  }

  private func readCharacter(_ text: UnsafeRawBufferPointer, _ index: inout Int, _ word: inout MaskedWord) {
    if text[index] >= 0xF0 {
      let low = UInt16(text[index + 2] & 0x3F) << 6 | UInt16(text[index + 3] & 0x3F)
      word.append(low, MaskingAlphabet.fourByteClass, radix: 4096)
      index += 4
      return
    }
    let scalar = UTF8Characters.scalar(text, at: index)
    let cls = MaskingAlphabet.characterClass(scalar)
    let range = MaskingAlphabet.ranges[Int(cls - MaskingAlphabet.Class.characters)]
    word.append(UInt16(scalar - range.first), cls, radix: UInt16(range.count))
    index += scalar < 0x800 ? 2 : 3
  }

  /// Writes a word over the one that it replaces.
  @inline(__always)
  private func write(_ word: MaskedWord, _ target: UnsafeMutableRawPointer) {
    var position = target
    for index in 0..<word.count {
      let cls = word.cls(index)
      if cls < MaskingAlphabet.Class.characters {
        position.storeBytes(of: alphabet.bytes[Int(cls) &* 128 &+ Int(word[index])], as: UInt8.self)
        position += 1
      } else {
        position = writeCharacter(word[index], cls, position)
      }
    }
  }

  private func writeCharacter(
    _ number: UInt16, _ cls: UInt8, _ target: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    if cls == MaskingAlphabet.fourByteClass {
      target.storeBytes(of: 0x80 | UInt8(truncatingIfNeeded: number >> 6), toByteOffset: 2, as: UInt8.self)
      target.storeBytes(of: 0x80 | UInt8(truncatingIfNeeded: number & 0x3F), toByteOffset: 3, as: UInt8.self)
      return target + 4
    }
    let scalar = MaskingAlphabet.ranges[Int(cls - MaskingAlphabet.Class.characters)].first + UInt32(number)
    UTF8Characters.write(scalar, to: target)
    return target + (scalar < 0x800 ? 2 : 3)
  }
}
