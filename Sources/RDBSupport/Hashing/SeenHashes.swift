/// The hashes of keys that were seen, in a limited amount of memory.
package struct SeenHashes: Sendable {
  package enum Insertion: Sendable { case new, seen, full }

  /// Open addressing; 0: free.
  private var slots = [UInt64](repeating: 0, count: 1024)
  private var count = 0
  private let byteCountLimit: Int

  package init(byteCountLimit: Int) { self.byteCountLimit = byteCountLimit }

  package mutating func insert(_ hash: UInt64) -> Insertion {
    if count * 2 >= slots.count {
      guard slots.count * 16 <= byteCountLimit else { return .full }
      let former = slots
      slots = [UInt64](repeating: 0, count: slots.count * 2)
      for hash in former where hash != 0 { slots[slot(of: hash)] = hash }
    }
    let hash = max(hash, 1)
    let slot = slot(of: hash)
    if slots[slot] == hash { return .seen }
    slots[slot] = hash
    count += 1
    return .new
  }

  private func slot(of hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0, slots[slot] != hash { slot = (slot + 1) & mask }
    return slot
  }
}
