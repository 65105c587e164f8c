import Foundation
import RDBFormat
import TestSupport
import Testing

@Suite("The verdicts on values of fixtures, as they are and changed at random", .serialized)
struct MutationTests {
  @Test(
    "Agree with those of servers on RESTORE for every value of the fixtures, the damaged ones included, or have a reason"
  )
  func fixtures() throws {
    let names = Set(Fixture.all + Fixture.damaged).sorted { $0.name < $1.name }
    let step = TestExtent.current == .sample ? 4 : 1
    let values = names.enumerated().filter { $0.offset % step == 0 }.flatMap {
      StoredValue.values(in: $0.element.bytes)
    }
    try compare(Array(Set(values.filter { $0.bytes.count < 1 << 16 })))
  }

  @Test("Agree with those of servers on RESTORE for values changed at random, or have a reason")
  func mutations() throws {
    let count: Int
    switch TestExtent.current {
    case .sample: count = 2000
    case .whole: count = 20_000
    case .deep: count = 200_000
    }
    // RDB_TEST_SEED repeats a run with other changes.
    let seed = ProcessInfo.processInfo.environment["RDB_TEST_SEED"].flatMap { UInt64($0) } ?? 1
    var generator = SeededGenerator(seed: seed)
    let values = Self.mutated(count, using: &generator)
    try compare(values, "seed \(seed)")
  }

  /// Returns changed values, as many of each type.
  private static func mutated(_ count: Int, using generator: inout SeededGenerator) -> [StoredValue] {
    var bases: [UInt8: [StoredValue]] = [:]
    var seen: Set<StoredValue> = []
    for fixture in Fixture.all {
      for value in StoredValue.values(in: fixture.bytes) where value.bytes.count < 2000 && value.type < 26 {
        if seen.insert(value).inserted { bases[value.type, default: []].append(value) }
      }
    }
    let types = bases.keys.sorted()
    return (0..<count).compactMap { number in
      bases[types[number % types.count]]?.randomElement(using: &generator)?.mutated(using: &generator)
    }
  }

  private func compare(_ originals: [StoredValue], _ note: String = "") throws {
    var values = originals
    let own = try values.map { try OwnVerdict(of: $0) }
    for (index, verdict) in own.enumerated() {
      // Servers do not look at what follows a value in a payload.
      if let byteCount = verdict.byteCount { values[index].bytes = Array(values[index].bytes.prefix(byteCount)) }
    }
    let servers = try LiveServer.Kind.allCases.map { kind in
      let server = try ServerVerdicts(kind)
      defer { server.stop() }
      return try server.verdicts(on: values)
    }
    var counts: [String: Int] = [:]
    var unexplained: [String: (count: Int, first: StoredValue)] = [:]
    for (index, value) in values.enumerated() {
      let comparison = Comparison(own: own[index], servers: servers.map { $0[index] })
      guard comparison.servers.contains(where: { $0 != .doesNotKnow }) else { continue }
      counts[comparison.isAgreement ? "agree" : "differ", default: 0] += 1
      for (number, verdict) in comparison.servers.enumerated() where verdict == .crashes {
        counts["crashes of \(LiveServer.Kind.allCases[number])", default: 0] += 1
      }
      guard !comparison.isAgreement, comparison.isForbidden || !comparison.isExplained else { continue }
      let name = (comparison.isForbidden ? "forbidden: " : "") + "\(comparison)"
      unexplained[name, default: (0, value)].count += 1
    }
    // For `swift test --attachments-path FOLDER`.
    let numbers = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    Attachment.record("\(values.count) values: \(numbers)", named: "verdicts.txt")
    for (name, entry) in unexplained.sorted(by: { $0.key < $1.key }) {
      let bytes = entry.first.bytes.prefix(2000).map { String(format: "%02x", $0) }.joined()
      Issue.record("\(name) \(entry.count) values, such as type \(entry.first.type), \(bytes) \(note)")
    }
  }
}
