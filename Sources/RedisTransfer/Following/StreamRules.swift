import RDB
import RDBSupport
import RESP

/// The form in which the target gets each command of a source.
///
/// What a source sends to its replicas is mostly what any server executes: expiries are absolute, and random choices are
/// made. Some commands name databases, and some exist only in newer releases: they get another form with the same effect,
/// or are refused.
struct StreamRules: Sendable {
  /// A command in its new form.
  struct Command: Equatable, Sendable {
    var words: [[UInt8]]
    /// The database of the target.
    var database: UInt64
  }

  /// The treatment of a command.
  enum Action: Equatable, Sendable {
    /// The target gets the same bytes.
    case asIs
    case commands([Command])
    /// The command changes no data.
    case nothing
    /// A message to subscribers.
    case message
    /// The command concerns a database that is not followed.
    case skipped
    /// The source asks for the offset.
    case acknowledgement
    case select(UInt64)
    /// MULTI.
    case begin
    /// EXEC.
    case end
    /// No form of the command has its effect at the target.
    case unsupported(String)
    /// No server sends this command to its replicas.
    case unexpected
  }

  private enum Kind: Sendable {
    case select, begin, end, nothing, replconf, message, forbidden
    case flushAll, swap, move, copy
    case set, setSeveral, setFields, expireFields, persistFields, deleteFields, trim, deleteEntries, acknowledgeEntries
    case restore, expire, group, streamID
  }

  private static let kinds: [String: Kind] = {
    var kinds: [String: Kind] = [
      "SELECT": .select, "MULTI": .begin, "EXEC": .end, "PING": .nothing, "REPLCONF": .replconf, "PUBLISH": .message,
      "SPUBLISH": .message, "FLUSHALL": .flushAll, "SWAPDB": .swap, "MOVE": .move, "COPY": .copy, "SET": .set,
      "MSETEX": .setSeveral, "HSETEX": .setFields, "HPEXPIREAT": .expireFields, "HPERSIST": .persistFields,
      "HGETDEL": .deleteFields, "XADD": .trim, "XTRIM": .trim, "XDELEX": .deleteEntries, "XACKDEL": .acknowledgeEntries,
      "RESTORE-ASKING": .restore, "PEXPIREAT": .expire, "EXPIREAT": .expire, "PEXPIRE": .expire, "EXPIRE": .expire,
      "XGROUP": .group, "XSETID": .streamID,
    ]
    // Commands about the server or the connection. Within a transaction, some of them would end it.
    for name in [
      "ACL", "ASKING", "AUTH", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "DISCARD",
      "FAILOVER", "HELLO", "LATENCY", "MEMORY", "MIGRATE", "MODULE", "MONITOR", "PSUBSCRIBE", "PSYNC", "PUNSUBSCRIBE",
      "QUIT", "READONLY", "READWRITE", "REPLICAOF", "RESET", "ROLE", "SAVE", "SENTINEL", "SHUTDOWN", "SLAVEOF",
      "SLOWLOG",
      "SSUBSCRIBE", "SUBSCRIBE", "SUNSUBSCRIBE", "SYNC", "UNSUBSCRIBE", "UNWATCH", "WAIT", "WAITAOF", "WATCH",
    ] { kinds[name] = .forbidden }
    return kinds
  }()

  private let options: FollowOptions
  private let positionKey: [UInt8]
  private let hasFieldExpiries: Bool
  private let hasSetFields: Bool
  private let hasSetSeveral: Bool
  private let hasReferencePolicies: Bool

  init(_ options: FollowOptions, positionKey: [UInt8]) {
    (self.options, self.positionKey) = (options, positionKey)
    let target = options.target
    hasFieldExpiries = target.isAtLeast(7, 4, valkey: (9, 0))
    hasSetFields = target.isAtLeast(8, 0, valkey: (9, 0))
    hasSetSeveral = target.isAtLeast(8, 4, valkey: (9, 1))
    hasReferencePolicies = target.isAtLeast(8, 2, valkey: nil)
  }

  /// Returns the database of the target for one of the source; `nil` if that is not followed.
  func target(of database: UInt64) -> UInt64? {
    if let followed = options.databases, !followed.contains(database) { return nil }
    return options.databaseMap[database] ?? database
  }

