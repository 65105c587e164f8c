public import RDB
import RDBFormat

/// Options for the snapshot that a ``SnapshotWritingSink`` writes.
///
/// A snapshot that keeps the version of the input has all of its AUX fields. A snapshot for another release names that release,
/// keeps `ctime` and unknown fields, and leaves out fields that describe the input alone: `used-mem`, `aof-base`.
public struct SnapshotWritingOptions: Sendable {
  /// The vendor and the version of the snapshot.
  package let header: SnapshotHeader
  /// The release that must load the snapshot, and whose encodings are chosen for values that are encoded again.
  package let server: ServerVersion
  private let copies: Bool

  /// Whether records and values are written as they are, whatever the release.
  package var isCopy: Bool { copies && !sanitizes }

  /// The limits by which the encodings are chosen; by default those of the release's default configuration.
  package var limits: EncodingLimits
  /// Whether values are encoded again even if the release can load them as they are stored: no layout of the input then
  /// survives in the output. Sizes of databases and hints of hash slots are then left out; data of modules outside keys is
  /// copied.
  public var sanitizes = false
  /// Whether only values whose whole structure was validated are written as stored.
  ///
  /// Another value is encoded again from its elements, or its damage ends the reading.
  public var validatesStored = true
  /// Makes the compressor of the strings of values that are encoded again; `nil`: none is compressed.
  ///
  /// Each worker has a compressor of its own.
  public var compressor: (@Sendable () -> any StringCompressor)?
  /// Whether the snapshot has a checksum. If not, zero is stored, and servers compare nothing.
  public var storesChecksum = true
  /// The number of the database in the output for each database of the input. A database without an entry keeps its
  /// number.
  public var databaseMap: [UInt64: UInt64] = [:]
  /// Whether the output has other keys or values than the input, because of a filter or another input.
  ///
  /// Then it has no replication position, no sizes of databases and no hints of hash slots: they would be wrong.
  public var isPartial = false
  /// Whether the AUX fields that describe the snapshot are written: off for the second and later inputs of one output.
  package var writesOrigin = true

  /// Whether SELECTDB is written where the database changes. If not, the destination does it.
  package var selectsDatabases = true

  /// Options for a copy: the version of a snapshot, and all of its records and values as they are stored.
  ///
  /// - Parameter origin: The origin of the snapshot (`RDBReader.origin()`).
  public init(copying origin: SnapshotOrigin) {
    header = origin.header
    server = origin.assumedWriter
    limits = EncodingLimits(server: server)
    copies = true
  }

  /// Takes the settings of a server's configuration file that decide how it writes snapshots.
  ///
  /// These are the limits of encodings, such as `hash-max-listpack-entries`, under the names of any release; `rdbchecksum`;
  /// and `rdbcompression no`, which removes the compressor. Other settings are ignored.
  ///
  /// - Parameter text: The content of the file, such as a `redis.conf`.
  /// - Throws: `RDBError` of code `refused` with the offset of a line that cannot be understood.
  public mutating func apply(configuration text: [UInt8]) throws {
    do {
      apply(try ServerConfiguration(text))
    } catch let failure as ServerConfiguration.Failure {
      throw RDBError(
        .refused, at: failure.offset, expected: "\(failure.expected) in line \(failure.line)", found: "another value")
    }
  }

  /// Takes the settings of a configuration file.
  package mutating func apply(_ configuration: ServerConfiguration) {
    limits = configuration.limits(of: server)
    if let stores = configuration.storesChecksum { storesChecksum = stores }
    if configuration.compresses == false { compressor = nil }
  }

  /// Options for a snapshot that a release loads, and that looks as if this release had written it.
  public init(target: ServerVersion) {
    server = target
    limits = EncodingLimits(server: target)
    header = target.snapshotHeader
    copies = false
  }
}

extension ServerVersion {
  /// The header of the snapshots that this release writes.
  package var snapshotHeader: SnapshotHeader {
    let version = rdbVersion
    return SnapshotHeader(vendor: version >= 80 ? .valkey : .redis, version: version)
  }
}
