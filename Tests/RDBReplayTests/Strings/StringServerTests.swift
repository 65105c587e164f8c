import Foundation
import TestSupport
import Testing

@Suite struct StringServerTests {
  @Test("Random commands on strings build the same keys as on a server", arguments: LiveServer.Kind.allCases)
  func randomCommands(_ kind: LiveServer.Kind) throws {
    let count = isDeep ? 300_000 : TestExtent.current == .sample ? 4_000 : 20_000
    let seed = ProcessInfo.processInfo.environment["RDB_TEST_SEED"].flatMap { UInt64($0) } ?? 14
    var commands = RandomStringCommands(seed: seed, isValkey: kind == .valkey9)
    let lockstep = try Lockstep(kind)
    for step in 0..<count {
      if let difference = try lockstep.difference(commands.next()) {
        Issue.record("seed \(seed), command \(step): \(difference)")
        return
      }
    }
  }
}
