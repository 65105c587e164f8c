import RDB
import RDBConvert
import RESP
import TestSupport
import Testing

/// The commands for a cluster, whose nodes take commands of one key only while its slot moves.
@Suite("Isolated keys")
struct RESPIsolatedKeysTests {
  private static func commands(_ fixture: Fixture, existing: RESPOptions.Existing) throws -> [[[UInt8]]] {
    let converted = convert(fixture.bytes) {
      ($0.existing, $0.isolatesKeys, $0.commandElementCount) = (existing, true, 3)
    }
    var reader = RESPCommandReader()
    reader.feed(converted.bytes.span.bytes)
    var commands: [[[UInt8]]] = []
    while try reader.next() { commands.append(reader.copiedArguments()) }
    return commands
  }

  /// The key of a command: its first argument, or that after the subcommand of XGROUP or after STREAMS; `nil` for a command
  /// without a key.
  private static func key(_ command: [[UInt8]]) -> [UInt8]? {
    switch String(decoding: command[0], as: UTF8.self) {
    case "SELECT", "FUNCTION", "SCRIPT": nil
    case "XGROUP": command[2]
    case "XREADGROUP": command.firstIndex(of: Array("STREAMS".utf8)).map { command[$0 + 1] }
    default: command[1]
    }
  }

  @Test("A key is one command, or one transaction with the commands of this key alone", arguments: Fixture.valid)
  func transactions(_ fixture: Fixture) throws {
    for existing in [RESPOptions.Existing.replace, .keep] {
      var open: (key: [UInt8]?, count: Int)?
      var seen: Set<[UInt8]> = []
      for command in try Self.commands(fixture, existing: existing) {
        switch (String(decoding: command[0], as: UTF8.self), open) {
        case ("MULTI", nil): open = (nil, 0)
        case ("EXEC", let transaction?):
          #expect(transaction.count > (existing == .replace ? 1 : 0))
          open = nil
        case ("SELECT", nil): seen = []
        case (let name, let transaction?):
          let key = Self.key(command)
          let isFirst = transaction.key == nil
          #expect(isFirst || key == transaction.key)
          if isFirst, existing == .replace { #expect(name == "UNLINK" || name == "DEL") }
          if isFirst, let key { #expect(seen.insert(key).inserted) }
          open = (key, transaction.count + 1)
        case (_, nil):
          guard let key = Self.key(command) else { continue }
          #expect(seen.insert(key).inserted)
        }
      }
      #expect(open?.count == nil)
    }
  }
}