  /// Returns the treatment of the current command of a reader.
  func action(for reader: borrowing RESPCommandReader, in database: UInt64) -> Action {
    let name = reader.argument(0).withUnsafeBytes { bytes in
      bytes.count > 14 ? "" : String(decoding: bytes.lazy.map { $0 >= 97 && $0 <= 122 ? $0 - 32 : $0 }, as: UTF8.self)
    }
    guard let kind = Self.kinds[name] else { return target(of: database) == nil ? .skipped : .asIs }
    let count = reader.argumentCount
    switch kind {
    case .select:
      guard count == 2, let number = UInt64(String(decoding: reader.copiedArguments()[1], as: UTF8.self)) else {
        return .unexpected
      }
      return .select(number)
    case .begin: return .begin
    case .end: return .end
    case .nothing: return .nothing
    case .replconf: return .acknowledgement
    case .message: return .message
    case .forbidden: return .unexpected
    case .flushAll: return flushAll(reader.copiedArguments())
    case .swap: return swap(reader.copiedArguments())
    case .move: return move(reader.copiedArguments(), from: database)
    case .copy: return copy(reader.copiedArguments(), from: database)
    default: break
    }
    guard let target = target(of: database) else { return .skipped }
    // The usual form has nothing that an older server lacks.
    if kind == .set, count == 3 || count == 5 && options.target.isAtLeast(6, 2) && !hasWord("IFEQ", reader, 3) {
      return .asIs
    }
    guard let forms = forms(kind, reader.copiedArguments()) else { return .asIs }
    switch forms {
    case .success(let commands) where commands.isEmpty: return .nothing
    case .success(let commands): return .commands(commands.map { Command(words: $0, database: target) })
    case .failure(let missing): return .unsupported(missing.text)
    }
  }

  private func hasWord(_ word: String, _ reader: borrowing RESPCommandReader, _ index: Int) -> Bool {
    reader.argument(index).withUnsafeBytes { Self.isEqual($0, word) }
  }

  private static func isEqual(_ bytes: some Collection<UInt8>, _ word: String) -> Bool {
    bytes.count == word.utf8.count && zip(bytes, word.utf8).allSatisfy { ($0 >= 97 && $0 <= 122 ? $0 - 32 : $0) == $1 }
  }

  // MARK: Databases

  private var hasAllDatabases: Bool { options.databases == nil && options.databaseMap.isEmpty }

  private func flushAll(_ words: [[UInt8]]) -> Action {
    if hasAllDatabases { return .commands([Command(words: words, database: options.positionDatabase)]) }
    guard let followed = options.databases else {
      return .unsupported("FLUSHALL would remove keys of databases that the map does not name")
    }
    let flush = [Array("FLUSHDB".utf8)] + words.dropFirst()
    return .commands(followed.sorted().map { Command(words: flush, database: options.databaseMap[$0] ?? $0) })
  }

  private func swap(_ words: [[UInt8]]) -> Action {
    guard words.count == 3, let first = Self.number(words[1]), let second = Self.number(words[2]) else {
      return .unexpected
    }
    switch (target(of: first), target(of: second)) {
    case (nil, nil): return .skipped
    case (let first?, let second?):
      let swap = [words[0], Array("\(first)".utf8), Array("\(second)".utf8)]
      let command = Command(words: swap, database: options.positionDatabase)
      guard [first, second].contains(options.positionDatabase) else { return .commands([command]) }
      // The position must not move to the other database.
      let removal = Command(words: [Array("DEL".utf8), positionKey], database: options.positionDatabase)
      return .commands([removal, command])
    default: return .unsupported("SWAPDB exchanges a database that is followed with one that is not")
    }
  }

  private func move(_ words: [[UInt8]], from database: UInt64) -> Action {
    guard words.count == 3, let other = Self.number(words[2]) else { return .unexpected }
    switch (target(of: database), target(of: other)) {
    case (nil, nil): return .skipped
    case (let first?, let second?):
      return .commands([Command(words: [words[0], words[1], Array("\(second)".utf8)], database: first)])
    case (let first?, nil): return .commands([Command(words: [Array("DEL".utf8), words[1]], database: first)])
    case (nil, _): return .unsupported("MOVE brings a key from a database that is not followed")
    }
  }

