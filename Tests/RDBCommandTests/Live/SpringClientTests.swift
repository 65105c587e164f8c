import Foundation
import TestSupport
import Testing

/// An application's view of loaded sessions: a client of Python that asks sentinels for the master, and decodes the
/// serialized Java values.
@Suite struct SpringClientTests {
  @Test(
    "A client that finds the master through sentinels reads and decodes every session", .enabled(if: !isSampled),
    arguments: ["load", "migrate"])
  func readsSessions(after command: String) throws {
    let runs = LiveRuns()
    let name = try runs.generate(keys: isDeep ? 41_000 : 4_100, profile: "sessions")
    let old = try LiveServer(.redis7, dump: [UInt8](try #require(runs.folder.contents(of: name))))
    defer { old.stop() }
    let servers = try LiveSentinels(replicas: 1, sentinels: 1)
    defer { servers.stop() }
    let sentinel = servers.sentinels[0].port
    let (source, target) = ("redis://127.0.0.1:\(old.port)", "redis-sentinel://127.0.0.1:\(sentinel)/mymaster")
    let moved = try runs.run(
      command == "load" ? ["load", source, "-u", target] : ["migrate", "--from", source, "--to", target])
    #expect(moved.status == 0, "\(moved.error)")
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/spring_client.py"
    let output = try LiveServer.run(
      Fixture.root + "/../.venv-servers/bin/python", [script, "\(sentinel)", "mymaster", "\(old.port)"])
    let count = Int(output.prefix { $0.isNumber }) ?? 0
    #expect(output.hasSuffix(" sessions read and decoded\n"), "\(output); `make test-setup` installs the client")
    #expect(count >= (isDeep ? 20_000 : 2_000), "\(output)")
  }
}
