import Foundation
import RDBConvert
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// Returns units of a list that one command builds per element.
private func units(ofList name: String, count: Int, existing: RESPOptions.Existing) throws -> [KeyUnit] {
  let elements = RDBBytes.length(UInt64(count)) + (0..<count).flatMap { RDBBytes.string("element \($0)") }
  let snapshot = RDBBytes.snapshot(version: 9, RDBBytes.key(1, elements, name: name))
  let marked = try commands(of: snapshot, target: "7.0", marked: true) {
    ($0.existing, $0.replacesWhole, $0.keepsWhole) = (existing, true, true)
    // Without a limit of 0, a key that must not replace another goes as RESTORE, at once.
    ($0.restore, $0.restoreLimit, $0.commandElementCount) = (.never, 0, 1)
  }
  return try units(marked, limits: .init(bytes: 1000, commands: 20, piece: 1 << 20))
}

private struct Late: Error {}

/// Asks every millisecond, for at most 30 seconds.
private func waitUntil(_ isSo: () throws -> Bool) throws {
  let end = MonotonicTime.now + 30_000_000_000
  while try !isSo() {
    guard MonotonicTime.now < end else { throw Late() }
    usleep(1000)
  }
}

@Suite("Keys that are sent again", .serialized)
struct RepetitionTests {
  @Test("Get another temporary name of the same length in every command, and no other change")
  func renamesUnits() throws {
    for existing in [RESPOptions.Existing.keep, .replace] {
      let original = try units(ofList: "{a}list", count: 100, existing: existing)
      #expect(original.count > 3 && original.last!.publishes)
      var changed = original
      var replaced: Set<[UInt8]> = []
      for index in changed.indices { replaced.formUnion(changed[index].useTemporaryNames(ofAttempt: 3)) }
      let former = TemporaryName.of(Array("{a}list".utf8))
      let new = TemporaryName.of(Array("{a}list".utf8), attempt: 3)
      #expect(replaced == [former] && former != new && former.count == new.count)
      for (before, after) in zip(original, changed) {
        let expected = String(decoding: before.bytes, as: UTF8.self).replacingOccurrences(
          of: String(decoding: former, as: UTF8.self), with: String(decoding: new, as: UTF8.self))
        let isEqual = after.bytes == Array(expected.utf8)
        #expect(isEqual && after.bytes != before.bytes)
        #expect(after.commandCount == before.commandCount && after.keys == before.keys)
      }
      let again = changed[0].useTemporaryNames(ofAttempt: 3)
      #expect(again.isEmpty)
    }
  }

  @Test(
    "Do not mix with commands of a lost connection that CLIENT KILL may not end",
    arguments: [LoadOptions.ExistingKeys.replaced, .kept])
  func killIsForbidden(_ existing: LoadOptions.ExistingKeys) throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    try live.command("ACL", "SETUSER", "some", "on", ">word", "~li*", "+@all", "-client|kill")
    var settings = settings(server.port)
    settings.address.credentials = Credentials(user: Array("some".utf8), password: Secret("word".utf8))
    var options = LoadOptions()
    options.existingKeys = existing
    let loader = try Loader(try Connector(settings), options)
    let units = try units(ofList: "list", count: 200, existing: existing == .kept ? .keep : .replace)
    for unit in units.prefix(4) { try loader.send(unit) }
    let former = TemporaryName.of(Array("list".utf8))
    try waitUntil { try live.command("EXISTS", String(decoding: former, as: UTF8.self)) == .integer(1) }
    try live.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    for unit in units[4..<6] { try loader.send(unit) }
    // The lost connection goes on.
    try live.command("RPUSH", String(decoding: former, as: UTF8.self), "late")
    for unit in units[6...] { try loader.send(unit) }
    try loader.finish()
    #expect(loader.reconnectionCount > 0)
    let elements = (try live.command("LRANGE", "list", "0", "-1").elements ?? []).compactMap(\.bytes)
    let expected = (0..<200).map { Array("element \($0)".utf8) }
    #expect(elements == expected)
    #expect(try live.command("KEYS", "*").elements?.count == 1)
  }

  @Test(
    "Count as loaded only when replicas have them, although the server kept the first ones",
    arguments: [LiveServer.Kind.redis7, .redis8, .valkey9])
  func waitsForReplicas(_ kind: LiveServer.Kind) throws {
    let server = try LiveServer(kind, arguments: ["--repl-diskless-sync-delay", "0"])
    defer { server.stop() }
    let replica = try LiveServer(kind, arguments: ["--replicaof", "127.0.0.1 \(server.port)"])
    defer { replica.stop() }
    let (live, other) = (try LiveConnection(port: server.port), try LiveConnection(port: replica.port))
    func info(_ connection: LiveConnection, _ section: String) throws -> String {
      String(decoding: try connection.command("INFO", section).bytes ?? [], as: UTF8.self)
    }
    try waitUntil { try info(live, "replication").contains("state=online") }
    let line = try info(other, "server").split(whereSeparator: \.isNewline).first { $0.hasPrefix("process_id:") }
    let process = try #require(line.flatMap { pid_t($0.split(separator: ":")[1]) })

    var options = LoadOptions()
    (options.existingKeys, options.replicaCount) = (.kept, 1)
    let loader = try Loader(try Connector(settings(server.port)), options)
    defer { loader.abandon() }
    kill(process, SIGSTOP)
    defer { kill(process, SIGCONT) }
    // An earlier connection has written the key.
    try live.command("SET", "k", "v")
    _ = try loader.restart(skipping: 0, sentBefore: 1)
    let marked = try commands(
      of: RDBBytes.snapshot(version: 9, RDBBytes.key(0, RDBBytes.string("v"))), target: "7.0", marked: true
    ) { ($0.existing, $0.keepsWhole) = (.keep, true) }
    for unit in try units(marked) { try loader.send(unit) }
    let waker = Thread {
      usleep(2_000_000)
      kill(process, SIGCONT)
    }
    let start = MonotonicTime.now
    waker.start()
    try loader.finish()
    let seconds = Double(MonotonicTime.now - start) / 1e9
    #expect(seconds > 1.5, "\(seconds)")
    #expect(try other.command("GET", "k").bytes == Array("v".utf8))
    // KEYS leaves out what has expired; DBSIZE counts it until the server has looked at it.
    try waitUntil { try live.command("KEYS", "*").elements?.count == 1 }
  }
}
