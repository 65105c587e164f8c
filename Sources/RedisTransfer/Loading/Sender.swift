import RDBConvert
import RDBSupport
import RESP

/// One connection of a load, and what was sent on it.
final class Sender {
  /// The number of the connection, which no other connection of the load has.
  let number: Int
  let connection: Connection
  var sent: SentUnits
  /// The database that is selected; `nil` until the reply to SELECT.
  private var database: UInt64?
  /// The bytes since the last WAIT; at least 1 if that must be sent again.
  private(set) var unconfirmedByteCount = 0
  private(set) var isWaiting = false
  /// The time of the last WAIT, or of the beginning, in nanoseconds.
  private(set) var waitTime = MonotonicTime.now
  /// The process of the server, and the number that it gave to the connection; `nil` if the server does not tell them.
  let client: Connection.Client?
  /// The time at which the connection was made, in nanoseconds.
  let startTime = MonotonicTime.now
  /// Compares keys that the server kept, on a connection of its own.
  var comparison: KeptKeyComparison?
  private var endsInsideCommand = false
  private let keepsExisting: Bool
  /// The last key since WAIT that was sent again; `nil` without one.
  private var repeatedKey: [UInt8]?

  /// - Parameter database: The database that the connection has selected.
  /// - Throws: ``TransferError``.
  init(_ connection: Connection, number: Int, _ options: LoadOptions, database: UInt64) throws(TransferError) {
    client = try connection.client()
    (self.connection, self.number, self.database) = (connection, number, database)
    keepsExisting = options.existingKeys != .replaced
    sent = SentUnits(
      limits: options.inFlight, onError: options.onError, countsKept: options.existingKeys != .replaced,
      stopsAtExisting: options.existingKeys == .refused)
  }

  /// Ends the connection of an earlier sender at the server, if it still is the same process.
  ///
  /// - Returns: Whether no command of the earlier sender runs any more. Without the permission for CLIENT KILL, some may.
  /// - Throws: ``TransferError``.
  func end(_ earlier: Sender) throws(TransferError) -> Bool {
    guard let old = earlier.client, let client else { return false }
    guard client.process.identifier == old.process.identifier else { return true }
    return try connection.reply(to: ["CLIENT", "KILL", "ID", "\(old.number)"].map { Array($0.utf8) }).errorBytes == nil
  }

  func send(_ unit: KeyUnit, again: Bool) throws(TransferError) {
    let unit = sent.sent(unit, again: again)
    if again, keepsExisting, let key = unit.keys.last, key.subject == .key { repeatedKey = Array(unit.name(of: key)) }
    endsInsideCommand = unit.endsInsideCommand
    unconfirmedByteCount += unit.bytes.count
    try connection.link.write(unit.bytes)
  }

  /// Whether units of `database` may follow.
  func isIn(_ database: UInt64) -> Bool { self.database == database }

  func select(_ database: UInt64) throws(TransferError) {
    self.database = nil
    sent.sentSelect(database)
    try connection.link.write(RESPText.command("SELECT", "\(database)"))
  }

  func selected(_ database: UInt64) { self.database = database }

  /// Whether a command may follow the last unit.
  var canAskReplicas: Bool { !endsInsideCommand && !isWaiting }

  /// Whether the last WAIT was a second ago, so that few keys would be sent again after an interruption.
  var isWaitDue: Bool { MonotonicTime.now - waitTime > 1_000_000_000 }

  /// Asks how many replicas have what was sent, and lets the server wait for them.
  ///
  /// WAIT waits for the writes of its own connection. If the server kept the keys of an earlier connection, this one has
  /// written nothing, and servers from 7.2 on answer at once. So it writes a key of its own first, and removes it.
  func wait(for replicaCount: Int, milliseconds: UInt64) throws(TransferError) {
    if let key = repeatedKey {
      repeatedKey = nil
      for command in OwnWrite.commands(beside: key) {
        sent.sentOwnWrite()
        try connection.link.write(RESPText.command(command))
      }
    }
    unconfirmedByteCount = 0
    waitTime = MonotonicTime.now
    isWaiting = true
    sent.sentWait()
    try connection.link.write(RESPText.command("WAIT", "\(replicaCount)", "\(milliseconds)"))
  }

  func waited() { isWaiting = false }

  /// Notes that too few replicas have what was sent before the last WAIT.
  func mustAskAgain() { unconfirmedByteCount = max(unconfirmedByteCount, 1) }
}
