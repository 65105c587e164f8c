import RDB
import RDBEdit
import RDBFormat
import TestSupport
import Testing

@Suite("A comparison of lists and streams")
struct ComparisonOrderTests {
  static func lists(_ before: [String], _ after: [String]) throws -> [String] {
    let result = try Comparison(snapshot { $0.list("l", before) }, snapshot { $0.list("l", after) }) {
      $0.changeLimit = 10_000
    }
    return Array(result.lines.dropFirst())
  }

  @Test("finds what was taken from one end of a list and added at the other")
  func queue() throws {
    #expect(
      try Self.lists(["a", "b", "c", "d"], ["c", "d", "e"]) == [
        "  removed element : @0 a → none", "  removed element : @1 b → none", "  added element : none → @2 e",
      ])
  }

  @Test("finds that elements changed places")
  func order() throws {
    #expect(
      try Self.lists(["a", "b"], ["b", "a"]) == ["  removed element : @0 a → none", "  added element : none → @1 a"])
  }

  @Test("finds replaced elements between equal ones")
  func replaced() throws {
    #expect(
      try Self.lists(["a", "b", "c", "d", "e"], ["a", "x", "c", "y", "z", "e"]) == [
        "  changed element : @1 b → @1 x", "  changed element : @3 d → @3 y", "  added element : none → @4 z",
      ])
  }

  @Test("turns one list into the other by its changes, whatever they are", arguments: 0..<60)
  func random(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let alphabet = seed % 2 == 0 ? 2 : 6
    let before = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
      "\(Int.random(in: 0..<alphabet, using: &generator))"
    }
    let after = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
      "\(Int.random(in: 0..<alphabet, using: &generator))"
    }
    let result = try Comparison(snapshot { $0.list("l", before) }, snapshot { $0.list("l", after) })
    guard before != after else {
      #expect(result.keys.isEmpty)
      return
    }
    let key = try #require(result.keys.first)
    var rest = before.enumerated().map { (UInt64($0.offset), $0.element) }
    rest.removeAll { element in key.changes.contains { $0.before?.index == element.0 } }
    var rebuilt = rest.map(\.1)
    for change in key.changes {
      guard let side = change.after else { continue }
      rebuilt.insert(String(decoding: side.value, as: UTF8.self), at: Int(side.index))
    }
    #expect(rebuilt == after, "seed \(seed): \(before) \(after)")
    #expect(key.omittedCount == 0)
  }

  @Test("compares long lists that differ in many places by index")
  func byIndex() throws {
    let before = (0..<3_000).map { "a\($0)" }
    let after = (0..<3_100).map { "b\($0)" }
    let lines = try Self.lists(before, after)
    #expect(lines.count == 3_100)
    #expect(lines[7] == "  changed element : @7 a7 → @7 b7")
    #expect(lines.last == "  added element : none → @3099 b3099")
  }

  @Test("finds changed entries, groups, consumers and pending entries of a stream")
  func streams() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let connection = try LiveConnection(port: server.port)
    for command in [
      "XADD s 1-0 a 1", "XADD s 2-0 b 2", "XADD s 3-0 c 3", "XGROUP CREATE s g 0",
      "XREADGROUP GROUP g alice COUNT 2 STREAMS s >",
      "XGROUP CREATE s old 0",
    ] { try send(command, to: connection) }
    let before = try server.save()
    for command in [
      "XADD s 4-0 d 4", "XDEL s 2-0", "XACK s g 1-0", "XGROUP CREATECONSUMER s g bob", "XGROUP DESTROY s old",
      "XREADGROUP GROUP g bob COUNT 1 STREAMS s >",
    ] { try send(command, to: connection) }
    let lines = try Comparison(before, try server.save()).lines
    #expect(lines.first == "changed 0 s")
    let parts = lines.dropFirst().map { $0.replacing(#/last at \d+/#, with: "last at T") }
    #expect(
      parts == [
        "  removed entry 2-0: \"b\" \"2\" → none",
        "  added entry 4-0: none → \"d\" \"4\"",
        "  changed number last-generated-id: 3-0 → 4-0",
        "  changed number max-deleted-entry-id: 0-0 → 2-0",
        "  changed number entries-added: 3 → 4",
        "  changed group g: last-delivered-id 2-0, entries-read 2 → last-delivered-id 3-0, entries-read 3",
        "  removed group old: last-delivered-id 0-0, entries-read unknown → none",
        "  added consumer g/bob: none → ",
        "  removed pending entry g/1-0: consumer \"alice\", delivered 1 time, last at T → none",
        "  added pending entry g/3-0: none → consumer \"bob\", delivered 1 time, last at T",
      ])
  }

  private func send(_ command: String, to connection: LiveConnection) throws {
    _ = try connection.commands([command.split(separator: " ").map { Array($0.utf8) }])
  }
}
