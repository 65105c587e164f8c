import Synchronization

/// The progress of a reader, which any thread may ask for.
public final class ReadProgress: Sendable {
  /// The number of bytes of the input; `nil` if it is not known.
  package let totalByteCount: UInt64?
  private let position = Atomic<Int>(0)

  init(totalByteCount: UInt64?) { self.totalByteCount = totalByteCount }

  /// The number of bytes of the (decompressed) input consumed so far.
  public var byteCount: Int { position.load(ordering: .relaxed) }

  @usableFromInline func update(_ byteCount: Int) { position.store(byteCount, ordering: .relaxed) }
}
