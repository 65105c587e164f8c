import RDBFormat

/// A source that repeats bytes that were already read from its base, then continues with the base.
package final class PrefixedSource: ByteSource {
  private let prefix: [UInt8]
  private let base: any ByteSource
  private var replayed = 0

  package init(_ prefix: [UInt8], before base: any ByteSource) {
    self.prefix = prefix
    self.base = base
  }

  public var totalByteCount: UInt64? { base.totalByteCount }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard replayed < prefix.count else { return try base.read(into: buffer) }
    let count = min(buffer.count, prefix.count - replayed)
    prefix.withUnsafeBytes { bytes in
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[replayed..<replayed + count]))
    }
    replayed += count
    return count
  }
}
