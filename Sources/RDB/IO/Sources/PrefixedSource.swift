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

/// Returns the first bytes of a source of which nothing has been read yet.
///
/// - Parameter byteCount: The number of bytes; the result has fewer only if the source has fewer.
/// - Returns: The bytes, and a source that still begins with them: `source` itself if it can seek.
package func peek(_ source: any ByteSource, byteCount: Int) throws(RDBError)
  -> (start: [UInt8], source: any ByteSource)
{
  let start = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 8)
  defer { start.deallocate() }
  var count = 0
  while count < start.count {
    let rest = UnsafeMutableRawBufferPointer(rebasing: start[count...])
    let got: Int
    do {
      got = source.canSeek ? try source.read(at: UInt64(count), into: rest) : try source.read(into: rest)
    } catch {
      throw RDBError.transfer("read", error, at: count)
    }
    if got == 0 { break }
    count += got
  }
  let bytes = Array(start[..<count])
  return (bytes, source.canSeek ? source : PrefixedSource(bytes, before: source))
}
