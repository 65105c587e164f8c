import RDBConvert
import RESP

/// The units in flight on one connection, and the replies to them.
///
/// The struct has no I/O. Its owner asks ``hasRoom(for:)``, announces with ``sent(_:again:)`` each unit that it sends, and
/// gives the replies to ``receive(from:)``. A server answers in the order of the commands. Replies that report success
/// are counted without being decoded.
///
/// SELECT and WAIT go between two units, never inside a key. A unit must not follow SELECT before its reply: if SELECT
/// fails, the commands would change another database.
package struct SentUnits: Sendable {
  /// The largest amount in flight. A unit that is larger is alone in flight.
  package struct Limits: Hashable, Sendable {
    package var byteCount = 1 << 20
    package var commandCount = 4096

    package init() {}
  }

  /// The behaviour after an error that sending the command again cannot avoid.
  package enum ErrorPolicy: Hashable, Sendable { case stop, skip }

  /// A command that the server refused.
  package struct Failure: Hashable, Sendable {
    package var database: UInt64
    package var subject: RESPMark
    package var key: [UInt8]
    /// The number of the key in the whole input. A key that is sent again can fail again.
    package var ordinal: UInt64
    /// The name of the command, such as `RESTORE`.
    package var command: [UInt8]
    package var error: ServerError
  }

  /// A reply that the owner must know of.
  package enum Event: Hashable, Sendable {
    case failure(Failure)
    /// The reply to SELECT: the database of the units that follow.
    case selected(UInt64)
    case selectFailed(database: UInt64, ServerError)
    /// The reply to WAIT: the number of replicas that have each write before it, which are those of the first
    /// `unitCount` units of the connection.
    case replicated(replicaCount: Int, unitCount: Int)
    case waitFailed(ServerError)
    /// The server refused the write before WAIT.
    case ownWriteFailed(ServerError)
    /// The server kept a key that was perhaps sent before, so that it can be the same key.
    case kept(KeptKey)
  }

  /// The reply belongs to no command: each command in flight has its reply already.
  package struct UnrequestedReply: Error, Hashable, Sendable {}

  private struct UnitInFlight: Sendable {
    var unit: KeyUnit
    var isAgain: Bool
    var answeredCount = 0
    var cursor = CommandCursor()
    var keptKeyCount: UInt64 = 0
    /// The keys that the server kept although the unit was perhaps sent before.
    var keptAgain: [Failure] = []
    var expiredKeyCount: UInt64 = 0

    /// Returns the name of the command that the next reply belongs to.
    mutating func commandName() -> [UInt8] { cursor.name(ofCommand: answeredCount, in: unit) }
  }

  private enum Item: Sendable { case unit, select(UInt64), ownWrite, wait }

  private let limits: Limits
  private let policy: ErrorPolicy
  private let countsKept: Bool
  private let stopsAtExisting: Bool
  /// The units before the next one with commands of the same keys, if they were perhaps sent before.
  private var earlierUnits: [KeyUnit] = []
  private var items = Queue<Item>()
  private var units = Queue<UnitInFlight>()
  private var selectCount = 0
  /// The number of messages without a request.
  private var pushCount = 0
  /// The numbers of keys of which a command was refused, and that must not be published therefore.
  private var refusedKeys: Set<UInt64> = []

  /// The bytes of the units in flight.
  package private(set) var byteCount = 0
  /// The number of commands of the units in flight.
  package private(set) var commandCount = 0
  /// Whether an error ended the sending. Replies are still taken.
  package private(set) var isStopped = false
  /// The number of units, from the first of the connection on, whose every command is answered. A unit with an error
  /// counts only if the error is skipped, and none counts after that.
  package private(set) var answeredUnitCount = 0
  /// The number of keys, and of function libraries, that the server kept instead of those of the input. Only with
  /// `countsKept`.
  package private(set) var keptKeyCount: UInt64 = 0
  /// The part of ``keptKeyCount`` that was sent for the second time, so that the kept key may be that of the input.
  package private(set) var keptKeyCountOfSecondSending: UInt64 = 0
  /// The number of keys that the server had before they were sent.
  package var newKeptKeyCount: UInt64 { keptKeyCount - keptKeyCountOfSecondSending }
  /// The first key, or function library, that the server had before it was sent.
  package private(set) var firstExisting: Failure?
  /// The number of keys that expired before they were complete, so that they could not be renamed.
  package private(set) var expiredKeyCount: UInt64 = 0

  /// Creates an empty list for a new connection.
  ///
  /// - Parameters:
  ///   - countsKept: Whether the commands keep existing keys (`RESPOptions.Existing.keep`).
  ///   - stopsAtExisting: Whether an existing key ends the sending as an error does, unless the key was sent before.
  package init(
    limits: Limits = Limits(), onError policy: ErrorPolicy, countsKept: Bool = false, stopsAtExisting: Bool = false
  ) {
    (self.limits, self.policy, self.countsKept) = (limits, policy, countsKept)
    self.stopsAtExisting = stopsAtExisting
  }

  /// The number of the first unit in flight that is not answered, or whose error ended the sending; `nil` without one.
  package var firstUnanswered: UInt64? { units.first?.unit.number }

  /// Whether each command has its reply.
  package var isEmpty: Bool { items.isEmpty }

  /// Returns whether a unit may be sent now. If not, it may be after some replies, or never if the list ``isStopped``.
  package func hasRoom(for unit: KeyUnit) -> Bool {
    guard !isStopped, selectCount == 0 else { return false }
    // The replies tell which keys are complete.
    if unit.publishes { return units.isEmpty }
    // The reply to a command comes only after its last piece.
    guard !units.isEmpty, !unit.startsInsideCommand else { return true }
    return unit.bytes.count <= limits.byteCount - byteCount && unit.commandCount <= limits.commandCount - commandCount
  }

  /// Adds a unit, which is sent now.
  ///
  /// - Parameter isAgain: Whether the unit was sent before, on a connection that was lost.
  /// - Returns: The unit to send, which publishes no key of which a command was refused.
  @discardableResult
  package mutating func sent(_ unit: KeyUnit, again isAgain: Bool = false) -> KeyUnit {
    var unit = unit
    if unit.publishes {
      unit = unit.publishing(allBut: refusedKeys)
      refusedKeys = []
    }
    byteCount += unit.bytes.count
    commandCount += unit.commandCount
    items.append(.unit)
    units.append(UnitInFlight(unit: unit, isAgain: isAgain))
    return unit
  }

  /// Adds SELECT, which is sent now.
  package mutating func sentSelect(_ database: UInt64) {
    items.append(.select(database))
    selectCount += 1
  }

  /// Adds a write of the owner, which is sent now.
  package mutating func sentOwnWrite() { items.append(.ownWrite) }

  /// Adds WAIT, which is sent now.
  package mutating func sentWait() { items.append(.wait) }

  /// Takes all complete replies.
  ///
  /// - Throws: `RESPError` or ``UnrequestedReply``. The connection must then be closed.
  package mutating func receive(from decoder: inout RESPDecoder) throws -> [Event] {
    var events: [Event] = []
    while true {
      if !isStopped, case .unit? = items.first, var first = units.first {
        let left = first.unit.commandCount - first.answeredCount
        let count = decoder.skipSuccesses(atMost: left, stoppingAtZero: countsKept)
        if count > 0 {
          first.answeredCount += count
          units[0] = first
        }
        if count == left {
          endUnit(&events)
          continue
        }
      }
      guard let reply = try decoder.next() else { return events }
      if case .push = reply {
        pushCount += 1
        guard pushCount <= Connection.pushLimit else { throw UnrequestedReply() }
        continue
      }
      guard let item = items.first else { throw UnrequestedReply() }
      switch item {
      case .unit: try take(reply, &events)
      case .select(let database):
        _ = items.popFirst()
        selectCount -= 1
        let error = reply.errorBytes.map { ServerError($0).withoutArguments() }
        events.append(error.map { .selectFailed(database: database, $0) } ?? .selected(database))
      case .ownWrite:
        _ = items.popFirst()
        if let error = reply.errorBytes { events.append(.ownWriteFailed(ServerError(error).withoutArguments())) }
      case .wait:
        _ = items.popFirst()
        if let count = reply.number {
          events.append(.replicated(replicaCount: Int(clamping: count), unitCount: answeredUnitCount))
        } else {
          events.append(.waitFailed(ServerError(reply.errorBytes ?? Array("no number".utf8)).withoutArguments()))
        }
      }
    }
  }

  /// Takes the reply to the next command of the first unit.
  private mutating func take(_ reply: RESPValue, _ events: inout [Event]) throws {
    guard var first = units.first else { throw UnrequestedReply() }
    // Units after an error that ended the sending are sent again: their errors will come again too.
    if !isStopped, first.answeredCount < first.unit.commandCount {
      for error in errors(in: reply, &first) {
        let failure = failure(error, &first)
        if first.unit.endsInsideKey { refusedKeys.insert(failure.ordinal) }
        events.append(.failure(failure))
        if policy == .stop || error.remedy != .none { isStopped = true }
      }
    }
    first.answeredCount += 1
    units[0] = first
    if first.answeredCount >= first.unit.commandCount { endUnit(&events) }
  }

  /// Returns the failed commands in a reply: the reply itself, or elements of the reply to EXEC. Counts keys that were kept
  /// or have expired.
  private mutating func errors(in reply: RESPValue, _ first: inout UnitInFlight) -> [ServerError] {
    if let words = reply.errorBytes {
      let error = ServerError(words)
      if countsKept {
        if error.kind == .keyExists
          || error.isExistingLibrary && first.commandName().elementsEqual("FUNCTION".utf8)
        {
          keep(error, &first)
          return []
        }
        if error.isMissingKey, first.commandName().elementsEqual("RENAMENX".utf8) {
          first.expiredKeyCount += 1
          return []
        }
      }
      return [error]
    }
    switch reply {
    case .null where countsKept: keep(.existingKey, &first)
    case .integer(0) where countsKept:
      let name = first.commandName()
      if name.elementsEqual("RENAMENX".utf8) || name.elementsEqual("SETNX".utf8) { keep(.existingKey, &first) }
    case .array(let elements):
      if countsKept, elements.count == 2, case .integer = elements[0] {
        // The replies to RPUSHX and RENAMENX.
        if elements[1] == .integer(0) { keep(.existingKey, &first) }
        guard let error = elements[1].errorBytes.map({ ServerError($0) }) else { return [] }
        guard error.isMissingKey else { return [error] }
        first.expiredKeyCount += 1
        return []
      }
      // The replies to RPUSHX, UNLINK and RENAME, if all fields of a hash have expired.
      let errors = elements.map { $0.errorBytes.map { ServerError($0) } }
      guard errors.count > 2, case .integer = elements[0], case .integer = elements[1],
        errors[2]?.isMissingKey == true
      else { return errors.compactMap { $0 } }
      first.expiredKeyCount += 1
      return errors.dropFirst(3).compactMap { $0 }
    default: break
    }
    return []
  }

  /// Counts a key that the server had already.
  private mutating func keep(_ error: ServerError, _ first: inout UnitInFlight) {
    first.keptKeyCount += 1
    if first.isAgain { return first.keptAgain.append(failure(error, &first)) }
    if firstExisting == nil { firstExisting = failure(error, &first) }
    if stopsAtExisting { isStopped = true }
  }

  private func failure(_ error: ServerError, _ first: inout UnitInFlight) -> Failure {
    let unit = first.unit
    let key = unit.key(ofCommand: first.answeredCount)
    return Failure(
      database: unit.database, subject: key.subject, key: Array(unit.name(of: key)), ordinal: key.ordinal,
      command: first.commandName(), error: error.withoutArguments())
  }

  /// Tells the owner which keys the server kept, with all of their commands.
  private mutating func noteKept(_ unit: UnitInFlight, _ events: inout [Event]) {
    let units = earlierUnits + [unit.unit]
    let isSmall = units.reduce(0) { $0 + $1.bytes.count } <= Self.comparedByteLimit
    for failure in unit.keptAgain {
      let commands = isSmall ? units.commands(ofKey: failure.ordinal) : []
      events.append(.kept(KeptKey(failure: failure, commands: commands)))
    }
    earlierUnits = unit.unit.endsInsideKey && isSmall ? units : []
    if unit.unit.endsInsideKey, !isSmall { earlierUnits = [unit.unit] }
  }

  /// The largest size of a key, in bytes of commands, whose commands are kept until it is complete.
  private static let comparedByteLimit = 32 << 20

  /// Ends the first unit. Pieces of a command without a reply of their own end before the command is complete.
  private mutating func endUnit(_ events: inout [Event]) {
    guard !isStopped, let unit = units.popFirst() else { return }
    if unit.isAgain { noteKept(unit, &events) }
    _ = items.popFirst()
    byteCount -= unit.unit.bytes.count
    commandCount -= unit.unit.commandCount
    answeredUnitCount += 1
    keptKeyCount += unit.keptKeyCount
    keptKeyCountOfSecondSending += UInt64(unit.keptAgain.count)
    expiredKeyCount += unit.expiredKeyCount
  }
}

extension ServerError {
  /// The error of RESTORE, which also stands for the replies of SET and RENAMENX to an existing key.
  fileprivate static var existingKey: ServerError { ServerError(Array("BUSYKEY Target key name already exists.".utf8)) }

  /// Whether the key of RENAME or RENAMENX does not exist.
  fileprivate var isMissingKey: Bool { words.elementsEqual("ERR no such key".utf8) }

  /// Whether the server has a function library of the same name: `ERR Library 'name' already exists`.
  var isExistingLibrary: Bool {
    let end = Array("' already exists".utf8)
    return words.starts(with: "ERR Library '".utf8) && words.suffix(end.count).elementsEqual(end)
  }
}
