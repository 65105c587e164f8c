import RDBConvert
import RDBSupport
import RESP

/// A load into a cluster: sends each key to the master of its slot, follows keys whose slots move, and sends again what may
/// be lost with a connection.
///
/// Each key is a unit of its own (``KeyCutter/Limits/perKey``), and a key of several commands is a transaction
/// (`RESPOptions.isolatesKeys`). A transaction that must keep an existing key, and a key of more than one unit, is sent apart
/// from the others, and waited for: see ``ApartKey``. A function library or a script goes to every master.
///
/// One thread at a time uses a loader.
package final class ClusterLoader: KeyLoader {
  /// The bytes after which replicas are asked whether they have them.
  private static let confirmedByteCount = 4 << 20
  /// The bytes of keys that are not safe yet, beyond which no key is sent until others are safe.
  private static let retainedByteLimit = 48 << 20
  /// The most keys that are not safe yet.
  private static let retainedKeyLimit = 400_000
  /// The longest time that replicas get to confirm.
  private static let confirmationTime = Duration.seconds(10)
  /// The time after a lost connection in which too few replicas are no error.
  private static let failoverTime = Duration.seconds(60)
  /// The most keys that an earlier load can have sent beyond the last key that its journal calls safe.
  private static let uncertainKeyCount: UInt64 = 500_000
  /// The most failures that are kept.
  private static let failureLimit = Loader.failureLimit

  let options: LoadOptions
  var topology: ClusterTopology
  var nodes: [Endpoint: ClusterNode] = [:]
  /// The processes that have keys, by the address of their node.
  var processes: [Endpoint: ServerProcess] = [:]
  /// The connections that were lost, by the address of their node.
  var lostClients: [Endpoint: Connection.Client] = [:]
  /// The masters that were lost and not seen again, with their slots.
  var lostMasters: [Endpoint: Set<UInt16>] = [:]
  var keys = ClusterKeys(skipping: 0)
  /// The key that is sent apart from the others; `nil`: none.
  var apart: ApartKey?
  /// The units of a function library that is not complete.
  var libraryUnits: [KeyUnit] = []
  /// The number of times in a row that the input was read again, without a key that became safe, and how many were safe.
  var (rereadCount, safeKeyCountAtReread): (Int, UInt64) = (0, 0)
  private let slots = HashSlots()
  /// The time of the last lost connection, in nanoseconds.
  var reconnectionTime: UInt64?
  /// The times, in nanoseconds, before which no connection to a node that was lost is tried.
  var unreachable: [Endpoint: UInt64] = [:]
  var restartCount = 0
  private var firstNewKey: UInt64 = 0
  private var bytePace: Pace
  private var keyPace: Pace
  private var refusedKeys: Set<UInt64> = []
  /// The first keys that count as kept, so that none of them counts twice after a lost connection.
  private var keptKeys: Set<UInt64> = []

  package private(set) var failures: [SentUnits.Failure] = []
  package private(set) var refusedKeyCount: UInt64 = 0
  package internal(set) var keptKeyCount: UInt64 = 0
  package internal(set) var reconnectionCount = 0
  package internal(set) var hasServerRestarted = false
  package private(set) var sentEnd: UInt64 = 0
  package var onSafe: (UInt64) throws -> Void = { _ in }
  package var onReconnect: (TransferError) -> Void = { _ in }

  /// Asks for the slot map, and connects to all masters.
  ///
  /// - Throws: ``TransferError`` or ``LoadStop``.
  package init(_ topology: ClusterTopology, _ options: LoadOptions) throws {
    (self.topology, self.options) = (topology, options)
    bytePace = Pace(perSecond: options.bytesPerSecond)
    keyPace = Pace(perSecond: options.keysPerSecond)
    try connectAll()
  }

  /// No key is renamed, so that none is missed because it expired before.
  package var expiredKeyCount: UInt64 { 0 }
  package var safeKeyCount: UInt64 { keys.safeKeyCount }
  package var serverProcesses: [ServerProcess] { topology.map.masters.compactMap { processes[$0] } }

  package func hasKeys(of earlier: [ServerProcess]) -> Bool {
    let present = serverProcesses
    guard !present.isEmpty else { return true }
    return earlier.allSatisfy { old in present.contains { $0.continues(old, withReplicas: options.replicaCount > 0) } }
  }

  package func restart(skipping count: UInt64, sentBefore end: UInt64 = 0) throws -> UInt64 {
    firstNewKey = max(firstNewKey, sentEnd, end, count + Self.uncertainKeyCount)
    for node in nodes.values { retire(node) }
    (nodes, lostMasters, unreachable, apart, libraryUnits) = ([:], [:], [:], nil, [])
    let earlier = Array(processes.values)
    processes = [:]
    try topology.refresh()
    try connectAll()
    let skipped = hasKeys(of: earlier) ? count : 0
    hasServerRestarted = false
    keys = ClusterKeys(skipping: skipped)
    return skipped
  }

  package func send(_ unit: KeyUnit) throws { try givingUp { try sendUnit(unit) } }

  private func sendUnit(_ unit: KeyUnit) throws {
    bytePace.wait(for: UInt64(unit.bytes.count))
    keyPace.wait(for: UInt64(unit.newKeyCount))
    sentEnd = max(sentEnd, (unit.keys.last?.ordinal ?? 0) + 1)
    try makeRoom()
    guard unit.keys.first?.subject == .key else { return try broadcast(unit) }
    if unit.startsInsideKey || unit.endsInsideKey || options.existingKeys != .replaced && unit.isTransaction {
      return try sendApart(unit)
    }
    let slot = slot(of: unit)
    let number = keys.add(unit, slot: slot, endOrdinal: unit.endOrdinal, again: isAgain(unit))
    if keys.mustWait(slot) {
      keys.wait(number, until: MonotonicTime.now)
    } else {
      try send(unit, number, slot, asked: nil)
    }
    try sendDue()
  }

  package func finish() throws {
    try givingUp {
      while !keys.isEmpty {
        try askAllReplicas()
        try settle()
      }
      var attempt = 0
      while try !requireKeysOfLost(connecting: true) {
        let settings = topology.connector.settings
        guard attempt < settings.retryCount else {
          throw TransferError(.timedOut(settings.replyTimeout), at: "\(settings.address)")
        }
        Connector.pause(attempt)
        attempt += 1
        do throws(TransferError) { try topology.refresh() } catch { guard error.canRetry else { throw error } }
      }
    }
    abandon()
  }

  /// The end of a load whose attempts are used up. No other attempt begins because of it.
  struct GaveUp: Error { let error: TransferError }

  /// Runs `body`, and throws the reason if it gave up.
  private func givingUp(_ body: () throws -> Void) throws {
    do { try body() } catch let end as GaveUp { throw end.error }
  }

  package func abandon() { for node in nodes.values { node.close() } }

  // MARK: Sending

  func slot(of unit: KeyUnit) -> UInt16 { UInt16(slots.slot(of: unit.name(of: unit.keys[0]).span.bytes)) }

  /// Whether a unit was perhaps sent before.
  func isAgain(_ unit: KeyUnit) -> Bool { unit.firstOrdinal < firstNewKey }

  /// Waits until few enough keys are not safe.
  private func makeRoom() throws {
    while keys.byteCount > Self.retainedByteLimit || keys.count > Self.retainedKeyLimit {
      try askAllReplicas()
      try settle()
    }
  }

  /// Sends a key to its node, after waiting until few enough commands are in flight there.
  private func send(_ unit: KeyUnit, _ number: Int, _ slot: UInt16, asked: Endpoint?) throws {
    guard let endpoint = asked ?? topology.map.master(of: slot) else {
      // A slot without a master: the cluster takes no commands for it.
      let error = ServerError(Array("CLUSTERDOWN Hash slot not served".utf8))
      return try redirect(number, error, from: nil)
    }
    try onNode(endpoint, losing: number) { node in
      while !node.replies.hasRoom(for: unit, within: options.inFlight) {
        if try !node.takeArrived() { try node.read() }
        try takeReplies(node)
      }
      keys.sent(number, to: endpoint)
      try node.send(unit, number: number, asking: asked != nil)
      if options.replicaCount > 0, node.mustAskReplicas(after: Self.confirmedByteCount) { try askReplicas(node) }
      while try node.takeArrived() { try takeReplies(node) }
    }
  }

  /// Sends the keys that waited long enough.
  private func sendDue() throws {
    let now = MonotonicTime.now
    guard keys.nextDue <= now else { return }
    for key in keys.takeDue(at: now) { try send(key.unit, key.number, key.slot, asked: key.asked) }
  }

  /// Waits for the first key that is not safe.
  func settle() throws {
    for endpoint in Array(nodes.keys) {
      try onNode(endpoint) { node in
        try node.flush()
        while try node.takeArrived() { try takeReplies(node) }
      }
    }
    try sendDue()
    guard !keys.isEmpty else { return }
    guard let endpoint = keys.firstNode, nodes[endpoint] != nil else {
      let now = MonotonicTime.now
      if keys.nextDue != .max, keys.nextDue > now {
        usleep(UInt32(clamping: min(keys.nextDue - now, 1_000_000_000) / 1000))
      }
      return try sendDue()
    }
    try onNode(endpoint) { node in
      if options.replicaCount > 0, node.replies.isEmpty { try askReplicas(node) }
      guard !node.replies.isEmpty else { return }
      try node.read()
      try takeReplies(node)
    }
  }

  // MARK: Replies

  func takeReplies(_ node: ClusterNode) throws {
    let events: [NodeReplies.Event]
    do {
      events = try node.replies.receive(from: &node.connection.decoder)
    } catch let error as RESPError {
      throw TransferError(.malformedReply(error), at: node.connection.server)
    } catch {
      throw TransferError(.unexpectedReply(command: "nothing"), at: node.connection.server)
    }
    let before = keys.safeKeyCount
    for (index, event) in events.enumerated() {
      do { try take(event, node) } catch {
        // Their node may be lost: without their replies, these keys are sent again.
        for case .ended(let number, _, _) in events[index...] { waitAgain(number, until: MonotonicTime.now) }
        throw error
      }
    }
    if keys.safeKeyCount > before { try onSafe(keys.safeKeyCount) }
  }

  /// Has a key wait that a node may have already.
  func waitAgain(_ number: Int, until due: UInt64) {
    keys.markAgain(number)
    keys.wait(number, until: due)
  }

  private func take(_ event: NodeReplies.Event, _ node: ClusterNode) throws {
    switch event {
    case .ended(let number, let unit, let outcome):
      switch outcome {
      case .redirected(let error): return try redirect(number, error, from: node.endpoint)
      case .kept:
        let isAgain = keys.isAgain(number)
        guard try keep([unit], again: isAgain) else {
          return waitAgain(number, until: MonotonicTime.now + Self.pause(keys.countAttempt(number)))
        }
        if isAgain { node.repeatedKey = Array(unit.name(of: unit.keys[0])) }
      case .refused(let command, let error, let isPartial):
        try refuse(unit, command: command, error, isPartial: isPartial)
      case .done, .changed: break
      }
      guard options.replicaCount > 0 else { return keys.markSafe(number) }
      // A question about a key can have found that the node is lost.
      if nodes[node.endpoint] === node { node.answered(number) } else { waitAgain(number, until: MonotonicTime.now) }
    case .replicated(let count):
      // This WAIT came before it was known that an earlier connection had written a key.
      if node.repeatedKey != nil { return node.waitedTooEarly() }
      guard let confirmed = node.waited(count, of: options.replicaCount) else { return try waitOn(after: count, node) }
      for number in confirmed { keys.markSafe(number) }
    case .waitFailed(let error):
      // The answer of a master that became a replica while it waited.
      if error.words.starts(with: "UNBLOCKED".utf8) || String(decoding: error.words, as: UTF8.self).contains("replica")
      {
        throw TransferError(.notMaster, at: node.connection.server)
      }
      throw TransferError(.refused(command: "WAIT", error), at: node.connection.server)
    case .ownWriteFailed(let error):
      // If the slot moved, its keys are compared at the other node.
      guard error.remedy != .redirecting else { throw TransferError(.notMaster, at: node.connection.server) }
      throw TransferError(.refused(command: "SET", error), at: node.connection.server)
    }
  }

  /// Notes that the server refused a command of a key, or ends the load.
  ///
  /// - Parameter isPartial: Whether the node has a part of the key, which is removed.
  func refuse(_ unit: KeyUnit, command: [UInt8], _ error: ServerError, isPartial: Bool) throws {
    if isPartial { try removePart(unit) }
    let failure = failure(unit, command, error)
    // A key that ends the load is not skipped: a later run sends it again.
    if options.onError == .stop || error.remedy != .none { throw LoadStop.refused(failure) }
    if refusedKeys.count >= Self.failureLimit || refusedKeys.insert(failure.ordinal).inserted { refusedKeyCount += 1 }
    if failures.count < Self.failureLimit { failures.append(failure) }
  }

  /// Takes a key that exists on the server.
  ///
  /// - Parameters:
  ///   - units: All units of the key; empty but for the first one, if the key is too large to be kept in memory.
  ///   - isAgain: Whether the key was perhaps sent before, and then is compared.
  /// - Returns: Whether the key is still there; if not, it must be sent again.
  func keep(_ units: [KeyUnit], again isAgain: Bool) throws -> Bool {
    let unit = units[0]
    let failure = failure(
      unit, unit.shownName(ofCommand: 0), ServerError(Array("BUSYKEY Target key name already exists.".utf8)))
    if isAgain {
      switch try compare(units, failure) {
      case .equal: return true
      case .gone: return false
      case .different: break
      }
    }
    if options.existingKeys == .refused { throw LoadStop.exists(failure) }
    if keptKeys.count >= Self.failureLimit || keptKeys.insert(failure.ordinal).inserted { keptKeyCount += 1 }
    return true
  }

  func failure(_ unit: KeyUnit, _ command: [UInt8], _ error: ServerError) -> SentUnits.Failure {
    let key = unit.keys[0]
    return SentUnits.Failure(
      database: 0, subject: key.subject, key: Array(unit.name(of: key)), ordinal: key.ordinal, command: command,
      error: error.withoutArguments())
  }

  // MARK: Replicas

  private func askReplicas(_ node: ClusterNode) throws(TransferError) {
    try node.wait(for: options.replicaCount, milliseconds: confirmationMilliseconds)
  }

  /// The time that a node waits for its replicas. It does not answer meanwhile, and must not be taken for a silent one.
  var confirmationMilliseconds: UInt64 {
    let limit = topology.connector.settings.replyTimeout.nanoseconds / 2
    return max(min(Self.confirmationTime.nanoseconds, limit) / 1_000_000, 1)
  }

  private func askAllReplicas() throws {
    guard options.replicaCount > 0 else { return }
    for endpoint in Array(nodes.keys) {
      try onNode(endpoint) { node in if node.unconfirmedByteCount > 0 { try askReplicas(node) } }
    }
  }

  /// Waits on if more replicas may still confirm the keys.
  func waitOn(after count: Int, _ node: ClusterNode) throws {
    let start = node.shortageTime ?? node.waitTime
    node.shortageTime = start
    var end = start + Self.confirmationTime.nanoseconds
    if let reconnectionTime { end = max(end, reconnectionTime + Self.failoverTime.nanoseconds) }
    guard MonotonicTime.now < end else { throw LoadStop.tooFewReplicas(count) }
  }

  // MARK: Redirected keys

  /// Has a key that its node did not take wait, for another node or for another time.
  ///
  /// - Parameter node: The node; `nil`: none has the slot.
  private func redirect(_ number: Int, _ error: ServerError, from node: Endpoint?) throws {
    let attempt = keys.countAttempt(number)
    let asked = try follow(error, attempt, from: node)
    keys.wait(number, until: MonotonicTime.now + Self.pause(before: attempt, after: error), asked: asked)
  }

  /// Learns from an error that sends a key elsewhere, or says that it must wait.
  ///
  /// - Parameters:
  ///   - attempt: The number of attempts so far.
  ///   - node: The node that answered; `nil`: none has the slot.
  /// - Returns: The node to ask while the slot moves; `nil`: the master of the slot.
  /// - Throws: ``GaveUp`` after too many attempts.
  func follow(_ error: ServerError, _ attempt: Int, from node: Endpoint?) throws -> Endpoint? {
    let server = node ?? topology.map.masters.first ?? Endpoint(host: "", port: 0)
    guard attempt <= topology.connector.settings.retryCount + Self.promptAttemptCount else {
      throw GaveUp(error: TransferError(.refused(command: "a key", error), at: server.description))
    }
    switch error.kind {
    case .moved(let slot, let host, let port):
      topology.move(slot, to: topology.endpoint(host: host, port: port, from: server))
    case .ask(_, let host, let port): return topology.endpoint(host: host, port: port, from: server)
    default:
      do throws(TransferError) { try topology.refreshIfOld() } catch { guard error.canRetry else { throw error } }
    }
    return nil
  }

  /// The attempts after which a key that moves waits too.
  private static let promptAttemptCount = 4

  /// Returns the time to wait before a key is sent again, in nanoseconds.
  static func pause(before attempt: Int, after error: ServerError) -> UInt64 {
    guard error.remedy == .redirecting else { return pause(attempt) }
    return attempt <= promptAttemptCount ? 0 : pause(attempt - promptAttemptCount)
  }

  /// Returns a longer time for each attempt, up to 5 s, in nanoseconds.
  static func pause(_ attempt: Int) -> UInt64 {
    let seconds = min(0.05 * Double(1 << min(attempt, 10)), 5)
    return UInt64(seconds * Double.random(in: 0.5...1) * 1e9)
  }
}
