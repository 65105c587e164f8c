import Foundation
import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import RESP
import TestSupport
import Testing

extension LiveServer.Kind {
  /// The release of the server.
  var version: ServerVersion {
    switch self {
    case .redis6: ServerVersion(.redis, 6, 2, 14)
    case .redis7: ServerVersion(.redis, 7, 0, 15)
    case .redis8: ServerVersion(.redis, 8, 2, 3)
    case .valkey9: ServerVersion(.valkey, 9, 1, 2)
    }
  }
}

/// Executes each command on a live server and in a replay, and compares the keys after each.
final class Lockstep {
  private let server: LiveServer
  private let connection: LiveConnection
  private let replay: Replay
  private let header: SnapshotHeader

  init(_ kind: LiveServer.Kind) throws {
    // Uncompressed nodes can be compared.
    server = try LiveServer(kind, arguments: ["--rdbcompression", "no"])
    connection = try LiveConnection(port: server.port)
    var options = ReplayOptions(server: kind.version, now: .now)
    // The server has no limit.
    options.memoryLimit = 8 << 30
    replay = Replay(options)
    let version = kind.version.rdbVersion
    header = SnapshotHeader(vendor: version >= 80 ? .valkey : .redis, version: version)
  }

  deinit { server.stop() }

  /// Executes `count` commands, up to the first difference, which it records as an issue.
  ///
  /// - Parameter next: The next command, made with a generator of this seed.
  static func compare(_ kind: LiveServer.Kind, count: Int, seed: UInt64, _ next: () -> [[UInt8]]) throws {
    let lockstep = try Lockstep(kind)
    for step in 0..<count {
      if let difference = try lockstep.difference(next()) {
        Issue.record("seed \(seed), command \(step): \(difference)")
        return
      }
    }
  }

  /// The seed of the environment variable `RDB_TEST_SEED`, else 14.
  static var seed: UInt64 { ProcessInfo.processInfo.environment["RDB_TEST_SEED"].flatMap { UInt64($0) } ?? 14 }

  /// Executes a command and returns the first difference; `nil`: none.
  ///
  /// - Parameter keys: The keys to compare; `nil`: those that the table of commands names.
  func difference(_ command: [[UInt8]], keys: [[UInt8]]? = nil) throws -> String? {
    let replayed = ReplayCommand(command)
    let row = CommandTable.rows[lowercasedText(command[0])]
    var names: [[UInt8]] = keys ?? []
    if keys == nil, let row, row.accepts(argumentCount: command.count) {
      names = Array(Set(row.keys.indexes(in: replayed).map { command[$0] }))
    }
    let questions = names.flatMap { name in
      ["DUMP", "PEXPIRETIME"].map { [Array($0.utf8), name] } + [["OBJECT", "ENCODING"].map { Array($0.utf8) } + [name]]
    }
    let replies = try connection.commands([command] + questions)
    let failures = failureCount
    // Relative expiries count from the time of the command, however long the test has run.
    replay.setTime(.now)
    try replay.apply(replayed)
    if case .error(let message) = replies[0] {
      if failureCount == failures { return "\(text(command)): the server answers \(printable(message))" }
    } else if failureCount > failures {
      return "\(text(command)): only the replay refuses it"
    }
    for (index, name) in names.enumerated() {
      if let difference = try difference(name, Array(replies[(1 + 3 * index)...].prefix(3))) {
        return "\(text(command)): key \(printable(name)): \(difference)"
      }
    }
    return nil
  }

  private var failureCount: UInt64 { replay.summary.failures.values.reduce(0) { $0 + $1.count } }

