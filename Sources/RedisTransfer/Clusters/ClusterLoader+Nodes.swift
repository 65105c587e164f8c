import RDBSupport

/// Connections to the masters, and what becomes of keys when one is lost.
extension ClusterLoader {
  /// The number of times that the input is sent from its beginning because a node was started anew.
  private static let restartLimit = 3

  func connectAll() throws {
    for endpoint in topology.map.masters {
      var attempt = 0
      while nodes[endpoint] == nil {
        do { _ = try node(at: endpoint) } catch let error as TransferError {
          guard error.canRetry, attempt < topology.connector.settings.retryCount else { throw error }
          onReconnect(error)
          Connector.pause(attempt)
          attempt += 1
          // The node may have another master by now.
          try? topology.refresh(avoiding: endpoint)
          if !topology.map.masters.contains(endpoint) { return try connectAll() }
        }
      }
    }
  }

  /// Returns the node at an address, to which it connects if necessary.
  ///
  /// - Throws: ``TransferError``, or ``LoadStop`` if the node lost keys.
  func node(at endpoint: Endpoint) throws -> ClusterNode {
    if let node = nodes[endpoint] { return node }
    let connection = try topology.connect(to: endpoint)
    let node = try ClusterNode(connection, at: endpoint, countsKept: options.existingKeys != .replaced)
    if let earlier = lostClients.removeValue(forKey: endpoint) { try node.end(earlier) }
    (nodes[endpoint], unreachable[endpoint]) = (node, nil)
    if lostMasters[endpoint] != nil { reconnectionCount += 1 }
    try requireKeys(node)
    return node
  }

  /// Has the input read again if a node lost keys: it was started anew, or has slots of a lost master without being a former
  /// replica of it.
  private func requireKeys(_ node: ClusterNode) throws {
    let earlier = processes[node.endpoint]
    processes[node.endpoint] = node.client?.process
    if let earlier, let process = node.client?.process {
      guard process.continues(earlier, withReplicas: options.replicaCount > 0) else { throw try restarted() }
    }
    lostMasters[node.endpoint] = nil
    try requireKeysOfLost()
  }

  /// Requires that one of the nodes that have the slots of a lost master now is a former replica of it. Else, the slots
  /// may have lost keys.
  ///
  /// - Parameter connects: Whether nodes are connected to for that. If not, a lost master whose slots belong to a node that
  ///   was not used yet is looked at later.
  /// - Returns: Whether this is known of each lost master.
  @discardableResult
  func requireKeysOfLost(connecting connects: Bool = false) throws -> Bool {
    var isKnown = true
    for (endpoint, slots) in lostMasters {
      guard let lost = processes[endpoint] else { continue }
      let owners = Set(slots.compactMap { topology.map.master(of: $0) })
      guard !owners.isEmpty else {
        isKnown = false
        continue
      }
      if connects { for owner in owners { try onNode(owner, connecting: true) { _ in } } }
      let found = owners.compactMap { nodes[$0]?.client?.process }
      if found.contains(where: { $0.continues(lost, withReplicas: options.replicaCount > 0) }) {
        (lostMasters[endpoint], processes[endpoint]) = (nil, nil)
        reconnectionCount += 1
      } else if owners.allSatisfy({ nodes[$0] != nil }) {
        throw try restarted()
      } else {
        isKnown = false
      }
    }
    return isKnown
  }

  private func restarted() throws -> LoadStop {
    hasServerRestarted = true
    restartCount += 1
    guard restartCount <= Self.restartLimit else { throw LoadStop.serverRestarts(restartCount) }
    return .mustReread(fromKey: 0)
  }

  /// Runs `body` with the node at an address; if the connection is lost in it, has its keys wait.
  ///
  /// - Parameters:
  ///   - number: A key that is about to be sent, and then waits too.
  ///   - connects: Whether a new connection is made if there is none. A key that is about to be sent needs one.
  func onNode(
    _ endpoint: Endpoint, losing number: Int? = nil, connecting connects: Bool = false,
    _ body: (ClusterNode) throws -> Void
  ) throws {
    if nodes[endpoint] == nil {
      guard number != nil || connects else { return }
      if let due = unreachable[endpoint], MonotonicTime.now < due, let number {
        return keys.wait(number, until: due)
      }
    }
    do { try body(try node(at: endpoint)) } catch let error as TransferError {
      guard error.canRetry else { throw error }
      try lose(endpoint, error, with: number)
    }
  }

  /// Gives up the connection to a node, and has the keys that it may not have wait.
  private func lose(_ endpoint: Endpoint, _ error: TransferError, with number: Int?) throws {
    onReconnect(error)
    reconnectionTime = MonotonicTime.now
    var numbers: Set<Int> = []
    if let node = nodes[endpoint] {
      numbers = Set(try takeLastReplies(node))
      retire(node)
      nodes[endpoint] = nil
      lostMasters[endpoint] = topology.slots(of: endpoint)
    }
    var last = 1
    for number in numbers.union(number.map { [$0] } ?? []) { last = max(last, keys.countAttempt(number)) }
    guard last <= topology.connector.settings.retryCount else { throw GaveUp(error: error) }
    let due = MonotonicTime.now + Self.pause(last)
    unreachable[endpoint] = due
    for number in numbers.sorted() { waitAgain(number, until: due) }
    if let number { keys.wait(number, until: due) }
    do throws(TransferError) { try topology.refresh(avoiding: endpoint) } catch {
      guard error.canRetry else { throw error }
    }
    try requireKeysOfLost()
  }

  /// Takes the replies that arrived before a connection was lost: what they confirm is not sent again.
  ///
  /// - Returns: The keys without a reply.
  private func takeLastReplies(_ node: ClusterNode) throws -> [Int] {
    do { while try node.takeArrived() { try takeReplies(node) } } catch is TransferError {}
    return node.unconfirmed + node.replies.numbers
  }

  func retire(_ node: ClusterNode) {
    if let client = node.client { lostClients[node.endpoint] = client }
    node.close()
  }
}
