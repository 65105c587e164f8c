import RDB
import RDBFormat
import RDBSupport

/// What a string's stored bytes say of it: its length, whether it is an integer, and a hash.
struct StoredString {
  private var hash = NameHash(seed: 0x5354_5249_4E47)
  /// The first bytes: a string's header, and a short string whole.
  private var head = SIMD32<UInt8>()
  private var headByteCount = 0
  /// Bytes that do not make eight yet.
  private var rest = SIMD8<UInt8>()
  private var restByteCount = 0
  private(set) var byteCount: UInt64 = 0
  private(set) var isInteger = false

  mutating func add(_ chunk: RawSpan) {
    var place = 0
    while headByteCount < 32, place < chunk.byteCount {
      head[headByteCount] = chunk.unsafeLoad(fromByteOffset: place, as: UInt8.self)
      headByteCount &+= 1
      place &+= 1
    }
    place = 0
    // However the bytes were cut, the words are the same.
    while restByteCount > 0, place < chunk.byteCount {
      rest[restByteCount] = chunk.unsafeLoad(fromByteOffset: place, as: UInt8.self)
      place &+= 1
      restByteCount &+= 1
      if restByteCount == 8 { flush() }
    }
    let words = chunk.extracting(droppingFirst: place)
    place = hash.add(words)
    while place < words.byteCount {
      rest[restByteCount] = words.unsafeLoad(fromByteOffset: place, as: UInt8.self)
      restByteCount &+= 1
      place &+= 1
    }
  }

  private mutating func flush() {
    withUnsafeBytes(of: rest) { _ = hash.add($0.bytes) }
    restByteCount = 0
  }

  /// All bytes were added.
  ///
  /// - Returns: The hash.
  mutating func finish() -> UInt64 {
    measure()
    let count = restByteCount
    return withUnsafeBytes(of: rest) { hash.finish($0.bytes.extracting(first: count)) }
  }

  private mutating func measure() {
    var head = head
    let count = headByteCount
    withUnsafeBytes(of: &head) { bytes in
      var cursor = ByteCursor(bytes.bytes.extracting(first: count))
      // The reader has stepped over it: it is well-formed.
      guard let header = try? cursor.stringHeader() else { return }
      switch header {
      case .raw(let length):
        byteCount = length
        if length <= UInt64(DecimalText.maximumByteCount), let text = try? cursor.take(length) {
          isInteger = DecimalText.parseCanonical(text) != nil
        }
      case .integer(let value):
        isInteger = true
        byteCount = UInt64(DecimalText.digitCount(value.magnitude)) + (value < 0 ? 1 : 0)
      case .lzf(_, let original):
        byteCount = original
      }
    }
  }
}
