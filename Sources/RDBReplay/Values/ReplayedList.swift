import RDB
import RDBFormat

/// A list of the replayed keyspace.
package final class ReplayedList: ReplayedCollection {
  package init() {}
  package init(loading value: [[UInt8]], _ limits: EncodingLimits) { fatalError("to be written") }
  package var isEmpty: Bool { true }
  package var byteCount: Int { 0 }
  package func copied() -> Self { self }
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws { fatalError("to be written") }
}
