import RDB
import RDBFormat
import RDBSupport
import RESP

/// All keys of a cluster as one snapshot, read slot by slot: CLUSTER GETKEYSINSLOT, then DUMP and the expiry of each key.
///
/// A key that exists the whole time is in the snapshot once, also if its slot moves meanwhile. The names of a slot are
/// asked for first, then whether the node still has the slot (EXISTS of a name of the slot). If the slot is moving, the
/// names at the node that gets it are added. A key that has moved when its value is asked for is read at the node that the
/// error names.
///
/// ``read(into:)`` throws ``TransferError``, or `RDBError` for a damaged payload. Memory holds the names of some slots, and
/// the replies of one round trip.
package final class ClusterScanSource: KeyScan {
  private struct Name {
    var bytes: [UInt8]
    /// The node to ask while the slot moves; `nil`: the master of the slot.
    var asked: Endpoint?
    var attemptCount = 0
  }

  private struct Batch {
    var connection: Connection
    var endpoint: Endpoint
    var round: ScanRound
    var attemptCounts: [[UInt8]: Int]
  }

  private var topology: ClusterTopology
  private var connections: [Endpoint: Connection] = [:]
  private let version: ServerVersion
  private let sample: KeySample?
  private let snapshot: ScannedSnapshot
  private let hashSlots = HashSlots()
  /// The slots whose names were not asked for yet, the next one last.
  private var slots: [UInt16] = (0..<UInt16(SlotMap.slotCount)).reversed()
  /// The names that were not asked for yet.
  private var names = Queue<Name>()
  private var batch: Batch?
  /// The number of failures without a key or a slot between them.
  private var failureCount = 0
  private var isComplete = false

  package var keyCount: UInt64 { snapshot.keyCount }
  package private(set) var vanishedCount: UInt64 = 0
  package private(set) var inexactCount: UInt64 = 0
  /// The names of a slot are known before its keys are read, so that none is read twice.
  package var repeatedCount: UInt64 { 0 }
  package let lacksFunctions: Bool

  /// The most slots whose names are asked for at a time.
  private static let slotCount = 64
  /// The names after which no further slot is asked for at the same time.
  private static let nameLimit = 20_000
  /// The most failures without a key or a slot between them.
  private static let failureLimit = 20
  /// The most times that one key is asked for.
  private static let attemptLimit = 40

  /// Asks a master for its release and its function libraries.
  ///
  /// - Parameter sample: The part of the keys to read; `nil`: all.
  /// - Throws: ``TransferError``.
  package init(_ topology: ClusterTopology, sample: KeySample? = nil) throws(TransferError) {
    (self.topology, self.sample) = (topology, sample)
    let (facts, libraries) = try topology.connector.retrying { () throws(TransferError) in
      let connection = try topology.connect(to: topology.map.masters[0])
      defer { connection.link.close() }
      connection.decoder.limits = .values
      let facts = try connection.facts()
      let libraries = facts.functionLibraries?.isEmpty == false ? try connection.functionLibraries() : []
      return (facts, libraries)
    }
    (version, lacksFunctions) = (facts.version, facts.functionLibraries == nil)
    snapshot = ScannedSnapshot(of: facts.version, at: facts.time, libraries: libraries)
  }

  package var presentTime: Int64? { snapshot.presentTime }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while snapshot.pending.isEmpty {
      if isComplete { return 0 }
      try advance()
    }
    return snapshot.pending.take(into: buffer)
  }

  private func advance() throws {
    if batch != nil { return try readBatch() }
    if !names.isEmpty { return try beginBatch() }
    guard slots.isEmpty else { return try listSlots() }
    isComplete = true
    try snapshot.finish()
    for connection in connections.values { connection.link.close() }
  }

  // MARK: Nodes

  private func connection(to endpoint: Endpoint) throws(TransferError) -> Connection {
    if let connection = connections[endpoint] { return connection }
    let connection = try topology.connect(to: endpoint)
    connection.decoder.limits = .values
    connections[endpoint] = connection
    return connection
  }

  /// Waits after a failure, and asks for the slot map again.
  private func goOn(after error: TransferError, at endpoint: Endpoint?) throws(TransferError) {
    guard error.canRetry, failureCount < Self.failureLimit else { throw error }
    if let endpoint { connections.removeValue(forKey: endpoint)?.link.close() }
    Connector.pause(failureCount)
    failureCount += 1
    do throws(TransferError) { try topology.refresh(avoiding: endpoint) } catch {
      guard error.canRetry else { throw error }
    }
  }

  // MARK: Slots

  /// Asks for the names of the next slots of one node.
  private func listSlots() throws(TransferError) {
    guard let first = slots.last, let endpoint = topology.map.master(of: first) else {
      let down = ServerError(Array("CLUSTERDOWN Hash slot not served".utf8))
      let error = TransferError(
        .refused(command: "CLUSTER GETKEYSINSLOT", down), at: "\(topology.connector.settings.address)")
      return try goOn(after: error, at: nil)
    }
    var chosen: [UInt16] = []
    while chosen.count < Self.slotCount, let slot = slots.last, topology.map.master(of: slot) == endpoint {
      chosen.append(slot)
      slots.removeLast()
    }
    var open = chosen
    do throws(TransferError) {
      let connection = try connection(to: endpoint)
      let counts = try SlotListing.counts(of: open, connection)
      var total = 0
      let fitting = max(
        counts.prefix {
          total += $0
          return total <= Self.nameLimit
        }.count, 1)
      slots += open[fitting...].reversed()
      open.removeLast(open.count - fitting)
      let listings = try SlotListing.list(open, counts, connection)
      for (slot, found) in zip(open, listings) where try take(found, of: slot, from: endpoint) {
        // Its names are taken: after an error of a later slot, it must not be asked for again.
        open.removeAll { $0 == slot }
      }
      // No slot could be listed: wait, then try again.
      if open.count == listings.count {
        let busy = ServerError(Array("TRYAGAIN the slots are on the move".utf8))
        throw TransferError(.refused(command: "CLUSTER GETKEYSINSLOT", busy), at: connection.server)
      }
      slots += open.reversed()
      failureCount = 0
    } catch {
      slots += open.reversed()
      try goOn(after: error, at: endpoint)
    }
  }

  /// Takes the names of a slot.
  ///
  /// - Returns: Whether they are all; if not, the slot must be asked for again.
  private func take(_ listing: SlotListing, of slot: UInt16, from endpoint: Endpoint) throws(TransferError) -> Bool {
    guard !listing.isCut else { return false }
    var found = listing.names
    switch listing.error?.kind {
    case nil: break
    case .moved(let moved, let host, let port):
      topology.move(moved, to: topology.endpoint(host: host, port: port, from: endpoint))
      return false
    case .ask(_, let host, let port):
      // A key that left the first node before it was listed is at the second one now.
      let target = topology.endpoint(host: host, port: port, from: endpoint)
      let listings: [SlotListing]
      do throws(TransferError) {
        let connection = try connection(to: target)
        listings = try SlotListing.list([slot], try SlotListing.counts(of: [slot], connection), connection)
      } catch {
        connections.removeValue(forKey: target)?.link.close()
        throw error
      }
      guard let other = listings.first, !other.isCut else { return false }
      found = Array(Set(found).union(other.names))
    default:
      guard let error = listing.error else { break }
      throw TransferError(.refused(command: "EXISTS", error), at: "\(endpoint)")
    }
    for name in found where sample?.contains(name.span.bytes) ?? true { names.append(Name(bytes: name)) }
    return true
  }

  // MARK: Keys

  /// Begins to read the next names, as far as they are at one node.
  private func beginBatch() throws {
    guard let first = names.first else { return }
    guard let endpoint = first.asked ?? master(of: first.bytes) else {
      let down = ServerError(Array("CLUSTERDOWN Hash slot not served".utf8))
      return try goOn(
        after: TransferError(.refused(command: "DUMP", down), at: "\(topology.connector.settings.address)"), at: nil)
    }
    let connection: Connection
    do throws(TransferError) { connection = try self.connection(to: endpoint) } catch {
      return try goOn(after: error, at: endpoint)
    }
    var (chosen, attemptCounts): ([[UInt8]], [[UInt8]: Int]) = ([], [:])
    while chosen.count < Self.nameLimit, let name = names.first, name.asked == first.asked,
      (name.asked ?? master(of: name.bytes)) == endpoint
    {
      chosen.append(name.bytes)
      if name.attemptCount > 0 { attemptCounts[name.bytes] = name.attemptCount }
      _ = names.popFirst()
    }
    let round = ScanRound(chosen, from: version, asking: first.asked != nil)
    batch = Batch(connection: connection, endpoint: endpoint, round: round, attemptCounts: attemptCounts)
  }

  private func master(of name: [UInt8]) -> Endpoint? {
    topology.map.master(of: UInt16(hashSlots.slot(of: name.span.bytes)))
  }

  /// Goes on by one reply.
  private func readBatch() throws {
    guard var batch else { return }
    self.batch = nil
    var event: ScanRound.Event?
    do throws(TransferError) {
      while let commands = batch.round.takeCommands() {
        try batch.connection.link.write(commands.flatMap { RESPText.command($0) })
      }
      if batch.round.isComplete {
        vanishedCount += batch.round.vanishedCount
        inexactCount += batch.round.inexactCount
        return
      }
      let reply = try batch.connection.receive()
      do throws(ScanRound.Failure) { event = try batch.round.receive(reply) } catch {
        throw batch.connection.failed(error)
      }
    } catch {
      vanishedCount += batch.round.vanishedCount
      inexactCount += batch.round.inexactCount
      for name in batch.round.takeNames() {
        names.append(Name(bytes: name, attemptCount: batch.attemptCounts[name] ?? 0))
      }
      return try goOn(after: error, at: batch.endpoint)
    }
    switch event {
    case .key(let key):
      failureCount = 0
      try snapshot.write(key, in: 0, from: batch.connection.server)
    case .refused(let name, let error): try follow(name, error, batch)
    case .unreadable(_, let error): throw error
    case nil: break
    }
    self.batch = batch
  }

  /// Has a key read again that its node did not give.
  private func follow(_ name: [UInt8], _ error: ServerError, _ batch: Batch) throws(TransferError) {
    let attempt = (batch.attemptCounts[name] ?? 0) + 1
    var asked: Endpoint?
    switch error.kind {
    case .moved(let slot, let host, let port):
      topology.move(slot, to: topology.endpoint(host: host, port: port, from: batch.endpoint))
    case .ask(_, let host, let port): asked = topology.endpoint(host: host, port: port, from: batch.endpoint)
    default:
      guard error.remedy == .waiting || error.remedy == .findingMaster else {
        throw batch.connection.refused(Array("DUMP".utf8), error)
      }
    }
    guard attempt <= Self.attemptLimit else {
      throw TransferError(.refused(command: "DUMP", error), at: batch.connection.server)
    }
    if error.remedy != .redirecting {
      Connector.pause(min(attempt, 3))
    } else if attempt > Self.attemptLimit / 2 {
      usleep(50_000)
    }
    names.append(Name(bytes: name, asked: asked, attemptCount: attempt))
  }
}
