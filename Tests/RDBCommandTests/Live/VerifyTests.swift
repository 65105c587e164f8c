import Foundation
import RESP
import TestSupport
import Testing

/// `rdb verify`: the comparison of an input with a live server.
@Suite("The comparison with a server")
struct VerifyTests {
  /// A folder with the snapshot of a server, which still runs.
  private static func saved(_ server: LiveServer) throws -> Scratch {
    let folder = Scratch()
    folder.write(try server.save(), as: "dump.rdb")
    return folder
  }

  private static func verify(_ server: LiveServer, _ options: [String] = [], in folder: Scratch) -> Outcome {
    Tool.run(
      all: ["verify", "dump.rdb", "--against", "redis://127.0.0.1:\(server.port)"] + options, in: folder)
  }

  @Test(
    "a server with the same keys is exit code 0, by SCAN and by a synchronisation",
    arguments: LiveServer.Kind.allCases)
  func equal(kind: LiveServer.Kind) throws {
    let server = try ServerInputTests.server(kind)
    defer { server.stop() }
    let folder = try Self.saved(server)
    for options in [[], ["--sync"]] {
      let outcome = Self.verify(server, options, in: folder)
      #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
      #expect(outcome.error.contains("5 keys equal\n"))
    }
  }

  @Test("missing, different and extra keys are listed and counted, with exit code 1")
  func different() throws {
    let server = try ServerInputTests.server()
    defer { server.stop() }
    let folder = try Self.saved(server)
    let live = try LiveConnection(port: server.port)
    try live.command("DEL", "plain")
    try live.command("HSET", "hash", "f", "x")
    try live.command("SET", "new", "1")
    let outcome = Self.verify(server, in: folder)
    #expect(outcome.status == 1)
    #expect(outcome.text.contains("- db0 plain: string, 1 byte\n"))
    #expect(outcome.text.contains("~ db0 hash: hash, 2 bytes\n    ~ field \"f\": \"v\" → \"x\"\n"))
    #expect(outcome.text.contains("+ db0 new: string, 1 byte\n"))
    #expect(outcome.error.contains("3 keys equal, 1 missing, 1 different, 1 extra\n"))
    try live.command("SET", "plain", "1")
    try live.command("HSET", "hash", "f", "v")
    let ignoring = Self.verify(server, ["--extra", "ignore"], in: folder)
    #expect(ignoring.status == 0, "\(ignoring.text)\(ignoring.error)")
    #expect(ignoring.error.contains("5 keys equal, 1 extra, ignored\n"))
    #expect(!ignoring.text.contains("db0 new"))
  }

  @Test(
    "a sample has the same keys of the input and of the server, about as many as asked for, and decides the exit code")
  func sample() throws {
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    let names = (0..<2000).map { "key:\($0)" }
    _ = try live.commands(names.map { [Array("SET".utf8), Array($0.utf8), Array("v".utf8)] })
    let folder = try Self.saved(server)
    func compared(_ outcome: Outcome) -> Int? {
      outcome.error.split(separator: "10% of the keys: ").last.flatMap { Int($0.prefix { $0.isNumber }) }
    }
    let whole = Self.verify(server, ["--sample", "100%"], in: folder)
    #expect(whole.status == 0 && whole.error.contains("100% of the keys: 2000 keys equal\n"), "\(whole.error)")
    var counts: Set<Int?> = []
    for options in [[], ["--sync"], ["--key", "^key:"]] {
      let outcome = Self.verify(server, ["--sample", "10%"] + options, in: folder)
      #expect(outcome.status == 0, "\(outcome.error)")
      counts.insert(compared(outcome))
    }
    #expect(counts.count == 1)
    let count = try #require(counts.first ?? nil)
    #expect((140...260).contains(count), "\(count)")
    // All keys differ, so those of the sample too.
    _ = try live.commands(names.map { [Array("SET".utf8), Array($0.utf8), Array("w".utf8)] })
    let different = Self.verify(server, ["--sample", "10%", "--keys-only"], in: folder)
    #expect(different.status == 1)
    #expect(different.error.contains("10% of the keys: 0 keys equal, \(count) different\n"), "\(different.error)")
    for wrong in ["0%", "101%", "5", "x%", "-1%", "nan%"] {
      #expect(Self.verify(server, ["--sample=\(wrong)"], in: folder).status == 64)
    }
  }

  @Test("an expiry may differ by the tolerance, and not by more")
  func tolerance() throws {
    let server = try ServerInputTests.server()
    defer { server.stop() }
    let folder = try Self.saved(server)
    let live = try LiveConnection(port: server.port)
    try live.command("PEXPIREAT", "timed", "4000000000124")
    #expect(Self.verify(server, in: folder).status == 0)
    try live.command("PEXPIREAT", "timed", "4000000000125")
    let outcome = Self.verify(server, in: folder)
    #expect(outcome.status == 1)
    #expect(outcome.text.contains("~ expiry"))
    #expect(Self.verify(server, ["--ttl-tolerance", "2ms"], in: folder).status == 0)
    // A key that does not expire any more is different whatever the tolerance.
    try live.command("PERSIST", "timed")
    #expect(Self.verify(server, ["--ttl-tolerance", "1h"], in: folder).status == 1)
  }

  @Test("a key that expired meanwhile is counted apart, and no difference")
  func expired() throws {
    let server = try ServerInputTests.server()
    defer { server.stop() }
    let live = try LiveConnection(port: server.port)
    try live.command("SET", "short", "1", "PX", "2000")
    let folder = try Self.saved(server)
    usleep(2_200_000)
    let outcome = Self.verify(server, in: folder)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
    #expect(outcome.error.contains("5 keys equal, 1 expired meanwhile\n"))
  }

  @Test("a database of the server is compared with the input's keys, whatever their databases are")
  func database() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let folder = Scratch()
    var builder = SnapshotBuilder(version: 10)
    builder.string("a", "1")
    folder.write(builder.whole, as: "dump.rdb")
    let live = try LiveConnection(port: server.port)
    try live.command("SELECT", "5")
    try live.command("SET", "a", "1")
    #expect(Self.verify(server, in: folder).status == 1)
    let outcome = Tool.run(
      "verify", "dump.rdb", "--against", "redis://127.0.0.1:\(server.port)/5", in: folder)
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
  }

  @Test("two servers of different versions are compared with each other")
  func servers() throws {
    let old = try ServerInputTests.server(.redis7)
    defer { old.stop() }
    let new = try ServerInputTests.server(.valkey9)
    defer { new.stop() }
    let outcome = Tool.run(
      "verify", "redis://127.0.0.1:\(old.port)", "--against", "redis://127.0.0.1:\(new.port)")
    #expect(outcome.status == 0, "\(outcome.text)\(outcome.error)")
  }

  @Test("without a server, or with one that cannot be reached, nothing is verified")
  func failures() {
    #expect(Tool.run("verify", "basic.rdb").status == 64)
    let folder = Scratch()
    folder.write(SnapshotBuilder(version: 11).whole, as: "dump.rdb")
    #expect(
      Tool.run("verify", "dump.rdb", "--against", "redis://127.0.0.1:1", "--retries", "0", in: folder).status == 69)
  }
}
