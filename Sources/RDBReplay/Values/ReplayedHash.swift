package import RDB

/// A hash of the replayed keyspace.
package final class ReplayedHash: ReplayedCollection {
  package init() {}
  package var isEmpty: Bool { true }
  package var byteCount: Int { 0 }
  package func copied() -> Self { self }
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws { fatalError("to be written") }
}
