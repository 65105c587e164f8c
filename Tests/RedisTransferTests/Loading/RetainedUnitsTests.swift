import RDBConvert
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

@Suite("Units that may have to be sent again")
struct RetainedUnitsTests {
  /// Cuts keys into units. Each command is `C<number> <key>`.
  private static func units(_ commandCounts: [Int], limits: KeyCutter.Limits) throws -> [KeyUnit] {
    var marked: [UInt8] = []
    for (key, count) in commandCounts.enumerated() {
      marked += Array("@k".utf8) + RESPText.bulk(Array("\(key)".utf8))
      for command in 0..<count { marked += RESPText.command("C\(command)", "\(key)") }
    }
    return try RedisTransferTests.units(marked, limits: limits)
  }

  private static let oneKey = KeyCutter.Limits(bytes: 1, commands: 100, piece: 1 << 20)
  private static let oneCommand = KeyCutter.Limits(bytes: 1, commands: 1, piece: 1 << 20)

  private func numbers(_ resending: RetainedUnits.Resending) -> [UInt64]? {
    if case .units(let units) = resending { units.map(\.number) } else { nil }
  }

  @Test("Count keys as safe up to the first unit that is not answered, over all connections")
  func answered() throws {
    let units = try Self.units([1, 1, 1, 1, 1], limits: Self.oneCommand)
    var retained = RetainedUnits(replicaCount: 0)
    for (index, unit) in units.enumerated() { retained.sent(unit, on: index % 2) }
    retained.answered(unitCount: 2, on: 1)
    #expect(retained.safeKeyCount == 0)
    retained.answered(unitCount: 1, on: 0)
    #expect(retained.safeKeyCount == 2)
    let resent1 = numbers(retained.lost(0))
    #expect(resent1 == [2, 4])
    let resent2 = numbers(retained.lost(1))
    #expect(resent2 == [])
    retained.sent(units[2], on: 7)
    retained.sent(units[4], on: 7)
    retained.answered(unitCount: 1, on: 7)
    #expect(retained.safeKeyCount == 4)
    #expect(!retained.isEmpty)
    retained.answered(unitCount: 2, on: 7)
    #expect(retained.safeKeyCount == 5)
    #expect(retained.isEmpty)
    #expect(retained.byteCount == 0)
  }

  @Test("Are safe only on enough replicas, if replicas are waited for")
  func replicated() throws {
    let units = try Self.units([1, 1, 1], limits: Self.oneCommand)
    var retained = RetainedUnits(replicaCount: 2, skipping: 0)
    for unit in units { retained.sent(unit, on: 0) }
    retained.answered(unitCount: 3, on: 0)
    #expect(retained.safeKeyCount == 0)
    let isEnough = retained.replicated(to: 1, unitCount: 2, on: 0)
    #expect(!isEnough)
    #expect(retained.safeKeyCount == 0)
    let isEnoughNow = retained.replicated(to: 2, unitCount: 2, on: 0)
    #expect(isEnoughNow)
    #expect(retained.safeKeyCount == 2)
    let resent3 = numbers(retained.lost(0))
    #expect(resent3 == [2])
  }

  @Test("Begin with the first unit of a key, even if that unit is safe")
  func wholeKeys() throws {
    // Key 1 has the units 1 to 4.
    let units = try Self.units([1, 4, 1], limits: Self.oneCommand)
    #expect(units.count == 6)
    for safe in 0...5 {
      for sent in max(safe, 1)...6 {
        var retained = RetainedUnits(replicaCount: 0)
        for unit in units[..<sent] { retained.sent(unit, on: 0) }
        retained.answered(unitCount: safe, on: 0)
        #expect(retained.safeKeyCount == [0, 1, 1, 1, 1, 2][safe])
        let first = 2...4 ~= safe && sent > 1 ? 1 : safe
        let expected = Array(UInt64(first)..<UInt64(sent))
        let resent4 = numbers(retained.lost(0))
        #expect(resent4 == expected, "\(safe) of \(sent)")
        #expect(retained.safeKeyCount == [0, 1, 1, 1, 1, 2][safe])
      }
    }
  }

  @Test("Need the input again if a key is too large to be kept")
  func tooLarge() throws {
    let units = try Self.units([1, 40, 1], limits: Self.oneCommand)
    let limit = units[1...5].reduce(0) { $0 + $1.bytes.count }
    let memory = units[1...5].reduce(2 * units[0].memoryByteCount) { $0 + $1.memoryByteCount }
    for sent in 1...units.count {
      for safe in 0...sent {
        var retained = RetainedUnits(replicaCount: 0, keyByteLimit: limit)
        for unit in units[..<sent] { retained.sent(unit, on: 0) }
        retained.answered(unitCount: safe, on: 0)
        #expect(retained.byteCount >= 0 && retained.byteCount <= memory)
        let resending = retained.lost(0)
        let isLost = sent > 6 && safe < 41
        #expect((resending == .mustReread(fromKey: safe == 0 ? 0 : 1)) == isLost, "\(safe) of \(sent)")
      }
    }
  }

