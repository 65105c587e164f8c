import RDB
import RDBConvert
import RDBSupport
import RESP

/// A key, or a function library, that the server kept in place of one that was perhaps sent before.
///
/// If it has the value and the expiry of that one, it is taken for loaded: ``KeptKeyComparison`` finds out.
package struct KeptKey: Hashable, Sendable {
  /// The key, with the error of an existing one.
  package var failure: SentUnits.Failure
  /// All commands of the key; empty if the key is too large to be kept in memory.
  var commands: [[[UInt8]]]
}

/// A comparison of keys on a server with the commands that would have written them.
///
/// A value of RESTORE or SET is compared with what the server has. A value that several commands build is built once more
/// under its temporary name, which is removed afterwards. Values are equal if their bytes are, or their data: a server
/// that was started anew can store a value in another order.
struct KeptKeyComparison {
  /// The result for a key.
  private enum Verdict {
    case equal, different
    /// The server does not have the key any more.
    case gone
  }

  /// The difference of two expiries, in milliseconds, that can be due to the way from the server.
  private static let expiryTolerance: Int64 = 1000
  /// The bytes of commands after which replies are taken.
  private static let batchByteCount = 256 << 10

  /// The condition of the error if a key is gone.
  static let keyIsGone = TransferError.Condition.closed("a key that existed is gone")

  private let connection: Connection
  private let isAsking: Bool
  private var database: UInt64?

  /// - Parameters:
  ///   - connection: A connection that is used for nothing else meanwhile.
  ///   - isAsking: Whether ASKING comes before each command, because the slot of the keys moves to the node.
  init(_ connection: Connection, asking isAsking: Bool = false) {
    (self.connection, self.isAsking) = (connection, isAsking)
    connection.decoder.limits = .values
  }

  /// Returns the keys that are not those of the input, or that cannot be compared.
  ///
  /// - Parameter database: Returns the database of a key on the server.
  /// - Throws: ``TransferError``, also (`closed`) if a key is gone: it must be sent again.
  mutating func different(
    among keys: [KeptKey], in database: (SentUnits.Failure) -> UInt64
  ) throws(TransferError) -> [KeptKey] {
    var different: [KeptKey] = []
    var rest = keys[...]
    while let first = rest.first {
      let number = database(first.failure)
      if self.database != number {
        _ = try connection.call("SELECT", "\(number)")
        self.database = number
      }
      var (questions, byteCount): ([Question], Int) = ([], 0)
      while let key = rest.first, database(key.failure) == number, byteCount < Self.batchByteCount {
        let question = Question(key)
        let asking = isAsking ? RESPText.command("ASKING") : []
        let bytes = question.commands.flatMap { asking + RESPText.command($0) }
        try connection.link.write(bytes)
        byteCount += bytes.count
        questions.append(question)
        rest.removeFirst()
      }
      for question in questions {
        var replies: [RESPValue] = []
        for _ in question.commands {
          if isAsking { _ = try connection.receive() }
          replies.append(try connection.receive())
        }
        for case .error(let words) in replies where ServerError(words).isTransient {
          throw connection.refused(Array("DUMP".utf8), ServerError(words))
        }
        switch Self.verdict(question, replies) {
        case .equal: break
        case .different: different.append(question.key)
        case .gone: throw TransferError(Self.keyIsGone, at: connection.server)
        }
      }
    }
    return different
  }

  private static func verdict(_ question: Question, _ replies: [RESPValue]) -> Verdict {
    switch question.kind {
    case .unknown: return .different
    case .library(let code):
      let libraries = replies[0].elements ?? []
      return libraries.contains { $0.fields?["library_code"]?.bytes == code } ? .equal : .different
    case .string(let value, let expiry):
      return verdict(replies[2], replies[1], at: replies[0], expiry) { $0 == value }
    case .restored(let payload, let expiry):
      return verdict(replies[2], replies[1], at: replies[0], expiry) { isEqual($0, payload) }
    case .built(let count):
      // The removal of the temporary name, the building, and the questions.
      guard replies[..<count].allSatisfy({ $0.errorBytes == nil }), let expected = replies[count + 1].bytes,
        let left = replies[count].number
      else { return .different }
      guard let found = replies[count + 2].number else { return .different }
      if found == -2 { return .gone }
      guard left < 0 ? found == left : found >= 0 && abs(found - left) <= expiryTolerance else { return .different }
      guard let bytes = replies[count + 3].bytes else { return replies[count + 3] == .null ? .gone : .different }
      return isEqual(bytes, expected) ? .equal : .different
    }
  }

