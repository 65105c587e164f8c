import RDB

/// A source in which some bytes are replaced by others, as many or not.
final class RepairedSource: ByteSource, SharedSource {
  private let base: any ByteSource
  private let repair: RepairedBytes
  private var position: UInt64 = 0

  init(_ base: any ByteSource, _ repair: RepairedBytes) { (self.base, self.repair) = (base, repair) }

  var totalByteCount: UInt64? {
    base.totalByteCount.map { $0 - UInt64(repair.found.count) + UInt64(repair.restored.count) }
  }

  var canSeek: Bool { true }
  var canShare: Bool { base.shared != nil }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try read(at: position, into: buffer)
    position += UInt64(count)
    return count
  }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let restored = repair.offset..<repair.offset + UInt64(repair.restored.count)
    if offset >= restored.upperBound {
      return try base.read(at: offset - restored.upperBound + repair.offset + UInt64(repair.found.count), into: buffer)
    }
    if offset < restored.lowerBound {
      let count = min(buffer.count, Int(clamping: restored.lowerBound - offset))
      return try base.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    }
    let bytes = repair.restored[Int(offset - restored.lowerBound)...].prefix(buffer.count)
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  func skip(_ byteCount: UInt64) { position += byteCount }
}
