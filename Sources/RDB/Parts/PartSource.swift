import RDBFormat

/// A source that makes a whole snapshot of one part of another.
///
/// The bytes are those before the part that it needs (``SnapshotPlan/heads``), the part, and the end of a snapshot: the EOF
/// opcode and a checksum. That checksum is computed from the one in the plan, so a reader that verifies it verifies that the
/// part still has the bytes for which the plan was made.
///
/// Offsets are those in the file: the first byte that is read has the offset ``firstOffset``, which is not 0.
package final class PartSource: ByteSource, SharedSource {
  private let source: any ByteSource
  private let part: SnapshotPlan.Part
  private let prefix: [UInt8]
  private let suffix: [UInt8]
  /// The offset in `source` of the part's first byte.
  private let sourceOffset: UInt64
  private var position: UInt64

  /// Creates a source.
  ///
  /// - Parameters:
  ///   - number: The number of the part, from 0.
  ///   - plan: A sound plan (``SnapshotPlan/fault``).
  ///   - source: The file of the plan, or a file of the part's bytes alone. It can seek.
  /// - Returns: `nil` if the source has neither the size of the one nor of the other.
  package init?(_ number: Int, of plan: SnapshotPlan, in source: any ByteSource) {
    precondition(source.canSeek && plan.parts.indices.contains(number))
    part = plan.parts[number]
    switch source.totalByteCount {
    case plan.byteCount: sourceOffset = part.start
    case part.byteCount: sourceOffset = 0
    default: return nil
    }
    self.source = source
    prefix = plan.prefix(of: part)
    var checksum = CRC64()
    prefix.withUnsafeBytes { checksum.update($0) }
    checksum = CRC64(
      value: CRC64.combine(checksum.value, part.checksum, secondByteCount: part.byteCount))
    var suffix: [UInt8] = []
    if !plan.hasOpcodeOfEnd(part) {
      suffix = [Opcode.eof.rawValue]
      suffix.withUnsafeBytes { checksum.update($0) }
    }
    if plan.header.version >= 5 {
      suffix += (0..<8).map { UInt8(truncatingIfNeeded: checksum.value >> (8 * $0)) }
    }
    self.suffix = suffix
    position = part.start - UInt64(prefix.count)
    firstOffset = position
  }

  /// The file offset of the first byte that is read.
  package let firstOffset: UInt64

  /// The offset after the last byte.
  public var totalByteCount: UInt64? { part.end + UInt64(suffix.count) }
  public var canSeek: Bool { true }
  package var canShare: Bool { source.shared != nil }

  package func skip(_ byteCount: UInt64) { position += byteCount }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try read(at: position, into: buffer)
    position += UInt64(count)
    return count
  }

  public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if offset < firstOffset { return 0 }
    if offset < part.start { return Self.copy(prefix, from: offset - firstOffset, to: buffer) }
    if offset >= part.end { return Self.copy(suffix, from: offset - part.end, to: buffer) }
    let count = Int(clamping: min(UInt64(buffer.count), part.end - offset))
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    return try source.read(at: offset - part.start + sourceOffset, into: room)
  }

  private static func copy(_ bytes: [UInt8], from start: UInt64, to buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard start < UInt64(bytes.count) else { return 0 }
    let rest = bytes[Int(start)...].prefix(buffer.count)
    buffer.copyBytes(from: rest)
    return rest.count
  }
}
