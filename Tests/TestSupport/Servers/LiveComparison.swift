import RESP
import RDBSupport

/// Reads keys back from a live server and reports the differences from the rows of a golden file.
public struct LiveComparison {
  /// The latest field expiry that a command of Redis accepts, in Unix milliseconds.
  public static let maximumRedisFieldExpiry: Int64 = (1 << 46) - 1

  private let connection: LiveConnection
  private let kind: LiveServer.Kind
  private var differences: [String] = []

  /// - Returns: One line per difference; empty if the contents of the server equal the rows.
  public static func differences(
    _ connection: LiveConnection, _ kind: LiveServer.Kind, _ rows: [Golden.Row]
  ) throws -> [String] {
    var comparison = LiveComparison(connection: connection, kind: kind)
    let keys = rows.filter { $0.key != nil }
    try comparison.counts(keys)
    for (database, rows) in Dictionary(grouping: keys, by: { $0.database ?? 0 }).sorted(by: { $0.key < $1.key }) {
      try connection.command("SELECT", "\(database)")
      for start in stride(from: 0, to: rows.count, by: 200) {
        try comparison.compare(Array(rows[start..<min(start + 200, rows.count)]))
      }
    }
    return comparison.differences
  }

  private init(connection: LiveConnection, kind: LiveServer.Kind) {
    (self.connection, self.kind) = (connection, kind)
  }

  private mutating func differ(_ row: Golden.Row, _ what: String, _ expected: Any, _ found: Any) {
    differences.append(
      "db \(row.database ?? 0) \(printableKey(row)): \(what): expected \(expected), found \(found)")
  }

  private func printableKey(_ row: Golden.Row) -> String {
    String(decoding: (row.key ?? []).prefix(60), as: UTF8.self)
  }

  /// Whether a key is a hash whose fields have all expired: it stays until the expire cycle of the server deletes it.
  private func isEmptied(_ key: [UInt8]) throws -> Bool {
    guard try connection.commands([[Array("TYPE".utf8), key]])[0].bytes == Array("hash".utf8) else { return false }
    return try connection.commands([[Array("HGETALL".utf8), key]])[0].elements?.isEmpty == true
  }

