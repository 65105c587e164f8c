import TestSupport
import Testing

@Suite struct StreamServerTests {
  @Test("Random commands on streams build the same keys as on a server", arguments: LiveServer.Kind.allCases)
  func randomCommands(_ kind: LiveServer.Kind) throws {
    let count = isDeep ? 200_000 : TestExtent.current == .sample ? 2_000 : 10_000
    let seed = Lockstep.seed
    var commands = RandomStreamCommands(seed: seed, isRedis8: kind == .redis8)
    try Lockstep.compare(kind, count: count, seed: seed) { commands.next() }
  }
}