  private func difference(_ name: [UInt8], _ replies: [RESPValue]) throws -> String? {
    let key = try replay.execution.key(name)
    guard let dump = replies[0].bytes else { return key == nil ? nil : "it does not exist on the server" }
    guard let key else { return "it exists on the server only" }
    let payload = Array(dump[1..<(dump.count - 10)])
    guard let type = ValueType.resolve(dump[0], vendor: header.vendor) else { return "type \(dump[0])" }
    let expected = try SnapshotValue.decode(payload.span.bytes, type, of: header)
    let found: SnapshotValue
    switch key.value {
    case .string(let bytes, let isRaw):
      found = .string(bytes)
      let encoding = replies[2].bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
      // Redis 8.2 keeps fewer short strings embedded, because their key is embedded too.
      if isRaw != (encoding == "raw"), isRaw || bytes.count < 32 { return "encoding \(encoding), raw here: \(isRaw)" }
    case .stream(let stream):
      let bytes = try written(stream, name)
      found = try read(bytes)
      // After the header, the type and the name, as many bytes as the nodes have must be the same.
      let ours = bytes[(9 + 1 + 1 + name.count)...]
      let common = zip(ours, payload).prefix { $0 == $1 }.count
      if common < stream.listpackByteCount {
        return "other bytes after \(common) of \(stream.listpackByteCount) bytes in \(stream.nodeCount) nodes"
      }
    default: return "a value of another type"
    }
    if let difference = self.difference(expected, found) { return difference }
    guard case .integer(let expiry) = replies[1] else { return "no expiry" }
    let ours = key.expiry?.value ?? -1
    return abs(ours - expiry) > 60_000 ? "expiry \(expiry) on the server, \(ours) here" : nil
  }

  /// A snapshot with the stream.
  private func written(_ stream: ReplayedStream, _ name: [UInt8]) throws -> [UInt8] {
    let destination = MemoryDestination()
    var writer = try RDBWriter(to: destination, header: header)
    try stream.write(name, KeyAttributes(), replay.execution.limits, to: &writer)
    _ = try writer.finish()
    return destination.bytes
  }

  private func read(_ snapshot: [UInt8]) throws -> SnapshotValue {
    var keys = SnapshotKeys(MemorySource(snapshot))
    return try keys.next()?.value ?? .notRead
  }

  private func difference(_ expected: SnapshotValue, _ found: SnapshotValue) -> String? {
    if case .stream(let a) = expected, case .stream(let b) = found { return StreamComparison.difference(a, b) }
    return expected == found ? nil : "\(text(expected)) on the server, \(text(found)) here"
  }

  private func text(_ value: SnapshotValue) -> String {
    if case .string(let bytes) = value { return "\(printable(bytes.prefix(200))) (\(bytes.count) bytes)" }
    return "\(value)"
  }

  private func text(_ command: [[UInt8]]) -> String { command.map { printable($0.prefix(60)) }.joined(separator: " ") }
}

/// Compares streams apart from the times of consumers.
enum StreamComparison {
  static func difference(_ a: SnapshotStream, _ b: SnapshotStream) -> String? {
    if a.info != b.info { return "\(a.info) on the server, \(b.info) here" }
    if a.entries.map(\.id) != b.entries.map(\.id) {
      return "\(a.entries.map(\.id)) on the server, \(b.entries.map(\.id)) here"
    }
    for (a, b) in zip(a.entries, b.entries) where !a.fields.elementsEqual(b.fields, by: ==) { return "entry \(a.id)" }
    if a.groups.map(\.name) != b.groups.map(\.name) { return "the groups' names" }
    for (a, b) in zip(a.groups, b.groups) {
      if let difference = difference(a, b) { return "group \(printable(a.name)): \(difference)" }
    }
    return nil
  }

  private static func difference(_ a: SnapshotStream.Group, _ b: SnapshotStream.Group) -> String? {
    if a.lastDelivered != b.lastDelivered { return "\(a.lastDelivered) on the server, \(b.lastDelivered) here" }
    if a.entriesRead != b.entriesRead { return "\(a.entriesRead) on the server, \(b.entriesRead) here" }
    let (ours, theirs) = (b.consumers.map { printable($0.name) }, a.consumers.map { printable($0.name) })
    if ours != theirs { return "consumers \(theirs) on the server, \(ours) here" }
    for (a, b) in zip(a.consumers, b.consumers) where (a.active?.value == -1) != (b.active?.value == -1) {
      return "consumer \(printable(a.name)): active \(a.active?.value ?? 0) on the server, \(b.active?.value ?? 0) here"
    }
    let describe = { (entry: (id: StreamID, consumer: [UInt8]?, delivered: UnixMilliseconds, deliveryCount: UInt64)) in
      "\(entry.id) of \(printable(entry.consumer ?? [])) × \(entry.deliveryCount)"
    }
    if a.pending.map(describe) != b.pending.map(describe) {
      return "pending \(a.pending.map(describe)) on the server, \(b.pending.map(describe)) here"
    }
    for (a, b) in zip(a.pending, b.pending) where abs(a.delivered.value - b.delivered.value) > 60_000 {
      return "entry \(a.id) delivered at \(a.delivered.value) on the server, \(b.delivered.value) here"
    }
    return nil
  }
}
