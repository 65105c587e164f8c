import Foundation
import RDB
import RDBEdit
import RDBFormat
import RDBLZF
import TestSupport
import Testing

/// Rewritten snapshots on the servers that they are written for.
@Suite("A rewritten snapshot on a server", .serialized)
struct LiveRewritingTests {
  private static func target(_ kind: LiveServer.Kind) -> ServerVersion {
    switch kind {
    case .redis6: ServerVersion(.redis, 6, 2, 14)
    case .redis7: ServerVersion(.redis, 7, 0, 15)
    case .redis8: ServerVersion(.redis, 8, 2, 3)
    case .valkey9: ServerVersion(.valkey, 9, 1, 2)
    }
  }

  /// The fixtures of servers whose data a server can hold, without values of modules that the servers here lack.
  private static func fixtures(_ kind: LiveServer.Kind) -> [Fixture] {
    let newer = ["crafted", "redis-8.6", "redis-8.8", "redis-8.10", "valkey-9.2"]
    return RewritingTests.fixtures.enumerated().filter { index, fixture in
      guard !newer.contains(where: { fixture.folder.hasPrefix($0) }), fixture.bytes.count < 100_000,
        TestExtent.current != .sample || index % 5 == 0
      else { return false }
      let rows = (try? Golden.rows(at: fixture.goldenPath)) ?? []
      let isForeign = rows.contains { row in
        switch row.value {
        case .module: true
        // Redis 7.0 has no expiries of fields.
        case .hash(let fields): kind == .redis7 && fields.contains { $0.expiry != nil }
        default: false
        }
      }
      return !rows.isEmpty && !isForeign
    }.map(\.element)
  }

  @Test(
    "has the content of the input, and is stored by the server in the types that were chosen",
    arguments: LiveServer.Kind.allCases, [false, true])
  func content(_ kind: LiveServer.Kind, sanitizes: Bool) throws {
    let target = Self.target(kind)
    for fixture in Self.fixtures(kind) {
      let rewritten = try Rewritten(fixture.bytes, for: target) {
        $0.sanitizes = sanitizes
        $0.compressor = { LZFCompressor() }
      }
      #expect(try CopyTests.isAccepted(rewritten.bytes) || kind != .redis7, "\(fixture)")
      let server = try LiveServer(kind, dump: rewritten.bytes)
      defer { server.stop() }
      let connection = try LiveConnection(port: server.port)
      let differences = try LiveComparison.differences(connection, kind, try Golden.rows(at: fixture.goldenPath))
      #expect(differences.isEmpty, "\(fixture) on \(kind): \(differences.prefix(5))")
      if sanitizes {
        let (chosen, stored) = (try Self.types(rewritten.bytes), try Self.types(try server.save()))
        let difference = stored.first { chosen[$0.key] != $0.value }
        #expect(difference == nil, "\(fixture) on \(kind): \(difference.flatMap { chosen[$0.key] } ?? "none")")
      }
    }
  }

  /// The type and the number of nodes of each value, by database and name.
  private static func types(_ bytes: [UInt8]) throws -> [String: String] {
    var sink = FormSink()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    return sink.forms
  }
}

/// Collects the stored type of each key, and the number of nodes of lists and streams.
private struct FormSink: SelectiveSink {
  var forms: [String: String] = [:]
  private var key = ""

  static var events: SinkEvents { [.node, .endKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
    self.key = "\(key.database) \([UInt8](key.name))"
    forms[self.key] = key.storedType.name
    return key.type == .list || key.type == .stream ? .elements : .skip
  }
  mutating func node(_ node: ValueNode) { forms[key]! += " node" }
  mutating func endKey(_ end: KeyEnd) {}
}
