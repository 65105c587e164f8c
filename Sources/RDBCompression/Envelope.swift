import RDB
import RDBFormat
import RDBSupport

/// The header of a compressed envelope, in which Valkey 9.2 writes a whole snapshot as one frame.
///
///     VKCS  version  codec  flags  stream kind     then one LZ4 or zstd frame
///     VCS   version  codec  flags  stream kind     the earlier form: then one LZ4 frame
///
/// Version 1; codec 1 (LZ4) or 2 (zstd); bit 0 of the flags: the frame has a checksum; kind 0 (a snapshot) or 1 (a
/// snapshot sent to a replica).
struct Envelope: Equatable {
  /// The size of the header, in bytes.
  let byteCount: Int
  let format: CompressionFormat

  /// The number of first bytes that tell the form and hold the header.
  static var headerByteCount: Int { 8 }

  /// Reads the header.
  ///
  /// - Parameter start: The first eight bytes of the input; fewer only if the input has fewer.
  /// - Returns: `nil` if the input is no envelope.
  /// - Throws: ``RDBError`` for an unknown version, codec or kind, and for a header that is cut.
  init?(_ start: [UInt8]) throws(RDBError) {
    let marks = ["VKCS", "VCS"]
    guard let mark = marks.first(where: { start.starts(with: $0.utf8) }) else { return nil }
    let fields = Array(start.dropFirst(mark.utf8.count).prefix(4))
    guard fields.count == 4 else {
      throw RDBError(
        .truncated, at: start.count, expected: "the header of a \(mark) envelope", found: "the end of the input")
    }
    guard fields[0] == 1 else { throw Self.unknown("version", fields[0], "1", mark) }
    switch fields[1] {
    case 1: format = .lz4
    case 2 where mark == "VKCS": format = .zstd
    default: throw Self.unknown("codec", fields[1], mark == "VKCS" ? "1 (LZ4) or 2 (zstd)" : "1 (LZ4)", mark)
    }
    guard fields[2] <= 1 else { throw Self.unknown("flags", fields[2], "0 or 1", mark) }
    guard fields[3] <= 1 else { throw Self.unknown("stream kind", fields[3], "0 or 1", mark) }
    byteCount = mark.utf8.count + 4
  }

  private static func unknown(_ what: String, _ value: UInt8, _ known: String, _ mark: String) -> RDBError {
    RDBError(
      .unsupportedVersion, at: 0, expected: "a \(mark) envelope of Valkey with the \(what) \(known)",
      found: "\(what) \(value)")
  }

  /// The header in its current form, for a frame with a checksum.
  static func header(_ format: CompressionFormat) -> [UInt8] {
    Array("VKCS".utf8) + [1, format == .lz4 ? 1 : 2, 1, 0]
  }
}
