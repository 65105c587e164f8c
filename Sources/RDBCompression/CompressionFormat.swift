/// The formats that a snapshot may be compressed in, told by their first bytes.
///
///     1F 8B                     gzip member           RFC 1952
///     28 B5 2F FD               zstd frame            RFC 8878
///     04 22 4D 18               LZ4 frame             LZ4 frame format 1.6
///     02 21 4C 18               legacy LZ4 frame      same, "Legacy frame"
///     5x 2A 4D 18               skippable frame, of zstd and LZ4 alike
public enum CompressionFormat: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case gzip, zstd, lz4

  /// As its makers write it.
  public var description: String {
    switch self {
    case .gzip: "gzip"
    case .zstd: "zstd"
    case .lz4: "LZ4"
    }
  }

  /// How many first bytes are looked at.
  static var magicByteCount: Int { 4 }

  /// What one part of a file is called, of which several may follow each other.
  var memberName: String {
    switch self {
    case .gzip: "gzip member"
    case .zstd: "zstd frame"
    case .lz4: "LZ4 frame"
    }
  }

  /// Whether a member or frame of this format, or a skippable one, begins with `start`.
  ///
  /// - Parameter start: Up to four bytes, the first in the lowest; fewer only at the end of the file.
  func begins(with start: Magic) -> Bool {
    switch self {
    case .gzip: start.matches(0x0000_8B1F, mask: 0x0000_FFFF)
    case .zstd: start.matches(0xFD2F_B528) || start.isSkippable
    case .lz4: start.matches(0x184D_2204) || start.matches(Magic.legacyLZ4) || start.isSkippable
    }
  }
}

/// The first bytes of something.
struct Magic {
  static let legacyLZ4: UInt32 = 0x184C_2102

  /// The first byte in the lowest.
  let value: UInt32
  let byteCount: Int

  /// - Parameter bytes: Only the first four are looked at.
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

  /// Whether as many bytes as there are equal those of `magic`.
  func matches(_ magic: UInt32, mask: UInt32 = .max) -> Bool {
    let present = isWhole ? UInt32.max : 1 << UInt32(8 * byteCount) - 1
    return byteCount > 0 && (value ^ magic) & mask & present == 0
  }

  /// The compressed formats that this target cannot read, and what reads them.
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
