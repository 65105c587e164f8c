import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import RedisTransfer

extension KeyLoader {
  /// Counts the keys that the server refused or kept in the ledger of the input.
  ///
  /// - Returns: Notes for the user.
  func account(in ledger: inout Ledger) -> [String] {
    // A key of several commands, or one that was sent again, can fail more than once.
    var failed: Set<UInt64> = []
    for failure in failures where failed.insert(failure.ordinal).inserted {
      ledger.lose(
        .key,
        "the server refused \(String(decoding: failure.command, as: UTF8.self)): "
          + printable(failure.error.words, limit: 512),
        key: failure.key, offset: 0)
    }
    let unlisted = refusedKeyCount - min(refusedKeyCount, UInt64(failed.count))
    if unlisted > 0 { ledger.lose(.key, "the server refused more keys than are listed", count: unlisted) }
    ledger.keysWritten -= min(ledger.keysWritten, refusedKeyCount + keptKeyCount)
    var notes: [String] = []
    if keptKeyCount > 0 { notes.append("\(counted(keptKeyCount, "key")) existed, kept as before") }
    if expiredKeyCount > 0 { notes.append("\(counted(expiredKeyCount, "key")) expired during the load") }
    if reconnectionCount > 0 {
      notes.append("reconnected \(counted(UInt64(reconnectionCount), "time"))")
    }
    return notes
  }
}

extension LoadStop {
  /// Returns the failure that ends the process.
  ///
  /// - Parameter count: The number of keys that are loaded.
  func failure(after count: UInt64) -> Failure {
    let safe = "\(counted(count, "key")) loaded so far"
    switch self {
    case .refused(let failure):
      return Failure(
        failure.error.remedy == .changingCredentials ? .noPermission : .refused,
        "the server refused \(String(decoding: failure.command, as: UTF8.self)) of \(failure.shownName): "
          + "\(printable(failure.error.words, limit: 512)); \(safe)",
        hint: failure.error.hint ?? "--on-error skip leaves out such keys, and lists them.")
    case .exists(let failure):
      return Failure(
        .refused, "the server has \(failure.shownName) already; \(safe)",
        hint: "--replace replaces what exists, --nx keeps it.")
    case .databaseRefused(let database, let error):
      return Failure(
        .refused, "the server has no database \(database): \(printable(error.words, limit: 512)); \(safe)",
        hint: "--db-map \(database):0 loads its keys into another one.")
    case .mustReread(let key): return Failure(.bug, "the input was not read again from key \(key)")
    case .serverRestarts(let count):
      return Failure(
        .unreachable, "the server was started anew \(count) times and lost keys each time; \(safe)",
        hint: "Its log says why: mostly, its memory was not enough.")
    case .tooFewReplicas(let count):
      return Failure(
        .refused, "only \(count) replicas confirmed the keys within 10 s; \(safe)",
        hint: "Look at the replicas, or load with --wait-replicas \(count).")
    }
  }
}

extension SentUnits.Failure {
  fileprivate var shownName: String {
    let what = subject == .key ? "key" : subject == .script ? "script" : "function library"
    return "\(what) \(printable(key)) in database \(database)"
  }
}

extension ServerVersion {
  /// The program and its release: `Redis 7.0`.
  var shownRelease: String { "\(vendor == .valkey ? "Valkey" : "Redis") \(major).\(minor)" }
}
