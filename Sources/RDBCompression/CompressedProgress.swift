import Synchronization

/// The progress of reading a compressed input. One thread reads the input; other threads may read the progress.
package final class CompressedProgress: Sendable {
  /// The number of all compressed bytes, or `nil` if unknown.
  package let totalByteCount: UInt64?
  private let position = Atomic<Int>(0)

  init(totalByteCount: UInt64?) { self.totalByteCount = totalByteCount }

  /// The number of compressed bytes used so far.
  package var byteCount: Int { position.load(ordering: .relaxed) }

  func update(_ byteCount: Int) { position.store(byteCount, ordering: .relaxed) }
}
