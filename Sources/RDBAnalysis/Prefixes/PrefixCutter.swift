import RDBFormat
import RDBSupport

/// Finds where the parts of a name end, and makes what is folded the same.
struct PrefixCutter: ~Copyable {
  private let options: PrefixOptions
  private let separators: [[UInt8]]
  /// The only separator, if it is one byte.
  private let single: UInt8?
  private let depth: Int
  /// The folded prefix, while one is looked at.
  private var folded = ByteBuffer(capacity: 256)
  /// Ends of the parts in ``prefix``, as many as ``count``.
  private(set) var ends = SIMD16<Int32>()
  private(set) var count = 0

  init(_ options: PrefixOptions) {
    self.options = options
    separators = options.separators.map(\.bytes).filter { !$0.isEmpty }
    single = separators.count == 1 && separators[0].count == 1 ? separators[0][0] : nil
    depth = options.maximumDepth
  }

  private var folds: Bool { options.foldsDigits || options.foldsUUIDs }

  /// Cuts a name: ``ends`` and ``count`` say where the parts of its prefix end.
  @inline(__always)
  mutating func cut(_ name: UnsafeRawBufferPointer) {
    count = 0
    var place = 0
    while count < depth, let end = endOfPart(name, from: place), end <= Int(Int32.max) {
      ends[count] = Int32(truncatingIfNeeded: end)
      count &+= 1
      place = end
    }
    if folds, count > 0 { fold(name) }
  }

  /// The prefix with all parts of the name that was cut last; to be used before the next.
  @inline(__always)
  func prefix(of name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let end = Int(ends[count &- 1])
    return UnsafeRawBufferPointer(start: folds ? UnsafeRawPointer(folded.base) : name.baseAddress, count: end)
  }

  /// Behind the next separator; `nil`: the rest is the key's own.
  @inline(__always)
  private func endOfPart(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let single else { return endOfAnyPart(bytes, from: start) }
    guard start < bytes.count, let base = bytes.baseAddress else { return nil }
    guard let found = memchr(base + start, Int32(single), bytes.count &- start) else { return nil }
    return UnsafeRawPointer(found) - base + 1
  }

  private func endOfAnyPart(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    for place in start..<max(start, bytes.count) {
      for separator in separators where bytes[place] == separator[0] {
        let end = place + separator.count
        if end <= bytes.count, bytes[place..<end].elementsEqual(separator) { return end }
      }
    }
    return nil
  }

  // MARK: Folding

  /// Writes the parts to ``folded`` with numbers and UUIDs made the same, and moves their ends.
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
    var place = 0
    while place < part.count {
      if options.foldsUUIDs {
        let length = Self.uuidByteCount(part, place)
        if length > 0 {
          folded.append("<uuid>")
          place += length
          continue
        }
      }
      if options.foldsDigits, Self.isDigit(part[place]) {
        while place < part.count, Self.isDigit(part[place]) { place += 1 }
        folded.append("<n>")
        continue
      }
      folded.append(part[place])
      place += 1
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 <= 9 }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    byte &- 48 <= 9 || (byte | 0x20) &- UInt8(ascii: "a") <= 5
  }

  /// Bytes of the UUID at `start`, with its hyphens or without; 0: there is none.
  private static func uuidByteCount(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    let hasHyphens = bytes.count - start >= 36 && bytes[start + 8] == UInt8(ascii: "-")
    let length = hasHyphens ? 36 : 32
    guard bytes.count - start >= length else { return 0 }
    for place in 0..<length {
      let isHyphen = hasHyphens && [8, 13, 18, 23].contains(place)
      let byte = bytes[start + place]
      guard isHyphen ? byte == UInt8(ascii: "-") : isHexDigit(byte) else { return 0 }
    }
    return length
  }
}
