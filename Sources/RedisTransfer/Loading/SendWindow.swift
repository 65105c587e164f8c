import RESP

/// The commands of one connection that are sent and not yet answered, grouped by key.
///
/// The window has no I/O. Its owner announces each key with ``beginKey(database:name:)``, asks ``hasRoom(for:)`` before
/// each command, and gives each reply to ``receive(_:)``. A server answers commands in their order, so each reply
/// belongs to the oldest command in flight.
///
/// The window holds at most ``Limits/commandCount`` commands, whose sizes are at most ``Limits/byteCount`` together. A
/// command that is larger than this limit is alone in the window.
package struct SendWindow: Sendable {
  /// The largest contents of a window.
  package struct Limits: Hashable, Sendable {
    /// The bytes of all commands in flight.
    package var byteCount = 1 << 20
    /// The number of commands in flight.
    package var commandCount = 4096

    package init() {}
  }

  /// The behaviour after an error that sending the command again cannot avoid.
  package enum ErrorPolicy: Hashable, Sendable { case stop, skip }

  /// A key of a database.
  package struct Key: Hashable, Sendable {
    package var database: UInt64
    package var name: [UInt8]

    package init(database: UInt64, name: [UInt8]) { (self.database, self.name) = (database, name) }
  }

  /// A command that the server refused.
  package struct Failure: Hashable, Sendable {
    package var key: Key
    /// The name of the command, such as `RESTORE`.
    package var command: [UInt8]
    package var error: ServerError
  }

  /// The reply belongs to no command: each command in flight has its reply already.
  package struct UnrequestedReply: Error, Hashable, Sendable {}

  private struct Command: Sendable {
    var name: [UInt8]
    var byteCount: Int
    var keyNumber: UInt64
  }

  private let limits: Limits
  private let policy: ErrorPolicy
  private var commands = ReplyQueue<Command>()
  private var keys = ReplyQueue<Key>()
  /// The number of the first key in ``keys``, counted from 0 at the first key of the window.
  private var firstKeyNumber: UInt64 = 0
  /// Whether more commands of the last key in ``keys`` may follow.
  private var isInsideKey = false

  /// The number of commands in flight.
  package var commandCount: Int { commands.count }
  /// The bytes of the commands in flight.
  package private(set) var byteCount = 0
  /// Whether an error ended the sending. Replies are still taken.
  package private(set) var isStopped = false
  /// The number of keys from the first on whose every command is answered: the key with this number is the first to be
  /// sent again after the connection is lost.
  ///
  /// A key with an error counts only if the error is skipped.
  package private(set) var answeredKeyCount: UInt64 = 0
  /// The last key of ``answeredKeyCount``; `nil` before the first one.
  package private(set) var lastAnsweredKey: Key?

  package init(limits: Limits = Limits(), onError policy: ErrorPolicy) {
    (self.limits, self.policy) = (limits, policy)
  }

  /// Begins a key. The commands that follow belong to it. The key before it is complete.
  package mutating func beginKey(database: UInt64, name: [UInt8]) {
    endKey()
    keys.append(Key(database: database, name: name))
    isInsideKey = true
  }

  /// Ends the current key: no more commands of it follow.
  package mutating func endKey() {
    guard isInsideKey else { return }
    isInsideKey = false
    advance()
  }

  /// Returns whether a command of `byteCount` bytes may be sent now. If not, it may be after some replies, or never if
  /// the window ``isStopped``.
  package func hasRoom(for byteCount: Int) -> Bool {
    guard !isStopped else { return false }
    guard !commands.isEmpty else { return true }
    return commands.count < limits.commandCount && byteCount <= limits.byteCount - self.byteCount
  }

  /// Adds a command of the current key, which is sent now.
  ///
  /// - Returns: Whether the window had room, and the command belongs to a key. If not, it must not be sent.
  package mutating func add(command name: [UInt8], byteCount: Int) -> Bool {
    guard isInsideKey, hasRoom(for: byteCount) else { return false }
    let keyNumber = firstKeyNumber + UInt64(keys.count - 1)
    commands.append(Command(name: name, byteCount: byteCount, keyNumber: keyNumber))
    self.byteCount += byteCount
    return true
  }

  /// Takes a reply, and returns the errors in it.
  ///
  /// The reply to EXEC has one error per command that failed. A message that the server sends without a request (a push)
  /// is no reply, and has no effect.
  ///
  /// - Throws: ``UnrequestedReply`` if no command is in flight. The connection must then be closed.
  package mutating func receive(_ reply: RESPValue) throws(UnrequestedReply) -> [Failure] {
    if case .push = reply { return [] }
    guard let command = commands.popFirst() else { throw UnrequestedReply() }
    byteCount -= command.byteCount
    let errors = Self.errors(in: reply)
    guard !errors.isEmpty else {
      advance()
      return []
    }
    // Each key of a command in flight is still in `keys`, because `advance` removes only answered ones.
    let key = keys[Int(command.keyNumber - firstKeyNumber)]
    if policy == .stop || errors.contains(where: { $0.remedy != .none }) { isStopped = true }
    advance()
    return errors.map { Failure(key: key, command: command.name, error: $0) }
  }

  /// Removes the keys from the front whose every command is answered.
  private mutating func advance() {
    guard !isStopped else { return }
    let firstUnanswered = commands.first?.keyNumber ?? .max
    let incompleteCount = isInsideKey ? 1 : 0
    while keys.count > incompleteCount, firstKeyNumber < firstUnanswered, let key = keys.popFirst() {
      lastAnsweredKey = key
      firstKeyNumber += 1
      answeredKeyCount += 1
    }
  }

  /// Returns the errors of a reply: the reply itself, or the elements of the reply to EXEC.
  private static func errors(in reply: RESPValue) -> [ServerError] {
    if let words = reply.errorBytes { return [ServerError(words)] }
    guard case .array(let elements) = reply else { return [] }
    return elements.compactMap { $0.errorBytes.map(ServerError.init) }
  }
}
