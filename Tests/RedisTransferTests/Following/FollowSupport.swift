import Foundation
import RDB
import RDBConvert
import RDBSupport
import RESP
import RedisTransfer
import TestSupport

func settings(_ port: UInt16, retries: Int = 5) -> ServerSettings {
  var settings = ServerSettings(ServerAddress(.server(Endpoint(host: "127.0.0.1", port: port))))
  settings.replyTimeout = .seconds(20)
  settings.retryCount = retries
  return settings
}

extension LiveServer.Kind {
  var version: ServerVersion {
    switch self {
    case .redis6: ServerVersion("6.2")!
    case .redis7: ServerVersion("7.0")!
    case .redis8: ServerVersion("8.2")!
    case .valkey9: ServerVersion("valkey-9.1")!
    }
  }
}

/// Loads the snapshot of a source into a target, whose keys it replaces.
func load(_ source: FollowedSource, into target: ServerSettings, _ version: ServerVersion) throws {
  let loader = try Loader(try Connector(target), LoadOptions())
  let cutter = KeyCutter { unit in try loader.send(unit) }
  var options = RESPOptions(target: version)
  (options.existing, options.replacesWhole, options.marksKeys) = (.replace, true, true)
  options.databaseCount = 17_000
  options.functions = .replace
  let final = options
  var reader = RDBReader(source.snapshot)
  _ = try reader.write(to: cutter, threads: 1) { RESPSink(final, to: $0) }
  try cutter.finish()
  try loader.finish()
}

/// The offset that a server tells as its own.
func offset(of connection: LiveConnection) throws -> UInt64 {
  let text = String(decoding: try connection.command("INFO", "replication").bytes ?? [], as: UTF8.self)
  let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("master_repl_offset:") }
  return line.flatMap { UInt64($0.split(separator: ":")[1]) } ?? 0
}

/// The differences between two servers in values and expiries of all keys, apart from stored positions.
func differences(_ first: UInt16, _ second: UInt16) throws -> [String] {
  let (left, right) = (try contents(first), try contents(second))
  var differences: [String] = []
  for key in Set(left.keys).union(right.keys).sorted() where left[key] != right[key] {
    differences.append("\(key): \(left[key] ?? "missing") / \(right[key] ?? "missing")")
  }
  return differences
}

/// Returns a text per key that tells value and expiry.
private func contents(_ port: UInt16) throws -> [String: String] {
  let connection = try LiveConnection(port: port)
  var contents: [String: String] = [:]
  for database in 0..<3 {
    try connection.command("SELECT", "\(database)")
    let names = (try connection.command("KEYS", "*").elements ?? []).compactMap(\.bytes)
    let shown = names.filter { !$0.starts(with: StreamPosition.keyStart.utf8) }
    let expiries = try connection.commands(shown.map { [Array("PEXPIRETIME".utf8), $0] })
    let types = try connection.commands(shown.map { [Array("TYPE".utf8), $0] })
    for (index, name) in shown.enumerated() {
      let type = String(decoding: types[index].bytes ?? [], as: UTF8.self)
      if type == "none" { continue }
      contents["\(database) \(printable(name))"] =
        "\(expiries[index].integer ?? 0) \(try describe(name, type, connection))"
    }
  }
  return contents
}

/// Returns a text that tells a value, whatever its encoding is.
private func describe(_ name: [UInt8], _ type: String, _ connection: LiveConnection) throws -> String {
  func ask(_ words: String..., then rest: [String] = []) throws -> [String] {
    let reply = try connection.commands([[Array(words[0].utf8), name] + rest.map { Array($0.utf8) }])[0]
    return flat(reply)
  }
  switch type {
  case "string": return try ask("GET").joined()
  case "list": return try ask("LRANGE", then: ["0", "-1"]).joined(separator: ",")
  case "set": return try ask("SMEMBERS").sorted().joined(separator: ",")
  case "zset": return try ask("ZRANGE", then: ["0", "-1", "WITHSCORES"]).joined(separator: ",")
  case "hash":
    let flat = try ask("HGETALL")
    return stride(from: 0, to: flat.count, by: 2).map { flat[$0] + "=" + flat[$0 + 1] }.sorted().joined(separator: ",")
  case "stream":
    let entries = try ask("XRANGE", then: ["-", "+"]).joined(separator: ",")
    // Servers do not tell their replicas about consumers without entries, nor Redis 7.0 how many entries a group has read.
    let groups = try connection.commands([[Array("XINFO".utf8), Array("GROUPS".utf8), name]])[0]
    return entries + ";" + (groups.elements ?? []).map { flat($0)[4..<8].joined(separator: ",") }.joined()
  default: return type
  }
}

private func flat(_ reply: RESPValue) -> [String] {
  if let elements = reply.elements { return elements.flatMap(flat) }
  if let number = reply.integer { return ["\(number)"] }
  return [reply.bytes.map { printable($0) } ?? "-"]
}

extension RESPValue {
  fileprivate var integer: Int64? {
    if case .integer(let number) = self { return number }
    return nil
  }
}
