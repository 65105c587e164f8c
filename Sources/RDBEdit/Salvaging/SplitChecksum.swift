import RDB
import RDBFormat

/// The stored checksum of a damaged snapshot, and those of its bytes before and after the region of the damage: all that
/// repairs need, from one pass.
struct SplitChecksum {
  /// The number of bytes of the region before and after the fault.
  static let reach: UInt64 = 128 << 10

  /// The offsets of the bytes that the stored checksum covers.
  let range: Range<UInt64>
  /// The checksum at the end of the input.
  let stored: UInt64
  /// The offset of the region.
  let regionStart: UInt64
  /// The bytes around the fault, without the header.
  let region: [UInt8]
  /// The checksum of the bytes before the region.
  let before: UInt64
  /// The checksum of the bytes after the region.
  let after: UInt64

  /// - Parameters:
  ///   - bytes: The input.
  ///   - start: The offset of the snapshot.
  ///   - fault: The offset at which reading failed.
  /// - Returns: `nil` if no snapshot with a checksum ends with the input.
  init?(_ bytes: SourceBytes, from start: UInt64, around fault: UInt64) throws {
    guard bytes.byteCount > start + 18 else { return nil }
    range = start..<bytes.byteCount - 8
    stored = try bytes.bytes(at: range.upperBound, count: 8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    guard stored != 0, try bytes.byte(at: range.upperBound - 1) == Opcode.eof.rawValue else { return nil }

    let first = start + 9
    let middle = min(max(fault, first), range.upperBound)
    regionStart = max(first, middle - min(middle, Self.reach))
    let regionEnd = min(range.upperBound, middle + Self.reach)
    var sum = CRC64()
    try bytes.forEachPiece(of: start..<regionStart) { sum.update($0) }
    before = sum.value
    region = try bytes.bytes(at: regionStart, count: Int(regionEnd - regionStart))
    sum = CRC64()
    try bytes.forEachPiece(of: regionEnd..<range.upperBound) { sum.update($0) }
    after = sum.value
  }

  /// The number of bytes that the stored checksum covers.
  var byteCount: UInt64 { range.upperBound - range.lowerBound }

  private var byteCountAfterRegion: UInt64 { range.upperBound - regionStart - UInt64(region.count) }

  /// The stored checksum, exclusive or that of the bytes as they are.
  var difference: UInt64 {
    var sum = CRC64(value: before)
    sum.update(region.span.bytes)
    return stored ^ CRC64.combine(sum.value, after, secondByteCount: byteCountAfterRegion)
  }

  /// The checksum of all bytes up to the end of the region that the stored checksum demands.
  var demandedAtRegionEnd: UInt64 {
    // A zero byte multiplies the checksum by a power of x, and 2⁶⁴ − 1 of them leave it as it is: so many less undo it.
    CRC64.combine(stored ^ after, 0, secondByteCount: .max - byteCountAfterRegion)
  }
}
