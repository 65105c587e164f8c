public import RDB
import CSupport

/// Base64 (RFC 4648, section 4, with padding), without allocating per string.
public struct Base64Encoder: ~Copyable {
  /// The two characters that stand for twelve bits, by those bits.
  private let pairs: UnsafeMutablePointer<UInt16>

  /// Fills its table.
  public init() {
    pairs = .allocate(capacity: 4096)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for bits in 0..<4096 {
      let pair = UInt16(alphabet[bits >> 6]) | UInt16(alphabet[bits & 63]) << 8
      (pairs + bits).initialize(to: pair.littleEndian)
    }
  }

  deinit { pairs.deallocate() }

  /// The characters that `byteCount` bytes become.
  static func textByteCount(_ byteCount: Int) -> Int { (byteCount + 2) / 3 * 4 }

  /// Writes `count` bytes as text to `destination`, which has room for ``textByteCount(_:)``.
  ///
  /// - Returns: The characters written.
  /// - Complexity: O(`count`).
  func encode(_ source: UnsafeRawPointer, _ count: Int, to destination: UnsafeMutableRawPointer) -> Int {
    // What the processor can do with many bytes at once; nothing, on some.
    var read = count < 32 ? 0 : rdb_base64_encode(source, count, destination)
    var written = read / 3 * 4
    // Six bytes become eight characters; two more are loaded with them.
    while read + 8 <= count {
      let bits = UInt64(bigEndian: source.loadUnaligned(fromByteOffset: read, as: UInt64.self))
      let text =
        pair(bits >> 52) | pair(bits >> 40) << 16 | pair(bits >> 28) << 32 | pair(bits >> 16) << 48
      destination.storeBytes(of: text.littleEndian, toByteOffset: written, as: UInt64.self)
      read += 6
      written += 8
    }
    while read + 3 <= count {
      store(byte(source, read) << 16 | byte(source, read + 1) << 8 | byte(source, read + 2), at: destination + written)
      read += 3
      written += 4
    }
    guard read < count else { return written }
    let hasTwo = read + 2 == count
    store(byte(source, read) << 16 | (hasTwo ? byte(source, read + 1) << 8 : 0), at: destination + written)
    let pad = UInt8(ascii: "=")
    destination.storeBytes(of: pad, toByteOffset: written + 3, as: UInt8.self)
    if !hasTwo { destination.storeBytes(of: pad, toByteOffset: written + 2, as: UInt8.self) }
    return written + 4
  }

  /// Appends bytes of any length to `output`, as text.
  public func append(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    var position = 0
    while position < bytes.byteCount {
      // A multiple of three: padding only at the very end.
      let count = min(bytes.byteCount - position, 24_576)
      try output.reserve(Self.textByteCount(count))
      let place = output.spare.baseAddress.unsafelyUnwrapped
      let written = bytes.withUnsafeBytes { encode($0.baseAddress.unsafelyUnwrapped + position, count, to: place) }
      output.advance(by: written)
      position += count
    }
  }

  @inline(__always)
  private func pair(_ bits: UInt64) -> UInt64 { UInt64(UInt16(littleEndian: pairs[Int(bits & 4095)])) }

  @inline(__always)
  private func byte(_ source: UnsafeRawPointer, _ offset: Int) -> UInt32 {
    UInt32(source.load(fromByteOffset: offset, as: UInt8.self))
  }

  @inline(__always)
  private func store(_ bits: UInt32, at place: UnsafeMutableRawPointer) {
    let text = pair(UInt64(bits >> 12)) | pair(UInt64(bits)) << 16
    place.storeBytes(of: UInt32(truncatingIfNeeded: text).littleEndian, as: UInt32.self)
  }
}

/// Base64 of bytes that come in pieces.
public struct Base64Stream {
  /// Up to two bytes that wait for a third.
  private var waiting: (UInt8, UInt8) = (0, 0)
  private var waitingCount = 0

  /// No bytes yet.
  public init() {}

  /// Appends what of `chunk`, behind all before it, makes whole groups of three bytes.
  public mutating func append(_ chunk: RawSpan, _ encoder: borrowing Base64Encoder, to output: inout ByteOutput)
    throws(RDBError)
  {
    var rest = 0
    while waitingCount > 0, rest < chunk.byteCount {
      let byte = chunk.unsafeLoad(fromByteOffset: rest, as: UInt8.self)
      rest += 1
      if waitingCount == 1 {
        (waiting.1, waitingCount) = (byte, 2)
      } else {
        let group: [3 of UInt8] = [waiting.0, waiting.1, byte]
        waitingCount = 0
        try encoder.append(group.span.bytes, to: &output)
      }
    }
    let whole = (chunk.byteCount - rest) / 3 * 3
    try encoder.append(chunk.extracting(rest..<rest + whole), to: &output)
    for position in rest + whole..<chunk.byteCount {
      let byte = chunk.unsafeLoad(fromByteOffset: position, as: UInt8.self)
      if waitingCount == 0 { waiting.0 = byte } else { waiting.1 = byte }
      waitingCount += 1
    }
  }

  /// Appends what is left, with padding.
  public mutating func finish(_ encoder: borrowing Base64Encoder, to output: inout ByteOutput) throws(RDBError) {
    let last: [2 of UInt8] = [waiting.0, waiting.1]
    try encoder.append(last.span.bytes.extracting(first: waitingCount), to: &output)
    waitingCount = 0
  }
}
