import RESP

/// The master of each slot of a cluster.
package struct SlotMap: Hashable, Sendable {
  /// The number of slots of a cluster.
  package static let slotCount = 16384

  /// The master per slot; `nil` for a slot without a master.
  private var owners = [Endpoint?](repeating: nil, count: slotCount)

  /// Reads the reply to `CLUSTER SLOTS`. Returns `nil` if no server sends such a reply.
  ///
  /// - Parameter asked: The node that sent the reply. A node that does not know its own host leaves it out.
  package init?(_ reply: RESPValue, from asked: Endpoint) {
    guard let ranges = reply.elements else { return nil }
    for range in ranges {
      guard let parts = range.elements, parts.count >= 3, let first = parts[0].number, let last = parts[1].number,
        0 <= first, first <= last, last < Self.slotCount, let node = parts[2].elements, node.count >= 2,
        let port = node[1].port
      else { return nil }
      let host = node[0] == .null ? "" : node[0].text
      guard let host, host != "?" else { return nil }
      let endpoint = Endpoint(host: host.isEmpty ? asked.host : host, port: port)
      for slot in Int(first)...Int(last) {
        guard owners[slot] == nil else { return nil }
        owners[slot] = endpoint
      }
    }
  }

  /// The masters that have slots, in the order of their first slot.
  package var masters: [Endpoint] {
    var seen: Set<Endpoint> = []
    return owners.compactMap { $0 }.filter { seen.insert($0).inserted }
  }

  /// The number of slots without a master.
  package var uncoveredCount: Int { owners.count { $0 == nil } }

  /// The master of `slot`; `nil` if the slot has none, or if no cluster has the slot.
  package func master(of slot: UInt16) -> Endpoint? {
    slot < Self.slotCount ? owners[Int(slot)] : nil
  }

  /// Replaces the addresses of all masters.
  package mutating func replaceAddresses(_ reached: (Endpoint) -> Endpoint) {
    for slot in owners.indices { owners[slot] = owners[slot].map(reached) }
  }

  /// Gives `slot` to `endpoint`, as an error MOVED says.
  package mutating func move(_ slot: UInt16, to endpoint: Endpoint) {
    if slot < Self.slotCount { owners[Int(slot)] = endpoint }
  }
}
