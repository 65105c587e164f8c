import RDB
import RDBFormat
import RDBSupport

/// Masks strings as stored: raw, as an integer, or compressed. A compressed string is compressed again.
struct StringMask: ~Copyable {
  private let masker: Masker
  private let compressor: (any StringCompressor)?
  private var packed: PackedMask
  /// The key of the current value's words.
  var key = MaskingKey(0, 0)
  private var plain = ByteBuffer(capacity: 4096)
  private var masked = ByteBuffer(capacity: 4096)
  private var compressed = ByteBuffer(capacity: 4096)

  init(_ masker: Masker, compressor: (any StringCompressor)?) {
    (self.masker, self.compressor) = (masker, compressor)
    packed = PackedMask(masker)
  }

  /// Masks the next string.
  ///
  /// - Throws: `RDBError`. Nothing was written then.
  @_lifetime(cursor: copy cursor)
  mutating func mask(_ cursor: inout ByteCursor, _ role: StoredMask.Role, to output: inout ByteBuffer)
    throws(RDBError)
  {
    let start = cursor.position
    switch try cursor.stringHeader() {
    case .integer(let integer):
      let first = cursor.bytes.unsafeLoad(fromByteOffset: start, as: UInt8.self)
      writeInteger(masker.mask(integer, Self.form(of: role), key), first, to: &output)
    case .raw(let byteCount):
      let headerEnd = cursor.position
      let text = try cursor.take(byteCount)
      if case .packed(.zset(.ziplist)) = role {
        // Its size can change with the order of its members.
        try mask(text, role)
        Self.writeLength(masked.count, to: &output)
        return output.append(masked.bytes)
      }
      let header = cursor.bytes.extracting(start..<headerEnd)
      if Self.isPlain(role) {
        output.append(header)
        output.reserve(text.byteCount)
        maskPlain(text, role, output.end)
        return output.advance(by: text.byteCount)
      }
      try mask(text, role)
      output.append(header)
      output.append(masked.bytes)
    case .lzf(let byteCount, let plainByteCount):
      let input = try cursor.take(byteCount)
      guard plainByteCount <= LZF.maximumOutputByteCount(of: byteCount), let count = Int(exactly: plainByteCount) else {
        throw RDBError(.corruptLZF, at: start, expected: "a smaller string", found: "\(plainByteCount) bytes")
      }
      plain.removeAll()
      plain.reserve(count)
      try LZF.decompress(input, into: UnsafeMutableRawBufferPointer(start: plain.end, count: count))
      plain.advance(by: count)
      // The bytes do not move while they are masked.
      try mask(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: plain.base, count: count)), role)
      writeMasked(to: &output)
      if count > 4 << 20 { freeMemory() }
    }
  }

  private mutating func freeMemory() {
    plain = ByteBuffer(capacity: 4096)
    masked = ByteBuffer(capacity: 4096)
    compressed = ByteBuffer(capacity: 4096)
  }

  private static func isPlain(_ role: StoredMask.Role) -> Bool {
    switch role {
    case .whole, .value, .name, .copy: true
    case .packed, .listNode, .streamNode: false
    }
  }

  private static func form(of role: StoredMask.Role) -> Masker.Form {
    if case .name = role { return .name }
    return .value
  }

  /// Masks a string into ``masked``.
  private mutating func mask(_ text: RawSpan, _ role: StoredMask.Role) throws(RDBError) {
    let bytes = text.withUnsafeBytes { $0 }
    switch role {
    case .whole, .value, .name, .copy:
      masked.removeAll()
      masked.reserve(text.byteCount)
      maskPlain(text, role, masked.end)
      masked.advance(by: text.byteCount)
    case .packed(let content): try packed.mask(bytes, content, to: &masked, key)
    case .listNode(let kind): try packed.mask(node: bytes, kind, to: &masked, key.key(of: bytes))
    case .streamNode:
      masked.removeAll()
      masked.append(text)
      let node = StreamNodeMask(fieldKey: key, valueKey: key.key(of: bytes))
      try node.mask(text, masked.base, with: packed)
    }
  }

  /// Masks a string that is not packed.
  private func maskPlain(_ text: RawSpan, _ role: StoredMask.Role, _ target: UnsafeMutableRawPointer) {
    text.withUnsafeBytes { bytes in
      switch role {
      case .whole:
        if HyperLogLogMask.mask(bytes, to: target, key) { return }
        masker.mask(bytes, to: target, .value, key)
      case .name: masker.mask(bytes, to: target, .name, key)
      case .copy: if let start = bytes.baseAddress { target.copyMemory(from: start, byteCount: bytes.count) }
      case .value, .packed, .listNode, .streamNode:
        masker.mask(bytes, to: target, .value, key.key(of: bytes))
      }
    }
  }

  /// Writes the masked string, compressed if that is shorter.
  private mutating func writeMasked(to output: inout ByteBuffer) {
    let room = masked.count - 4
    if let compressor, room > 16 {
      compressed.removeAll()
      compressed.reserve(room)
      let count = compressor.compress(
        masked.bytes, into: UnsafeMutableRawBufferPointer(start: compressed.end, count: room))
      if count > 0, count <= room {
        compressed.advance(by: count)
        output.append(0xC3)
        Self.writeLength(count, to: &output)
        Self.writeLength(masked.count, to: &output)
        return output.append(compressed.bytes)
      }
    }
    Self.writeLength(masked.count, to: &output)
    output.append(masked.bytes)
  }

  /// Writes an integer in as many bytes as another one takes, whose first byte is `first`: 1, 2 or 4 after that byte.
  private func writeInteger(_ integer: Int64, _ first: UInt8, to output: inout ByteBuffer) {
    output.append(first)
    switch first & 0x3F {
    case 0: output.append(UInt8(truncatingIfNeeded: integer))
    case 1: output.append(littleEndian: Int16(truncatingIfNeeded: integer))
    default: output.append(littleEndian: Int32(truncatingIfNeeded: integer))
    }
  }

  private static func writeLength(_ length: Int, to output: inout ByteBuffer) {
    if length < 1 << 6 {
      output.append(UInt8(truncatingIfNeeded: length))
    } else if length < 1 << 14 {
      output.append(littleEndian: (0x4000 | UInt16(truncatingIfNeeded: length)).byteSwapped)
    } else if length <= Int(UInt32.max) {
      output.append(0x80)
      output.append(littleEndian: UInt32(truncatingIfNeeded: length).byteSwapped)
    } else {
      output.append(0x81)
      output.append(littleEndian: UInt64(length).byteSwapped)
    }
  }

  // MARK: Numbers

  @_lifetime(cursor: copy cursor)
  func score(_ cursor: inout ByteCursor) throws(RDBError) -> Double {
    masker.mask(score: Double(bitPattern: try cursor.littleEndian(UInt64.self)), key)
  }

  @_lifetime(cursor: copy cursor)
  func integer(_ cursor: inout ByteCursor) throws(RDBError) -> Int64 {
    masker.mask(try cursor.littleEndian(Int64.self), .value, key)
  }

  /// Masks a score as text; 253 to 255 in place of its length are scores without text.
  @_lifetime(cursor: copy cursor)
  func scoreText(_ cursor: inout ByteCursor, to output: inout ByteBuffer) throws(RDBError) {
    let count = try cursor.byte()
    if count >= 253 { return output.append(count) }
    let text = try cursor.take(UInt64(count))
    output.append(count)
    output.reserve(text.byteCount)
    text.withUnsafeBytes { masker.mask(scoreText: $0, to: output.end, key) }
    output.advance(by: text.byteCount)
  }
}
