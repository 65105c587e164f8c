/// A load into one server (``Loader``) or into a cluster (``ClusterLoader``).
package protocol KeyLoader: AnyObject {
  /// The commands that a server refused, up to some limit.
  var failures: [SentUnits.Failure] { get }
  /// The number of keys of which a server refused a command.
  var refusedKeyCount: UInt64 { get }
  /// The number of keys that a server had already, and kept.
  var keptKeyCount: UInt64 { get }
  /// The number of keys that expired before they were complete.
  var expiredKeyCount: UInt64 { get }
  /// The number of connections that were lost and made anew.
  var reconnectionCount: Int { get }
  /// The number of keys, from the first one on, that are safe.
  var safeKeyCount: UInt64 { get }
  /// The number of the first key that was not sent yet.
  var sentEnd: UInt64 { get }
  /// Whether a server lost keys because it was started anew, so that the input must be sent from its beginning.
  var hasServerRestarted: Bool { get }
  /// The processes that have the keys, for a journal; empty if the servers do not tell them.
  var serverProcesses: [ServerProcess] { get }
  /// Called with the number of keys that are safe, each time it grows.
  var onSafe: (UInt64) throws -> Void { get set }
  /// Called with the reason before each attempt to connect again.
  var onReconnect: (TransferError) -> Void { get set }

  /// Whether the servers have all keys that processes had: they are the same, or were replicas of them.
  func hasKeys(of earlier: [ServerProcess]) -> Bool

  /// Begins the input anew, of which the first `count` keys are not sent.
  ///
  /// - Parameters:
  ///   - count: The number of keys that are safe.
  ///   - end: The number of the first key that an earlier load cannot have sent, if it told one.
  /// - Returns: The number of keys to skip: 0 if a server lost keys meanwhile.
  /// - Throws: ``TransferError`` or ``LoadStop``.
  func restart(skipping count: UInt64, sentBefore end: UInt64) throws -> UInt64

  /// Sends a unit, after waiting until few enough commands are in flight.
  ///
  /// - Throws: ``LoadStop`` or ``TransferError``.
  func send(_ unit: KeyUnit) throws

  /// Waits until all keys are safe.
  ///
  /// - Throws: ``LoadStop`` or ``TransferError``.
  func finish() throws

  /// Closes the connections.
  func abandon()
}
