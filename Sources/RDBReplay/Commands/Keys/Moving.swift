import RDB

extension ReplayCommand {
  /// The index of the argument with the number of another database, in MOVE and in COPY with DB; `nil`: there is none.
  ///
  /// - Parameter name: The command's own name, in lower case.
  func otherDatabaseIndex(_ name: String) -> Int? {
    switch name {
    case "move": 2
    case "copy": (4..<max(4, count)).first { isWord($0 - 1, "db") }
    default: nil
    }
  }
}

extension Execution {
  /// RENAME, RENAMENX.
  func rename(_ command: ReplayCommand) throws {
    let isConditional = command.lowercased(0) == "renamenx"
    guard exists(command[1]) else { throw CommandError.noSuchKey }
    if command[1] == command[2] || isConditional && exists(command[2]) { return }
    guard let key = remove(command[1]) else { return }
    put(command[2], key)
  }

  /// COPY source destination [DB number] [REPLACE].
  func copy(_ command: ReplayCommand) throws {
    var target = database
    var replaces = false
    var index = 3
    while index < command.count {
      if command.isWord(index, "replace") {
        replaces = true
      } else if command.isWord(index, "db"), index + 1 < command.count {
        target = try command.databaseNumber(index + 1, of: options)
        index += 1
      } else {
        throw CommandError.syntax
      }
      index += 1
    }
    if target == database, command[1] == command[2] { throw CommandError("source and destination are the same") }
    guard let source = try key(command[1]) else { return }
    let origin = database
    database = target
    defer { database = origin }
    if exists(command[2]), !replaces { return }
    var copied = ReplayedKey(source.value.copied(), expiry: source.expiry)
    copied.attributes.metadata = source.attributes.metadata
    put(command[2], copied)
  }

  /// MOVE key number.
  func move(_ command: ReplayCommand) throws {
    let target = try command.databaseNumber(2, of: options)
    if target == database { throw CommandError("source and destination are the same") }
    guard exists(command[1]) else { return }
    let origin = database
    database = target
    let isTaken = exists(command[1])
    database = origin
    if isTaken { return }
    guard let key = remove(command[1]) else { return }
    database = target
    put(command[1], key)
    database = origin
  }

  /// SWAPDB number number.
  func swapDatabases(_ command: ReplayCommand) throws {
    let first = try command.databaseNumber(1, of: options)
    let second = try command.databaseNumber(2, of: options)
    if first == second { return }
    let origin = database
    database = first
    let firstKeys = keys
    keys = ByteTable()
    database = second
    let secondKeys = keys
    keys = firstKeys
    database = first
    keys = secondKeys
    database = origin
  }

  /// SELECT number.
  func select(_ command: ReplayCommand) throws { database = try command.databaseNumber(1, of: options) }
}
