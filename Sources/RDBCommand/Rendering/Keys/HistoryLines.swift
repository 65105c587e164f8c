import RDB
import RDBReplay
import RDBSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The lines of `rdb history`, as text or JSON. The JSON is described by `Schemas/history.schema.json`.
struct HistoryLines {
  private let log: CommandLog
  private let isJSON: Bool
  private let tail: Int?
  private let output: OutputFile
  private let encoder = JSONEncoder()
  /// Lines that are not written yet.
  private var buffer: [UInt8] = []
  /// With `tail`: the last lines.
  private var last: [[UInt8]] = []
  private var nextLast = 0
  /// The number of entries.
  private(set) var count = 0

  private static let bufferByteCount = 64 << 10

  init(_ log: CommandLog, isJSON: Bool, tail: Int?, to output: OutputFile) {
    (self.log, self.isJSON, self.tail, self.output) = (log, isJSON, tail, output)
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  mutating func add(_ entry: HistoryEntry) throws {
    count += 1
    let line = isJSON ? Array(try encoder.encode(HistoryDocument(entry, log))) : Array(text(entry).utf8)
    guard let tail else { return try write(line) }
    if last.count < tail {
      last.append(line)
    } else {
      last[nextLast] = line
      nextLast = (nextLast + 1) % tail
    }
  }

  /// Writes the lines that `--tail` held back, and the bytes in the buffer.
  mutating func finish() throws {
    for index in last.indices { try write(last[(nextLast + index) % last.count]) }
    try flush()
  }

  private mutating func write(_ line: [UInt8]) throws {
    buffer += line
    buffer.append(10)
    if buffer.count >= Self.bufferByteCount { try flush() }
  }

  private mutating func flush() throws {
    try output.write(buffer.span.bytes, followedBy: RawSpan())
    buffer.removeAll(keepingCapacity: true)
  }

  // MARK: Text

  private func text(_ entry: HistoryEntry) -> String {
    var position = "\(entry.offset)"
    if let name = log.name(of: entry.part) { position = "\(shown(name)):\(position)" }
    let time = entry.time.map { "\(DateText.text(milliseconds: $0.value).prefix(19))Z" } ?? "-"
    let start = position.padded(to: 12) + time.padded(to: 21) + "db\(entry.database)".padded(to: 5)
    switch entry.event {
    case .snapshot(let type, let expiry):
      let expires = expiry.map { ", expires \(DateText.text(milliseconds: $0.value))" } ?? ""
      return start + "in the snapshot: \(type.rawValue) \(DisplayText(entry.keys[0], limit: 1024).text)\(expires)"
    case .command(let command):
      return start + Self.text(command, entry.keys) + (entry.transaction.map { "  (MULTI at \($0))" } ?? "")
    }
  }

  /// The number of arguments that are shown, and of bytes of each.
  private static let argumentLimit = 12
  private static let argumentByteCount = 64

  /// A command as redis-cli shows it. Of a long one, the first arguments and the keys that were looked for are shown.
  private static func text(_ command: ReplayCommand, _ keys: [[UInt8]]) -> String {
    var words: [String] = []
    var isSkipping = false
    for (index, argument) in command.arguments.enumerated() {
      guard index < argumentLimit || keys.contains(argument) else {
        if !isSkipping { words.append("…") }
        isSkipping = true
        continue
      }
      isSkipping = false
      words.append(text(argument))
    }
    if command.count > argumentLimit { words.append("(\(command.count) arguments)") }
    return words.joined(separator: " ")
  }

  private static func text(_ argument: [UInt8]) -> String {
    let isPlain = !argument.isEmpty && argument.allSatisfy { $0 > 32 && $0 < 127 && $0 != 34 && $0 != 39 && $0 != 92 }
    guard argument.count > argumentByteCount else {
      return isPlain ? String(decoding: argument, as: UTF8.self) : printable(argument)
    }
    return "\(printable(argument, limit: argumentByteCount)) (\(argument.count) bytes)"
  }
}

extension CommandLog {
  /// The remarkable things so far, each with its file and offset.
  var noteLines: [String] {
    notes.map { note in
      let file = name(of: note.part).map { "\(shown($0)):" } ?? "offset "
      let rest = note.byteCount > 0 ? " (\(counted(note.byteCount, "byte")) left out)" : ""
      return "\(file)\(note.offset): \(note)\(rest)"
    }
  }
}

/// An entry as JSON.
private struct HistoryDocument: Encodable {
  private enum CodingKeys: String, CodingKey {
    case file, offset, database, time, transaction, command, keys, type
    case expiry = "expire_ms"
  }

  var file: String?
  var offset: UInt64
  var database: UInt64
  var time: String?
  var transaction: UInt64?
  var command: [BytesDocument]?
  var keys: [BytesDocument]
  var type: String?
  var expiry: Int64?

  init(_ entry: HistoryEntry, _ log: CommandLog) {
    file = log.name(of: entry.part)
    (offset, database, transaction) = (entry.offset, entry.database, entry.transaction)
    time = entry.time.map { DateText.text(milliseconds: $0.value) }
    keys = entry.keys.map { BytesDocument($0) }
    switch entry.event {
    case .snapshot(let type, let expiry): (self.type, self.expiry) = (type.rawValue, expiry?.value)
    case .command(let command): self.command = command.arguments.map { BytesDocument($0) }
    }
  }
}
