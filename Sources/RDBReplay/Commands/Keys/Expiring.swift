import RDBFormat

extension Execution {
  /// EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT with NX, XX, GT and LT.
  ///
  /// A time in the past is stored like any other: a server that loads a file deletes no expired key.
  func expire(_ command: ReplayCommand) throws {
    let name = command.lowercased(0)
    let expiry = try time(
      command, 2, inSeconds: !name.hasPrefix("p"), isRelative: !name.hasSuffix("at"), mustBePositive: false)
    var conditions: Set<String> = []
    for index in 3..<max(3, command.count) {
      let word = command.lowercased(index)
      guard ["nx", "xx", "gt", "lt"].contains(word) else { throw CommandError.syntax }
      conditions.insert(word)
    }
    if conditions.contains("nx"), conditions.count > 1 { throw CommandError.syntax }
    if conditions.isSuperset(of: ["gt", "lt"]) { throw CommandError.syntax }
    guard let index = keys.index(of: command[1]) else { return }
    let former = keys[valueAt: index].expiry
    if conditions.contains("nx"), former != nil { return }
    if conditions.contains("xx"), former == nil { return }
    // A key without expiry counts as one with an infinite expiry.
    if conditions.contains("gt"), former.map({ expiry <= $0 }) ?? true { return }
    if conditions.contains("lt"), let former, expiry >= former { return }
    keys[valueAt: index].expiry = expiry
  }

  /// PERSIST.
  func persist(_ command: ReplayCommand) { setExpiry(command[1], nil) }
}
