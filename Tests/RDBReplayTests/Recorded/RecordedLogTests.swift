import Foundation
import TestSupport
import Testing

@Suite("Append-only files that live servers wrote", .serialized)
struct RecordedLogTests {
  /// The number of commands per server. Each log has other commands in another configuration.
  private static let commandCount =
    ProcessInfo.processInfo.environment["RDB_TEST_COMMANDS"].flatMap { Int($0) }
    ?? (isDeep ? 2_000_000 : TestExtent.current == .sample ? 6_000 : 50_000)

  @Test("Replay to the keys, expiries and encodings that a second server holds", arguments: LiveServer.Kind.allCases)
  func logs(_ kind: LiveServer.Kind) throws {
    var (seed, sentCount) = (Lockstep.seed, 0)
    while sentCount < Self.commandCount {
      let configuration = LogConfiguration(seed)
      let log = try RecordedLog(kind, configuration, seed: seed, commandCount: isDeep ? 8_000 : 2_000)
      sentCount += log.sentCount
      if let difference = try log.difference() {
        Issue.record("seed \(seed) (\(configuration)): \(difference)")
        return
      }
      seed += 1
    }
  }
}
