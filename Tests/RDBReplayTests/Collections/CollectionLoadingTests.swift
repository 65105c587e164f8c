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

  @Test("Builds the sorted sets that a server loads", arguments: LiveServer.Kind.allCases)
  func sortedSets(_ kind: LiveServer.Kind) throws {
    try compare(kind) { $0.chance(15) ? $0.set() : $0.sortedSet() }
  }

  @Test("Builds the keys of all types that a server loads", arguments: LiveServer.Kind.allCases)
  func all(_ kind: LiveServer.Kind) throws {
    try compare(kind) { generator in
      switch generator.number(0...9) {
      case 0...1: generator.hash(hasExpiries: kind != .redis7)
      case 2...4: generator.list()
      case 5...6: generator.set()
      case 7...8: generator.sortedSet()
      default: generator.sort()
      }
    }
  }

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
      if let difference = try server.shrunkenDifferences(replaying: LogSample(commands: commands)) {
        Issue.record("seed \(seed): \(difference)")
        return
      }
    }
  }
}
