/// A format that a snapshot may be compressed in, recognized by its first bytes.
///
///     1F 8B                     gzip member           RFC 1952
///     28 B5 2F FD               zstd frame            RFC 8878
///     04 22 4D 18               LZ4 frame             LZ4 frame format 1.6
///     02 21 4C 18               legacy LZ4 frame      same, "Legacy frame"
///     5x 2A 4D 18               skippable frame, of zstd and LZ4 alike
public enum CompressionFormat: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// gzip, RFC 1952.
  case gzip
  /// Zstandard, RFC 8878.
  case zstd
  /// LZ4 frames, current and legacy.
  case lz4

  /// The name as its authors spell it.
  public var description: String {
    switch self {
    case .gzip: "gzip"
    case .zstd: "zstd"
    case .lz4: "LZ4"
    }
  }

  /// The number of first bytes that tell the format.
  static var magicByteCount: Int { 4 }

  /// The name of one part of a file; several parts may follow each other.
  var memberName: String {
    switch self {
    case .gzip: "gzip member"
    case .zstd: "zstd frame"
    case .lz4: "LZ4 frame"
    }
  }

  /// Returns whether a member or frame of this format, or a skippable frame, begins with `start`.
  ///
  /// - Parameter start: Up to four bytes, the first in the lowest bits; fewer only at the end of the file.
  func begins(with start: Magic) -> Bool {
    switch self {
    case .gzip: start.matches(0x0000_8B1F, mask: 0x0000_FFFF)
    case .zstd: start.matches(0xFD2F_B528) || start.isSkippable
    case .lz4: start.matches(0x184D_2204) || start.matches(Magic.legacyLZ4) || start.isSkippable
    }
  }
}

/// The first four bytes of an input, a member or a frame.
struct Magic {
  static let legacyLZ4: UInt32 = 0x184C_2102

  /// The bytes, the first in the lowest bits.
  let value: UInt32
  let byteCount: Int

  /// - Parameter bytes: A sequence of which the first four bytes count.
  init(_ bytes: some Sequence<UInt8>) {
    var value: UInt32 = 0
    var count = 0
    for byte in bytes.prefix(CompressionFormat.magicByteCount) {
      value |= UInt32(byte) << UInt32(8 * count)
      count += 1
    }
    (self.value, byteCount) = (value, count)
  }

  var isWhole: Bool { byteCount == CompressionFormat.magicByteCount }
  var isSkippable: Bool { matches(0x184D_2A50, mask: 0xFFFF_FFF0) }

  /// Returns whether the present bytes equal those of `magic`.
  func matches(_ magic: UInt32, mask: UInt32 = .max) -> Bool {
    let present = isWhole ? UInt32.max : 1 << UInt32(8 * byteCount) - 1
    return byteCount > 0 && (value ^ magic) & mask & present == 0
  }

  /// The name of a format that this target cannot read, and the tool that reads it.
  var foreignFormat: (name: String, command: String)? {
    guard isWhole else { return nil }
    if value == 0x587A_37FD { return ("xz", "xz -dc") }
    if value & 0x00FF_FFFF == 0x0068_5A42 { return ("bzip2", "bzip2 -dc") }
    if value == 0x0403_4B50 { return ("zip", "unzip -p") }
    if value == 0x5049_5A4C { return ("lzip", "lzip -dc") }
    if value == 0xAFBC_7A37 { return ("7z", "7z x -so") }
    return nil
  }
}
