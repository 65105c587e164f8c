import RDB
import RDBFormat

/// The result of salvaging a damaged snapshot: what was written, and what was lost where.
package struct SalvageReport: Sendable {
  /// How surely the reading continued at the right byte after a loss.
  package enum Confidence: String, Sendable {
    /// The lengths of the damaged record lead to its end, where the next records begin.
    case certain
    /// A search found the next records.
    case high
  }

  /// A range of the input that the output lacks.
  package struct Loss: Sendable {
    /// The offset of the first byte that is lost.
    package var start: UInt64
    /// The offset after the last byte that is lost.
    package var end: UInt64
    /// The error that reading met.
    package var error: RDBError
    /// The name of the key at the fault, if it is known; it can be damaged itself.
    package var key: [UInt8]?
    /// The keys before the fault that may be damaged, and are lost as well.
    package var doubtfulKeys: [[UInt8]] = []
    /// The keys next to the loss that the output has: the last one before it, and the first ones after it. Their records
    /// are whole, but the damage may have changed bytes of their names or values.
    var neighbours = Neighbours()
    /// The names of the keys that the output has, but that the damage may have changed.
    package var possiblyChangedKeys: [[UInt8]] { (neighbours.previous.map { [$0] } ?? []) + neighbours.next }
    /// How surely the reading continued at the right byte; `nil`: nothing follows.
    package var confidence: Confidence?
    /// The number of the database that the keys after the loss are written to.
    package var database: UInt64
    /// Whether the record that names the database may be lost.
    package var mayLackDatabase: Bool
  }

  /// The names of the keys next to a loss.
  struct Neighbours: Sendable {
    /// The number of keys after the loss that are listed.
    static let nextLimit = 3

    var previous: [UInt8]?
    var next: [[UInt8]] = []
  }

  /// The state of the input's checksum.
  package enum Checksum: String, Sendable {
    /// It is that of the input: the input is not damaged.
    case verified
    /// The input has none.
    case absent
    /// It differs from that of the input.
    case mismatch
    /// The end of the input is lost, or was not reached without a loss.
    case unknown
  }

  /// The vendor and version of the snapshot.
  package var header: SnapshotHeader
  /// The size of the input, in bytes, decompressed.
  package var inputByteCount: UInt64
  /// The size of the output, in bytes.
  package var outputByteCount: UInt64 = 0
  /// The number of keys in the output.
  package var keyCount: UInt64 = 0
  /// The first losses in file order; ``lossLimit`` at most.
  package var losses: [Loss] = []
  /// The number of all losses.
  package var lossCount: UInt64 = 0
  /// The number of bytes in all losses.
  package var lostByteCount: UInt64 = 0
  /// The state of the checksum.
  package var checksum = Checksum.unknown
  /// The number of bytes after the snapshot that are not part of the output.
  package var trailingByteCount: UInt64 = 0
  /// The bytes that were put back, because the checksum shows what they were.
  package var repair: RepairedBytes?
  /// The error that ended the decompression of the input, if it is compressed and damaged.
  package var inputError: RDBError?

  /// The number of losses that are kept.
  package static let lossLimit = 1000

  /// Whether the input is damaged.
  package var isDamaged: Bool { lossCount > 0 || checksum == .mismatch || repair != nil || inputError != nil }

  /// Lists the first keys that follow the last loss.
  mutating func follow(with names: some Sequence<[UInt8]>) {
    if lossCount == UInt64(losses.count), !losses.isEmpty { losses[losses.count - 1].neighbours.next = Array(names) }
  }

  mutating func add(_ loss: Loss) {
    if losses.count < Self.lossLimit { losses.append(loss) }
    lossCount += 1
    lostByteCount += loss.end - loss.start
  }
}
