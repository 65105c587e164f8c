import RDB
import RDBFormat

/// A hash of the replayed keyspace.
package final class ReplayedHash: ReplayedCollection {
  package init() {}
  package init(loading value: [(field: [UInt8], value: [UInt8], expiry: UnixMilliseconds?)], _ limits: EncodingLimits) {
    fatalError("to be written")
  }
  package var isEmpty: Bool { true }
  package var byteCount: Int { 0 }
  package func copied() -> Self { self }
  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws { fatalError("to be written") }
}
