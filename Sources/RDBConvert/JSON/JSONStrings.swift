import RDB

/// Strings of a snapshot as JSON values and names, in one of the modes of ``JSONOptions/Strings``.
package struct JSONStrings: ~Copyable {
  let mode: JSONOptions.Strings
  private let text: JSONText

  /// - Parameter mode: How bytes become text.
  package init(_ mode: JSONOptions.Strings) {
    self.mode = mode
    text = JSONText(mode == .latin1 ? .latin1 : mode == .escape ? .escape : .utf8)
  }

  /// Appends a key, an element or a value: text, or `{"$base64":"…"}`.
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

  /// Appends a name of an object's member: text, or `"$base64:…"`, also for a name that begins so.
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

  /// Appends bytes that are base64 in every mode.
  func appendBase64(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    try output.append(UInt8(ascii: "\""))
    try output.append(base64: bytes)
    try output.append(UInt8(ascii: "\""))
  }

  private static func looksEncoded(_ bytes: RawSpan) -> Bool {
    // `$base64:`, as eight bytes.
    bytes.byteCount >= 8
      && UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        == 0x3A34_3665_7361_6224
  }

  /// The modes in which every string is text.
  private func appendReversible(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) {
    if mode == .base64 { return try appendBase64(bytes, to: &output) }
    try output.append(UInt8(ascii: "\""))
    try bytes.withUnsafeBytes { source throws(RDBError) in try append(source, to: &output) }
    try output.append(UInt8(ascii: "\""))
  }

  /// Appends valid UTF-8, in quotes; of anything else, nothing.
  ///
  /// - Returns: Whether it was valid.
  @inline(__always)
  private func appendUTF8(_ bytes: RawSpan, to output: inout ByteOutput) throws(RDBError) -> Bool {
    if bytes.byteCount > JSONText.pieceByteCount { return try appendLongUTF8(bytes, to: &output) }
    try output.reserve(JSONText.pieceRoom)
    let place = output.spare.baseAddress.unsafelyUnwrapped
    let written = bytes.withUnsafeBytes { writeUTF8($0, to: place) }
    if written == 0 { return false }
    output.advance(by: written)
    return true
  }

  /// Whether ``writeValue(_:to:)`` and ``writeName(_:to:)`` may be used.
  @inline(__always) var writesText: Bool { mode == .utf8 }

  /// Writes a value in quotes, if it is text.
  ///
  /// - Parameters:
  ///   - bytes: At most ``JSONText/pieceByteCount``.
  ///   - place: Room for six times as many, and 64 more.
  /// - Returns: Bytes written; 0: it is not text.
  @inline(__always)
  func writeValue(_ bytes: RawSpan, to place: UnsafeMutableRawPointer) -> Int {
    bytes.withUnsafeBytes { writeUTF8($0, to: place) }
  }

  /// The same for the name of an object's member.
  @inline(__always)
  func writeName(_ bytes: RawSpan, to place: UnsafeMutableRawPointer) -> Int {
    Self.looksEncoded(bytes) ? 0 : writeValue(bytes, to: place)
  }

  /// Writes at most one piece, in quotes.
  ///
  /// - Returns: Bytes written; 0: it is not valid.
  @inline(__always)
  private func writeUTF8(_ bytes: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer) -> Int {
    place.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
    let count = bytes.count
    guard let source = bytes.baseAddress, count <= JSONText.plainByteCount,
      JSONText.copyPlain(source, count, to: place + 1)
    else { return writeLongerUTF8(bytes, to: place) }
    place.storeBytes(of: UInt8(ascii: "\""), toByteOffset: count &+ 1, as: UInt8.self)
    return count &+ 2
  }

  @inline(never)
  private func writeLongerUTF8(
    _ bytes: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer
  ) -> Int {
    var end = 1
    if let source = bytes.baseAddress {
      let ascii = text.write(source, bytes.count, to: place + 1, stopsAtHigh: true)
      end += ascii.written
      if ascii.read < bytes.count {
        let added = writeRest(source + ascii.read, bytes.count - ascii.read, to: place + end)
        if added < 0 { return 0 }
        end += added
      }
    }
    place.storeBytes(of: UInt8(ascii: "\""), toByteOffset: end, as: UInt8.self)
    return end + 1
  }

  /// Writes what begins with a block that is not ASCII; −1: it is not valid.
  @inline(never)
  private func writeRest(_ source: UnsafeRawPointer, _ count: Int, to place: UnsafeMutableRawPointer) -> Int {
    guard UTF8Check.isValid(source, count) else { return -1 }
    return text.write(source, count, to: place, stopsAtHigh: false).written
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

  /// Appends text of any length, piece by piece. Stretches that stand for themselves go out as they are.
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
      let place = output.spare.baseAddress.unsafelyUnwrapped
      output.advance(by: text.write(source + position, count, to: place, stopsAtHigh: false).written)
      position += count
      plainStart = position
    }
    try appendPlain(bytes[plainStart..<position], to: &output)
  }

  private func appendPlain(_ bytes: Slice<UnsafeRawBufferPointer>, to output: inout ByteOutput) throws(RDBError) {
    if bytes.isEmpty { return }
    let span = UnsafeRawBufferPointer(rebasing: bytes).bytes
    // Between pieces that were copied, a copy of a few KiB costs less than one more call of `writev`.
    if span.byteCount <= 32 << 10 {
      try output.reserve(span.byteCount)
      output.appendUnchecked(span)
    } else {
      try output.append(span)
    }
  }
}
