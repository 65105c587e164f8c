import RDB
import RDBFormat
import RDBSupport

/// A reading of a server, or of a cluster, by DUMP, as the bytes of a snapshot.
package protocol KeyScan: AnyObject, ByteSource {
  /// The number of keys that are in the snapshot, also those that are in it twice.
  var keyCount: UInt64 { get }
  /// The number of keys that a server named, but did not have any more when they were asked for.
  var vanishedCount: UInt64 { get }
  /// The number of keys whose expiry may be some milliseconds late.
  var inexactCount: UInt64 { get }
  /// The number of keys that are in the snapshot once more; complete at its end.
  var repeatedCount: UInt64 { get }
  /// Whether the user may not read function libraries, so that the snapshot has none of them.
  var lacksFunctions: Bool { get }
  /// The present Unix time of the server, in milliseconds; `nil` if it did not tell its time.
  var presentTime: Int64? { get }
}

/// The snapshot of keys that are read one after another.
final class ScannedSnapshot {
  let pending = PendingBytes()
  private let version: ServerVersion
  private let time: ServerTime?
  /// The monotonic time of ``time``.
  private let start = MonotonicTime.now
  private let libraries: [[UInt8]]
  /// Writes the snapshot; `nil` before the first key, whose payload tells the RDB version, and at the end.
  private var writer: RDBWriter?
  private var header: SnapshotHeader?
  /// The database of the last key that was written; `nil`: none.
  private var selected: UInt32?
  private(set) var keyCount: UInt64 = 0

  /// The size of the writer's buffer, in bytes.
  private static let bufferByteCount = 64 << 10

  /// - Parameters:
  ///   - version: The release of the server.
  ///   - time: The server's time at the beginning.
  ///   - libraries: The code of its function libraries.
  init(of version: ServerVersion, at time: ServerTime?, libraries: [[UInt8]]) {
    (self.version, self.time, self.libraries) = (version, time, libraries)
  }

  /// The present Unix time of the server, in milliseconds; `nil` if it did not tell its time.
  var presentTime: Int64? { time.map { $0.milliseconds + Int64((MonotonicTime.now - start) / 1_000_000) } }

  /// Writes a key.
  ///
  /// - Throws: ``TransferError`` if its payload is of another RDB version than the first one: a server, and the servers of a
  ///   cluster, write payloads of one version.
  func write(_ key: ScanRound.Key, in database: UInt32, from server: String) throws {
    if header == nil { try begin(key.value.header) }
    guard key.value.header == header else { throw TransferError(.unexpectedReply(command: "DUMP"), at: server) }
    if selected != database {
      try writer?.selectDatabase(UInt64(database))
      selected = database
    }
    let attributes = KeyAttributes(expiry: key.expiry.map { UnixMilliseconds($0) }, metadata: key.value.metadata)
    try writer?.beginStored(key.name.span.bytes, key.value.type, attributes, module: key.value.module)
    try writer?.stored(key.value.payload.span.bytes)
    try writer?.endKey()
    keyCount += 1
  }

  /// Writes what comes before the keys.
  private func begin(_ header: SnapshotHeader) throws {
    self.header = header
    var writer = try RDBWriter(to: pending, header: header, capacity: Self.bufferByteCount)
    if header.version >= 7 {
      let name = version.vendor == .valkey ? "valkey-ver" : "redis-ver"
      try writer.aux(name, "\(version.major).\(version.minor).\(version.patch)")
      if let time { try writer.aux("ctime", "\(time.milliseconds / 1000)") }
    }
    for library in libraries { try writer.functionLibrary(library.span.bytes) }
    self.writer = consume writer
  }

  func finish() throws {
    if header == nil { try begin(SnapshotHeader(vendor: version.vendor, version: version.rdbVersion)) }
    if let writer = writer.take() { _ = try writer.finish() }
  }
}
