import RDB

/// A writer of byte strings as JSON values and names, in a mode of ``JSONOptions/Strings``.
package struct JSONStrings: ~Copyable {
  let mode: JSONOptions.Strings
  private let text: JSONText

  /// Creates a writer.
  package init(_ mode: JSONOptions.Strings) {
    self.mode = mode
    text = JSONText(mode == .latin1 ? .latin1 : mode == .escape ? .escape : .utf8)
  }

  /// Appends bytes as a value: text, or `{"$base64":"…"}`.
  @inline(__always)
  package func appendValue(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    if mode == .utf8 {
      if try appendUTF8(bytes, to: &output) { return }
      try output.append("{\"$base64\":\"")
      try output.append(base64: bytes)
      try output.append("\"}")
    } else {
      try appendReversible(bytes, to: &output)
    }
  }

  /// Appends bytes as the name of a member: text, or `"$base64:…"`. Text that begins with `$base64:` is encoded too.
  @inline(__always)
  package func appendName(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    if mode == .utf8 {
      if !Self.looksEncoded(bytes), try appendUTF8(bytes, to: &output) { return }
      try output.append("\"$base64:")
      try output.append(base64: bytes)
      try output.append(UInt8(ascii: "\""))
    } else {
      try appendReversible(bytes, to: &output)
    }
  }

  /// Appends bytes in Base64, which every mode uses for some values.
  func appendBase64(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    try output.append(UInt8(ascii: "\""))
    try output.append(base64: bytes)
    try output.append(UInt8(ascii: "\""))
  }

  private static func looksEncoded(_ bytes: RawSpan) -> Bool {
    // The eight bytes of `$base64:`.
    bytes.byteCount >= 8
      && UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        == 0x3A34_3665_7361_6224
  }

  /// Appends bytes in a mode other than `utf8`.
  private func appendReversible(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    if mode == .base64 { return try appendBase64(bytes, to: &output) }
    try output.append(UInt8(ascii: "\""))
    try bytes.withUnsafeBytes { source throws(RDBError) in try append(source, to: &output) }
    try output.append(UInt8(ascii: "\""))
  }

  /// Appends bytes in quotes, if they are valid UTF-8.
  ///
  /// - Returns: Whether they are valid UTF-8.
  @inline(__always)
  private func appendUTF8(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) -> Bool {
    if bytes.byteCount > JSONText.pieceByteCount { return try appendLongUTF8(bytes, to: &output) }
    try output.reserve(JSONText.pieceRoom)
    let destination = output.spare.baseAddress.unsafelyUnwrapped
    let written = bytes.withUnsafeBytes { writeUTF8($0, to: destination) }
    if written == 0 { return false }
    output.advance(by: written)
    return true
  }

  /// Whether the mode allows ``writeValue(_:to:)`` and ``writeName(_:to:)``.
  @inline(__always) var writesText: Bool { mode == .utf8 }

  /// Writes a value in quotes, if it is valid UTF-8.
  ///
  /// - Parameters:
  ///   - bytes: At most ``JSONText/pieceByteCount`` bytes.
  ///   - destination: Memory with room for six times as many bytes and 64 more.
  /// - Returns: The number of bytes written; 0 if the value is not UTF-8.
  @inline(__always)
  func writeValue(_ bytes: RawSpan, to destination: UnsafeMutableRawPointer) -> Int {
    bytes.withUnsafeBytes { writeUTF8($0, to: destination) }
  }

  /// Writes the name of a member in quotes, if it is valid UTF-8 and does not begin with `$base64:`.
  @inline(__always)
  func writeName(_ bytes: RawSpan, to destination: UnsafeMutableRawPointer) -> Int {
    Self.looksEncoded(bytes) ? 0 : writeValue(bytes, to: destination)
  }

  /// Writes at most one piece in quotes.
  ///
  /// - Returns: The number of bytes written; 0 if they are not UTF-8.
  @inline(__always)
  private func writeUTF8(_ bytes: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer) -> Int {
    destination.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
    let count = bytes.count
    guard let source = bytes.baseAddress, count <= JSONText.plainByteCount,
      JSONText.copyPlain(source, count, to: destination + 1)
    else { return writeLongerUTF8(bytes, to: destination) }
    destination.storeBytes(of: UInt8(ascii: "\""), toByteOffset: count &+ 1, as: UInt8.self)
    return count &+ 2
  }

  @inline(never)
  private func writeLongerUTF8(
    _ bytes: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer
  ) -> Int {
    var end = 1
    if let source = bytes.baseAddress {
      let ascii = text.write(source, bytes.count, to: destination + 1, stopsAtHigh: true)
      end += ascii.written
      if ascii.read < bytes.count {
        let added = writeRest(source + ascii.read, bytes.count - ascii.read, to: destination + end)
        if added < 0 { return 0 }
        end += added
      }
    }
    destination.storeBytes(of: UInt8(ascii: "\""), toByteOffset: end, as: UInt8.self)
    return end + 1
  }

  /// Writes the rest of a piece, which is not all ASCII. Returns −1 if it is not UTF-8.
  @inline(never)
  private func writeRest(_ source: UnsafeRawPointer, _ count: Int, to destination: UnsafeMutableRawPointer) -> Int {
    guard UTF8Check.isValid(source, count) else { return -1 }
    return text.write(source, count, to: destination, stopsAtHigh: false).written
  }

  @inline(never)
  private func appendLongUTF8(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) -> Bool {
    let isValid = bytes.withUnsafeBytes {
      UTF8Check.isValid($0.baseAddress.unsafelyUnwrapped, $0.count)
    }
    guard isValid else { return false }
    try output.append(UInt8(ascii: "\""))
    try bytes.withUnsafeBytes { source throws(RDBError) in try append(source, to: &output) }
    try output.append(UInt8(ascii: "\""))
    return true
  }

  /// Appends text of any length in pieces. Pieces without a character to escape are not copied.
  private func append(_ bytes: UnsafeRawBufferPointer, to output: inout ByteOutput) throws(RDBError) {
    guard let source = bytes.baseAddress else { return }
    var plainStart = 0
    var position = 0
    while position < bytes.count {
      let count = min(JSONText.pieceByteCount, bytes.count - position)
      if bytes.count > JSONText.pieceByteCount, text.isPlain(source + position, count) {
        position += count
        continue
      }
      try appendPlain(bytes[plainStart..<position], to: &output)
      try output.reserve(JSONText.pieceRoom)
      let destination = output.spare.baseAddress.unsafelyUnwrapped
      output.advance(by: text.write(source + position, count, to: destination, stopsAtHigh: false).written)
      position += count
      plainStart = position
    }
    try appendPlain(bytes[plainStart..<position], to: &output)
  }

  private func appendPlain(_ bytes: Slice<UnsafeRawBufferPointer>, to output: inout ByteOutput) throws(RDBError) {
    if bytes.isEmpty { return }
    let span = UnsafeRawBufferPointer(rebasing: bytes).bytes
    // Copying a few KiB costs less than another `writev`.
    if span.byteCount <= 32 << 10 {
      try output.reserve(span.byteCount)
      output.appendUnchecked(span)
    } else {
      try output.append(span)
    }
  }
}
