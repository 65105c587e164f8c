import RDB
import RDBFormat

/// Writes a keyspace as a snapshot, key by key, in the order of databases and of the keys' insertion.
package final class KeyspaceWriter {
  private var writer: RDBWriter?
  private let header: SnapshotHeader
  private let limits: EncodingLimits
  private var database: UInt64?
  /// The parts of values that a replay does not keep, as losses.
  package private(set) var ledger = Ledger()

  /// Begins a snapshot.
  ///
  /// - Parameter base: The header of the base snapshot, whose values are passed on as they are stored; `nil`: none.
  package init(
    to destination: any ByteDestination, _ limits: EncodingLimits, base: SnapshotHeader?,
    compressor: (any StringCompressor)? = nil
  ) throws {
    self.limits = limits
    header = Self.header(limits.server, base)
    writer = try RDBWriter(to: destination, header: header, compressor: compressor, capacity: 64 << 10)
  }

  /// Writes the AUX fields that name the server and the time.
  ///
  /// - Parameters:
  ///   - auxFields: The fields of the base snapshot.
  ///   - time: The time of the last annotation in the log.
  func writeOrigin(_ auxFields: [(name: [UInt8], value: [UInt8])], time: UnixMilliseconds?) throws {
    guard header.version >= 7 else { return }
    let replaced: Set = ["aof-preamble", "aof-base", "redis-ver", "valkey-ver", "redis-bits"]
    let server = limits.server
    try writer!.aux(
      server.vendor == .valkey ? "valkey-ver" : "redis-ver", "\(server.major).\(server.minor).\(server.patch)")
    try writer!.aux("redis-bits", "64")
    for (name, value) in auxFields where !replaced.contains(String(decoding: name, as: UTF8.self)) {
      if time != nil, name.elementsEqual("ctime".utf8) { continue }
      try writer!.aux(name.span.bytes, value.span.bytes)
    }
    if let time { try writer!.aux("ctime", "\(time.value / 1000)") }
  }

  /// The header of the newest version that both the server and the base snapshot need.
  private static func header(_ server: ServerVersion, _ base: SnapshotHeader?) -> SnapshotHeader {
    let version = server.rdbVersion
    let vendor: Vendor = version >= 80 ? .valkey : .redis
    guard let base, base.vendor == vendor else { return SnapshotHeader(vendor: vendor, version: version) }
    return SnapshotHeader(vendor: vendor, version: max(version, base.version))
  }

  package func library(_ code: [UInt8]) throws { try writer!.functionLibrary(code.span.bytes) }

  /// Writes a key.
  package func write(_ name: [UInt8], _ key: ReplayedKey, database: UInt64) throws {
    if self.database != database {
      try writer!.selectDatabase(database)
      self.database = database
    }
    var attributes = key.attributes
    attributes.expiry = key.expiry
    if !attributes.metadata.isEmpty, header.vendor != .redis || header.version < 13 {
      ledger.lose(.moduleAux, "metadata of keys needs Redis 8.6 (option `server`)", key: name, offset: 0)
      attributes.metadata = []
    }
    switch key.value {
    case .string(let bytes, _): try writer!.string(name.span.bytes, bytes.span.bytes, attributes)
    case .stored(let value): try write(name, value, attributes)
    case .list(let value): try value.write(name, attributes, limits, to: &writer!)
    case .set(let value): try value.write(name, attributes, limits, to: &writer!)
    case .zset(let value): try value.write(name, attributes, limits, to: &writer!)
    case .hash(let value): try value.write(name, attributes, limits, to: &writer!)
    case .stream(let value):
      noteLosses(value, name)
      try value.write(name, attributes, limits, to: &writer!)
    }
  }

  /// Counts what a stream of the base snapshot lost when a command used it.
  private func noteLosses(_ stream: ReplayedStream, _ name: [UInt8]) {
    if stream.releasedCount > 0 {
      ledger.lose(
        .pendingEntry, "released entries of a stream that commands use are not kept", count: stream.releasedCount,
        key: name, offset: 0)
    }
    if stream.idempotencyCount > 0 {
      ledger.lose(
        .element, "IDs of idempotent producers of a stream that commands use are not kept",
        count: stream.idempotencyCount, key: name, offset: 0)
    }
  }

  private func write(_ name: [UInt8], _ value: StoredValue, _ attributes: KeyAttributes) throws {
    guard writer!.canWrite(value.type) else {
      var key = ReplayedKey(try value.decoded(limits), expiry: attributes.expiry)
      key.attributes = attributes
      if case .stored = key.value {
        throw RDBError(
          .notRepresentable, at: 0, expected: "a value that \(limits.server) can hold", found: value.type.name,
          key: name)
      }
      return try write(name, key, database: database ?? 0)
    }
    try writer!.beginStored(name.span.bytes, value.type, attributes, module: value.module)
    try writer!.stored(value.payload.span.bytes)
    try writer!.endKey()
  }

  /// Writes the end of the snapshot, after which nothing can be written.
  package func finish() throws { _ = try writer.take()?.finish() }
}
