import Foundation
import RDBReplay
import TestSupport
import Testing

@Suite("Replaying random commands about collections", .serialized)
struct CollectionLoadingTests {
  @Test("Builds the hashes that a server loads", arguments: LiveServer.Kind.allCases)
  func hashes(_ kind: LiveServer.Kind) throws {
    try compare(kind) { $0.hash(hasExpiries: kind != .redis7) }
  }

  @Test("Builds the lists that a server loads", arguments: LiveServer.Kind.allCases)
  func lists(_ kind: LiveServer.Kind) throws { try compare(kind) { $0.list() } }

  @Test("Builds the sets that a server loads", arguments: LiveServer.Kind.allCases)
  func sets(_ kind: LiveServer.Kind) throws { try compare(kind) { $0.set() } }

  private func compare(_ kind: LiveServer.Kind, _ command: (inout CollectionCommands) -> [[UInt8]]) throws {
    let server = try LoadingServer(kind)
    defer { server.stop() }
    let rounds =
      Int(ProcessInfo.processInfo.environment["RDB_TEST_ROUNDS"] ?? "")
      ?? (isDeep ? 400 : TestExtent.current == .sample ? 4 : 12)
    for seed in 1...UInt64(rounds) {
      var generator = CollectionCommands(seed: seed)
      var commands: [[[UInt8]]] = []
      for _ in 0..<(seed % 3 == 0 ? 1500 : 300) {
        commands.append(generator.chance(4) ? generator.other() : command(&generator))
      }
      if let difference = try server.shrunkenDifferences(replaying: commands) {
        Issue.record("seed \(seed): \(difference)")
        return
      }
    }
  }
}
