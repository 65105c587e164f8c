import RDBSupport
import RESP

/// The keys in flight on the connection to one node of a cluster, and the replies to them.
///
/// Each key is a unit of its own, so that each can be sent to another node. The struct has no I/O: its owner announces with
/// ``sent(_:number:asking:)`` each unit that it sends, and gives the replies to ``receive(from:)``.
package struct NodeReplies: Sendable {
  /// The result of a key.
  package enum Outcome: Hashable, Sendable {
    /// The server has the key.
    case done
    /// The server kept a key that exists.
    case kept
    /// The key was not written, and must be sent again: later, or to another node.
    case redirected(ServerError)
    /// The server refused a command.
    ///
    /// - Parameter isPartial: Whether other commands of the transaction were executed.
    case refused(command: [UInt8], ServerError, isPartial: Bool)
    /// A key that is watched changed before the transaction, which did nothing.
    case changed
  }

  /// What the replies say.
  package enum Event: Hashable, Sendable {
    case ended(number: Int, KeyUnit, Outcome)
    /// The reply to WAIT: the number of replicas that have every key before it.
    case replicated(Int)
    case waitFailed(ServerError)
    /// An error in the reply to the write before WAIT.
    case ownWriteFailed(ServerError)
  }

  private struct UnitInFlight: Sendable {
    /// The unit; of a key of several units, the first one.
    var unit: KeyUnit
    var number: Int
    /// The number of replies that are due, that to ASKING included.
    var replyCount: Int
    var isTransaction: Bool
    var isAsking: Bool
    var answeredCount = 0
    var isKept = false
    var hasChanged = false
    var redirection: ServerError?
    var refusal: (command: Int, error: ServerError)?
    var isPartial = false

    /// The number of the command in the unit that the next reply belongs to; −1: ASKING.
    var command: Int { answeredCount - (isAsking ? 1 : 0) }
  }

  private enum Item: Sendable { case unit(UnitInFlight), ownWrite, wait }

  private let countsKept: Bool
  private var items = Queue<Item>()
  private var pushCount = 0

  /// The bytes of the units in flight.
  package private(set) var byteCount = 0
  /// The number of commands of the units in flight.
  package private(set) var commandCount = 0

  /// - Parameter countsKept: Whether the commands keep existing keys, and their replies tell so.
  package init(countsKept: Bool) { self.countsKept = countsKept }

  package var isEmpty: Bool { items.isEmpty }

  /// The numbers of all units in flight, in their order.
  package var numbers: [Int] {
    (0..<items.count).compactMap { index in if case .unit(let unit) = items[index] { unit.number } else { nil } }
  }

  /// Returns whether a unit may be sent now. One that is larger than the limits is alone in flight.
  package func hasRoom(for unit: KeyUnit, within limits: SentUnits.Limits) -> Bool {
    if items.isEmpty { return true }
    return unit.bytes.count <= limits.byteCount - byteCount && unit.commandCount <= limits.commandCount - commandCount
  }

  /// Adds a unit with one key, which is sent now.
  ///
  /// - Parameters:
  ///   - isAsking: Whether ASKING is sent before it.
  ///   - total: The number of commands of all units of the key; `nil`: those of this one.
  package mutating func sent(_ unit: KeyUnit, number: Int, asking isAsking: Bool, commandCount total: Int? = nil) {
    byteCount += unit.bytes.count
    commandCount += unit.commandCount
    let replyCount = (total ?? unit.commandCount) + (isAsking ? 1 : 0)
    items.append(
      .unit(
        UnitInFlight(
          unit: unit, number: number, replyCount: replyCount, isTransaction: unit.isTransaction, isAsking: isAsking)))
  }

  /// Adds a write of a temporary key, which is sent now, before WAIT.
  package mutating func sentOwnWrite() { items.append(.ownWrite) }

  /// Adds WAIT, which is sent now.
  package mutating func sentWait() { items.append(.wait) }

  /// Takes all complete replies.
  ///
  /// - Throws: `RESPError` or ``SentUnits/UnrequestedReply``. The connection must then be closed.
  package mutating func receive(from decoder: inout RESPDecoder) throws -> [Event] {
    var events: [Event] = []
    while true {
      if case .unit(var first)? = items.first {
        let left = first.replyCount - first.answeredCount
        let count = decoder.skipSuccesses(atMost: left, stoppingAtZero: countsKept)
        if count > 0 {
          first.answeredCount += count
          if count == left {
            end(first, &events)
            continue
          }
          items[0] = .unit(first)
        }
      }
      guard let reply = try decoder.next() else { return events }
      if case .push = reply {
        pushCount += 1
        guard pushCount <= Connection.pushLimit else { throw SentUnits.UnrequestedReply() }
        continue
      }
      switch items.first {
      case nil: throw SentUnits.UnrequestedReply()
      case .wait:
        _ = items.popFirst()
        if let count = reply.number {
          events.append(.replicated(Int(clamping: count)))
        } else {
          events.append(.waitFailed(ServerError(reply.errorBytes ?? Array("no number".utf8)).withoutArguments()))
        }
      case .ownWrite:
        _ = items.popFirst()
        if let words = reply.errorBytes { events.append(.ownWriteFailed(ServerError(words).withoutArguments())) }
      case .unit(var first):
        take(reply, &first)
        first.answeredCount += 1
        if first.answeredCount >= first.replyCount { end(first, &events) } else { items[0] = .unit(first) }
      }
    }
  }

  private func take(_ reply: RESPValue, _ first: inout UnitInFlight) {
    if let words = reply.errorBytes { return take(ServerError(words), of: first.command, &first) }
    switch reply {
    case .null where first.isTransaction: first.hasChanged = true
    case .null where countsKept: first.isKept = true
    case .integer(0) where countsKept && first.unit.shownName(ofCommand: first.command).elementsEqual("SETNX".utf8):
      first.isKept = true
    case .array(let elements) where first.isTransaction:
      // The first command of the unit is MULTI.
      for (index, element) in elements.enumerated() {
        guard let words = element.errorBytes else { continue }
        first.isPartial = true
        take(ServerError(words), of: index + 1, &first)
      }
    default: break
    }
  }

  private func take(_ error: ServerError, of command: Int, _ first: inout UnitInFlight) {
    switch error.remedy {
    case .redirecting, .waiting, .findingMaster: first.redirection = first.redirection ?? error
    case .changingCredentials, .repairingServer, .none:
      if countsKept, error.kind == .keyExists || error.isExistingLibrary {
        first.isKept = true
      } else if first.refusal == nil {
        first.refusal = (command, error)
      }
    }
  }

  private mutating func end(_ unit: UnitInFlight, _ events: inout [Event]) {
    _ = items.popFirst()
    byteCount -= unit.unit.bytes.count
    commandCount -= unit.unit.commandCount
    let outcome: Outcome
    // A transaction is discarded because of the error before.
    if let redirection = unit.redirection {
      outcome = .redirected(redirection)
    } else if let (command, error) = unit.refusal {
      let name = unit.unit.shownName(ofCommand: command)
      outcome = .refused(command: name, error.withoutArguments(), isPartial: unit.isPartial)
    } else if unit.hasChanged {
      outcome = .changed
    } else {
      outcome = unit.isKept ? .kept : .done
    }
    events.append(.ended(number: unit.number, unit.unit, outcome))
  }
}

extension KeyUnit {
  /// Whether the first command is MULTI.
  var isTransaction: Bool {
    firstCommandOffset >= 0 && !startsInsideKey && bytes.commandName(at: firstCommandOffset).elementsEqual("MULTI".utf8)
  }

  /// The name of a command of the key: that of EXEC if the command is in a later unit.
  func shownName(ofCommand command: Int) -> [UInt8] {
    if command < 0 { return Array("ASKING".utf8) }
    let isHere = command < commandCount || command == commandCount && endsInsideCommand
    return isHere && !bytes.isEmpty ? commandName(command) : Array("EXEC".utf8)
  }
}
