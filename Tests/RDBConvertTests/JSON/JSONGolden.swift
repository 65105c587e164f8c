import RDB
import RDBConvert
import RDBSupport
import TestSupport

/// Compares a key object of the native shape with what a server said of the key.
struct JSONComparison {
  let strings: JSONOptions.Strings
  /// The dump's RDB version, which stands in the footer of a DUMP payload.
  let version: Int

  /// What differs; empty: nothing.
  ///
  /// - Parameter rows: The golden's row, the expired file's, or both.
  func differences(_ key: JSONNode, _ rows: [Golden.Row]) throws -> [String] {
    guard let row = rows.first else { return ["no row"] }
    var found: [String] = []
    if key["type"]?.text != row.type { found.append("type \(key["type"]?.text ?? "none"), not \(row.type)") }
    if key["expire_ms"]?.int != row.expiry, !rows.contains(where: { $0.isPartial }) {
      found.append("expire_ms \(String(describing: key["expire_ms"])), not \(String(describing: row.expiry))")
    }
    if let idle = row.idleSeconds, let own = key["idle"]?.uint, own != idle { found.append("idle \(own), not \(idle)") }
    if let frequency = row.frequency, let own = key["freq"]?.uint, own != UInt64(frequency) {
      found.append("freq \(own), not \(frequency)")
    }
    if try !hasValue(key, rows) { found.append("value") }
    return found
  }

  private func hasValue(_ key: JSONNode, _ rows: [Golden.Row]) throws -> Bool {
    switch rows[0].value {
    case .string(let value):
      return value.matches(try strings.bytes(key["value"]))
    case .list(let elements):
      let own = try array(key["values"]).map { try strings.bytes($0) }
      return own.count == elements.count && zip(elements, own).allSatisfy { $0.matches($1) }
    case .set(let members):
      let own = try array(key["members"]).map { mark(try strings.bytes($0)) }
      return own.sorted(by: precedes) == members.map(mark).sorted(by: precedes)
    case .zset(let members):
      return try isZset(key, members)
    case .hash:
      return try isHash(key, rows)
    case .array(let elements, let insertIndex):
      let own = try array(key["elements"]).map { pair in
        (index: pair.array?[0].uint, value: try strings.bytes(pair.array?[1]))
      }
      return own.count == elements.count && key["insert_index"]?.uint == insertIndex
        && zip(elements, own).allSatisfy { $0.index == $1.index && $0.value.matches($1.value) }
    case .pathHash(let paths):
      guard let own = key["paths"]?.members, own.count == paths.count else { return false }
      return try zip(own, paths).allSatisfy { member, path in
        guard path.path.matches(try strings.nameBytes(member.name)), let fields = member.value.members else {
          return false
        }
        return try fields.count == path.fields.count
          && zip(fields, path.fields).allSatisfy { own, row in
            try row.field.matches(try strings.nameBytes(own.name)) && row.value.matches(try strings.bytes(own.value))
          }
      }
    case .stream(let stream):
      return try isStream(key, stream)
    case .module(let type, let dump):
      guard key["module"]?.text == type else { return false }
      guard let value = key["value"]?.text else { return key["json"] != nil && type == "ReJSON-RL" }
      let own = try JSONOptions.Strings.base64(value)
      if case .all(let payload) = dump { return own == Array(payload.dropLast(10)) }
      return dump.matches(RDBBytes.payload(own, version: version))
    case .function: return false
    }
  }

  private func isZset(_ key: JSONNode, _ members: [(member: Golden.Bytes, score: Double, text: String)]) throws -> Bool
  {
    var expected: [[UInt8]: Double] = [:]
    for (member, score, _) in members { expected[mark(member)] = score }
    let own = try array(key["entries"])
    guard own.count == members.count else { return false }
    for entry in own {
      let score: Double?
      if let text = entry["score_text"]?.text {
        guard entry["score"] == .null, ["inf", "-inf", "nan"].contains(text) else { return false }
        score = Double(text)
      } else {
        score = entry["score"]?.double
      }
      guard score == expected[mark(try strings.bytes(entry["member"]))] else { return false }
    }
    return true
  }

  private func isHash(_ key: JSONNode, _ rows: [Golden.Row]) throws -> Bool {
    var expected: [[UInt8]: (value: Golden.Bytes, expiry: Int64?)] = [:]
    for row in rows {
      guard case .hash(let fields) = row.value else { return false }
      for (field, value, expiry) in fields { expected[mark(field)] = (value, expiry) }
    }
    if let members = key["hash"]?.members {
      return try members.count == expected.count
        && (members.allSatisfy { member in
          guard let row = expected[mark(try strings.nameBytes(member.name))] else { return false }
          return try row.expiry == nil && row.value.matches(try strings.bytes(member.value))
        })
    }
    let fields = try array(key["fields"])
    return try fields.count == expected.count
      && (fields.allSatisfy { field in
        guard let row = expected[mark(try strings.bytes(field["field"]))] else { return false }
        return try row.expiry == field["expire_ms"]?.int && row.value.matches(try strings.bytes(field["value"]))
      })
  }

