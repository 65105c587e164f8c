import RDB
import RDBFormat
import RDBSupport

/// Returns a text that two values share exactly if they hold the same data.
///
/// It is made from owned values, and shares no code with digests.
func canonicalText(of value: SnapshotValue) -> String {
  switch value {
  case .string(let bytes): "string \(hex(bytes))"
  case .list(let elements): "list \(elements.map(hex))"
  case .set(let members): "set \(members.map(hex).sorted())"
  case .zset(let members): "zset \(members.map { "\(hex($0.member)) \($0.score == 0 ? 0 : $0.score)" }.sorted())"
  case .hash(let fields):
    "hash \(fields.map { "\(hex($0.field)) \(hex($0.value)) \($0.expiry?.description ?? "never")" }.sorted())"
  case .stream(let stream): canonicalText(of: stream)
  case .array(let elements, let insertIndex):
    "array \(elements.map { "\($0.index) \(hex($0.value))" }) \(insertIndex?.description ?? "none")"
  case .pathHash(let paths):
    "paths "
      + "\(paths.map { "\(hex($0.path)) \($0.fields.map { "\(hex($0.field)) \(hex($0.value))" }.sorted())" }.sorted())"
  case .module(let id, let stored): "module \(id) \(hex(stored))"
  case .notRead, .tooLarge: "unknown"
  }
}

private func canonicalText(of stream: SnapshotStream) -> String {
  let length = stream.entries.count
  let entries = stream.entries.map { "\($0.id) \($0.fields.map { "\(hex($0.name)) \(hex($0.value))" })" }
  let added = stream.info.entriesAdded ?? UInt64(length)
  let groups = stream.groups.map { group in
    let consumers = group.consumers.map { hex($0.name) }.sorted()
    let pending = group.pending.map {
      "\($0.id) \($0.delivered) \($0.deliveryCount) \($0.consumer.map(hex) ?? "none")"
    }
    let read: String
    switch group.entriesRead {
    case .known(let count): read = "\(count)"
    case .unknown: read = "unknown"
    case .absent:
      if added == 0 {
        read = "0"
      } else if group.lastDelivered > stream.info.lastID {
        read = "unknown"
      } else if length == 0 || group.lastDelivered == stream.info.lastID {
        read = "\(added)"
      } else if group.lastDelivered < stream.entries[0].id {
        read = "\(added - UInt64(length))"
      } else {
        read = group.lastDelivered == stream.entries[0].id ? "\(added - UInt64(length) + 1)" : "unknown"
      }
    }
    return "\(hex(group.name)) \(group.lastDelivered) \(read) \(consumers) \(pending.sorted())"
  }
  var text = "stream \(entries) \(stream.info.lastID) \(stream.info.maxDeletedID ?? .zero) \(added) \(groups.sorted())"
  if let idempotency = stream.idempotency,
    !idempotency.producers.isEmpty || idempotency.idsAdded != 0 || idempotency.idsDuplicate != 0
  {
    text += "\(idempotency)"
  }
  return text
}

/// The bytes as text, or the SHA-256 of many.
private func hex(_ bytes: [UInt8]) -> String {
  bytes.count > 64 ? "\(SHA256.digest(bytes))" : printable(bytes, limit: .max)
}