  private func copy(_ words: [[UInt8]], from database: UInt64) -> Action {
    guard let index = words.indices.dropFirst(3).first(where: { Self.isEqual(words[$0], "DB") }),
      index + 1 < words.count
    else { return target(of: database) == nil ? .skipped : .asIs }
    guard let other = Self.number(words[index + 1]) else { return .unexpected }
    switch (target(of: database), target(of: other)) {
    case (_, nil): return .skipped
    case (let first?, let second?):
      var words = words
      words[index + 1] = Array("\(second)".utf8)
      return .commands([Command(words: words, database: first)])
    case (nil, _): return .unsupported("COPY brings a key from a database that is not followed")
    }
  }

  private static func number(_ word: [UInt8]) -> UInt64? { UInt64(String(decoding: word, as: UTF8.self)) }

  // MARK: Releases

  /// A reason why no form of a command has its effect.
  private struct Missing: Error { var text: String }

  private typealias Forms = Result<[[[UInt8]]], Missing>

  /// Returns the commands that have the effect of a command; `nil`: the command itself.
  private func forms(_ kind: Kind, _ words: [[UInt8]]) -> Forms? {
    switch kind {
    case .set: set(words)
    case .setSeveral: hasSetSeveral ? nil : setSeveral(words)
    case .setFields: hasSetFields ? nil : setFields(words)
    case .expireFields:
      hasFieldExpiries ? nil : .failure(Missing(text: "the target has no expiries of hash fields"))
    case .persistFields: hasFieldExpiries ? nil : .success([])
    case .deleteFields: Self.fields(words, after: 2).map { .success([[Self.word("HDEL"), words[1]] + $0]) }
    case .trim: hasReferencePolicies ? nil : withoutPolicy(words)
    case .deleteEntries: hasReferencePolicies ? nil : deleteEntries(words)
    case .acknowledgeEntries: hasReferencePolicies ? nil : acknowledgeEntries(words)
    case .restore: .success([[Self.word("RESTORE")] + words.dropFirst()])
    // The source has judged the condition.
    case .expire: options.target.isAtLeast(7, 0) || words.count < 4 ? nil : .success([Array(words.prefix(3))])
    case .group: options.target.isAtLeast(7, 0) ? nil : Self.without("ENTRIESREAD", 2, words)
    case .streamID:
      options.target.isAtLeast(7, 0) || words.count <= 3 ? nil : .success([Array(words.prefix(3))])
    case .select, .begin, .end, .nothing, .replconf, .message, .forbidden, .flushAll, .swap, .move, .copy: nil
    }
  }

