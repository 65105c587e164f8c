import RDB

/// Commands that store the result of an operation on sets. The encoding of the result depends on how servers compute
/// it.
extension Execution {
  /// SUNIONSTORE.
  func storeUnion(_ command: ReplayCommand) throws {
    let result = ReplayedSet()
    for set in try sources(command) { set?.members.forEach { member, _ in result.add(member, limits) } }
    store(result, at: command[1])
  }

  /// SINTERSTORE.
  func storeIntersection(_ command: ReplayCommand) throws {
    let all = try sources(command)
    let existing = all.compactMap { $0 }
    guard existing.count == all.count else {
      remove(command[1])
      return
    }
    // The smallest set comes first; the sort is stable.
    let sets = existing.sorted { $0.members.count < $1.members.count }
    let smallest = sets[0]
    let result = ReplayedSet(encoding: limits.setEntries > 0 && smallest.encoding != .intset ? .listpack : .intset)
    smallest.members.forEach { member, _ in
      if sets.dropFirst().allSatisfy({ $0 === smallest || $0.contains(member) }) { result.add(member, limits) }
    }
    if limits.setEntries > 0, result.areIntegers, result.members.count <= limits.intsetEntries {
      result.encoding = .intset
    }
    store(result, at: command[1])
  }

  /// SDIFFSTORE.
  func storeDifference(_ command: ReplayCommand) throws {
    let sets = try sources(command)
    let others = sets.dropFirst().compactMap { $0 }
    let result = ReplayedSet()
    if let first = sets[0], !others.contains(where: { $0 === first }) {
      let size = first.members.count
      let searching = (size + size * others.count) / 2
      let removing = size + others.reduce(0) { $0 + $1.members.count }
      if searching <= removing {
        first.members.forEach { member, _ in
          if !others.contains(where: { $0.contains(member) }) { result.add(member, limits) }
        }
      } else {
        first.members.forEach { member, _ in result.add(member, limits) }
        for other in others { other.members.forEach { member, _ in result.remove(member) } }
      }
    }
    store(result, at: command[1])
  }

  /// The sets at the keys after the destination; `nil` for a key that does not exist.
  private func sources(_ command: ReplayCommand) throws -> [ReplayedSet?] {
    try command.arguments[2...].map { try set($0) }
  }

  /// Stores a result at a key, in place of any former value. An empty result deletes the key.
  private func store(_ result: ReplayedSet, at name: [UInt8]) {
    if result.isEmpty { remove(name) } else { set(name, .set(result)) }
  }
}