  /// Compares the replies to TIME, PTTL and a question for the value.
  private static func verdict(
    _ value: RESPValue, _ left: RESPValue, at time: RESPValue, _ expiry: Int64?, _ isEqual: ([UInt8]) -> Bool
  ) -> Verdict {
    if value == .null { return .gone }
    guard let bytes = value.bytes, let left = left.number else { return .different }
    if left == -2 { return .gone }
    if let expiry {
      guard left >= 0, let now = ServerTime(time)?.milliseconds else { return .different }
      let (difference, overflow) = expiry.subtractingReportingOverflow(now)
      guard !overflow, abs(difference - left) <= expiryTolerance else { return .different }
    } else if left != -1 {
      return .different
    }
    return isEqual(bytes) ? .equal : .different
  }

  /// Whether two payloads of DUMP have the same data.
  private static func isEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    if first == second { return true }
    guard let first = try? StoredValue(dump: first), let second = try? StoredValue(dump: second),
      first.metadata == second.metadata, let digest = digest(first)
    else { return false }
    return digest == self.digest(second)
  }

  private static func digest(_ value: StoredValue) -> ValueDigest? {
    do {
      var reader = RDBReader(MemorySource(try value.snapshot(key: [])))
      var digester = ValueDigester()
      try reader.read(into: &digester)
      return digester.digest
    } catch { return nil }
  }
}

extension KeptKeyComparison {
  /// The commands that ask a server about a key.
  private struct Question {
    enum Kind {
      case string([UInt8], expiry: Int64?)
      case restored([UInt8], expiry: Int64?)
      /// The number of commands that build the value.
      case built(Int)
      case library([UInt8])
      case unknown
    }

    let key: KeptKey
    private(set) var kind = Kind.unknown
    private(set) var commands: [[[UInt8]]] = []

    init(_ key: KeptKey) {
      self.key = key
      guard let first = key.commands.first, let name = first.first else { return }
      switch String(decoding: name, as: UTF8.self) {
      case "FUNCTION":
        kind = .library(first[first.count - 1])
        commands = [["FUNCTION", "LIST", "WITHCODE"].map { Array($0.utf8) }]
      case "RESTORE" where first.count >= 4:
        kind = .restored(first[3], expiry: Self.number(first[2]).flatMap { $0 == 0 ? nil : $0 })
        commands = Self.questions("DUMP", first[1])
      case "SET" where first.count >= 3, "SETNX" where first.count >= 3:
        let option = first.firstIndex { $0.elementsEqual("PXAT".utf8) }
        kind = .string(
          first[2], expiry: option.flatMap { $0 > 2 && $0 + 1 < first.count ? Self.number(first[$0 + 1]) : nil })
        commands = Self.questions("GET", first[1])
      case "MULTI": askAboutTransaction()
      default: ask()
      }
    }

    /// Builds the value of a transaction under a temporary name, and asks for both keys.
    private mutating func askAboutTransaction() {
      let own = ["MULTI", "EXEC", "UNLINK", "DEL"].map { Array($0.utf8) }
      let name = key.failure.key
      let temporary = TemporaryName.of(name)
      let removal = [Array("DEL".utf8), temporary]
      commands = [removal]
      for command in key.commands where !own.contains(command[0]) {
        // The key is the first argument, or that after the subcommand of XGROUP.
        guard let index = command.indices.dropFirst().prefix(2).first(where: { command[$0] == name }) else { return }
        var copy = command
        copy[index] = temporary
        commands.append(copy)
      }
      kind = .built(commands.count)
      for key in [temporary, name] {
        commands.append([Array("PTTL".utf8), key])
        commands.append([Array("DUMP".utf8), key])
      }
      commands.append(removal)
    }

    /// Builds the value under its temporary name, and asks for both keys.
    private mutating func ask() {
      let own = ["ASKING", "MULTI", "EXEC", "RPUSHX"].map { Array($0.utf8) }
      var building: [[[UInt8]]] = []
      for command in key.commands where !own.contains(command[0]) {
        guard command[0].elementsEqual("RENAMENX".utf8), command.count == 3 else {
          building.append(command)
          continue
        }
        guard let removal = building.first else { return }
        kind = .built(building.count)
        commands = building
        for key in command[1...] {
          commands.append([Array("PTTL".utf8), key])
          commands.append([Array("DUMP".utf8), key])
        }
        commands.append(removal)
        return
      }
    }

    private static func questions(_ command: String, _ key: [UInt8]) -> [[[UInt8]]] {
      [[Array("TIME".utf8)], [Array("PTTL".utf8), key], [Array(command.utf8), key]]
    }

    private static func number(_ digits: [UInt8]) -> Int64? { Int64(String(decoding: digits, as: UTF8.self)) }
  }
}

extension ServerError {
  /// Whether a question can be answered later, or by another server.
  fileprivate var isTransient: Bool {
    remedy == .waiting || remedy == .findingMaster || remedy == .redirecting || remedy == .repairingServer
  }
}
