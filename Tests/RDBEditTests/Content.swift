import RDB
import RDBFormat

/// The content of a snapshot as lines of text, reduced to what a release can hold: one line per key, sorted.
struct Content {
  let target: ServerVersion

  static func lines(_ bytes: [UInt8], for target: ServerVersion, ignoresExpiry: Bool = false) throws -> [String] {
    let content = Content(target: target)
    var keys = SnapshotKeys(MemorySource(bytes))
    var lines: [String] = []
    while let key = try keys.next() {
      if let value = content.value(key) {
        lines.append("\(key.database) \(text(key.name)) \(ignoresExpiry ? "" : content.expiry(key.expiry)) \(value)")
      }
    }
    if DataFeature.functions.since.isOffered(by: target) {
      // Without the first line, which libraries of 7.0 release candidates lack and get.
      lines += keys.functionLibraries.map { code in
        "function \(text(code.starts(with: "#!".utf8) ? Array(code.drop { $0 != 10 }.dropFirst()) : code))"
      }
    }
    return lines.sorted()
  }

  private func has(_ feature: DataFeature) -> Bool { feature.since.isOffered(by: target) }

  private func expiry(_ expiry: UnixMilliseconds?) -> String {
    guard let expiry else { return "-" }
    if target.rdbVersion >= 3 { return "\(expiry)" }
    return "\(Int32(clamping: expiry.value > 0 ? (expiry.value - 1) / 1000 + 1 : expiry.value / 1000))"
  }

  private func field(_ expiry: UnixMilliseconds?) -> String {
    guard let expiry, has(.fieldExpiry) else { return "-" }
    if target.vendor == .redis, expiry.value >= 1 << 46 { return "-" }
    return "\(target.vendor == .redis ? max(expiry.value, 1) : expiry.value)"
  }

  /// The text of a value; `nil` if the release cannot hold it, or if it has no elements.
  private func value(_ key: SnapshotKey) -> String? {
    switch key.value {
    case .string(let bytes): return "string \(text(bytes))"
    case .list(let elements): return elements.isEmpty ? nil : "list \(elements.map(text))"
    case .set(let members):
      return members.isEmpty ? nil : "set \(members.map(text).sorted())"
    case .zset(let members):
      return members.isEmpty ? nil : "zset \(members.map { "\(text($0.member)) \($0.score)" }.sorted())"
    case .hash(let fields):
      return fields.isEmpty
        ? nil : "hash \(fields.map { "\(text($0.field)) \(text($0.value)) \(field($0.expiry))" }.sorted())"
    case .stream(let value): return has(.streams) ? stream(value) : nil
    case .array(let elements, let index): return has(.arrays) ? "array \(elements) \(index ?? 0)" : nil
    case .pathHash(let paths): return has(.pathHashes) ? "path-hash \(paths)" : nil
    case .module(let module, _): return has(.modules) ? "module \(module)" : nil
    case .notRead, .tooLarge: return "not read"
    }
  }

  private func stream(_ stream: SnapshotStream) -> String {
    let info = stream.info.completed(firstLive: stream.entries.first?.id)
    let entries = stream.entries.map { entry in
      "\(entry.id) \(entry.fields.map { text($0.name) + text($0.value) })"
    }
    var result = "stream \(entries) \(info.length) \(info.lastID)"
    let hasCounters = target.isAtLeast(7, 0)
    if hasCounters {
      result +=
        " \(String(describing: info.firstID)) \(String(describing: info.maxDeletedID)) \(info.entriesAdded ?? 0)"
    }
    for group in stream.groups {
      result += " group \(group.name) \(group.lastDelivered)"
      if hasCounters {
        switch group.entriesRead {
        case .known(let count): result += " \(count)"
        case .unknown: result += " -"
        case .absent: result += " \(info.entriesRead(upTo: group.lastDelivered).map(String.init) ?? "-")"
        }
      }
      var consumers = group.consumers.map {
        "\($0.name) \($0.seen) \(target.isAtLeast(7, 2) ? "\($0.active ?? $0.seen)" : "")"
      }
      if !has(.releasedEntries), group.pending.contains(where: { $0.consumer == nil }) {
        consumers.append("\(Array("swift-rdb:released".utf8)) 0 \(target.isAtLeast(7, 2) ? "-1" : "")")
      }
      result += " \(consumers.sorted())"
      for entry in group.pending {
        let consumer = entry.consumer ?? (has(.releasedEntries) ? [] : Array("swift-rdb:released".utf8))
        result += " \(entry.id) \(consumer) \(entry.delivered) \(entry.deliveryCount)"
      }
    }
    if has(.idempotency), let memory = stream.idempotency {
      result +=
        " producers \(memory.durationSeconds) \(memory.maxEntries) \(memory.producers) \(memory.idsAdded) \(memory.idsDuplicate)"
    }
    return result
  }
}

/// The bytes as text: their number, and a character per byte.
private func text(_ bytes: [UInt8]) -> String {
  "\(bytes.count):" + String(decoding: bytes.map { UInt16($0) }, as: UTF16.self)
}
