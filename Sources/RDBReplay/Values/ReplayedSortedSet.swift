import RDB
import RDBFormat

/// A sorted set of the replayed keyspace.
package final class ReplayedSortedSet: ReplayedCollection {
  package init() {}
  package init(loading value: [(member: [UInt8], score: Double)], _ limits: EncodingLimits) {
    fatalError("to be written")
  }
  package var isEmpty: Bool { true }
  package var byteCount: Int { 0 }
  package func copied() -> Self { self }
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws { fatalError("to be written") }
}
