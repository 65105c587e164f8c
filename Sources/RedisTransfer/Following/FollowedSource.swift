import RDB
import RDBSupport
import RESP

/// A source whose snapshot and whose commands after it are read, as a replica reads them.
///
/// A thread reads from the server at the speed of the connection, into a ``ByteSpool``: a server closes a connection whose
/// bytes wait for too long. Each second it acknowledges the offset that is applied, and asks the server for its own. A lost
/// connection is made anew, and goes on at the byte where it was cut.
///
///     let source = try FollowedSource(connector, wanted: .replica)
///     …read `source.snapshot` to its end…
///     let follower = try Follower(source, to: target, options)
package final class FollowedSource {
  /// The bytes that come first.
  package enum Start: Hashable, Sendable {
    /// A snapshot, and the commands after this position.
    case snapshot(ReplicationPosition)
    /// The commands after this position.
    case resumed(StreamPosition)
  }

  package let start: Start
  /// The server at the beginning, as messages show it.
  package let server: String
  /// The lock of the spool. A connector that shares it can be waited for together with the source.
  package let lock: Lock
  let spool: ByteSpool
  private let link: SourceLink

  /// Connects to the source, and begins to read.
  ///
  /// - Parameters:
  ///   - settings: The address of the source.
  ///   - wanted: The server to read from. Sentinels list a client that reads from a master as a replica at port 0, so of
  ///     servers with sentinels, a replica is the right one.
  ///   - position: The position to go on from; `nil`: begin with a snapshot.
  ///   - limits: The limits of the spool.
  ///   - note: Called with the reason before each new attempt to connect, at first on this thread, later on another one.
  /// - Throws: ``TransferError``, or ``FollowStop`` if the source does not have the commands after the position.
  package init(
    _ settings: ServerSettings, wanted: Connector.Wanted, from position: StreamPosition? = nil,
    spool limits: ByteSpool.Limits = ByteSpool.Limits(), _ note: @escaping @Sendable (TransferError) -> Void = { _ in }
  ) throws {
    let lock = Lock()
    spool = ByteSpool(limits: limits, sharing: lock)
    self.lock = lock
    link = SourceLink(try Connector(settings, sharing: lock), wanted, spool, note)
    let purpose: SyncHandshake.Purpose = position.map { .resuming($0.replication) } ?? .following
    let (connection, outcome) = try link.begin(purpose, note)
    server = connection.server
    switch (outcome, position) {
    case (.commands, let position?): start = .resumed(position)
    case (.snapshot, let position?): throw FollowStop.mustStartAnew(after: position)
    case (.snapshot(let beginning?), nil): start = .snapshot(beginning)
    case (.snapshot(nil), nil), (.commands, nil): throw FollowStop.noPosition
    }
    try link.run(connection)
  }

  deinit { close() }

  /// The snapshot, which ends after its last byte. Empty after a resumption.
  package var snapshot: any ByteSource { SnapshotPart(spool) }

  /// The position of the first command. The database of commands after a snapshot is selected by the source.
  package var firstPosition: StreamPosition {
    switch start {
    case .snapshot(let position): StreamPosition(position, database: 0)
    case .resumed(let position): position
    }
  }

  /// The state of the link: the offsets of the received and the applied bytes, and that of the source.
  package var progress: FollowProgress { link.progress }

  /// The number of connections that were lost and made anew.
  package var reconnectionCount: Int { link.reconnectionCount }

  /// The identifier of the history of commands, as the source names it now.
  var identifier: [UInt8] { link.identifier }

  /// Notes that all bytes before an offset are applied.
  func applied(_ offset: UInt64, acknowledgingNow: Bool = false) { link.applied(offset, now: acknowledgingNow) }

  /// Skips what was not read of the snapshot, so that the next byte is that of a command.
  func beginCommands() throws {
    guard case .snapshot = start else { return }
    let rest = SnapshotPart(spool)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while try rest.read(into: buffer) > 0 {}
    spool.beginNextSection()
  }

  /// Ends the connection.
  package func close() { link.close() }
}

/// The section of a spool that is a snapshot.
private final class SnapshotPart: ByteSource {
  private let spool: ByteSpool
  init(_ spool: ByteSpool) { self.spool = spool }
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try spool.read(into: buffer) }
}
