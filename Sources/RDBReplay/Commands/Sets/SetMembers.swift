import RDB

extension Execution {
  /// SADD.
  func addMembers(_ command: ReplayCommand) throws {
    let members = command.arguments[2...]
    let set = try setToFill(command[1], first: command[2], count: members.count)
    set.prepare(adding: members.count, limits)
    for member in members { set.add(member, limits) }
  }

  /// SREM.
  func removeMembers(_ command: ReplayCommand) throws {
    guard let set = try set(command[1]) else { return }
    for member in command.arguments[2...] { set.remove(member) }
    removeIfEmpty(command[1], set)
  }

  /// SMOVE.
  func moveMember(_ command: ReplayCommand) throws {
    guard let source = try set(command[1]) else { return }
    _ = try set(command[2])
    guard command[1] != command[2], source.remove(command[3]) else { return }
    removeIfEmpty(command[1], source)
    try setToFill(command[2], first: command[3], count: 1).add(command[3], limits)
  }

  /// SPOP. Servers write SREM or DEL instead. The effect is known only if SPOP removes all members.
  func popMembers(_ command: ReplayCommand) throws {
    guard command.count <= 3 else { throw CommandError.syntax }
    let count = command.count == 3 ? try command.integer(2) : 1
    guard count >= 0 else { throw CommandError.outOfRange }
    guard let set = try set(command[1]), count > 0 else { return }
    guard count >= Int64(set.members.count) else { throw NotReplayed("it removes members at random") }
    remove(command[1])
  }

  /// The set at a key, which is created if it does not exist: the command will add members.
  ///
  /// - Parameters:
  ///   - first: The first of the new members.
  ///   - count: Their number.
  /// - Throws: ``CommandError/wrongType``.
  private func setToFill(_ name: [UInt8], first: [UInt8], count: Int) throws -> ReplayedSet {
    if let set = try set(name) { return set }
    set(name, .set(ReplayedSet(encoding: ReplayedSet.encoding(first: first, count: count, limits))))
    return try set(name)!
  }
}

extension ReplayedSet {
  /// The encoding of a set that a command creates with `count` members.
  static func encoding(first: [UInt8], count: Int, _ limits: EncodingLimits) -> ObjectEncoding {
    let isInteger = canonicalInteger(first) != nil
    guard limits.setEntries > 0 else { return isInteger ? .intset : .hashtable }
    if isInteger, count <= limits.intsetEntries { return .intset }
    return count <= limits.setEntries ? .listpack : .hashtable
  }
}
