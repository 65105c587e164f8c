import Synchronization

/// A number of bytes that one thread counts and another one reads.
package final class ByteCounter: Sendable {
  private let count = Atomic<UInt64>(0)

  package init() {}

  package var value: UInt64 { count.load(ordering: .relaxed) }

  package func add(_ more: UInt64) { count.add(more, ordering: .relaxed) }

  package func set(_ value: UInt64) { count.store(value, ordering: .relaxed) }
}
