import RDB
import RDBSupport
import RESP

/// A reading of all keys of one database by SCAN, DUMP and the expiry, for servers that refuse a synchronisation.
///
/// The round has no I/O. Its owner sends what ``takeCommands()`` returns until it is `nil`, and gives each reply to
/// ``receive(_:)``, until the round ``isComplete``. The value and the expiry of a key belong together, because the
/// commands of a key are a transaction:
///
///     MULTI, PEXPIRETIME key, DUMP key, EXEC             servers from 7.0 on
///     MULTI, TIME, PTTL key, TIME, DUMP key, EXEC        older ones, which tell only the remaining time
///
/// The remaining time counts from a moment between the two times. If both are in the same millisecond, the expiry is
/// exact; if not, the key is read again. The keys of a round are not from one point in time.
///
/// `MEMORY USAGE` tells the size of each value before, so that a server never has to keep many large replies in its memory.
///
/// SCAN returns each key that exists from the beginning to the end of the round, but it may return a key twice. The round
/// passes each on, because noticing it would take memory in proportion to the number of keys. A later copy is newer, so a
/// server takes it by RESTORE with REPLACE. A snapshot must hold a name only once: after the round, the owner sorts the
/// names on disk, and writes the snapshot again without the earlier copies if there are any, as `rdb merge` does.
package struct ScanRound: Sendable {
  /// A key with its value and its expiry.
  package struct Key: Sendable {
    package var name: [UInt8]
    /// The reply to DUMP, whose checksum is right.
    package var dump: [UInt8]
    package var value: StoredValue
    /// The Unix time in milliseconds at which the key expires; `nil`: never.
    package var expiry: Int64?
  }

  /// A result that a reply completes.
  package enum Event: Sendable {
    case key(Key)
    /// The server refused a command about this key. ``retry(_:)`` asks again.
    case refused(name: [UInt8], ServerError)
    /// The reply to DUMP is damaged, or of an RDB version that this package does not know.
    case unreadable(name: [UInt8], RDBError)
  }

  /// The limits of a round.
  package struct Limits: Hashable, Sendable {
    /// The number of keys that SCAN is asked for at a time.
    package var scanCount = 512
    /// The largest number of keys whose replies are due.
    package var keyCount = 256
    /// The bytes of replies that may be due, unless a single one is larger.
    package var byteCount = 8 << 20

    package init() {}
  }

  /// The reason for the end of a round.
  package typealias Failure = Handshake.Failure

  private enum Exchange: Sendable {
    case scan
    case size(Name)
    case key(Name)
  }

  /// A name that SCAN returned.
  private struct Name: Sendable {
    var bytes: [UInt8]
    var attempt = 0
    /// The estimated size of the reply to DUMP, in bytes.
    var byteCount = 0
  }

  /// The number of readings of a key whose two times differ, after which the later time is used.
  private static let attemptLimit = 16
  /// The most replies to SCAN without a name, one after another.
  private static let emptyLimit = 1 << 20
  /// The number of keys whose replies may be due if the server does not tell sizes.
  private static let unsizedKeyCount = 16

  private let limits: Limits
  private let sample: KeySample?
  private let knowsExpiryTime: Bool
  /// Whether ASKING comes before each transaction, because the slots of the keys move to the server.
  private let isAsking: Bool
  /// Whether the server tells the sizes of values, as far as is known.
  private var tellsSizes: Bool
  /// The cursor of the next SCAN; `nil` after the last one.
  private var cursor: [UInt8]? = [UInt8(ascii: "0")]
  private var isScanning = false
  /// The number of the last replies to SCAN that had no name.
  private var emptyCount = 0
  /// The names that SCAN returned and that were not asked for yet.
  private var names = Queue<Name>()
  /// Names whose value has a known size, and that were not asked for yet.
  private var sizedNames = Queue<Name>()
  /// The number of replies to MEMORY USAGE that are due.
  private var openSizeCount = 0
  private var exchanges = Queue<Exchange>()
  /// The number of replies to the first exchange, and the first error among them.
  private var replyCount = 0
  private var error: ServerError?
  private var openKeyCount = 0
  /// The estimated bytes of the replies to DUMP that are due.
  private var openByteCount = 0
  /// The size of the largest of the last values, in bytes.
  private var recentByteCount = 0

  /// The number of keys that were read.
  package private(set) var keyCount: UInt64 = 0
  /// The number of names that SCAN returned and that did not exist any more.
  package private(set) var vanishedCount: UInt64 = 0
  /// The number of keys whose expiry may be some milliseconds late.
  package private(set) var inexactCount: UInt64 = 0

  /// - Parameters:
  ///   - version: The release of the server.
  ///   - limits: The limits of what is due at a time.
  ///   - sample: The part of the keys to read; `nil`: all.
  package init(from version: ServerVersion, limits: Limits = Limits(), sample: KeySample? = nil) {
    (self.limits, self.sample) = (limits, sample)
    knowsExpiryTime = version.isAtLeast(7, 0)
    tellsSizes = version.isAtLeast(4, 0)
    isAsking = false
  }

  /// Reads keys of which the names are known, without SCAN.
  ///
  /// - Parameter isAsking: Whether ASKING comes before each transaction, because the slots of the keys move to the server.
  package init(_ names: [[UInt8]], from version: ServerVersion, asking isAsking: Bool, limits: Limits = Limits()) {
    (self.limits, sample, self.isAsking) = (limits, nil, isAsking)
    knowsExpiryTime = version.isAtLeast(7, 0)
    // ASKING is for one command, and a question for the size would be another one.
    tellsSizes = !isAsking && version.isAtLeast(4, 0)
    cursor = nil
    for name in names { self.names.append(Name(bytes: name)) }
  }

  /// Whether all keys were read.
  package var isComplete: Bool { cursor == nil && names.isEmpty && sizedNames.isEmpty && exchanges.isEmpty }

  /// Returns the next commands to send, one after another; `nil` if a reply must come first, or at the end.
  package mutating func takeCommands() -> [[[UInt8]]]? {
    if let cursor, !isScanning, names.count + sizedNames.count < limits.scanCount {
      isScanning = true
      exchanges.append(.scan)
      return [[Array("SCAN".utf8), cursor, Array("COUNT".utf8), Array("\(limits.scanCount)".utf8)]]
    }
    if tellsSizes, sizedNames.count + openSizeCount < limits.keyCount, let name = names.popFirst() {
      openSizeCount += 1
      exchanges.append(.size(name))
      return [[Array("MEMORY".utf8), Array("USAGE".utf8), name.bytes]]
    }
    guard let name = takeName() else { return nil }
    openKeyCount += 1
    openByteCount += name.byteCount
    exchanges.append(.key(name))
    let time = [Array("TIME".utf8)]
    let expiry = [Array((knowsExpiryTime ? "PEXPIRETIME" : "PTTL").utf8), name.bytes]
    return (isAsking ? [[Array("ASKING".utf8)]] : []) + [[Array("MULTI".utf8)]]
      + (knowsExpiryTime ? [expiry] : [time, expiry, time])
      + [[Array("DUMP".utf8), name.bytes], [Array("EXEC".utf8)]]
  }

  /// Returns the next name to ask for, if its reply may be due too.
  private mutating func takeName() -> Name? {
    if let next = sizedNames.first { return isAllowed(next.byteCount) ? sizedNames.popFirst() : nil }
    guard !tellsSizes, var name = names.first else { return nil }
    name.byteCount = unknownByteCount
    guard isAllowed(name.byteCount) else { return nil }
    _ = names.popFirst()
    return name
  }

  /// The estimated size of a value of which nothing is known: that of the largest of the last values, or more.
  private var unknownByteCount: Int { max(recentByteCount, limits.byteCount / Self.unsizedKeyCount) }

  /// Whether a reply of this size may be due beside the others.
  private func isAllowed(_ byteCount: Int) -> Bool {
    openKeyCount == 0 || openKeyCount < limits.keyCount && byteCount <= limits.byteCount - openByteCount
  }

  /// Asks for a key again.
  package mutating func retry(_ name: [UInt8]) { names.append(Name(bytes: name)) }

  /// Takes the names that were not read yet, at the end of a round whose connection was lost.
  package mutating func takeNames() -> [[UInt8]] {
    reconnect()
    var left: [[UInt8]] = []
    while let name = names.popFirst() ?? sizedNames.popFirst() { left.append(name.bytes) }
    return left
  }

  /// Goes on after the connection was lost: what is due will be asked for again.
  ///
  /// The connection must be to the same process (`run_id`): for another one, the cursor has no meaning, and only a new
  /// round returns each key.
  package mutating func reconnect() {
    while let exchange = exchanges.popFirst() {
      switch exchange {
      case .scan: break
      case .size(let name): names.append(name)
      case .key(let name): sizedNames.append(name)
      }
    }
    (isScanning, openKeyCount, openByteCount, openSizeCount) = (false, 0, 0, 0)
    (replyCount, error) = (0, nil)
  }

  /// Takes the next reply.
  ///
  /// - Returns: The event that the reply completes; `nil`: none.
  /// - Throws: ``Failure`` if SCAN or MULTI is refused, or for a reply that no server sends.
  package mutating func receive(_ reply: RESPValue) throws(Failure) -> Event? {
    if case .push = reply { return nil }
    guard let exchange = exchanges.first else { throw .unexpectedReply(command: "") }
    guard case .key(let name) = exchange else {
      _ = exchanges.popFirst()
      if case .size(let name) = exchange {
        try takeSize(reply, of: name)
      } else {
        isScanning = false
        try takeNames(reply)
      }
      return nil
    }
    replyCount += 1
    // ASKING, MULTI, the commands about the key, EXEC.
    let first = isAsking ? 2 : 1
    let last = first + (knowsExpiryTime ? 3 : 5)
    if replyCount < last {
      let expected = replyCount <= first ? "OK" : "QUEUED"
      if let words = reply.errorBytes {
        if replyCount <= first { throw .refused(command: "MULTI", ServerError(words)) }
        error = error ?? ServerError(words)
      } else if reply.bytes != Array(expected.utf8) {
        throw .unexpectedReply(command: replyCount <= first ? "MULTI" : "DUMP")
      }
      return nil
    }
    _ = exchanges.popFirst()
    openKeyCount -= 1
    openByteCount -= name.byteCount
    replyCount = 0
    defer { error = nil }
    if let words = reply.errorBytes { return .refused(name: name.bytes, error ?? ServerError(words)) }
    guard error == nil, let results = reply.elements, results.count == last - first - 1 else {
      throw .unexpectedReply(command: "EXEC")
    }
    return try take(results, of: name)
  }

  /// Reads the reply to SCAN.
  private mutating func takeNames(_ reply: RESPValue) throws(Failure) {
    if let words = reply.errorBytes { throw .refused(command: "SCAN", ServerError(words)) }
    guard let parts = reply.elements, parts.count == 2, let next = parts[0].bytes, !next.isEmpty, next.count <= 20,
      next.allSatisfy({ (48...57).contains($0) }), let keys = parts[1].elements
    else { throw .unexpectedReply(command: "SCAN") }
    let isLast = next == [UInt8(ascii: "0")]
    // A cursor moves on, or the round would not end. Empty replies are few in a row, unless keys are much sparser.
    emptyCount = parts[1].elements?.isEmpty == false ? 0 : emptyCount + 1
    guard isLast || next != cursor && emptyCount < Self.emptyLimit else { throw .unexpectedReply(command: "SCAN") }
    cursor = isLast ? nil : next
    for key in keys {
      guard let name = key.bytes else { throw .unexpectedReply(command: "SCAN") }
      if let sample, !sample.contains(name.span.bytes) { continue }
      names.append(Name(bytes: name))
    }
  }

  /// Reads the reply to MEMORY USAGE.
  private mutating func takeSize(_ reply: RESPValue, of name: Name) throws(Failure) {
    openSizeCount -= 1
    var name = name
    if let words = reply.errorBytes, ServerError(words).remedy == .redirecting {
      // The slot of the key moves to another node.
      name.byteCount = unknownByteCount
    } else if reply.errorBytes != nil {
      // Some services and users do not have the command.
      tellsSizes = false
      name.byteCount = unknownByteCount
    } else if reply == .null {
      vanishedCount += 1
      return
    } else {
      guard let number = reply.number, number >= 0 else { throw .unexpectedReply(command: "MEMORY") }
      name.byteCount = Int(clamping: number)
    }
    sizedNames.append(name)
  }

  /// Reads the replies about a key.
  private mutating func take(_ results: [RESPValue], of name: Name) throws(Failure) -> Event? {
    for result in results {
      if let words = result.errorBytes { return .refused(name: name.bytes, ServerError(words)) }
    }
    guard let time = results[knowsExpiryTime ? 0 : 1].number else { throw .unexpectedReply(command: "EXEC") }
    let dump = results[results.count - 1]
    if dump == .null || time == -2 {
      vanishedCount += 1
      return nil
    }
    guard let bytes = dump.bytes, time >= -1 else { throw .unexpectedReply(command: "EXEC") }
    var expiry = time < 0 ? nil : time
    if !knowsExpiryTime, time >= 0 {
      guard let before = ServerTime(results[0])?.milliseconds, let after = ServerTime(results[2])?.milliseconds
      else { throw .unexpectedReply(command: "TIME") }
      if before != after {
        if name.attempt + 1 < Self.attemptLimit {
          var again = name
          again.attempt += 1
          sizedNames.append(again)
          return nil
        }
        inexactCount += 1
      }
      expiry = time.addingReportingOverflow(after).overflow ? .max : time + after
    }
    noteSize(bytes.count)
    do throws(RDBError) {
      let value = try StoredValue(dump: bytes)
      keyCount += 1
      return .key(Key(name: name.bytes, dump: bytes, value: value, expiry: expiry))
    } catch {
      return .unreadable(name: name.bytes, error)
    }
  }

  /// Notes the size of a value.
  private mutating func noteSize(_ byteCount: Int) {
    recentByteCount = max(byteCount, recentByteCount - recentByteCount / 16)
  }
}
