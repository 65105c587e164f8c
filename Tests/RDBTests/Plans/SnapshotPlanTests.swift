import Foundation
import RDB
import RDBFormat
import TestSupport
import Testing

@Suite("Reading a snapshot in parts by a plan")
struct SnapshotPlanTests {
  static func plan(_ bytes: [UInt8], parts: Int) throws -> SnapshotPlan {
    try SnapshotPlan.make(for: MemorySource(bytes), partCount: parts, options: RDBReader.Options()) { _ in }.plan
  }

  /// The events of one part, but those that each snapshot begins and ends with.
  static func events(_ number: Int, of plan: SnapshotPlan, in bytes: [UInt8]) throws -> [String] {
    let source = try #require(PartSource(number, of: plan, in: MemorySource(bytes)))
    var reader = RDBReader(source)
    let log = try reader.fold(RecordingSink()).summary.values
    let own = log.filter { !$0.hasPrefix("snapshot ") && !$0.hasPrefix("whole ") }
    if number == 0 { return own }
    // Later parts begin with the fields of the plan.
    guard let head = plan.parts[number].head else { return own }
    var start = RDBReader(MemorySource(plan.heads[head] + [0xFF] + [UInt8](repeating: 0, count: 8)))
    let fields = try start.fold(RecordingSink()).summary.values.filter { $0.hasPrefix("aux ") }
    #expect(Array(own.prefix(fields.count)) == fields)
    return Array(own.dropFirst(fields.count))
  }

  @Test("the parts of a snapshot have its events, each once and in order", arguments: Fixture.valid)
  func sameEvents(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    var reader = RDBReader(MemorySource(bytes))
    let whole = try reader.fold(RecordingSink()).summary.values.filter {
      !$0.hasPrefix("snapshot ") && !$0.hasPrefix("whole ")
    }
    for count in [1, 2, 7, 40] {
      let made = try SnapshotPlan.make(
        for: MemorySource(bytes), partCount: count, options: RDBReader.Options(), start: { _ in })
      // Such a file is refused by the command.
      if made.end.head.byteCount > 0 { continue }
      #expect(made.plan.parts.count == count)
      #expect(made.plan.fault == nil)
      let parts = try made.plan.parts.indices.flatMap { try Self.events($0, of: made.plan, in: bytes) }
      #expect(parts == whole, "\(count) parts")
      let keyCount = whole.count { $0.hasPrefix("key ") }
      #expect(made.plan.keyCount == UInt64(keyCount))
    }
  }

