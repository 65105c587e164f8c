import RESP

/// The replies of a target to one batch, or to the commands that watch the position.
///
/// The struct has no I/O.
///
///     MULTI → OK, each command → QUEUED, EXEC → an array, WATCH → OK, GET → the position
package struct BatchReplies: Sendable {
  /// An error of one command.
  package struct CommandError: Hashable, Sendable {
    /// The number of the command in the batch.
    package var command: Int
    package var error: ServerError
  }

  /// The effect of a transaction.
  package enum Effect: Hashable, Sendable {
    /// It was applied, apart from these commands.
    case applied([CommandError])
    /// Nothing was applied: these commands were refused, or the whole transaction.
    case discarded([CommandError], ServerError)
    /// Nothing was applied, because something else changed the position.
    case overtaken
  }

  /// All replies.
  package struct Result: Hashable, Sendable {
    /// `nil` if only the position was asked for.
    package var effect: Effect?
    /// The value of the key that stores the position; `nil`: there is none.
    package var storedText: [UInt8]?
  }

  private enum Step: Sendable { case multi, queued(Int), exec, watch, get }

  private let commandCount: Int
  private var step: Step
  private var queueErrors: [CommandError] = []
  private var effect: Effect?

  /// - Parameter commandCount: The number of commands between MULTI and EXEC; `nil`: only WATCH and GET were sent.
  package init(commandCount: Int?) {
    self.commandCount = commandCount ?? 0
    step = commandCount == nil ? .watch : .multi
  }

  /// Takes the replies that have arrived.
  ///
  /// - Returns: The result; `nil` until all replies have arrived.
  /// - Throws: `RESPError`, or ``Handshake/Failure`` for a reply that no server sends.
  package mutating func receive(from decoder: inout RESPDecoder) throws -> Result? {
    while true {
      if case .queued(let count) = step, count < commandCount {
        let skipped = decoder.skipSuccesses(atMost: commandCount - count)
        step = count + skipped == commandCount ? .exec : .queued(count + skipped)
        if skipped > 0 { continue }
      }
      guard let reply = try decoder.next() else { return nil }
      if case .push = reply { continue }
      if let result = try take(reply) { return result }
    }
  }

  private mutating func take(_ reply: RESPValue) throws(Handshake.Failure) -> Result? {
    switch step {
    case .multi:
      if let words = reply.errorBytes { throw .refused(command: "MULTI", ServerError(words)) }
      step = commandCount == 0 ? .exec : .queued(0)
    case .queued(let count):
      guard let words = reply.errorBytes else { throw .unexpectedReply(command: "MULTI") }
      queueErrors.append(CommandError(command: count, error: ServerError(words)))
      step = count + 1 == commandCount ? .exec : .queued(count + 1)
    case .exec:
      effect = try effect(reply)
      step = .watch
    case .watch:
      if let words = reply.errorBytes { throw .refused(command: "WATCH", ServerError(words)) }
      step = .get
    case .get:
      if let words = reply.errorBytes { throw .refused(command: "GET", ServerError(words)) }
      guard reply == .null || reply.bytes != nil else { throw .unexpectedReply(command: "GET") }
      return Result(effect: effect, storedText: reply.bytes)
    }
    return nil
  }

  private func effect(_ reply: RESPValue) throws(Handshake.Failure) -> Effect {
    if let words = reply.errorBytes { return .discarded(queueErrors, Self.reason(words)) }
    if reply == .null { return .overtaken }
    guard queueErrors.isEmpty, let elements = reply.elements, elements.count == commandCount else {
      throw .unexpectedReply(command: "EXEC")
    }
    var errors: [CommandError] = []
    for (index, element) in elements.enumerated() {
      if let words = element.errorBytes { errors.append(CommandError(command: index, error: ServerError(words))) }
    }
    return .applied(errors)
  }

  /// Reads the error of EXEC, which can contain another one: `EXECABORT Transaction discarded because of: READONLY …`
  private static func reason(_ words: [UInt8]) -> ServerError {
    let start = Array("EXECABORT Transaction discarded because of: ".utf8)
    return ServerError(words.starts(with: start) ? Array(words.dropFirst(start.count)) : words)
  }
}
