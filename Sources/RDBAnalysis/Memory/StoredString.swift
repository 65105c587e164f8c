import RDB
import RDBFormat
import RDBSupport

/// The length, integer form and hash of a string, computed from its stored bytes.
struct StoredString {
  private var hash = StableHash(seed: 0x5354_5249_4E47)
  /// The first bytes: the header, and all of a short string.
  private var head = SIMD32<UInt8>()
  private var headByteCount = 0
  /// The last bytes, fewer than eight, that are not hashed yet.
  private var rest = SIMD8<UInt8>()
  private var restByteCount = 0
  private(set) var byteCount: UInt64 = 0
  private(set) var isInteger = false

  mutating func add(_ chunk: RawSpan) {
    var index = 0
    while headByteCount < 32, index < chunk.byteCount {
      head[headByteCount] = chunk.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      headByteCount &+= 1
      index &+= 1
    }
    index = 0
    // Complete the pending word first, so that the hash does not depend on the sizes of the chunks.
    while restByteCount > 0, index < chunk.byteCount {
      rest[restByteCount] = chunk.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      index &+= 1
      restByteCount &+= 1
      if restByteCount == 8 { flush() }
    }
    let words = chunk.extracting(droppingFirst: index)
    index = hash.add(words)
    while index < words.byteCount {
      rest[restByteCount] = words.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      restByteCount &+= 1
      index &+= 1
    }
  }

  private mutating func flush() {
    withUnsafeBytes(of: rest) { _ = hash.add($0.bytes) }
    restByteCount = 0
  }

  /// Ends the string.
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
      // The reader has skipped the string, so its header is well-formed.
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
