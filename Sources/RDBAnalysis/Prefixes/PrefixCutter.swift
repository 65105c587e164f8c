import RDBFormat
import RDBSupport

/// Splits key names into the parts of their prefixes, and replaces folded digits and UUIDs.
package struct PrefixCutter: ~Copyable {
  private let options: PrefixOptions
  private let separators: [[UInt8]]
  /// The separator, if there is only one and it is one byte.
  private let single: UInt8?
  private let depth: Int
  /// The folded prefix of the current name.
  private var folded = ByteBuffer(capacity: 256)
  /// The end offsets of the parts, as many as ``count``.
  package private(set) var ends = SIMD16<Int32>()
  package private(set) var count = 0

  package init(_ options: PrefixOptions) {
    self.options = options
    separators = options.separators.map(\.bytes).filter { !$0.isEmpty }
    single = separators.count == 1 && separators[0].count == 1 ? separators[0][0] : nil
    depth = options.maximumDepth
  }

  private var folds: Bool { options.foldsDigits || options.foldsUUIDs }

  /// Splits a name, and sets ``ends`` and ``count``.
  @inline(__always)
  package mutating func cut(_ name: UnsafeRawBufferPointer) {
    count = 0
    var index = 0
    while count < depth, let end = endOfPart(name, from: index), end <= Int(Int32.max) {
      ends[count] = Int32(truncatingIfNeeded: end)
      count &+= 1
      index = end
    }
    if folds, count > 0 { fold(name) }
  }

  /// Returns the prefix of the last name that was split. Valid until the next call of ``cut(_:)``.
  @inline(__always)
  func prefix(of name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let end = Int(ends[count &- 1])
    return UnsafeRawBufferPointer(start: folds ? UnsafeRawPointer(folded.base) : name.baseAddress, count: end)
  }

  /// Returns the offset after the next separator, or `nil` if there is none.
  @inline(__always)
  private func endOfPart(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let single else { return endOfAnyPart(bytes, from: start) }
    guard start < bytes.count, let base = bytes.baseAddress else { return nil }
    guard let found = memchr(base + start, Int32(single), bytes.count &- start) else { return nil }
    return UnsafeRawPointer(found) - base + 1
  }

  private func endOfAnyPart(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    for index in start..<max(start, bytes.count) {
      for separator in separators where bytes[index] == separator[0] {
        let end = index + separator.count
        if end <= bytes.count, bytes[index..<end].elementsEqual(separator) { return end }
      }
    }
    return nil
  }

  // MARK: Folding

  /// Copies the parts to ``folded`` with digits and UUIDs replaced, and adjusts their ends.
  private mutating func fold(_ name: UnsafeRawBufferPointer) {
    folded.removeAll()
    var start = 0
    for part in 0..<count {
      let end = Int(ends[part])
      foldPart(UnsafeRawBufferPointer(rebasing: name[start..<end]))
      start = end
      ends[part] = Int32(clamping: folded.count)
    }
  }

  private mutating func foldPart(_ part: UnsafeRawBufferPointer) {
    var index = 0
    while index < part.count {
      if options.foldsUUIDs {
        let length = Self.uuidByteCount(part, index)
        if length > 0 {
          folded.append("<uuid>")
          index += length
          continue
        }
      }
      if options.foldsDigits, Self.isDigit(part[index]) {
        while index < part.count, Self.isDigit(part[index]) { index += 1 }
        folded.append("<n>")
        continue
      }
      folded.append(part[index])
      index += 1
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 <= 9 }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    byte &- 48 <= 9 || (byte | 0x20) &- UInt8(ascii: "a") <= 5
  }

  /// Returns the length of the UUID at `start`, with or without hyphens; 0 if there is none.
  private static func uuidByteCount(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    let hasHyphens = bytes.count - start >= 36 && bytes[start + 8] == UInt8(ascii: "-")
    let length = hasHyphens ? 36 : 32
    guard bytes.count - start >= length else { return 0 }
    for index in 0..<length {
      let isHyphen = hasHyphens && [8, 13, 18, 23].contains(index)
      let byte = bytes[start + index]
      guard isHyphen ? byte == UInt8(ascii: "-") : isHexDigit(byte) else { return 0 }
    }
    return length
  }
}
