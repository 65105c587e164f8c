import Foundation
import TestSupport
import Testing

@Suite struct StreamServerTests {
  @Test("Random commands on streams build the same keys as on a server", arguments: LiveServer.Kind.allCases)
  func randomCommands(_ kind: LiveServer.Kind) throws {
    let count = isDeep ? 200_000 : TestExtent.current == .sample ? 2_000 : 10_000
    let seed = ProcessInfo.processInfo.environment["RDB_TEST_SEED"].flatMap { UInt64($0) } ?? 14
    var commands = RandomStreamCommands(seed: seed, isRedis8: kind == .redis8)
    let lockstep = try Lockstep(kind)
    for step in 0..<count {
      if let difference = try lockstep.difference(commands.next()) {
        Issue.record("seed \(seed), command \(step): \(difference)")
        return
      }
    }
  }
}
