import Synchronization

/// How far a reading is: written by the reader now and then, read by whoever shows it.
public final class ReadProgress: Sendable {
  /// All bytes there are, where that is known.
  public let totalByteCount: UInt64?
  private let position = Atomic<Int>(0)

  init(totalByteCount: UInt64?) { self.totalByteCount = totalByteCount }

  /// Bytes of the (decompressed) input consumed so far.
  public var byteCount: Int { position.load(ordering: .relaxed) }

  @usableFromInline func update(_ byteCount: Int) { position.store(byteCount, ordering: .relaxed) }
}
