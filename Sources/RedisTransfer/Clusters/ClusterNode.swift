import RDBSupport
import RESP

/// A master of a cluster during a load: one connection for keys in flight, and one for questions and large keys.
final class ClusterNode {
  /// The address at which the node is reached.
  let endpoint: Endpoint
  let connection: Connection
  /// The process of the server, and the number that it gave to the connection; `nil` if the server does not tell them.
  let client: Connection.Client?
  var replies: NodeReplies
  /// The numbers of the keys that are answered, and not confirmed by replicas yet.
  private(set) var unconfirmed: [Int] = []
  /// The bytes since the last WAIT; at least 1 if that must be sent again.
  private(set) var unconfirmedByteCount = 0
  private(set) var isWaiting = false
  /// The time of the last WAIT, or of the beginning, in nanoseconds.
  private(set) var waitTime = MonotonicTime.now
  /// A key that was found on the server after a lost connection, since the last WAIT.
  var repeatedKey: [UInt8]?
  /// The time of the first WAIT in a row to which too few replicas were the reply, in nanoseconds.
  var shortageTime: UInt64?
  /// The connection on which one command at a time is sent; `nil` before the first one.
  var questions: Connection?
  /// Bytes that are sent together.
  private var output: [UInt8] = []

  /// The size from which bytes are sent, unless their replies are waited for.
  private static let outputByteCount = 32 << 10
  private static let asking = RESPText.command("ASKING")

  /// - Throws: ``TransferError``.
  init(_ connection: Connection, at endpoint: Endpoint, countsKept: Bool) throws(TransferError) {
    client = try connection.client()
    (self.connection, self.endpoint) = (connection, endpoint)
    replies = NodeReplies(countsKept: countsKept)
  }

  /// Ends an earlier connection to the same process, whose commands must not mix with those on this one.
  ///
  /// - Throws: ``TransferError``.
  func end(_ earlier: Connection.Client) throws(TransferError) {
    guard earlier.process.identifier == client?.process.identifier else { return }
    // A user without the permission goes on: the server mostly has noticed the end by now.
    _ = try connection.reply(to: ["CLIENT", "KILL", "ID", "\(earlier.number)"].map { Array($0.utf8) })
  }

  /// Sends a key, perhaps together with later ones.
  func send(_ unit: KeyUnit, number: Int, asking isAsking: Bool) throws(TransferError) {
    replies.sent(unit, number: number, asking: isAsking)
    unconfirmedByteCount += unit.bytes.count
    if isAsking { output += Self.asking }
    output += unit.bytes
    if output.count >= Self.outputByteCount { try flush() }
  }

  /// Sends what waits.
  func flush() throws(TransferError) {
    guard !output.isEmpty else { return }
    var bytes: [UInt8] = []
    swap(&bytes, &output)
    output.reserveCapacity(bytes.count)
    try connection.link.write(bytes)
  }

  /// Waits for replies, unless some have arrived.
  func read() throws(TransferError) {
    try flush()
    try connection.link.read { connection.decoder.feed($0) }
  }

  /// Takes what has arrived, without waiting.
  ///
  /// - Returns: Whether something had.
  func takeArrived() throws(TransferError) -> Bool { try connection.link.take { connection.decoder.feed($0) } }

  func close() {
    connection.link.close()
    closeQuestions()
  }

  func closeQuestions() {
    questions?.link.close()
    questions = nil
  }

  // MARK: Replicas

  /// Notes that a key is answered.
  func answered(_ number: Int) { unconfirmed.append(number) }

  /// Whether WAIT may be due: a second after the last one, so that few keys would be sent again after an interruption.
  func mustAskReplicas(after byteCount: Int) -> Bool {
    guard !isWaiting, unconfirmedByteCount > 0 else { return false }
    return unconfirmedByteCount >= byteCount || MonotonicTime.now - waitTime > 1_000_000_000
  }

  /// Asks how many replicas have what was sent, and lets the server wait for them.
  ///
  /// WAIT waits for the writes of its own connection. If the node has keys that an earlier connection sent, this one may
  /// have written nothing, and servers from 7.2 on answer at once. So it writes a key of its own first, and removes it.
  func wait(for replicaCount: Int, milliseconds: UInt64) throws(TransferError) {
    guard !isWaiting else { return }
    unconfirmedByteCount = 0
    waitTime = MonotonicTime.now
    isWaiting = true
    if let key = repeatedKey {
      repeatedKey = nil
      for command in OwnWrite.commands(beside: key) {
        replies.sentOwnWrite()
        output += RESPText.command(command)
      }
    }
    replies.sentWait()
    output += RESPText.command("WAIT", "\(replicaCount)", "\(milliseconds)")
    try flush()
  }

  /// Takes the reply to a WAIT that covers no write of a repeated key: WAIT must be sent again, after a write of our own.
  func waitedTooEarly() {
    isWaiting = false
    unconfirmedByteCount = max(unconfirmedByteCount, 1)
  }

  /// Takes the reply to WAIT.
  ///
  /// - Returns: The keys that the replicas have; `nil` if they are too few, so that WAIT must be sent again.
  func waited(_ count: Int, of replicaCount: Int) -> [Int]? {
    isWaiting = false
    guard count >= replicaCount else {
      unconfirmedByteCount = max(unconfirmedByteCount, 1)
      return nil
    }
    shortageTime = nil
    defer { unconfirmed.removeAll(keepingCapacity: true) }
    return unconfirmed
  }
}
