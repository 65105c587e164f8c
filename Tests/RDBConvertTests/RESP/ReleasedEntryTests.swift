import RDB
import RDBConvert
import RDBFormat
import RESP
import TestSupport
import Testing

/// Pending entries that no consumer owns (Redis ≥ 8.8, the NACK zone of type 27).
@Suite("A released entry")
struct ReleasedEntryTests {
  static let dump = Fixture.named("crafted/v14-streams")

  /// Released entries by group, as the golden says.
  struct Released: Hashable {
    var key: [UInt8]
    var group: [UInt8]
    var id: String
    var delivered: Int64
    var count: UInt64
  }

  static func expected() throws -> [Released] {
    try Golden.rows(at: dump.goldenPath).flatMap { row -> [Released] in
      guard case .stream(let stream) = row.value else { return [] }
      return stream.groups.flatMap { group in
        group.pending.filter { $0.consumer == nil }.map { entry in
          Released(
            key: row.key ?? [], group: Self.bytes(group.name), id: "\(entry.id)", delivered: entry.deliveryTime,
            count: entry.deliveryCount)
        }
      }
    }
  }

  private static func bytes(_ name: Golden.Bytes) -> [UInt8] {
    if case .all(let bytes) = name { bytes } else { [] }
  }

  @Test("Is released on a target that can, without a loss")
  func released() throws {
    let expected = try Self.expected()
    #expect(expected.count == 3)
    let converted = convert(Self.dump.bytes, target: "8.8")
    #expect(converted.losses.isEmpty)
    let lines = converted.lines
    for entry in expected {
      let end = "FAIL IDS 1 \(entry.id) RETRYCOUNT \(entry.count) FORCE"
      #expect(lines.filter { $0.hasPrefix("XNACK ") && $0.hasSuffix(end) }.count == 1, "\(entry.id)")
    }
    #expect(!lines.contains { $0.contains("swift-rdb:released") })
  }

  @Test(
    "Is pending for a replacement consumer on an older target, and counts as lost",
    arguments: ["5.0", "6.2", "7.0", "8.6", "valkey-8.0", "valkey-9.2"])
  func older(_ target: String) throws {
    let expected = try Self.expected()
    let converted = convert(Self.dump.bytes, target: target)
    #expect(
      converted.losses == [
        "pending entry: released, without a consumer, needs Redis 8.8: pending for swift-rdb:released ×\(expected.count)"
      ])
    for entry in expected {
      let end = " swift-rdb:released 0 \(entry.id) TIME \(entry.delivered) RETRYCOUNT \(entry.count) FORCE JUSTID"
      #expect(converted.lines.filter { $0.hasPrefix("XCLAIM ") && $0.hasSuffix(end) }.count == 1, "\(entry.id)")
    }
  }

  @Test(
    "Is pending for swift-rdb:released on a server, and can be claimed at once", arguments: LiveServer.Kind.allCases)
  func live(_ kind: LiveServer.Kind) throws {
    let expected = try Self.expected()
    let server = try LiveServer(kind)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    #expect(try server.pipe(convert(Self.dump.bytes, target: kind.target).bytes).errors == 0)
    func words(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }
    for entry in expected {
      let reply = try connection.commands([
        words("XPENDING") + [entry.key, entry.group] + words(entry.id, entry.id, "10")
      ])[0]
      let fields = reply.elements?.first?.elements ?? []
      #expect(fields.count == 4, "\(entry.id): \(reply)")
      guard fields.count == 4 else { continue }
      #expect(fields[1].bytes == Array("swift-rdb:released".utf8))
      #expect(fields[3] == .integer(Int64(entry.count)))
      // Delivered in 1970: a search for idle entries finds it first.
      guard case .integer(let idle) = fields[2] else {
        Issue.record("\(fields[2])")
        continue
      }
      #expect(idle > 1_700_000_000_000)
    }
  }
}
