/// The positions of the keys among the arguments of a command.
package enum KeyPositions: Hashable, Sendable {
  /// The command has no key.
  case none
  /// Every `step`th argument from `first` to `last`; a negative `last` counts from the end (−1: the last argument).
  case range(first: Int, last: Int, step: Int)
  /// The argument at `count` is the number of keys that follow it. `also` is the index of a key before it, such as the
  /// destination of ZUNIONSTORE.
  case counted(count: Int, also: Int?)
  /// A function of the command finds the keys.
  case special(@Sendable (ReplayCommand) -> [Int])

  package static let first = KeyPositions.range(first: 1, last: 1, step: 1)
  package static let two = KeyPositions.range(first: 1, last: 2, step: 1)

  package static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.none, .none): true
    case (.range(let a, let b, let c), .range(let d, let e, let f)): (a, b, c) == (d, e, f)
    case (.counted(let a, let b), .counted(let c, let d)): a == c && b == d
    default: false
    }
  }
  package func hash(into hasher: inout Hasher) {}

  /// The indexes of the arguments that are keys. If arguments are missing, fewer indexes or none are returned.
  package func indexes(in command: ReplayCommand) -> [Int] {
    switch self {
    case .none: return []
    case .range(let first, var last, let step):
      if last < 0 { last += command.count }
      return first < command.count ? Array(stride(from: first, through: min(last, command.count - 1), by: step)) : []
    case .counted(let count, let also):
      guard count < command.count, let number = Int(String(decoding: command[count], as: UTF8.self)), number > 0 else {
        return []
      }
      return (also.map { [$0] } ?? [])
        + Array(count + 1..<count + 1 + min(number, max(0, command.count - count - 1)))
    case .special(let find): return find(command).filter { $0 < command.count }
    }
  }
}

/// What a command does when it is replayed.
package enum CommandAction: Sendable {
  /// It changes the keyspace.
  case native(@Sendable (Execution) -> (ReplayCommand) throws -> Void)
  /// It changes nothing, for example a read or PING.
  case noEffect
  /// Replaying it is not possible, for the reason given.
  case notReplayed(String)
}

/// A row of the table of commands.
package struct CommandRow: Sendable {
  /// The name in lower case.
  package let name: String
  /// The number of arguments, including the name. A negative number −n means at least n.
  package let arity: Int
  package let keys: KeyPositions
  package let action: CommandAction

  package init(
    _ name: String, _ arity: Int, _ keys: KeyPositions,
    _ run: @escaping @Sendable (Execution) -> (ReplayCommand) throws -> Void
  ) {
    (self.name, self.arity, self.keys, action) = (name, arity, keys, .native(run))
  }

  package init(_ name: String, _ arity: Int, _ keys: KeyPositions, _ action: CommandAction) {
    (self.name, self.arity, self.keys, self.action) = (name, arity, keys, action)
  }

  /// Whether a command with `count` arguments, its name included, fits ``arity``.
  package func accepts(argumentCount count: Int) -> Bool { arity < 0 ? count >= -arity : count == arity }
}

/// The table of all commands, by their names in lower case.
package enum CommandTable {
  package static let rows: [String: CommandRow] = Dictionary(
    uniqueKeysWithValues: (stringRows + keyRows + hashRows + listRows + setRows + sortedSetRows + streamRows
      + serverRows + rowsWithoutEffect + rowsNotReplayed).map { ($0.name, $0) })
}
