import Foundation
import RDBReplay
import TestSupport
import Testing

@Suite("Replaying random commands about strings and streams", .serialized)
struct StringLoadingTests {
  @Test("Builds the strings that a server loads", arguments: LiveServer.Kind.allCases)
  func strings(_ kind: LiveServer.Kind) throws {
    try compare(kind) { seed in
      var commands = RandomStringCommands(seed: seed, isValkey: kind == .valkey9, isLoading: true)
      return { commands.next() }
    }
  }

  @Test("Builds the streams that a server loads", arguments: LiveServer.Kind.allCases)
  func streams(_ kind: LiveServer.Kind) throws {
    try compare(kind) { seed in
      var commands = RandomStreamCommands(seed: seed, isRedis8: kind == .redis8)
      return {
        while true {
          let words = commands.next()
          let text = words.map { String(decoding: $0.prefix(10), as: UTF8.self).lowercased() }
          // A wrong number of arguments of a subcommand ends the loading of Valkey. Redis 8.2 does not trim whole nodes
          // by DELREF and ACKED while it loads a file.
          let isLeftOut =
            text.contains("foo") || text.contains("~") && (text.contains("delref") || text.contains("acked"))
          if !isLeftOut { return words }
        }
      }
    }
  }

  private func compare(_ kind: LiveServer.Kind, _ generator: (UInt64) -> () -> [[UInt8]]) throws {
    let server = try LoadingServer(kind)
    defer { server.stop() }
    let rounds =
      Int(ProcessInfo.processInfo.environment["RDB_TEST_ROUNDS"] ?? "")
      ?? (isDeep ? 200 : TestExtent.current == .sample ? 2 : 8)
    for seed in 1...UInt64(rounds) {
      let next = generator(seed)
      var commands: [[[UInt8]]] = []
      while commands.count < 1000 {
        let command = next()
        // A wrong number of arguments ends the loading of Valkey.
        if CommandTable.rows[lowercasedText(command[0])]?.accepts(argumentCount: command.count) == true {
          commands.append(command)
        }
      }
      if let difference = try server.shrunkenDifferences(replaying: LogSample(commands: commands)) {
        Issue.record("seed \(seed): \(difference)")
        return
      }
    }
  }
}
