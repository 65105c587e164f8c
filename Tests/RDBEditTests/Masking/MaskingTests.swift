import Foundation
import RDB
import RDBEdit
import RDBFormat
import TestSupport
import Testing

@Suite("A masked snapshot")
struct MaskingTests {
  private func counts(_ strings: [[UInt8]]) -> [Int] { strings.map(\.count).sorted() }

  @Test("keeps types, encodings, sizes, nodes, expiries and IDs", arguments: Fixture.valid)
  func frame(_ fixture: Fixture) throws {
    let plain = try MaskedReading.read(fixture.bytes)
    let masked = try MaskedReading.read(try MaskedReading.mask(fixture.bytes).bytes)
    #expect(masked.modules == 0)
    #expect(plain.keys.count == masked.keys.count)
    for (old, new) in zip(plain.keys, masked.keys) {
      #expect(old.name.count == new.name.count)
      // Hashes that refer to a template of field names are encoded again.
      if fixture.name == "crafted/v15-templates" { continue }
      #expect(old.header == new.header, "\(fixture) \(old.header)")
      #expect(old.frame == new.frame, "\(fixture) \(old.header)")
      #expect(counts(old.names) == counts(new.names))
      #expect(counts(old.values) == counts(new.values))
      #expect(Set(old.names).count == Set(new.names).count || old.header.contains("stream"))
      #expect(old.scores.count == new.scores.count)
    }
    #expect(Set(masked.keys.map { "\($0.header.prefix { $0 != " " }) \($0.name)" }).count == masked.keys.count)
  }

  @Test("contains no value, member, field or rare part of a name of the input", arguments: Fixture.valid)
  func search(_ fixture: Fixture) throws {
    let plain = try MaskedReading.read(fixture.bytes)
    let result = try MaskedReading.mask(fixture.bytes).bytes
    let masked = try MaskedReading.read(result)
    // HyperLogLogs keep their registers, and short runs of them.
    let strings = masked.keys.flatMap { [$0.name] + $0.names + $0.values.filter { !$0.starts(with: "HYLL".utf8) } }
    let decompressed = Data(strings.joined(separator: [0xFF, 0xFE]))
    let stored = Data(result)
    let parts = plain.keys.flatMap { $0.name.split(separator: UInt8(ascii: ":")).map(Array.init) }
    let texts = Set(parts + plain.keys.flatMap { $0.names + $0.values }).filter {
      MaskedReading.bits($0) >= 45 && !$0.starts(with: "HYLL".utf8)
    }
    let found = texts.filter { text in
      // A file has short runs of zeros and small numbers anyway.
      decompressed.range(of: Data(text)) != nil || text.contains { $0 >= 32 } && stored.range(of: Data(text)) != nil
    }
    #expect(found.isEmpty, "\(fixture): \(found.prefix(3).map { String(decoding: $0, as: UTF8.self) })")
    for (old, new) in zip(plain.keys, masked.keys) where !old.header.contains("zset") && !old.header.contains("set") {
      for (text, changed) in zip(old.values + old.names, new.values + new.names) {
        if MaskedReading.bits(text) < 3 || text == Array("-0".utf8) || text.starts(with: "HYLL".utf8) { continue }
        #expect(text != changed, "\(fixture) \(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test("is the same for any number of workers, for small reads, and for the same salt", arguments: Fixture.valid)
  func deterministic(_ fixture: Fixture) throws {
    let once = try MaskedReading.mask(fixture.bytes).bytes
    #expect(try MaskedReading.mask(fixture.bytes, threads: 3).bytes == once)
    #expect(try MaskedReading.mask(fixture.bytes, windowByteCount: 64).bytes == once)
    if try !MaskedReading.read(fixture.bytes).keys.isEmpty {
      #expect(try MaskedReading.mask(fixture.bytes, salt: [1]).bytes != once)
    }
  }

  @Test("is accepted by redis-check-rdb", arguments: Fixture.valid)
  func accepted(_ fixture: Fixture) throws {
    if try CopyTests.isAccepted(fixture.bytes) {
      #expect(try CopyTests.isAccepted(try MaskedReading.mask(fixture.bytes).bytes))
    }
  }

  @Test("is loaded by servers with as many keys", arguments: [LiveServer.Kind.redis7, .redis8, .valkey9])
  func loads(_ kind: LiveServer.Kind) throws {
    let fixtures: [LiveServer.Kind: [String]] = [
      .redis7: ["redis-4.0.14/all", "redis-6.2.16/all", "redis-7.0.15/all"], .redis8: ["redis-8.2.3/all"],
      .valkey9: ["valkey-9.1.2/all"],
    ]
    for fixture in Fixture.all where fixtures[kind, default: []].contains(fixture.name) {
      let plain = try LoadTrial(kind, dump: fixture.bytes)
      let reading = try MaskedReading.read(fixture.bytes)
      guard reading.modules == 0 else { continue }
      #expect(try LoadTrial(kind, dump: try MaskedReading.mask(fixture.bytes).bytes) == plain, "\(fixture)")
    }
  }

  @Test("of a damaged snapshot ends with an error or a valid snapshot, never with a crash", arguments: Fixture.damaged)
  func damaged(_ fixture: Fixture) throws {
    guard let result = try? MaskedReading.mask(fixture.bytes) else { return }
    _ = try MaskedReading.read(result.bytes)
  }
}
