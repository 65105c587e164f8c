import RDB
import RDBSupport
import RESP

extension Connection {
  /// Asks the server for a synchronisation, and waits for its answer.
  ///
  /// - Returns: The answer, and the bytes that arrived after it.
  /// - Throws: ``TransferError``.
  func synchronise(_ purpose: SyncHandshake.Purpose) throws(TransferError) -> (
    outcome: SyncHandshake.Outcome, rest: [UInt8]
  ) {
    var handshake = SyncHandshake(purpose)
    var rest: [UInt8] = []
    while true {
      if let outcome = handshake.outcome { return (outcome, rest) }
      if let command = handshake.takeCommand() { try link.write(RESPText.command(command)) }
      var failure: SyncHandshake.Failure?
      try link.read { chunk in
        do throws(SyncHandshake.Failure) {
          let used = try handshake.receive(chunk)
          rest = [UInt8](chunk.extracting(used..<chunk.byteCount))
        } catch { failure = error }
      }
      if let failure { throw failed(failure) }
    }
  }
}
