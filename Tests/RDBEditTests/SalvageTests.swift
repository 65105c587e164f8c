import RDB
import RDBEdit
import RDBFormat
import TestSupport
import Testing

@Suite("Salvaging")
struct SalvageTests {
  @Test("Copies an undamaged snapshot byte for byte", arguments: Fixture.valid)
  func undamaged(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    var reader = RDBReader(MemorySource(bytes))
    var sink = NoSink()
    let end = try #require(try reader.read(into: &sink))
    let destination = MemoryDestination()
    let report = try Salvage().run(MemorySource(bytes), to: destination)
    #expect(!report.isDamaged)
    #expect(destination.bytes == Array(bytes[Int(end.endOffset - end.byteCount)..<Int(end.endOffset)]))
  }

  @Test("Puts back one changed byte that only the checksum shows")
  func repairs() throws {
    let original = Fixture.named("redis-7.2.6/all").bytes
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<50 {
      let offset = Int.random(in: 9..<original.count - 9, using: &generator)
      var damaged = original
      damaged[offset] ^= UInt8.random(in: 1...255, using: &generator)
      let destination = MemoryDestination()
      let report = try Salvage(threads: 2).run(MemorySource(damaged), to: destination)
      #expect(destination.bytes == original)
      #expect(report.isDamaged && report.lossCount == 0)
      #expect(report.repair?.offset == UInt64(offset))
      #expect(report.repair?.found == [damaged[offset]] && report.repair?.restored == [original[offset]])
    }
  }

  @Test("Leaves out inserted bytes, and puts back a few missing ones, as the checksum shows them")
  func splices() throws {
    let original = Fixture.named("redis-7.2.6/all").bytes
    var generator = SeededGenerator(seed: 2)
    for count in [1, 2, 3, 4, 300] {
      for _ in 0..<2 {
        let offset = Int.random(in: 9..<original.count - 9, using: &generator)
        let inserted = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var damages = [SeededDamage(kind: .insertedBytes, offset: offset, count: 0, replacement: inserted)]
        if count <= 4, offset + count < original.count - 8 {
          damages.append(SeededDamage(kind: .missingBytes, offset: offset, count: count, replacement: []))
        }
        for damage in damages {
          let destination = MemoryDestination()
          let report = try Salvage().run(MemorySource(damage.apply(to: original)), to: destination)
          #expect(destination.bytes == original, "\(damage)")
          #expect(report.isDamaged && report.lossCount == 0 && report.repair != nil)
        }
      }
    }
  }

  @Test("Leaves out inserted bytes far from the end of a large snapshot")
  func spliceInLargeSnapshot() throws {
    let original = Self.large
    for offset in [40, 700_000, original.count - 60] {
      var damaged = original
      damaged.insert(contentsOf: [UInt8](repeating: 0x55, count: 77), at: offset)
      let destination = MemoryDestination()
      let report = try Salvage().run(MemorySource(damaged), to: destination)
      #expect(report.repair != nil && destination.bytes == original, "\(offset)")
    }
  }

  @Test("Reads a damaged snapshot once for all repairs that its checksum may show")
  func onePass() throws {
    var damaged = Self.large
    // The fault is at the end: the first check and the salvaging read the whole input, and so does the copying.
    for index in damaged.count - 40..<damaged.count - 20 { damaged[index] = 0xF0 }
    let source = CountingSource(damaged)
    let report = try Salvage().run(source, to: MemoryDestination())
    #expect(report.isDamaged && report.repair == nil)
    let passes = Double(source.byteCount) / Double(damaged.count)
    #expect(passes < 4.6, "\(passes) passes")
  }

  /// A snapshot of 1.4 MB with a checksum.
  private static let large: [UInt8] = {
    var builder = SnapshotBuilder(version: 10)
    for number in 0..<14_000 {
      builder.string("key:\(number)", String(repeating: "value \(number) ", count: 8))
    }
    var bytes = Array(builder.whole.dropLast(8))
    var sum = CRC64()
    sum.update(bytes.span.bytes)
    bytes += RDBBytes.little(sum.value)
    return bytes
  }()

  /// A source in memory that counts the bytes that are read.
  private final class CountingSource: ByteSource {
    private let base: MemorySource
    private(set) var byteCount: UInt64 = 0

