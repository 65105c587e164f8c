import Foundation
import TestSupport
import Testing

/// `--log json` and `--metrics` of commands with live servers.
@Suite("Progress of live commands", .serialized)
struct LiveProgressTests {
  @Test("--log json writes one object per line, and --metrics answers with Prometheus text while the command runs")
  func reports() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    let name = try runs.generate(keys: 2000)
    let port = try LiveServer.freePort()
    let load = try Tool.start(
      [
        "load", name, "-p", "\(server.port)", "--max-keys", "500", "--log", "json", "--metrics", "127.0.0.1:\(port)",
      ], in: runs.folder)
    while load.isRunning, server.keyCount < 200 { usleep(5000) }
    let metrics = try LiveServer.run("/usr/bin/env", ["curl", "-s", "http://127.0.0.1:\(port)/metrics"])
    #expect(metrics.contains("# TYPE rdb_loaded_keys_total counter\nrdb_loaded_keys_total "), "\(metrics)")
    #expect(metrics.contains("rdb_input_bytes "), "\(metrics)")
    let outcome = load.wait(atMost: 60)
    #expect(outcome.status == 0, "\(outcome.error)")
    let lines = outcome.error.split(separator: "\n").filter { $0.hasPrefix("{") }
    #expect(lines.count >= 2, "\(outcome.error)")
    for line in lines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?["keys"] is NSNumber && object?["bytes_per_second"] is NSNumber, "\(line)")
    }
  }

  @Test("An address of --metrics that cannot be used is refused with exit code 64")
  func badAddress() throws {
    let runs = LiveRuns()
    let server = try LiveServer(atOnce: .redis7)
    defer { server.stop() }
    for address in ["nonsense", "127.0.0.1:\(server.port)"] {
      let outcome = try runs.run(["fetch", "-p", "\(server.port)", "-o", "f.rdb", "--metrics", address])
      #expect(outcome.status == 64, "\(outcome.error)")
    }
  }
}
