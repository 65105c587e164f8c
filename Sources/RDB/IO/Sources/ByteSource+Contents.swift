import RDBFormat

extension ByteSource {
  /// Reads the rest of the source; `nil` if that is more than `limit` bytes.
  package func contents(limit: Int) throws -> [UInt8]? {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var bytes: [UInt8] = []
    while true {
      let count = try read(into: buffer)
      if count == 0 { return bytes }
      bytes += UnsafeRawBufferPointer(rebasing: buffer[..<count])
      if bytes.count > limit { return nil }
    }
  }
}