  private static func word(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static func without(_ option: String, _ count: Int, _ words: [[UInt8]]) -> Forms? {
    guard let index = words.indices.dropFirst(2).first(where: { isEqual(words[$0], option) }) else { return nil }
    var words = words
    words.removeSubrange(index..<min(index + count, words.count))
    return .success([words])
  }

  /// SET key value [IFEQ value] [PXAT time] …
  private func set(_ words: [[UInt8]]) -> Forms? {
    // The source has compared the value.
    if let index = words.indices.dropFirst(3).first(where: { Self.isEqual(words[$0], "IFEQ") }) {
      var words = words
      words.removeSubrange(index..<min(index + 2, words.count))
      return .success([words])
    }
    guard !options.target.isAtLeast(6, 2),
      let index = words.indices.dropFirst(3).first(where: { Self.isEqual(words[$0], "PXAT") }), index + 1 < words.count
    else { return nil }
    var set = words
    set.removeSubrange(index..<index + 2)
    return .success([set, [Self.word("PEXPIREAT"), words[1], words[index + 1]]])
  }

  /// MSETEX count key value … [NX|XX] [PXAT time|KEEPTTL]
  private func setSeveral(_ words: [[UInt8]]) -> Forms {
    guard words.count > 2, let count = Self.number(words[1]).flatMap({ Int(exactly: $0) }), count > 0,
      count <= (words.count - 2) / 2
    else { return .failure(Missing(text: "the form of the command is unknown")) }
    let pairs = words[2..<2 + 2 * count]
    // The source has judged the condition.
    let options = words[(2 + 2 * count)...].filter { !Self.isEqual($0, "NX") && !Self.isEqual($0, "XX") }
    return .success(
      stride(from: pairs.startIndex, to: pairs.endIndex, by: 2).map { index in
        [Self.word("SET"), words[index], words[index + 1]] + options
      })
  }

  /// HSETEX key [FNX|FXX] [PXAT time|KEEPTTL] FIELDS count field value …
  private func setFields(_ words: [[UInt8]]) -> Forms {
    guard let start = words.indices.dropFirst(2).first(where: { Self.isEqual(words[$0], "FIELDS") }),
      start + 3 < words.count
    else { return .failure(Missing(text: "the form of the command is unknown")) }
    let set = [Self.word("HSET"), words[1]] + words[(start + 2)...]
    let options = words[2..<start]
    if options.contains(where: { Self.isEqual($0, "KEEPTTL") }) {
      return hasFieldExpiries
        ? .failure(Missing(text: "the target cannot keep the expiries of fields")) : .success([set])
    }
    guard let index = options.indices.first(where: { Self.isEqual(options[$0], "PXAT") }), index + 1 < start else {
      return .success([set])
    }
    guard hasFieldExpiries else { return .failure(Missing(text: "the target has no expiries of hash fields")) }
    let fields = stride(from: start + 2, to: words.count - 1, by: 2).map { words[$0] }
    let expire = [Self.word("HPEXPIREAT"), words[1], words[index + 1], Self.word("FIELDS"), words[start + 1]] + fields
    return .success([set, expire])
  }

  /// Returns the words after `FIELDS count`.
  private static func fields(_ words: [[UInt8]], after index: Int) -> ArraySlice<[UInt8]>? {
    guard let start = words.indices.dropFirst(index).first(where: { isEqual(words[$0], "FIELDS") }),
      start + 2 < words.count
    else { return nil }
    return words[(start + 2)...]
  }

  /// XADD and XTRIM with KEEPREF, DELREF or ACKED: what happens to entries that consumers have not acknowledged.
  private func withoutPolicy(_ words: [[UInt8]]) -> Forms? {
    // In XADD, the fields after the ID are not options.
    let end = words.indices.dropFirst(2).first { Self.isID(words[$0]) } ?? words.count
    for index in words.indices.dropFirst(2) where index < end || Self.isEqual(words[0], "XTRIM") {
      if Self.isEqual(words[index], "KEEPREF") {
        var words = words
        words.remove(at: index)
        return .success([words])
      }
      if Self.isEqual(words[index], "DELREF") || Self.isEqual(words[index], "ACKED") {
        return .failure(Missing(text: "the target cannot remove entries together with their references"))
      }
    }
    return nil
  }

  /// Whether a word is the ID of an entry, which has a minus sign in it.
  private static func isID(_ word: [UInt8]) -> Bool {
    word.contains(UInt8(ascii: "-")) && word.allSatisfy { ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: "-") }
  }

  /// XDELEX key [KEEPREF|DELREF|ACKED] IDS count id …
  private func deleteEntries(_ words: [[UInt8]]) -> Forms {
    guard let ids = Self.ids(words, from: 2) else {
      return .failure(Missing(text: "the target cannot remove entries together with their references"))
    }
    return .success([[Self.word("XDEL"), words[1]] + ids])
  }

  /// XACKDEL key group [KEEPREF|DELREF|ACKED] IDS count id …
  private func acknowledgeEntries(_ words: [[UInt8]]) -> Forms {
    guard words.count > 3, let ids = Self.ids(words, from: 3) else {
      return .failure(Missing(text: "the target cannot remove entries together with their references"))
    }
    return .success([[Self.word("XACK"), words[1], words[2]] + ids, [Self.word("XDEL"), words[1]] + ids])
  }

  /// Returns the IDs of XDELEX or XACKDEL; `nil` for other policies than KEEPREF.
  private static func ids(_ words: [[UInt8]], from index: Int) -> ArraySlice<[UInt8]>? {
    guard index + 2 < words.count else { return nil }
    let start = isEqual(words[index], "KEEPREF") ? index + 1 : index
    guard start + 2 < words.count, isEqual(words[start], "IDS") else { return nil }
    return words[(start + 2)...]
  }
}
