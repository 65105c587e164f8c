import RDB
import RDBFormat
import TestSupport
import Testing

@Suite("The digest of a value")
struct DigestTests {
  static let fixtures = Fixture.valid.filter { $0.bytes.count <= 300_000 }

  @Test("is that of the value stored in another way", arguments: fixtures, [false, true])
  func rewriting(_ fixture: Fixture, compressed: Bool) throws {
    let bytes = fixture.bytes
    // The writer that the test uses leaves out modules.
    var modules: Set<[UInt8]> = []
    var keys = SnapshotKeys(MemorySource(bytes)) { _ in .header }
    while let key = try keys.next() { if key.type == .module { modules.insert(key.name) } }
    let before = try DigestCollector.digests(of: bytes).filter { !modules.contains($0.name) }
    #expect(try DigestCollector.digests(of: try rewritten(bytes, compressed: compressed)) == before)
  }

  @Test("is the same for any number of threads and any window", arguments: fixtures)
  func readers(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let expected = try DigestCollector.digests(of: bytes)
    #expect(try DigestCollector.digests(of: bytes, threads: 3) == expected)
    let pipe = MemorySource(bytes, readLimit: 7, canSeek: false)
    #expect(try DigestCollector.digests(of: bytes, source: pipe) == expected)
  }

  @Test("is equal exactly where the values are equal, across the fixtures of all servers")
  func acrossServers() throws {
    var digests: [String: ValueDigest] = [:]
    var values: [ValueDigest: String] = [:]
    var repeated = 0
    for fixture in Self.fixtures {
      let bytes = fixture.bytes
      var expected: [ValueName: String] = [:]
      var keys = SnapshotKeys(MemorySource(bytes))
      while let key = try keys.next() {
        expected[ValueName(database: key.database, name: key.name)] = canonicalText(of: key.value)
      }
      for key in try DigestCollector.digests(of: bytes) {
        let text = try #require(expected[ValueName(database: key.database, name: key.name)])
        if let known = digests[text] {
          repeated += 1
          #expect(known == key.digest, "\(fixture): \(text.prefix(200))")
        } else if let other = values[key.digest] {
          Issue.record("\(fixture): the digest of \(text.prefix(200)) is that of \(other.prefix(200))")
        }
        digests[text] = key.digest
        values[key.digest] = text
      }
    }
    #expect(repeated > 1_000)
    #expect(digests.count > 300)
  }

  @Test("has nothing in common with the digest of another key of the hash function")
  func secretKeys() throws {
    let bytes = Fixture.named("redis-7.2.6/all").bytes
    let standard = Set(try DigestCollector.digests(of: bytes).map(\.digest))
    let key = DigestKey.random()
    let other = try DigestCollector.digests(of: bytes, ValueDigester(key: key)).map(\.digest)
    #expect(standard.isDisjoint(with: other))
    #expect(try DigestCollector.digests(of: bytes, threads: 2, ValueDigester(key: key)).map(\.digest) == other)
  }

  struct ValueName: Hashable {
    var database: UInt64
    var name: [UInt8]
  }
}
