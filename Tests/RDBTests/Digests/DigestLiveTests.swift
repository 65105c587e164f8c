import RDB
import RDBFormat
import TestSupport
import Testing

@Suite("The digest of a value that a server loads and saves again", .serialized)
struct DigestLiveTests {
  /// Dumps of older servers with what changes its stored type in Redis 7.0.
  static let fixtures = ["redis-2.8.24/all", "redis-5.0.14/streams", "redis-6.2.16/streams", "redis-6.2.16/zsets"]

  @Test("is the same", arguments: fixtures)
  func reloaded(_ name: String) throws {
    let bytes = Fixture.named(name).bytes
    let server = try LiveServer(.redis7, dump: bytes)
    defer { server.stop() }
    let saved = try server.save()
    #expect(saved != bytes)
    let now = UnixMilliseconds.now
    var live: Set<[UInt8]> = []
    var keys = SnapshotKeys(MemorySource(bytes)) { _ in .header }
    while let key = try keys.next() { if key.expiry.map({ $0 > now }) ?? true { live.insert(key.name) } }
    let before = try DigestCollector.digests(of: bytes).filter { live.contains($0.name) }
    #expect(try DigestCollector.digests(of: saved) == before)
    #expect(!before.isEmpty)
  }
}