  /// Compares the number of keys per database.
  private mutating func counts(_ rows: [Golden.Row]) throws {
    let info = String(decoding: try connection.command("INFO", "keyspace").bytes ?? [], as: UTF8.self)
    var found: [UInt64: Int] = [:]
    for line in info.split(whereSeparator: \.isNewline) where line.hasPrefix("db") {
      let database = UInt64(line.dropFirst(2).prefix { $0.isNumber })
      let count = line.split(separator: "=").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) }
      if let database, let count { found[database] = count }
    }
    let expected = Dictionary(grouping: rows) { $0.database ?? 0 }.mapValues(\.count)
    // INFO counts expired keys until the server deletes them.
    for (database, count) in found where expected[database] != count {
      try connection.command("SELECT", "\(database)")
      let known = Set(rows.filter { $0.database ?? 0 == database }.compactMap(\.key))
      let left = try (connection.command("KEYS", "*").elements ?? []).filter { key in
        try known.contains(key.bytes ?? []) || !isEmptied(key.bytes ?? [])
      }
      found[database] = left.isEmpty ? nil : left.count
    }
    if expected != found {
      differences.append("keys by database: expected \(expected), found \(found)")
    }
  }

  private static func words(_ texts: String..., key: [UInt8], rest: String...) -> [[UInt8]] {
    texts.map { Array($0.utf8) } + [key] + rest.map { Array($0.utf8) }
  }

  private func valueCommand(_ row: Golden.Row) -> [[UInt8]] {
    let key = row.key ?? []
    return switch row.value {
    case .string: Self.words("GET", key: key)
    case .list: Self.words("LRANGE", key: key, rest: "0", "-1")
    case .set: Self.words("SMEMBERS", key: key)
    case .zset: Self.words("ZRANGE", key: key, rest: "0", "-1", "WITHSCORES")
    case .hash: Self.words("HGETALL", key: key)
    case .stream: Self.words("XRANGE", key: key, rest: "-", "+")
    default: Self.words("DUMP", key: key)
    }
  }

  private mutating func compare(_ rows: [Golden.Row]) throws {
    let replies = try connection.commands(
      rows.flatMap { row in
        [
          Self.words("TYPE", key: row.key ?? []), Self.words("PEXPIRETIME", key: row.key ?? []),
          valueCommand(row),
        ]
      })
    for (index, row) in rows.enumerated() {
      if case .module = row.value {
      } else {
        let type = String(decoding: replies[3 * index].bytes ?? [], as: UTF8.self)
        if type != row.type {
          differ(row, "type", row.type, type)
          continue
        }
      }
      let expiry = replies[3 * index + 1]
      if expiry != .integer(row.expiry ?? -1) { differ(row, "expiry", row.expiry ?? -1, expiry) }
      try compare(row, replies[3 * index + 2])
    }
  }

  private mutating func compare(_ row: Golden.Row, _ reply: RESPValue) throws {
    let found = (reply.elements ?? []).map { $0.bytes ?? [] }
    switch row.value {
    case .string(let value):
      if !value.matches(reply.bytes ?? []) { differ(row, "value", value, reply) }
    case .list(let elements):
      guard elements.count == found.count else { return differ(row, "length", elements.count, found.count) }
      for (index, pair) in zip(elements, found).enumerated() where !pair.0.matches(pair.1) {
        differ(row, "element \(index)", pair.0, pair.1)
      }
    case .set(let members):
      if Set(members.map { Own($0) }) != Set(found.map { Own($0) }) {
        differ(row, "members", members.count, found.count)
      }
    case .zset(let entries): compare(row, entries.map { ($0.member, $0.score) }, found)
    case .hash(let fields): try compare(row, fields, found)
    case .stream(let stream): try compare(row, stream, reply)
    case .module(_, let dump):
      // The footer and the parts that the module writes in random order differ between servers.
      guard case .all(let payload) = dump, let own = reply.bytes else {
        return differ(row, "payload", dump, reply)
      }
      if payload.dropLast(10) != own.dropLast(10) { differ(row, "payload", payload.count, own.count) }
    default: differ(row, "type", row.type, "nothing that can be compared")
    }
  }

  /// Bytes that compare equal to the same bytes, whether a golden row has them in full or only as a digest.
  private struct Own: Hashable {
    let digest: [UInt8]
    init(digest: [UInt8]) { self.digest = digest }
    init(_ bytes: [UInt8]) { self.init(digest: bytes.count > 4096 ? SHA256.digest(bytes) : [1] + bytes) }
    init(_ bytes: Golden.Bytes) {
      switch bytes {
      case .all(let all): self.init(all)
      case .digest(_, let sha256): self.init(digest: sha256)
      }
    }
  }

  private mutating func compare(_ row: Golden.Row, _ entries: [(Golden.Bytes, Double)], _ found: [[UInt8]]) {
    var scores: [Own: Double] = [:]
    for index in stride(from: 0, to: found.count - 1, by: 2) {
      scores[Own(found[index])] = Double(String(decoding: found[index + 1], as: UTF8.self))
    }
    if scores.count != entries.count { differ(row, "members", entries.count, scores.count) }
    for (member, score) in entries {
      // A listpack stores -0 as 0.
      let other = scores[Own(member)]
      if other == nil || other != score { differ(row, "score", score, other as Any) }
    }
  }

  private mutating func compare(
    _ row: Golden.Row, _ fields: [(field: Golden.Bytes, value: Golden.Bytes, expiry: Int64?)],
    _ found: [[UInt8]]
  ) throws {
    var values: [Own: (value: [UInt8], expiry: RESPValue)] = [:]
    let names = stride(from: 0, to: found.count - 1, by: 2).map { found[$0] }
    var expiries = names.map { _ in RESPValue.integer(-1) }
    if kind != .redis7, !names.isEmpty {
      let command =
        Self.words("HPEXPIRETIME", key: row.key ?? [], rest: "FIELDS", "\(names.count)") + names
      expiries = try connection.commands([command])[0].elements ?? []
    }
    guard expiries.count == names.count else { return differ(row, "expiries", names.count, expiries.count) }
    for (index, name) in names.enumerated() {
      values[Own(name)] = (found[2 * index + 1], expiries[index])
    }
    if values.count != fields.count { differ(row, "fields", fields.count, values.count) }
    for field in fields {
      guard let own = values[Own(field.field)] else {
        differ(row, "field", field.field, "none")
        continue
      }
      if !field.value.matches(own.value) { differ(row, "value of a field", field.value, own.value) }
      let isBeyond = kind == .redis8 && (field.expiry ?? 0) > Self.maximumRedisFieldExpiry
      if own.expiry != .integer(field.expiry ?? -1), !isBeyond || own.expiry != .integer(-1) {
        differ(row, "expiry of a field", field.expiry ?? -1, own.expiry)
      }
    }
  }

  // MARK: Streams

  private func table(_ reply: RESPValue?) -> [String: RESPValue] {
    let elements = reply?.elements ?? []
    var table: [String: RESPValue] = [:]
    for index in stride(from: 0, to: elements.count - 1, by: 2) {
      table[text(elements[index])] = elements[index + 1]
    }
    return table
  }

  private func text(_ value: RESPValue?) -> String { String(decoding: value?.bytes ?? [], as: UTF8.self) }

  private func integer(_ value: RESPValue?) -> Int64? {
    if case .integer(let integer)? = value { return integer }
    return nil
  }

  private mutating func compare(_ row: Golden.Row, _ stream: Golden.Stream, _ reply: RESPValue) throws {
    let entries = reply.elements ?? []
    guard entries.count == stream.entries.count else {
      return differ(row, "entries", stream.entries.count, entries.count)
    }
    for (expected, entry) in zip(stream.entries, entries) {
      let parts = entry.elements ?? []
      let fields = parts.last?.elements ?? []
      guard text(parts.first) == expected.id, fields.count == 2 * expected.fields.count else {
        differ(row, "entry", expected.id, text(parts.first))
        continue
      }
      for (index, field) in expected.fields.enumerated()
      where !field.field.matches(fields[2 * index].bytes ?? [])
        || !field.value.matches(fields[2 * index + 1].bytes ?? [])
      {
        differ(row, "field of \(expected.id)", field.field, fields[2 * index])
      }
    }
    let info = table(
      try connection.commands([Self.words("XINFO", "STREAM", key: row.key ?? [], rest: "FULL", "COUNT", "0")])[0])
    if text(info["last-generated-id"]) != stream.lastID {
      differ(row, "last ID", stream.lastID, text(info["last-generated-id"]))
    }
    if let deleted = stream.maxDeletedID, text(info["max-deleted-entry-id"]) != deleted {
      differ(row, "highest deleted ID", deleted, text(info["max-deleted-entry-id"]))
    }
    if let added = stream.entriesAdded, integer(info["entries-added"]) != Int64(clamping: added) {
      differ(row, "entries added", added, info["entries-added"] as Any)
    }
    let groups = info["groups"]?.elements ?? []
    if groups.count != stream.groups.count { differ(row, "groups", stream.groups.count, groups.count) }
    for group in groups { compare(row, stream, table(group)) }
  }

  private mutating func compare(_ row: Golden.Row, _ stream: Golden.Stream, _ group: [String: RESPValue]) {
    guard let expected = stream.groups.first(where: { $0.name.matches(group["name"]?.bytes ?? []) }) else {
      return differ(row, "group", "none", text(group["name"]))
    }
    let name = text(group["name"])
    if text(group["last-delivered-id"]) != expected.lastDeliveredID {
      differ(row, "last delivered ID of \(name)", expected.lastDeliveredID, text(group["last-delivered-id"]))
    }
    if let read = expected.entriesRead, read != integer(group["entries-read"]) ?? -1 {
      differ(row, "entries read by \(name)", read, group["entries-read"] as Any)
    }
    let pending = (group["pel"] ?? group["pending"])?.elements ?? []
    guard pending.count == expected.pending.count else {
      return differ(row, "pending entries of \(name)", expected.pending.count, pending.count)
    }
    for (entry, own) in zip(expected.pending, pending) {
      let parts = own.elements ?? []
      let isSame =
        parts.count >= 4 && text(parts[0]) == entry.id
        && (entry.consumer?.matches(parts[1].bytes ?? []) ?? true)
        && (stream.timesAreApproximate || integer(parts[2]) == entry.deliveryTime)
        && integer(parts[3]) == Int64(clamping: entry.deliveryCount)
      if !isSame { differ(row, "pending entry of \(name)", entry, parts) }
    }
    let consumers = (group["consumers"]?.elements ?? []).map { table($0)["name"]?.bytes ?? [] }
    if Set(consumers.map { Own($0) }) != Set(expected.consumers.map { Own($0.name) }) {
      differ(row, "consumers of \(name)", expected.consumers.map(\.name), consumers.map { text(.bulk($0)) })
    }
  }
}
