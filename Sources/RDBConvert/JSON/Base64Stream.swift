import RDB
import RDBSupport

extension ByteOutput {
  /// Appends the Base64 text of bytes of any length.
  package mutating func append(base64 bytes: RawSpan) throws(RDBError) {
    var rest = bytes
    while rest.byteCount > 0 {
      // A multiple of three, so that only the end has padding.
      let part = rest.extracting(first: min(rest.byteCount, 24_576))
      rest = rest.extracting(droppingFirst: part.byteCount)
      try reserve(Base64.textByteCount(part.byteCount))
      advance(by: Base64.write(part, to: spare.baseAddress.unsafelyUnwrapped))
    }
  }
}

/// The Base64 text of bytes that arrive in chunks.
package struct Base64Stream {
  /// Up to two bytes that do not fill a group of three yet.
  private var pending: (UInt8, UInt8) = (0, 0)
  private var pendingCount = 0

  /// Creates a stream without bytes.
  package init() {}

  /// Appends the text of all whole groups of three bytes up to the end of `chunk`.
  package mutating func append(_ chunk: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    var index = 0
    while pendingCount > 0, index < chunk.byteCount {
      let byte = chunk.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      index += 1
      if pendingCount == 1 {
        (pending.1, pendingCount) = (byte, 2)
      } else {
        let group: [3 of UInt8] = [pending.0, pending.1, byte]
        pendingCount = 0
        try output.append(base64: group.span.bytes)
      }
    }
    let whole = (chunk.byteCount - index) / 3 * 3
    try output.append(base64: chunk.extracting(index..<index + whole))
    for position in index + whole..<chunk.byteCount {
      let byte = chunk.unsafeLoad(fromByteOffset: position, as: UInt8.self)
      if pendingCount == 0 { pending.0 = byte } else { pending.1 = byte }
      pendingCount += 1
    }
  }

  /// Appends the text of the last bytes, with padding.
  package mutating func finish(to output: inout ByteOutput) throws(RDBError) {
    let last: [2 of UInt8] = [pending.0, pending.1]
    try output.append(base64: last.span.bytes.extracting(first: pendingCount))
    pendingCount = 0
  }
}
