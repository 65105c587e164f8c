import RDB
import RDBFormat

extension CommandError {
  static let notANumber = CommandError("the resulting score is not a number")
}

/// The options of ZADD.
private struct AddOptions {
  var isNew = false
  var exists = false
  var isGreater = false
  var isLess = false
  var increments = false
}

extension Execution {
  /// ZADD.
  func addScoredMembers(_ command: ReplayCommand) throws {
    var options = AddOptions()
    var index = 2
    options: while index < command.count {
      switch command.lowercased(index) {
      case "nx": options.isNew = true
      case "xx": options.exists = true
      case "gt": options.isGreater = true
      case "lt": options.isLess = true
      case "incr": options.increments = true
      case "ch": break
      default: break options
      }
      index += 1
    }
    guard index < command.count, (command.count - index).isMultiple(of: 2) else { throw CommandError.syntax }
    if options.isNew, options.exists || options.isGreater || options.isLess { throw CommandError.syntax }
    if options.isGreater, options.isLess { throw CommandError.syntax }
    if options.increments, command.count - index > 2 { throw CommandError.syntax }
    var members: [(member: [UInt8], score: Double)] = []
    for index in stride(from: index, to: command.count, by: 2) {
      members.append((command[index + 1], try command.double(index, limits)))
    }
    try add(members, to: command[1], options)
  }

  /// ZINCRBY.
  func incrementScore(_ command: ReplayCommand) throws {
    var options = AddOptions()
    options.increments = true
    try add([(command[3], try command.double(2, limits))], to: command[1], options)
  }

  /// Adds members with the options NX, XX or none, as GEOADD does.
  func add(
    _ members: [(member: [UInt8], score: Double)], to name: [UInt8], isNew: Bool, exists: Bool
  ) throws {
    var options = AddOptions()
    (options.isNew, options.exists) = (isNew, exists)
    try add(members, to: name, options)
  }

  private func add(
    _ members: [(member: [UInt8], score: Double)], to name: [UInt8], _ options: AddOptions
  ) throws {
    let former = try zset(name)
    if former == nil, options.exists { return }
    // INCR is limited to one member, so that an error leaves the key unchanged.
    if options.increments, let score = former?.scores[members[0].member], (score + members[0].score).isNaN {
      if !options.isNew { throw CommandError.notANumber }
    }
    if former == nil { set(name, .zset(ReplayedSortedSet(limits))) }
    let zset = try zset(name)!
    zset.prepare(for: members, isNew: former == nil, limits)
    for (member, score) in members {
      guard let current = zset.scores[member] else {
        if !options.exists { zset.add(member, score, limits) }
        continue
      }
      let new = options.increments ? current + score : score
      if options.isNew || options.isGreater && new <= current || options.isLess && new >= current { continue }
      zset.add(member, new, limits)
    }
  }

  /// ZREM.
  func removeScoredMembers(_ command: ReplayCommand) throws {
    guard let zset = try zset(command[1]) else { return }
    for member in command.arguments[2...] { zset.remove(member) }
    removeIfEmpty(command[1], zset)
  }

  // MARK: Ranges

  /// ZREMRANGEBYRANK.
  func removeRanks(_ command: ReplayCommand) throws {
    let (start, end) = (try command.integer(2), try command.integer(3))
    guard let zset = try zset(command[1]) else { return }
    remove(indexRange(from: start, through: end, count: zset.count), from: zset, at: command[1])
  }

  /// ZREMRANGEBYSCORE.
  func removeScoreRange(_ command: ReplayCommand) throws {
    let range = try ScoreRange(command, from: 2, through: 3, limits)
    guard let zset = try zset(command[1]) else { return }
    remove(zset.ranks(range), from: zset, at: command[1])
  }

  /// ZREMRANGEBYLEX.
  func removeNameRange(_ command: ReplayCommand) throws {
    let range = try NameRange(command, from: 2, through: 3)
    guard let zset = try zset(command[1]) else { return }
    remove(zset.ranks(range), from: zset, at: command[1])
  }

  private func remove(_ ranks: Range<Int>, from zset: ReplayedSortedSet, at name: [UInt8]) {
    for entry in zset.order.members(ranks) { zset.remove(entry.member) }
    removeIfEmpty(name, zset)
  }

  // MARK: Ends

  /// ZPOPMIN and ZPOPMAX.
  func popScoredMembers(_ command: ReplayCommand) throws {
    guard command.count <= 3 else { throw CommandError.syntax }
    let count = command.count == 3 ? try command.integer(2) : 1
    guard count >= 0 else { throw CommandError.outOfRange }
    if let zset = try zset(command[1]) { pop(command[1], zset, count: count, fromMinimum: command.isAboutMinimum) }
  }

  /// ZMPOP and BZMPOP.
  func popScoredMembersOfFirstKey(_ command: ReplayCommand) throws {
    let first = command.isWord(0, "bzmpop") ? 2 : 1
    if first == 2 { try checkTimeout(command, 1) }
    let pop = try PopOfFirstKey(command, numberOfKeysAt: first, ends: ("min", "max"))
    for key in pop.keys {
      guard let zset = try zset(key) else { continue }
      return self.pop(key, zset, count: pop.count, fromMinimum: pop.isFirstEnd)
    }
  }

  /// BZPOPMIN and BZPOPMAX.
  func popFirstAvailableMember(_ command: ReplayCommand) throws {
    try checkTimeout(command, command.count - 1)
    for key in command.arguments[1..<command.count - 1] {
      guard let zset = try zset(key) else { continue }
      return pop(key, zset, count: 1, fromMinimum: command.isAboutMinimum)
    }
  }

  private func pop(_ name: [UInt8], _ zset: ReplayedSortedSet, count: Int64, fromMinimum: Bool) {
    let count = Int(min(count, Int64(zset.count)))
    remove(fromMinimum ? 0..<count : zset.count - count..<zset.count, from: zset, at: name)
  }
}

extension ReplayCommand {
  /// Whether the command is ZPOPMIN or BZPOPMIN.
  fileprivate var isAboutMinimum: Bool { arguments[0][arguments[0].count - 1] | 0x20 == UInt8(ascii: "n") }
}

extension ReplayedSortedSet {
  /// Changes the encoding before members are added, as servers do at the beginning of a command.
  fileprivate func prepare(
    for members: [(member: [UInt8], score: Double)], isNew: Bool, _ limits: EncodingLimits
  ) {
    guard encoding != .skiplist, limits.server.isAtLeast(7, 2) else { return }
    let comparesLengths = limits.server.isAtLeast(.max, 0, valkey: (8, 1))
    if members.count > limits.zsetEntries
      || comparesLengths && members.contains(where: { $0.member.count > limits.zsetByteCount })
    {
      encoding = .skiplist
    }
  }
}
