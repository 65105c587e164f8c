import RDBFormat

/// Builds small snapshots and packed values, well-formed or damaged, for tests.
public enum RDBBytes {
  /// An entry of a listpack or ziplist.
  public enum Entry: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, Sendable {
    /// A string of fewer than 64 bytes.
    case text([UInt8])
    /// An integer: 0–127 in a listpack, any value in a ziplist.
    case integer(Int64)
    /// The bytes of the encoding and the data, copied unchanged.
    case raw([UInt8])

    public init(stringLiteral text: String) { self = .text(Array(text.utf8)) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
  }

  public static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  public static func big(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }

  /// Returns a DUMP payload: `bytes` (type and value), then version and checksum.
  public static func payload(_ bytes: [UInt8], version: Int) -> [UInt8] {
    let versioned = bytes + little(UInt16(version))
    var checksum = CRC64()
    checksum.update(versioned.span.bytes)
    return versioned + little(checksum.value)
  }

  public static func length(_ value: UInt64) -> [UInt8] {
    switch value {
    case 0..<64: [UInt8(value)]
    case 64..<16_384: [0x40 | UInt8(value >> 8), UInt8(value & 0xFF)]
    case ...UInt64(UInt32.max): [0x80] + big(UInt32(value))
    default: [0x81] + big(value)
    }
  }

  public static func string(_ bytes: [UInt8]) -> [UInt8] { length(UInt64(bytes.count)) + bytes }
  public static func string(_ text: String) -> [UInt8] { string(Array(text.utf8)) }

  public static func streamID(_ milliseconds: UInt64, _ sequence: UInt64) -> [UInt8] {
    big(milliseconds) + big(sequence)
  }

  /// Returns the backlen of an entry of `size` bytes: the size, 7 bits per byte, as Redis writes it.
  public static func backlen(_ size: Int) -> [UInt8] {
    let width = size <= 127 ? 1 : size < 16_383 ? 2 : size < 2_097_151 ? 3 : size < 268_435_455 ? 4 : 5
    return (0..<width).map { index in
      UInt8(size >> (7 * (width - 1 - index)) & 127) | (index == 0 ? 0 : 128)
    }
  }

  public static func listpack(_ entries: [Entry], count: UInt16? = nil) -> [UInt8] {
    var body: [UInt8] = []
    for entry in entries {
      let encoded: [UInt8] =
        switch entry {
        case .text(let bytes): [0x80 | UInt8(bytes.count)] + bytes
        case .integer(let value) where (0...127).contains(value): [UInt8(value)]
        case .integer(let value): [0xF4] + little(value)
        case .raw(let bytes): bytes
        }
      body += encoded + backlen(encoded.count)
    }
    return little(UInt32(body.count + 7)) + little(count ?? UInt16(entries.count)) + body + [0xFF]
  }

  /// - Parameter prevlens: Other bytes for the size of the previous entry, by index of the entry.
  public static func ziplist(_ entries: [Entry], count: UInt16? = nil, previous prevlens: [Int: [UInt8]] = [:])
    -> [UInt8]
  {
    var body: [UInt8] = []
    var (previous, tail) = (0, 10)
    for (index, entry) in entries.enumerated() {
      let encoded: [UInt8] =
        switch entry {
        case .text(let bytes): [UInt8(bytes.count)] + bytes
        case .integer(let value): [0xE0] + little(value)
        case .raw(let bytes): bytes
        }
      let prevlen = prevlens[index] ?? (previous < 254 ? [UInt8(previous)] : [0xFE] + little(UInt32(previous)))
      tail = 10 + body.count
      previous = prevlen.count + encoded.count
      body += prevlen + encoded
    }
    return little(UInt32(body.count + 11)) + little(UInt32(tail))
      + little(count ?? UInt16(entries.count)) + body + [0xFF]
  }

  /// Returns a key record: type, name, value.
  public static func key(_ type: UInt8, _ value: [UInt8], name: String = "k") -> [UInt8] {
    [type] + string(name) + value
  }

  /// Returns a snapshot whose checksum is zero, which means "not computed".
  public static func snapshot(version: Int = 12, _ records: [UInt8]) -> [UInt8] {
    let digits = String(version)
    let magic =
      version >= 80
      ? "VALKEY0" + digits : "REDIS" + String(repeating: "0", count: 4 - digits.count) + digits
    let trailer: [UInt8] = version >= 5 ? [UInt8](repeating: 0, count: 8) : []
    return Array(magic.utf8) + records + [0xFF] + trailer
  }
}
