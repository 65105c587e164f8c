import RDB
import RDBSupport
import RESP

/// The snapshot that a server sends as to a replica, as a source of bytes.
///
/// ``read(into:)`` throws ``TransferError`` or ``SyncFramingError``. Only what the server says to be the snapshot is
/// passed on; an end of the connection before it is an error.
package final class SyncSource: ByteSource {
  private let connection: Connection
  private var framing = SyncFraming()
  /// Bytes of the snapshot that arrived.
  private let pending = PendingBytes()

  /// The position of the snapshot in the server's commands; `nil` if the server did not tell it.
  package private(set) var replicationPosition: ReplicationPosition?

  /// Asks the server for a synchronisation, and waits until it has saved its data and the snapshot begins.
  ///
  /// - Parameter connection: A connection that is used for nothing else from now on.
  /// - Throws: ``TransferError``.
  package init(_ connection: Connection) throws(TransferError) {
    self.connection = connection
    let (outcome, rest) = try connection.synchronise(.snapshot)
    if case .snapshot(let start) = outcome { replicationPosition = start }
    do throws(SyncFramingError) { try take(rest.span.bytes) } catch {
      throw TransferError(sync: error, at: connection.server)
    }
    while framing.totalByteCount == nil, !framing.endsWithMark { try receive() }
  }

  package var totalByteCount: UInt64? { framing.totalByteCount }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while pending.isEmpty {
      if framing.isComplete {
        connection.link.close()
        return 0
      }
      try receive()
    }
    return pending.take(into: buffer)
  }

  /// Waits for bytes, and takes them.
  private func receive() throws(TransferError) {
    var failure: SyncFramingError?
    try connection.link.read { chunk in
      do throws(SyncFramingError) { try take(chunk) } catch { failure = error }
    }
    if let failure { throw TransferError(sync: failure, at: connection.server) }
  }

  private func take(_ chunk: RawSpan) throws(SyncFramingError) {
    let part = try framing.receive(chunk)
    pending.write(part.heldBytes.span.bytes, followedBy: chunk.extracting(part.range))
  }
}

extension TransferError {
  /// The error of a transfer.
  init(sync error: SyncFramingError, at server: String) {
    if case .refused(let refusal) = error.kind {
      self.init(.refused(command: "PSYNC", refusal), at: server)
    } else {
      self.init(.malformedSnapshot(error), at: server)
    }
  }
}
