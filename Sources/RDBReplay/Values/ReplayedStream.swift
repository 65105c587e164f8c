import RDB
import RDBFormat

/// A stream of the replayed keyspace.
package final class ReplayedStream: ReplayedCollection {
  package init() {}

  /// Creates a stream from its decoded parts, packed as a server packs a stream that is built by XADD.
  package init(loading stream: SnapshotStream, _ limits: EncodingLimits) {}

  package var isEmpty: Bool { true }
  package var byteCount: Int { 0 }
  package func copied() -> Self { self }
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws { fatalError("to be written") }
}
