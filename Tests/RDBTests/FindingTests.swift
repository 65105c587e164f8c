import Foundation
import RDB
import RDBFormat
import TestSupport
import Testing

private typealias B = RDBBytes

/// A snapshot with oddities that servers load.
struct OddSnapshot: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: [UInt8]
  /// The descriptions of the findings, in file order.
  let findings: [String]

  init(_ name: String, version: Int = 12, _ records: [UInt8], _ findings: [String]) {
    testDescription = name
    bytes = B.snapshot(version: version, records)
    self.findings = findings
  }

  static let streams: [OddSnapshot] = [
    OddSnapshot(
      "a stream that is longer than its entries", B.key(21, [1] + Stream.node() + Stream.tail(length: 5)),
      [
        "streamLength at offset 60 in key \"k\": expected a length of 1, as there are entries, found 5 (refused by Valkey 9.1 and later)"
      ]),
    OddSnapshot(
      "a stream that is shorter than its entries", B.key(21, [1] + Stream.node() + Stream.tail(length: 0)),
      [
        "streamLength at offset 60 in key \"k\": expected a length of 1, as there are entries, found 0 (refused by Valkey 9.1 and later)"
      ]),
    OddSnapshot(
      "a stream whose last ID is below its newest entry", B.key(21, [1] + Stream.node(5) + Stream.tail(lastID: 4)),
      ["streamLastID at offset 60 in key \"k\": expected a last ID from 5-1 on, found 4-1"]),
    OddSnapshot(
      "a stream node without a live entry",
      B.key(21, [1] + Stream.node(1, 1, [0, 1, 1, "f", 0, 3, 0, 0, "v", 4]) + Stream.tail(length: 0)), []),
  ]

  static let types: [OddSnapshot] = [
    OddSnapshot(
      "a type of a later version, after an expiry", version: 9,
      [252] + B.little(Int64(5)) + B.key(20, B.string(B.listpack(["a"]))) + B.key(0, B.string("v")),
      [
        "newerType at offset 18 in key \"k\": expected a value type of version 9 or earlier, found set_listpack (type 20), of version 11 and later"
      ]),
    OddSnapshot(
      "a type of a later version of Valkey's own", version: 80,
      B.key(22, [1] + B.string("f") + B.string("v") + B.little(Int64(-1))),
      []),
  ]
}

/// The parts of a stream of type 21.
private enum Stream {
  /// A node with one entry, whose ID is the master ID.
  static func node(
    _ milliseconds: UInt64 = 1, _ sequence: UInt64 = 1, _ entries: [B.Entry] = [1, 0, 1, "f", 0, 2, 0, 0, "v", 4]
  ) -> [UInt8] {
    B.string(B.streamID(milliseconds, sequence)) + B.string(B.listpack(entries))
  }

  /// Length, last ID, first ID, greatest deleted ID, entries added, no groups.
  static func tail(length: UInt64 = 1, lastID: UInt64 = 1) -> [UInt8] {
    B.length(length) + B.length(lastID) + [1, 1, 1, 0, 0, 1, 0]
  }
}

@Suite("Findings")
struct FindingTests {
  @Test("Do not occur in files that servers wrote", arguments: Fixture.valid)
  func none(_ fixture: Fixture) throws {
    for interest in [Interest.elements, .validate] {
      let log = Way.whole.read(fixture.bytes, interest: interest).log
      #expect(log.filter { $0.hasPrefix("finding") } == [])
    }
  }

  @Test("Are the same for every way of reading elements", arguments: OddSnapshot.streams + OddSnapshot.types)
  func same(_ odd: OddSnapshot) {
    for interest in [Interest.elements, .elementsAfterOutline, .validate] {
      for way in Way.allCases {
        let outcome = way.read(odd.bytes, interest: interest)
        #expect(outcome.error == nil)
        let found = outcome.log.filter { $0.hasPrefix("finding ") }.map { String($0.dropFirst(8)) }
        #expect(found == odd.findings, "\(interest) \(way)")
      }
    }
    let skipped = Way.whole.read(odd.bytes, interest: .skip).log
    #expect(skipped.filter { $0.hasPrefix("finding ") } == [])
  }

  @Test("Leave a stream the numbers of its entries")
  func corrected() {
    let bytes = B.snapshot(B.key(21, [1] + Stream.node(5) + Stream.tail(length: 9, lastID: 4)))
    let log = Way.whole.read(bytes, interest: .elements).log
    #expect(log.contains { $0.contains("length: 1,") && $0.contains("5-1") }, "\(log)")
  }

  @Test("Have a table in which every kind has its own name and a sentence")
  func table() {
    for kind in FindingKind.allCases {
      let row = kind.row
      #expect(row.sentence.hasSuffix("."), "\(kind)")
      if row.severity == .warning { #expect(!row.refusedBy.isEmpty, "\(kind)") }
      if row.severity == .note { #expect(row.refusedBy.isEmpty && row.cve.isEmpty, "\(kind)") }
    }
  }

  @Test("Are all in the table of Documentation/findings.md, in the words of the code")
  func documented() throws {
    let page = try String(contentsOfFile: Fixture.root + "/../Documentation/findings.md", encoding: .utf8)
    let rows = FindingKind.allCases.map { kind in
      let row = kind.row
      return "| `\(kind.rawValue)` | \(row.severity.rawValue) | \(row.sentence) | \(row.refusedBy) | \(row.cve) |"
        .replacing("|  |", with: "| |").replacing("|  |", with: "| |")
    }
    let written = page.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| `") }
    #expect(written == rows, "\n\(rows.joined(separator: "\n"))\n")
  }
}
