import Foundation
import TestSupport
import Testing

/// The demonstration of `make demo-migration`.
@Suite struct MigrationDemoTests {
  @Test(
    "sessions that are written to move to a master with sentinels, which is killed meanwhile", .enabled(if: !isSampled))
  func moves() throws {
    let script = URL(fileURLWithPath: Fixture.root).deletingLastPathComponent().path + "/scripts/demo-migration.sh"
    let output = try LiveServer.run("/usr/bin/env", ["bash", script, Tool.path])
    let verdict = output.split(separator: "\n").last { $0.hasPrefix("compared        ") }
    #expect(verdict?.hasSuffix(" keys equal") == true, "\(output)")
    #expect(output.contains("writes were paused until both servers were compared"), "\(output)")
    let moved = output.contains("Let the application use redis-sentinel://")
    #expect(moved, "\(output)")
  }
}
