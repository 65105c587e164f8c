import Foundation

typealias JSONFields = [String: Any]

extension Golden.Row {
  init(_ row: JSONFields) throws {
    database = try optional(row["db"], UInt64.self)
    key = try optional(row["key_b64"], String.self).map { try base64($0) }
    type = try required(row["type"], "type")
    encoding = try optional(row["encoding"], String.self)
    expiry = try optional(row["expireat_ms"], Int64.self)
    idleSeconds = try optional(row["idle_s"], UInt64.self)
    frequency = try optional(row["freq"], UInt8.self)
    memory = try optional(row["mem"], UInt64.self)
    isPartial = try optional(row["partial"], Bool.self) ?? false
    value = try Golden.Value(type, row["value"] as Any)
  }
}

extension Golden.Value {
  init(_ type: String, _ json: Any) throws {
    switch type {
    case "string": self = .string(try bytes(json))
    case "list": self = .list(try jsonArray(json).map { try bytes($0) })
    case "set": self = .set(try jsonArray(json).map { try bytes($0) })
    case "zset":
      self = .zset(
        try jsonArray(json).map { entry in
          let pair = try jsonArray(entry, count: 2)
          let text: String = try required(pair[1], "score")
          guard let score = Double(text) else { throw Golden.Malformed(what: "score \(text)") }
          return (try bytes(pair[0]), score, text)
        })
    case "hash":
      self = .hash(
        try jsonArray(json).map { entry in
          let triple = try jsonArray(entry, count: 3)
          return (try bytes(triple[0]), try bytes(triple[1]), try optional(triple[2], Int64.self))
        })
    case "stream": self = .stream(try Golden.Stream(try required(json, "stream")))
    case "array":
      let value: JSONFields = try required(json, "array")
      let elements = try jsonArray(value["elements"]).map { entry in
        let pair = try jsonArray(entry, count: 2)
        return (index: try required(pair[0], "index") as UInt64, value: try bytes(pair[1]))
      }
      self = .array(elements: elements, insertIndex: try optional(value["insert_index"], UInt64.self))
    case "path-hash":
      self = .pathHash(
        try jsonArray(json).map { entry in
          let pair = try jsonArray(entry, count: 2)
          let fields = try jsonArray(pair[1]).map { field in
            let two = try jsonArray(field, count: 2)
            return (field: try bytes(two[0]), value: try bytes(two[1]))
          }
          return (path: try bytes(pair[0]), fields: fields)
        })
    case "module":
      let value: JSONFields = try required(json, "module")
      self = .module(
        type: try required(value["module_type"], "module_type"), dump: try bytes(value["dump"]))
    case "function":
      let value: JSONFields = try required(json, "function")
      self = .function(
        name: try base64(try required(value["name"], "name")),
        engine: try required(value["engine"], "engine"),
        code: try base64(try required(value["code"], "code")))
    default: throw Golden.Malformed(what: "type \(type)")
    }
  }
}

extension Golden.Stream {
  init(_ json: JSONFields) throws {
    entries = try jsonArray(json["entries"]).map { entry in
      let pair = try jsonArray(entry, count: 2)
      let fields = try jsonArray(pair[1]).map { field in
        let two = try jsonArray(field, count: 2)
        return (field: try bytes(two[0]), value: try bytes(two[1]))
      }
      return (try required(pair[0], "entry id"), fields)
    }
    length = try required(json["length"], "length")
    lastID = try required(json["last_id"], "last_id")
    firstID = try optional(json["first_id"], String.self)
    maxDeletedID = try optional(json["max_deleted_id"], String.self)
    entriesAdded = try optional(json["entries_added"], UInt64.self)
    groups = try jsonArray(json["groups"]).map { try Golden.Group(try required($0, "group")) }
    idempotency = try optional(json["idmp"], JSONFields.self).map { try Golden.Idempotency($0) }
    timesAreApproximate = try optional(json["times_approx"], Bool.self) ?? false
  }
}

extension Golden.Group {
  init(_ json: JSONFields) throws {
    name = try bytes(json["name"])
    lastDeliveredID = try required(json["last_delivered"], "last_delivered")
    entriesRead = try optional(json["entries_read"], Int64.self)
    pending = try jsonArray(json["pel"]).map { entry in
      let row = try jsonArray(entry, count: 4)
      return (
        try required(row[0], "pending id"), row[1] is NSNull ? nil : try bytes(row[1]),
        try required(row[2], "delivery time"), try required(row[3], "delivery count")
      )
    }
    consumers = try jsonArray(json["consumers"]).map { entry in
      let consumer: JSONFields = try required(entry, "consumer")
      return (
        try bytes(consumer["name"]), try required(consumer["seen_time_ms"], "seen_time_ms"),
        try optional(consumer["active_time_ms"], Int64.self),
        try jsonArray(consumer["pel"]).map { try required($0, "pending id") }
      )
    }
  }
}

extension Golden.Idempotency {
  init(_ json: JSONFields) throws {
    durationSeconds = try required(json["duration_s"], "duration_s")
    maxEntries = try required(json["max_entries"], "max_entries")
    producers = try jsonArray(json["producers"]).map { entry in
      let producer: JSONFields = try required(entry, "producer")
      let ids = try jsonArray(producer["ids"]).map { id in
        let pair = try jsonArray(id, count: 2)
        return (id: try bytes(pair[0]), entry: try required(pair[1], "entry id") as String)
      }
      return (try bytes(producer["id"]), ids)
    }
    added = try required(json["iids_added"], "iids_added")
    duplicates = try required(json["iids_duplicates"], "iids_duplicates")
  }
}

private func required<T>(_ json: Any?, _ what: String) throws -> T {
  guard let value = json as? T else { throw Golden.Malformed(what: what) }
  return value
}

private func optional<T>(_ json: Any?, _: T.Type) throws -> T? {
  guard let json, !(json is NSNull) else { return nil }
  return try required(json, "\(T.self)") as T
}

private func jsonArray(_ json: Any?, count: Int? = nil) throws -> [Any] {
  let values: [Any] = try required(json, "array")
  guard count == nil || values.count == count else { throw Golden.Malformed(what: "array") }
  return values
}

private func base64(_ text: String) throws -> [UInt8] {
  guard let data = Data(base64Encoded: text) else { throw Golden.Malformed(what: "base64") }
  return [UInt8](data)
}

private func bytes(_ json: Any?) throws -> Golden.Bytes {
  if let text = json as? String { return .all(try base64(text)) }
  let digest: JSONFields = try required(json, "bytes")
  let digits: String = try required(digest["sha256"], "sha256")
  let sha256 = stride(from: 0, to: digits.utf8.count, by: 2).compactMap {
    UInt8(digits.dropFirst($0).prefix(2), radix: 16)
  }
  return .digest(count: try required(digest["len"], "len"), sha256: sha256)
}
