import RDB
import RDBReplay
import TestSupport
import Testing

/// Parts of streams that a replay does not keep.
@Suite struct StreamLossTests {
  private func ledger(_ commands: String...) throws -> (ledger: Ledger, keyCount: Int) {
    let sample = LogSample(
      base: Fixture.named("crafted/v14-streams").bytes,
      commands: commands.map { $0.split(separator: "|").map { Array($0.utf8) } })
    let source = ReplaySource(ReplayOptions(server: ServerVersion(.redis, 8, 8), now: .now)) {
      CommandLog(sample.parts)
    }
    var keys = SnapshotKeys(source)
    var count = 0
    while try keys.next() != nil { count += 1 }
    return (source.ledger, count)
  }

  @Test("Released entries and remembered IDs are lost if a command uses their stream, and kept otherwise")
  func streamsThatCommandsUse() throws {
    let untouched = try ledger("SET|other|value")
    #expect(!untouched.ledger.hasLosses)
    let used = try ledger("XADD|released|18446744073709551614-1|a|b")
    #expect(used.keyCount + 1 == untouched.keyCount)
    #expect(
      Set(used.ledger.losses.map { "\($0.loss.rawValue) × \($0.count)" }) == ["pending entry × 3", "element × 1"])
    #expect(used.ledger.losses.allSatisfy { $0.samples.map(\.name) == [Array("released".utf8)] })
    // A key that is deleted later loses nothing.
    #expect(try !ledger("XADD|released|18446744073709551614-1|a|b", "DEL|released").ledger.hasLosses)
  }
}
