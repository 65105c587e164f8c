import RDBSupport
import RESP

/// What a node tells about a slot: the names of its keys, and then whether the node still has the slot.
struct SlotListing {
  var names: [[UInt8]]
  /// Whether there can be more names.
  var isCut: Bool
  /// The error of a key of the slot that does not exist; `nil`: the node has the slot, and it does not move.
  var error: ServerError?

  /// A name per slot, which a cluster hardly has.
  private static let probes: [String] = {
    let slots = HashSlots()
    var (names, left, number) = ([String](repeating: "", count: SlotMap.slotCount), SlotMap.slotCount, 0)
    while left > 0 {
      let slot = slots.slot(ofHashed: Array("\(number)".utf8).span.bytes)
      if names[slot].isEmpty {
        names[slot] = "{\(number)}:swift-rdb-probe"
        left -= 1
      }
      number += 1
    }
    return names
  }()

  /// Asks how many keys slots have.
  static func counts(of slots: [UInt16], _ connection: Connection) throws(TransferError) -> [Int] {
    for slot in slots { try connection.link.write(RESPText.command("CLUSTER", "COUNTKEYSINSLOT", "\(slot)")) }
    var counts: [Int] = []
    for _ in slots {
      let reply = try connection.receive()
      if let words = reply.errorBytes { throw connection.refused(Array("CLUSTER".utf8), ServerError(words)) }
      guard let count = reply.number, count >= 0 else {
        throw TransferError(.unexpectedReply(command: "CLUSTER COUNTKEYSINSLOT"), at: connection.server)
      }
      counts.append(Int(min(count, 1 << 32)))
    }
    return counts
  }

  /// Asks a node for the names of slots.
  ///
  /// - Parameter counts: The numbers of keys that they had a moment ago.
  static func list(_ slots: [UInt16], _ counts: [Int], _ connection: Connection) throws(TransferError) -> [SlotListing]
  {
    // Keys may be added meanwhile.
    let limits = counts.map { $0 + $0 / 4 + 1000 }
    for (slot, limit) in zip(slots, limits) {
      try connection.link.write(
        RESPText.command("CLUSTER", "GETKEYSINSLOT", "\(slot)", "\(limit)")
          + RESPText.command("EXISTS", probes[Int(slot)]))
    }
    var listings: [SlotListing] = []
    for limit in limits {
      let reply = try connection.receive()
      let state = try connection.receive()
      if let words = reply.errorBytes { throw connection.refused(Array("CLUSTER".utf8), ServerError(words)) }
      var names: [[UInt8]] = []
      for name in reply.elements ?? [] {
        guard let bytes = name.bytes else {
          throw TransferError(.unexpectedReply(command: "CLUSTER GETKEYSINSLOT"), at: connection.server)
        }
        names.append(bytes)
      }
      listings.append(
        SlotListing(names: names, isCut: names.count >= limit, error: state.errorBytes.map { ServerError($0) }))
    }
    return listings
  }
}
