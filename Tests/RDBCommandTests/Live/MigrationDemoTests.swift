import Foundation
import TestSupport
import Testing

/// The demonstration of `make demo-migration`.
@Suite struct MigrationDemoTests {
  @Test("sessions move from a standalone server to one with sentinels, and are there after a failover")
  func moves() throws {
    let script = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path + "/scripts/demo-migration.sh"
    let output = try LiveServer.run("/usr/bin/env", ["bash", script, Tool.path])
    let verdicts = output.split(separator: "\n").filter { $0 == "rdb: 20000 keys equal" }
    #expect(verdicts.count == 2, "\(output)")
  }
}
