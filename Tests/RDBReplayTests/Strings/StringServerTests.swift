import TestSupport
import Testing

@Suite struct StringServerTests {
  @Test("Random commands on strings build the same keys as on a server", arguments: LiveServer.Kind.allCases)
  func randomCommands(_ kind: LiveServer.Kind) throws {
    let count = isDeep ? 300_000 : TestExtent.current == .sample ? 4_000 : 20_000
    let seed = Lockstep.seed
    var commands = RandomStringCommands(seed: seed, isValkey: kind == .valkey9)
    try Lockstep.compare(kind, count: count, seed: seed) { commands.next() }
  }
}