  // MARK: Streams

  private func isStream(_ key: JSONNode, _ stream: Golden.Stream) throws -> Bool {
    let entries = try array(key["entries"])
    guard entries.count == stream.entries.count else { return false }
    for (entry, expected) in zip(entries, stream.entries) {
      let fields = try array(entry["fields"])
      guard entry["id"]?.text == expected.id, fields.count == expected.fields.count else { return false }
      for (pair, want) in zip(fields, expected.fields) {
        guard want.field.matches(try strings.bytes(pair.array?[0])),
          want.value.matches(try strings.bytes(pair.array?[1]))
        else { return false }
      }
    }
    guard key["length"]?.uint == stream.length, key["last_id"]?.text == stream.lastID,
      same(key["first_id"]?.text, stream.firstID), same(key["max_deleted_id"]?.text, stream.maxDeletedID),
      same(key["entries_added"]?.uint, stream.entriesAdded)
    else { return false }
    return try areGroups(array(key["groups"]), stream) && isIdempotency(key["idmp"], stream.idempotency)
  }

  /// A version that has no such notion writes nothing, and its golden has none.
  private func same<T: Equatable>(_ own: T?, _ expected: T?) -> Bool { expected == nil || own == expected }

  private func areGroups(_ groups: [JSONNode], _ stream: Golden.Stream) throws -> Bool {
    guard groups.count == stream.groups.count else { return false }
    for expected in stream.groups {
      guard
        let group = try groups.first(where: { expected.name.matches(try strings.bytes($0["name"])) }),
        group["last_delivered_id"]?.text == expected.lastDeliveredID
      else { return false }
      if let read = expected.entriesRead {
        guard group["entries_read"] == (read == -1 ? .null : .number("\(read)")) else { return false }
      }
      guard try arePending(array(group["pending"]), expected, stream.timesAreApproximate),
        try areConsumers(array(group["consumers"]), expected, stream.timesAreApproximate)
      else { return false }
    }
    return true
  }

  private func arePending(_ pending: [JSONNode], _ group: Golden.Group, _ approximate: Bool) throws -> Bool {
    try pending.count == group.pending.count
      && (zip(pending, group.pending).allSatisfy { own, expected in
        let isSameConsumer =
          if let consumer = expected.consumer {
            consumer.matches(try strings.bytes(own["consumer"]))
          } else {
            own["consumer"] == .null
          }
        return isSameConsumer && own["id"]?.text == expected.id
          && (approximate || own["delivery_time_ms"]?.int == expected.deliveryTime)
          && own["delivery_count"]?.uint == expected.deliveryCount
      })
  }

  private func areConsumers(_ consumers: [JSONNode], _ group: Golden.Group, _ approximate: Bool) throws -> Bool {
    try consumers.count == group.consumers.count
      && (group.consumers.allSatisfy { expected in
        guard
          let own = try consumers.first(where: { expected.name.matches(try strings.bytes($0["name"])) })
        else { return false }
        if approximate { return true }
        return own["seen_time_ms"]?.int == expected.seenTime
          && (expected.activeTime == nil || (own["active_time_ms"]?.int ?? -1) == expected.activeTime)
      })
  }

  private func isIdempotency(_ own: JSONNode?, _ expected: Golden.Idempotency?) throws -> Bool {
    guard let expected else { return own == nil }
    let ids = expected.producers.flatMap { producer in
      producer.ids.map { (producer: producer.id, id: $0.id, entry: $0.entry) }
    }
    let ownIDs = try array(own?["ids"])
    return try own?["duration_s"]?.uint == expected.durationSeconds && own?["max_entries"]?.uint == expected.maxEntries
      && own?["producers"]?.uint == UInt64(expected.producers.count) && ownIDs.count == ids.count
      && own?["iids_added"]?.uint == expected.added && own?["iids_duplicates"]?.uint == expected.duplicates
      && (zip(ownIDs, ids).allSatisfy { own, expected in
        try expected.producer.matches(strings.bytes(own["producer"]))
          && expected.id.matches(strings.bytes(own["id"])) && own["entry"]?.text == expected.entry
      })
  }

  // MARK: Bytes

  private struct Missing: Error {}

  private func array(_ node: JSONNode?) throws -> [JSONNode] {
    guard let values = node?.array else { throw Missing() }
    return values
  }

  /// The same of bytes and of their digest.
  private func mark(_ bytes: [UInt8]) -> [UInt8] { bytes.count > 4096 ? SHA256.digest(bytes) : bytes }

  private func mark(_ bytes: Golden.Bytes) -> [UInt8] {
    switch bytes {
    case .all(let bytes): mark(bytes)
    case .digest(_, let sha256): sha256
    }
  }

  private func precedes(_ a: [UInt8], _ b: [UInt8]) -> Bool { a.lexicographicallyPrecedes(b) }
}