  /// A server that builds keys from commands, and has a key when it has got all of its commands in order.
  private struct Model {
    let counts: [Int]
    var building: [Int: [Int]] = [:]
    var complete: Set<Int> = []

    mutating func run(_ unit: KeyUnit, atMost count: Int = .max) {
      for command in 0..<min(count, unit.commandCount) {
        let key = Int(String(decoding: unit.name(of: unit.key(ofCommand: command)), as: UTF8.self))!
        let number = Int(String(decoding: unit.commandName(command).dropFirst(), as: UTF8.self))!
        if number == 0 { building[key] = [] }
        building[key, default: []].append(number)
        if isWhole(key) { complete.insert(key) }
      }
    }

    func isWhole(_ key: Int) -> Bool { building[key] == Array(0..<counts[key]) }
  }

  private struct Connection {
    var id: Int
    var inFlight: [KeyUnit] = []
    var answeredCount = 0
  }

  @Test("Bring each key to the server whole, whenever connections are lost", arguments: Array(1...25) as [UInt64])
  func model(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let counts = (0..<120).map { _ in
      Int.random(in: 0..<12, using: &random) == 0 ? 25 : Int.random(in: 1...3, using: &random)
    }
    let limits = [Self.oneKey, Self.oneCommand, .init(bytes: 90, commands: 4, piece: 1 << 20)][Int(seed % 3)]
    let keyByteLimit = seed % 2 == 0 ? 400 : 1 << 20
    let all = try Self.units(counts, limits: limits)
    var retained = RetainedUnits(replicaCount: 0, keyByteLimit: keyByteLimit)
    var server = Model(counts: counts)
    var connections = [Connection(id: 0), Connection(id: 1)]
    var (next, again, nextID): (Int, [KeyUnit], Int) = (0, [], 2)
    for step in 0..<100_000 {
      if next == all.count, again.isEmpty, retained.isEmpty { break }
      try #require(step < 99_999)
      let chosen = Int.random(in: 0..<2, using: &random)
      switch Int.random(in: 0..<30, using: &random) {
      case 0..<14:
        guard let unit = again.first ?? (next < all.count ? all[next] : nil) else { continue }
        let id = retained.requiredConnection(for: unit) ?? connections[chosen].id
        let index = try #require(connections.firstIndex { $0.id == id })
        connections[index].inFlight.append(unit)
        retained.sent(unit, on: id)
        if again.isEmpty { next += 1 } else { again.removeFirst() }
      case 14..<29:
        guard !connections[chosen].inFlight.isEmpty else { continue }
        server.run(connections[chosen].inFlight.removeFirst())
        connections[chosen].answeredCount += 1
        retained.answered(unitCount: connections[chosen].answeredCount, on: connections[chosen].id)
      default:
        // The server has run some commands whose replies are lost.
        let lost = connections[chosen]
        let whole = Int.random(in: 0...lost.inFlight.count, using: &random)
        for unit in lost.inFlight[..<whole] { server.run(unit) }
        if whole < lost.inFlight.count {
          let part = lost.inFlight[whole]
          server.run(part, atMost: Int.random(in: 0...part.commandCount, using: &random))
        }
        connections[chosen] = Connection(id: nextID)
        switch retained.lost(lost.id) {
        case .units(let units): again = (again + units).sorted { $0.number < $1.number }
        case .mustReread(let key):
          again = []
          next = all.firstIndex { $0.endOrdinal > key || $0.endsInsideKey && $0.endOrdinal == key } ?? all.count
          while next > 0, all[next].startsInsideKey { next -= 1 }
          retained = RetainedUnits(replicaCount: 0, skipping: key, keyByteLimit: keyByteLimit)
          connections[1 - chosen] = Connection(id: nextID + 1)
        }
        nextID += 2
      }
      for key in 0..<Int(retained.safeKeyCount) {
        try #require(server.complete.contains(key), "key \(key), seed \(seed)")
      }
    }
    for key in counts.indices { #expect(server.isWhole(key), "key \(key), seed \(seed)") }
    #expect(retained.safeKeyCount == 120)
    #expect(retained.byteCount == 0)
  }
}