    init(_ bytes: [UInt8]) { base = MemorySource(bytes) }

    var totalByteCount: UInt64? { base.totalByteCount }
    var canSeek: Bool { true }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { count(try base.read(into: buffer)) }

    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      count(try base.read(at: offset, into: buffer))
    }

    private func count(_ read: Int) -> Int {
      byteCount += UInt64(read)
      return read
    }
  }

  /// The results of many damages of one kind.
  struct Totals {
    var trials = 0
    var untouched = 0
    var recovered = 0
    var altered = 0
    var invented: [String] = []
  }

  /// Damages fixtures, and salvages each.
  ///
  /// - Parameter hasChecksum: Whether the fixtures keep their checksums; if not, zero is stored.
  private func totals(_ kind: SeededDamage.Kind, hasChecksum: Bool) throws -> Totals {
    var totals = Totals()
    let isWhole = TestExtent.current != .sample
    for (number, fixture) in Fixture.all.enumerated() where isWhole || number % 12 == 3 {
      // Its attributes are in orders that no server writes.
      if fixture.topic == "v10-structure" { continue }
      var bytes = fixture.bytes
      guard bytes.count < (isWhole ? 1 << 18 : 1 << 14) else { continue }
      let keys = try StoredKeys.read(bytes)
      guard keys.ranges.count >= 2, keys.hasChecksum else { continue }
      if !hasChecksum { bytes.replaceSubrange((bytes.count - 8)..., with: [UInt8](repeating: 0, count: 8)) }
      for seed in 0..<(isWhole ? 6 : 3) {
        var generator = SeededGenerator(seed: UInt64(number * 1000 + seed))
        let damage = SeededDamage.random(kind, in: bytes, records: keys.ranges, using: &generator)
        let trial = try SalvageTrial(bytes, keys, damage)
        totals.trials += 1
        totals.untouched += trial.untouchedCount
        totals.recovered += trial.recoveredCount
        totals.altered += trial.alteredCount
        if !trial.invented.isEmpty { totals.invented.append("\(fixture), seed \(seed), \(damage): \(trial.invented)") }
      }
    }
    return totals
  }

  @Test(
    "Recovers nearly all records outside one damage, and hardly ever takes garbage for a key", arguments: [true, false])
  func recovers(hasChecksum: Bool) throws {
    var all = Totals()
    for kind in SeededDamage.Kind.allCases {
      let totals = try totals(kind, hasChecksum: hasChecksum)
      // Where one byte was changed, the checksum tells it.
      if hasChecksum, [.byteFlip, .lengthField, .cutEnd].contains(kind) {
        #expect(totals.invented.isEmpty)
      }
      #expect(Double(totals.recovered) >= 0.97 * Double(totals.untouched), "\(kind): \(totals)")
      all.trials += totals.trials
      all.untouched += totals.untouched
      all.recovered += totals.recovered
      all.invented += totals.invented
    }
    #expect(Double(all.recovered) >= (hasChecksum ? 0.99 : 0.985) * Double(all.untouched), "\(all)")
    #expect(all.invented.count * 200 <= all.trials, "\(all.invented)")
  }

  /// The names of the keys that are left of a damaged snapshot.
  private func names(_ bytes: [UInt8]) throws -> (names: [String], report: SalvageReport) {
    let destination = MemoryDestination()
    let report = try Salvage().run(MemorySource(bytes), to: destination)
    return (try StoredKeys.read(destination.bytes).keys.map { String(decoding: $0.name, as: UTF8.self) }, report)
  }

  /// A snapshot of ten strings around one key.
  private func snapshot(around key: (inout SnapshotBuilder) -> Void) -> [UInt8] {
    var builder = SnapshotBuilder(version: 10)
    for number in 0..<5 { builder.string("first:\(number)", "value \(number)") }
    key(&builder)
    for number in 5..<10 { builder.string("last:\(number)", "value \(number)") }
    return builder.whole
  }

  /// A snapshot of ten strings after damage, with some records before it.
  private func damaged(after head: (inout SnapshotBuilder) -> Void) -> [UInt8] {
    var builder = SnapshotBuilder(version: 10)
    head(&builder)
    builder.raw([99, 99, 99])
    for number in 0..<10 { builder.string("key:\(number)", "value \(number)") }
    return builder.whole
  }

  @Test("Loses only the key whose value is damaged, if its lengths are whole")
  func certain() throws {
    var bytes = snapshot { $0.key(16, "packed", value: RDBBytes.string(RDBBytes.listpack(["field", "value"]))) }
    let end = try #require(bytes.firstRange(of: Array("value\u{6}".utf8) + [0xFF]))
    bytes[end.upperBound - 2] = 99
    let (names, report) = try names(bytes)
    #expect(names.count == 10 && !names.contains("packed"))
    #expect(report.losses.map(\.confidence) == [.certain])
    #expect(report.losses.first?.key == Array("packed".utf8))
  }

  @Test("Leaves out an expiry that has no key right after it")
  func strayExpiry() throws {
    let damaged = damaged(after: {
      $0.expiry(4_000_000_000_000)
      $0.aux("field", "value")
    })
    let destination = MemoryDestination()
    _ = try Salvage().run(MemorySource(damaged), to: destination)
    #expect(try StoredKeys.read(destination.bytes).keys.count >= 8)
    let expiry = RDBBytes.little(4_000_000_000_000 as Int64)
    #expect(destination.bytes.firstRange(of: expiry) == nil)
  }

  @Test("Keeps an AUX field that follows the number of a database, before damage, whole")
  func auxAfterDatabase() throws {
    let damaged = damaged(after: {
      $0.select(0)
      $0.aux("slot-info", "12182,1,0,0")
    })
    #expect(try names(damaged).names.count >= 8)
  }

  @Test("Takes no record of a snapshot that is stored inside a value for a key")
  func nested() throws {
    var inner = SnapshotBuilder(version: 10)
    for number in 0..<20 { inner.string("inner:\(number)", "value \(number)") }
    let whole = inner.whole
    let original = snapshot { $0.string("stored dump", whole) }
    let name = try #require(original.firstRange(of: Array("stored dump".utf8)))
    // Its type, its name's length, and the bytes of its value's length.
    for offset in [name.lowerBound - 2, name.lowerBound - 1, name.upperBound, name.upperBound + 1] {
      for change in [0x01, 0x10, 0x3F, 0x7F, 0xFF] as [UInt8] {
        var bytes = original
        bytes[offset] ^= change
        let (names, _) = try names(bytes)
        #expect(!names.contains { $0.hasPrefix("inner") }, "\(change) at \(offset)")
        #expect(names.count { $0.hasPrefix("last") } >= 4)
      }
    }
  }

  @Test("Keeps every key before the end of a snapshot that is cut")
  func cut() throws {
    let bytes = snapshot { $0.list("list", ["a", "b"]) }
    let (names, report) = try names(Array(bytes.dropLast(12)))
    #expect(names.count == 10 && names.last == "last:8")
    #expect(report.losses.count == 1 && report.losses.first?.confidence == nil)
  }

  @Test("Reads on without a header")
  func header() throws {
    var bytes = Fixture.named("redis-7.2.6/all").bytes
    let count = try StoredKeys.read(bytes).keys.count
    bytes.replaceSubrange(0..<9, with: [UInt8](repeating: 0, count: 9))
    let destination = MemoryDestination()
    let report = try Salvage().run(MemorySource(bytes), to: destination)
    #expect(report.header == SnapshotHeader(vendor: .redis, version: 11))
    #expect(try StoredKeys.read(destination.bytes).keys.count == count)
  }

  @Test("Refuses an input without any record", arguments: [0, 5, 5000])
  func nothing(byteCount: Int) {
    #expect(throws: RDBError.self) {
      try Salvage().run(MemorySource([UInt8](repeating: 0x41, count: byteCount)), to: MemoryDestination())
    }
  }

  @Test(
    "Needs no more than a few passes for a file that is made of beginnings of records",
    arguments: [0x00, 0x02, 0x0E, 0xFC] as [UInt8])
  func hostile(byte: UInt8) throws {
    var bytes = snapshot { $0.list("list", ["a", "b"]) }
    bytes.insert(contentsOf: [0xF0] + [UInt8](repeating: byte, count: 100_000), at: 60)
    let (names, _) = try names(bytes)
    #expect(names.count >= 3)
  }
}
