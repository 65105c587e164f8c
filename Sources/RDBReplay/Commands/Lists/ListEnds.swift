import RDB

/// Commands that add and remove elements at the ends of lists. A server that loads a file does not wait in BLPOP and
/// the like.
extension Execution {
  /// LPUSH, RPUSH, LPUSHX and RPUSHX.
  func pushElements(_ command: ReplayCommand) throws {
    let mustExist = command[0].count == 6
    if try list(command[1]) == nil, mustExist { return }
    let list = try listToFill(command[1])
    let elements = command.arguments[2...]
    list.prepare(adding: elements.reduce(0) { $0 + $1.count })
    for element in elements { list.push(element, atHead: command.isAtHead) }
  }

  /// LPOP and RPOP.
  func popElements(_ command: ReplayCommand) throws {
    guard command.count <= 3 else { throw CommandError.wrongArgumentCount }
    let count = command.count == 3 ? try command.integer(2) : 1
    guard count >= 0 else { throw CommandError.outOfRange }
    if let list = try list(command[1]) { pop(command[1], list, count: count, atHead: command.isAtHead) }
  }

  /// LMPOP and BLMPOP.
  func popElementsOfFirstList(_ command: ReplayCommand) throws {
    let first = command.isWord(0, "blmpop") ? 2 : 1
    if first == 2 { try checkTimeout(command, 1) }
    let pop = try PopOfFirstKey(command, numberOfKeysAt: first, ends: ("left", "right"))
    for key in pop.keys {
      guard let list = try list(key) else { continue }
      return self.pop(key, list, count: pop.count, atHead: pop.isFirstEnd)
    }
  }

  /// BLPOP and BRPOP.
  func popFirstAvailableElement(_ command: ReplayCommand) throws {
    try checkTimeout(command, command.count - 1)
    for key in command.arguments[1..<command.count - 1] {
      guard let list = try list(key) else { continue }
      return pop(key, list, count: 1, atHead: command.isWord(0, "blpop"))
    }
  }

  /// LMOVE, BLMOVE, RPOPLPUSH and BRPOPLPUSH.
  func moveElement(_ command: ReplayCommand) throws {
    var (fromHead, toHead) = (false, true)
    if command.count >= 5 {
      fromHead = try end(command, 3)
      toHead = try end(command, 4)
    }
    if command.count.isMultiple(of: 2) { try checkTimeout(command, command.count - 1) }
    guard let source = try list(command[1]) else { return }
    _ = try list(command[2])
    let element = source.pop(atHead: fromHead)
    // Source and destination can be the same list: an empty source is deleted only at the end.
    let target = try listToFill(command[2])
    target.prepare(adding: canonicalInteger(element) == nil ? element.count : 0)
    target.push(element, atHead: toHead)
    source.convertIfShrunken()
    removeIfEmpty(command[1], source)
  }

  /// The list at a key, which is created if it does not exist: the command will add an element.
  ///
  /// - Throws: ``CommandError/wrongType``.
  private func listToFill(_ name: [UInt8]) throws -> ReplayedList {
    if let list = try list(name) { return list }
    set(name, .list(ReplayedList(limits)))
    return try list(name)!
  }

  private func pop(_ name: [UInt8], _ list: ReplayedList, count: Int64, atHead: Bool) {
    let count = Int(min(count, Int64(list.count)))
    guard count > 0 else { return }
    list.removeRange(at: atHead ? 0 : list.count - count, count: count)
    list.convertIfShrunken()
    removeIfEmpty(name, list)
  }

  /// Whether an argument names the head (LEFT), not the end (RIGHT).
  private func end(_ command: ReplayCommand, _ index: Int) throws(CommandError) -> Bool {
    if command.isWord(index, "left") { return true }
    guard command.isWord(index, "right") else { throw .syntax }
    return false
  }

  /// Checks the timeout of a command that blocks on a live server.
  func checkTimeout(_ command: ReplayCommand, _ index: Int) throws(CommandError) {
    guard let seconds = FloatText.longDouble(command[index]) else { throw .notFloat }
    guard seconds >= 0, seconds * 1000 < 9.2e18 else { throw .outOfRange }
  }
}

extension ReplayCommand {
  /// Whether the command changes the head of a list: LPUSH, LPUSHX, LPOP.
  fileprivate var isAtHead: Bool { arguments[0][0] | 0x20 == UInt8(ascii: "l") }
}

/// The arguments of LMPOP and ZMPOP, and of their blocking forms: keys, the end to remove from, and how many to remove.
struct PopOfFirstKey {
  let keys: ArraySlice<[UInt8]>
  let isFirstEnd: Bool
  private(set) var count: Int64 = 1

  /// - Parameters:
  ///   - index: The index of the number of keys.
  ///   - ends: The two words for the ends.
  init(
    _ command: ReplayCommand, numberOfKeysAt index: Int, ends: (StaticString, StaticString)
  ) throws(CommandError) {
    let number = try command.integer(index)
    guard number > 0 else { throw .outOfRange }
    guard number < Int64(command.count - index - 1) else { throw .syntax }
    let end = index + 1 + Int(number)
    keys = command.arguments[index + 1..<end]
    isFirstEnd = command.isWord(end, ends.0)
    guard isFirstEnd || command.isWord(end, ends.1) else { throw .syntax }
    guard command.count > end + 1 else { return }
    guard command.count == end + 3, command.isWord(end + 1, "count") else { throw .syntax }
    count = try command.integer(end + 2)
    guard count > 0 else { throw .outOfRange }
  }
}
