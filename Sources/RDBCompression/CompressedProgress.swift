import Synchronization

/// How much of a compressed input has been decompressed: written by whoever reads, read by whoever shows it.
public final class CompressedProgress: Sendable {
  /// All compressed bytes there are, where that is known.
  public let totalByteCount: UInt64?
  private let position = Atomic<Int>(0)

  init(totalByteCount: UInt64?) { self.totalByteCount = totalByteCount }

  /// Compressed bytes used so far.
  public var byteCount: Int { position.load(ordering: .relaxed) }

  func update(_ byteCount: Int) { position.store(byteCount, ordering: .relaxed) }
}