  @Test("the parts are about equal, and there are as many as the records allow")
  func sizes() throws {
    let bytes = Fixture.named("redis-6.2.16/sessions").bytes
    let plan = try Self.plan(bytes, parts: 4)
    let filled = plan.parts.filter { $0.byteCount > 0 }
    #expect(filled.count == 4)
    #expect(plan.endOffset == UInt64(bytes.count - 8))
    for part in plan.parts { #expect(part.byteCount < UInt64(bytes.count / 3)) }
  }

  @Test("later parts know the hash templates that are defined before them")
  func templates() throws {
    let bytes = Fixture.named("crafted/v15-templates").bytes
    let plan = try Self.plan(bytes, parts: 20)
    let later = plan.parts.dropFirst().filter { $0.keyCount > 0 }
    #expect(!later.isEmpty)
    for part in later { #expect(part.head != nil) }
  }

  @Test("a worker needs only the bytes of its part")
  func rangeAlone() throws {
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    let plan = try Self.plan(bytes, parts: 5)
    for (number, part) in plan.parts.enumerated() {
      let range = Array(bytes[Int(part.start)..<Int(part.end)])
      let alone = try Self.events(number, of: plan, in: range)
      let inFile = try Self.events(number, of: plan, in: bytes)
      #expect(alone == inFile)
    }
    #expect(PartSource(0, of: plan, in: MemorySource(Array(bytes.dropLast()))) == nil)
  }

  @Test("with several threads a part gives the same keys")
  func threads() throws {
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    let plan = try Self.plan(bytes, parts: 3)
    for number in plan.parts.indices {
      let source = try #require(PartSource(number, of: plan, in: MemorySource(bytes)))
      var reader = RDBReader(source)
      let log = try reader.fold(threads: 3) { RecordingSink() }.summary.values
      let keys = log.filter { $0.hasPrefix("key ") }.sorted()
      let expected = try Self.events(number, of: plan, in: bytes).filter { $0.hasPrefix("key ") }.sorted()
      #expect(keys == expected)
    }
  }

  @Test("a changed byte is found by the part that has it, and by no other")
  func changedByte() throws {
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    let plan = try Self.plan(bytes, parts: 6)
    var random = SeededGenerator(seed: 26)
    for (changed, part) in plan.parts.enumerated() where part.byteCount > 0 {
      for _ in 0..<5 {
        var damaged = bytes
        let offset = Int.random(in: Int(part.start)..<Int(part.end), using: &random)
        damaged[offset] ^= UInt8.random(in: 1...255, using: &random)
        for number in plan.parts.indices {
          let isFound = (try? Self.events(number, of: plan, in: damaged)) == nil
          #expect(isFound == (number == changed), "offset \(offset), part \(number)")
        }
      }
    }
  }

  @Test("a snapshot whose own checksum is wrong gets no plan")
  func wrongChecksum() throws {
    var bytes = Fixture.named("redis-7.2.6/all").bytes
    bytes[bytes.count - 1] ^= 1
    let error = #expect(throws: RDBError.self) { try Self.plan(bytes, parts: 3) }
    #expect(error?.code == .checksumMismatch)
    var options = RDBReader.Options()
    options.ignoresChecksum = true
    let plan = try SnapshotPlan.make(for: MemorySource(bytes), partCount: 3, options: options) { _ in }.plan
    #expect(plan.checksum == nil)
    let events = try Self.events(1, of: plan, in: bytes)
    #expect(!events.isEmpty)
  }

  @Test("a plan is the same after it was written and read")
  func coding() throws {
    let plan = try Self.plan(Fixture.named("crafted/v15-templates").bytes, parts: 9)
    let json = try JSONEncoder().encode(plan)
    let read = try JSONDecoder().decode(SnapshotPlan.self, from: json)
    #expect(read == plan)
    #expect(read.fault == nil)
  }

  @Test("a plan with ranges that cannot be is refused")
  func unsound() throws {
    let plan = try Self.plan(Fixture.named("redis-7.2.6/all").bytes, parts: 4)
    func fault(_ change: (inout SnapshotPlan) -> Void) -> String? {
      var changed = plan
      change(&changed)
      return changed.fault
    }
    let named = [
      fault { $0.parts = [] }, fault { $0.parts[0].start = 1 }, fault { $0.parts[2].head = 77 },
      fault { $0.parts[2].head = -1 }, fault { $0.parts[2].head = nil },
    ]
    #expect(
      named == [
        "it has no parts", "part 0 begins at offset 1, not at 0", "part 2 has the unknown head 77",
        "part 2 has the unknown head -1", "part 2 has no head",
      ])
    let others = [
      fault { $0.parts[1].start += 1 }, fault { $0.parts[1].end = $0.parts[1].start - 1 },
      fault { $0.parts[3].end = .max }, fault { $0.heads[0] += [UInt8](repeating: 0, count: 1 << 20) },
      fault { $0.byteCount = 10 }, fault { $0.byteCount = .max },
    ]
    for (number, fault) in others.enumerated() { #expect(fault != nil, "change \(number)") }
    for text in ["", "[]", "{\"format\":2}", "{\"format\":1,\"bytes\":-1}", "{\"format\":1,\"bytes\":1e300}"] {
      #expect(throws: (any Error).self) { try JSONDecoder().decode(SnapshotPlan.self, from: Data(text.utf8)) }
    }
  }

  @Test("a key has the fields of its template although a later record defines the template anew")
  func redefinedTemplate() throws {
    func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }
    func template(_ fields: String...) -> [UInt8] { [0xF2, 1, UInt8(fields.count)] + fields.flatMap(text) }
    func hash(_ key: String, _ values: String...) -> [UInt8] { [32] + text(key) + [1] + values.flatMap(text) }
    let long = String(repeating: "x", count: 40)
    let bytes: [UInt8] =
      Array("REDIS0015".utf8) + template("a", "b") + hash("k0", long, "y") + hash("k1", "x", long) + template("c", "d")
      + hash("k2", "x", long) + hash("k3", "z", long) + [0xFF] + [UInt8](repeating: 0, count: 8)
    var reader = RDBReader(MemorySource(bytes))
    let whole = try reader.fold(RecordingSink()).summary.values.filter {
      !$0.hasPrefix("snapshot ") && !$0.hasPrefix("whole ")
    }
    for count in 2...5 {
      let plan = try Self.plan(bytes, parts: count)
      let parts = try plan.parts.indices.flatMap { try Self.events($0, of: plan, in: bytes) }
      #expect(parts == whole, "\(count) parts")
      #expect(plan.fault == nil)
    }
  }

  @Test("a plan whose heads hold more than fields and templates is refused")
  func unsoundHeads() throws {
    let plan = try Self.plan(Fixture.named("crafted/v15-templates").bytes, parts: 4)
    #expect(plan.fault == nil)
    let head = plan.heads[0]
    let key: [UInt8] = [0, 1, 107, 1, 118]
    let others = [
      head + key, head + [0xFE, 5], head + [0xFF], head + [0xFA, 1], Array(head.dropLast()), [],
      Array("REDIS0003".utf8) + head.dropFirst(9),
    ]
    for (number, other) in others.enumerated() {
      var changed = plan
      changed.heads[0] = other
      #expect(changed.fault == "head 0 is not REDIS0015 with fields and templates alone", "head \(number)")
    }
  }

  @Test("a plan whose checksums do not give the one of the snapshot is refused")
  func unsoundChecksums() throws {
    let plan = try Self.plan(Fixture.named("redis-7.2.6/all").bytes, parts: 4)
    #expect(plan.checksum != nil)
    for number in plan.parts.indices {
      var changed = plan
      changed.parts[number].checksum ^= 1
      #expect(changed.fault == "the checksums of its parts do not give the one of the file")
    }
    var changed = plan
    changed.parts.removeLast()
    #expect(changed.fault == "the checksums of its parts do not give the one of the file")
    changed = plan
    changed.parts[3].end = changed.byteCount
    #expect(changed.fault == "its parts end after the records of the file")
  }

  @Test("a file of the same size with another header or checksum is not that of the plan")
  func otherFile() throws {
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    let plan = try Self.plan(bytes, parts: 3)
    func difference(at offset: Int, ignoresChecksum: Bool = false) throws -> String? {
      var other = bytes
      other[offset] ^= 1
      return try plan.difference(in: MemorySource(other, readLimit: 3), ignoresChecksum: ignoresChecksum)
    }
    #expect(try plan.difference(in: MemorySource(bytes, readLimit: 3), ignoresChecksum: false) == nil)
    #expect(try difference(at: 8) == "it does not begin with REDIS0011")
    #expect(try difference(at: bytes.count - 1) == "it ends with another checksum")
    #expect(try difference(at: bytes.count - 1, ignoresChecksum: true) == nil)
    #expect(try difference(at: 2000) == nil)
  }

  @Test("a plan with many parts and a long head is checked without a copy of the head per part")
  func manyParts() throws {
    var plan = try Self.plan(Fixture.named("redis-7.2.6/all").bytes, parts: 2)
    plan.heads[0] += [UInt8](repeating: 0, count: 4 << 20)
    (plan.byteCount, plan.parts[0].end, plan.checksum) = (1 << 62, 1 << 61, nil)
    (plan.parts[1].start, plan.parts[1].end) = (1 << 61, 1 << 61)
    plan.parts += [SnapshotPlan.Part](repeating: plan.parts[1], count: 90_000)
    #expect(plan.fault == "head 0 is not REDIS0011 with fields and templates alone")
  }
}
