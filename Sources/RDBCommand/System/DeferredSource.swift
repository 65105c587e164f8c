import RDB

/// A source that is opened when its first byte is read. A server that is asked too early would not keep its snapshot for
/// long.
final class DeferredSource<Base: ByteSource>: ByteSource {
  private let open: () throws -> Base
  /// The source, after the first byte was asked for.
  private(set) var base: Base?

  init(_ open: @escaping () throws -> Base) { self.open = open }

  var totalByteCount: UInt64? { base?.totalByteCount }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if let base { return try base.read(into: buffer) }
    let opened = try open()
    base = opened
    return try opened.read(into: buffer)
  }
}
