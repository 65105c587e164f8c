import Foundation
import TestSupport
import Testing

/// Values of options that begin with a dash.
@Suite("Option values")
struct OptionValueTests {
  @Test(
    "May begin with a dash after a space",
    arguments: [
      ("resp dump.rdb --ttl-shift -7d", "PEXPIREAT"), ("json dump.rdb --lines --ttl-shift -1h30m", "expire_ms"),
      ("keys dump.rdb -k -a", "x-a"), ("keys dump.rdb --key -a", "x-a"), ("keys dump.rdb -K -a", "plain"),
      ("keys dump.rdb --no-key -a", "plain"), ("keys dump.rdb --pattern -*", "-b"),
      ("keys dump.rdb --format -%k", "-plain"),
      ("keys dump.rdb --expired skip --now -5", "plain"), ("keys dump.rdb --expire -5~2000000000000", "x-a"),
      ("prefix dump.rdb --sep -", "x-"), ("prefix dump.rdb --template -.$", "-.$"),
      ("get dump.rdb h --field -f", "dashed"), ("get dump.rdb h --range -1:-1", "dashed"),
    ])
  func dashes(_ line: String, _ expected: String) {
    let folder = Scratch()
    var dump = SnapshotBuilder(version: 9)
    dump.string("x-a", "v", expiry: 1_900_000_000_000)
    dump.string("-b", "v")
    dump.string("plain", "v")
    dump.hash("h", [("-f", "dashed")])
    folder.write(dump.whole, as: "dump.rdb")
    let outcome = Tool.shell("rdb \(line.replacingOccurrences(of: "*", with: "'*'")) -q", in: folder)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.text.contains(expected), "\(outcome.text)")
  }
}
