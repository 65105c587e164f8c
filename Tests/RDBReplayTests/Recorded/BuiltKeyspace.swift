import Foundation
import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import RESP
import TestSupport

/// The keyspace that a log builds, in a replay or on a server: its keys, and their encodings.
struct BuiltKeyspace {
  private let contents: SnapshotContents
  /// The answers of OBJECT ENCODING, by the key's name and database. Not every encoding is known.
  private let encodings: [String: String]

  /// Replays a log, as a server that loads it now.
  ///
  /// - Parameter isGrouped: Whether the log is replayed in two passes with little memory.
  init(replaying parts: [LogPart], _ server: ServerVersion, isGrouped: Bool = false) throws {
    let now = UnixMilliseconds.now
    var options = ReplayOptions(server: server, now: now)
    if isGrouped {
      options.memoryLimit = 64 << 10
      let source = ReplaySource(options, logByteCount: .max) { TimelessLog(parts) }
      // Values that no command touches are written as they are stored, not as a server that loads them saves them.
      (contents, encodings) = (try SnapshotContents(source).withoutStoredForms, [:])
      return
    }
    // The server has no limit.
    options.memoryLimit = 8 << 30
    let replay = try WholeReplay(TimelessLog(parts), options)
    let written = MemoryDestination()
    let writer = try KeyspaceWriter(to: written, EncodingLimits(server: server), base: replay.origin.base?.header)
    for code in replay.origin.libraries { try writer.library(code) }
    var encodings: [String: String] = [:]
    try replay.forEachDecodedKey { name, key, database in
      try writer.write(name, key, database: database)
      encodings[keyText(name, database)] = key.value.collectionEncoding?.rawValue ?? key.value.stringEncoding
    }
    try writer.finish()
    self.encodings = encodings
    contents = try SnapshotContents(MemorySource(written.bytes))
  }

  /// Asks a server for its snapshot and for the encoding of each key.
  init(heldBy server: LiveServer, _ connection: LiveConnection) throws {
    guard try connection.command("SAVE").bytes == Array("OK".utf8) else {
      throw LiveServer.Failure(description: "\(server.kind) cannot save")
    }
    let dump = try Data(contentsOf: URL(fileURLWithPath: server.folder).appendingPathComponent("dump.rdb"))
    contents = try SnapshotContents(MemorySource(Array(dump)))
    var names: [UInt64: [[UInt8]]] = [:]
    var keys = SnapshotKeys(MemorySource(Array(dump)))
    while let key = try keys.next() { names[key.database, default: []].append(key.name) }
    var encodings: [String: String] = [:]
    for (database, names) in names {
      try connection.command("SELECT", "\(database)")
      let replies = try connection.commands(names.map { ["OBJECT", "ENCODING"].map { Array($0.utf8) } + [$0] })
      for (name, reply) in zip(names, replies) {
        // A key that has lapsed is missing.
        if let bytes = reply.bytes { encodings[keyText(name, database)] = String(decoding: bytes, as: UTF8.self) }
      }
    }
    self.encodings = encodings
  }

  /// The differences from another keyspace, one per line.
  func differences(from other: BuiltKeyspace) -> [String] {
    let others = contents.hasStoredForms ? other.contents : other.contents.withoutStoredForms
    // Both were built before now: the same keys and fields have lapsed in both.
    let now = UnixMilliseconds.now
    var differences = contents.withoutLapsed(at: now).differences(from: others.withoutLapsed(at: now))
    for (key, encoding) in encodings.sorted(by: { $0.key < $1.key }) {
      if let other = other.encodings[key], other != encoding {
        differences.append("\(key): encoding \(encoding), not \(other)")
      }
    }
    return differences
  }
}

/// A log without its annotations. A server counts from the time of loading, also where a replay takes an annotation's
/// time: a field that has lapsed since is missing for Redis when it loads HPERSIST.
private final class TimelessLog: ReplayLog {
  private let log: CommandLog
  var ledger: Ledger { log.ledger }

  init(_ parts: [LogPart]) { log = CommandLog(parts) }

  func next() throws -> ReplayItem? {
    while let item = try log.next() {
      if case .time = item { continue }
      return item
    }
    return nil
  }
}

private func keyText(_ name: [UInt8], _ database: UInt64) -> String { "\(printable(name, limit: .max)) db \(database)" }

extension WholeReplay {
  /// Calls `body` with each key. Values that no command has touched are decoded, as a server does that loads them.
  fileprivate func forEachDecodedKey(_ body: ([UInt8], ReplayedKey, UInt64) throws -> Void) throws {
    for (database, keys) in replay.execution.keyspace.databases {
      try keys.forEach { name, key in
        var key = key
        if case .stored(let stored) = key.value, stored.isDecodable {
          key.value = try stored.decoded(replay.execution.limits)
        }
        try body(name, key, database)
      }
    }
  }
}

extension ReplayedValue {
  /// The encoding of a list, set, sorted set or hash.
  var collectionEncoding: ObjectEncoding? {
    switch self {
    case .list(let list): list.encoding
    case .set(let set): set.encoding
    case .zset(let zset): zset.encoding
    case .hash(let hash): hash.encoding
    case .string, .stream, .stored: nil
    }
  }

  /// The encoding of a string. Whether a longer string is embedded depends on the release, the key and the expiry.
  fileprivate var stringEncoding: String? {
    guard case .string(let bytes, let isRaw) = self else { return nil }
    if isRaw { return "raw" }
    if bytes.count >= 12 { return nil }
    return DecimalText.parseCanonical(bytes.span.bytes) == nil ? "embstr" : "int"
  }
}
