import RDB
import RDBFormat
import TestSupport
import Testing

/// Inputs that are no snapshot, or no longer one.
@Suite("What looks like a snapshot")
struct LookalikeTests {
  @Test("Is named: an archive of tar, a snapshot with changed line ends, a compressed one")
  func named() throws {
    var tar = [UInt8](repeating: 0, count: 1024)
    tar.replaceSubrange(0..<8, with: Array("dump.rdb".utf8))
    tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
    #expect(Way.whole.read(tar, interest: .skip).error?.contains("a tar archive") == true)
    var builder = SnapshotBuilder(version: 9)
    builder.aux("redis-ver", "6.2.0")
    builder.aux("redis-bits", "64")
    builder.string("k", "v")
    let mangled = builder.whole.flatMap { $0 == 10 ? [13, 10] : [$0] }
    #expect(Way.whole.read(mangled, interest: .skip).error?.contains("copy the file in binary mode") == true)
    #expect(
      Way.whole.read(Array("VKCS".utf8) + [1, 1, 0, 0, 1, 2, 3, 4], interest: .skip).error?.contains("VKCS") == true)
  }

  @Test("Tells the dialect before the first key")
  func dialect() throws {
    var builder = SnapshotBuilder(version: 9)
    builder.aux("df-ver", "1.2")
    builder.string("k", "v")
    var reader = RDBReader(MemorySource(builder.whole))
    #expect(try reader.origin().dialect == .dragonfly)
    var plain = RDBReader(MemorySource(SnapshotBuilder(version: 9).whole))
    #expect(try plain.origin().dialect == nil)
  }
}

@Suite("A server's version")
struct ServerVersionTests {
  @Test("Is written as it is read")
  func text() {
    for text in ["7.2", "valkey-9.2", "2.4"] { #expect(ServerVersion(text).map { "\($0)" } == text) }
    #expect(ServerVersion("7") == nil && ServerVersion("seven.two") == nil)
    #expect(ServerVersion("7.2.6")?.patch == 6)
    #expect(ServerVersion(.valkey, 9, 1).canLoad(.pathHash) == false && ServerVersion(.valkey, 9, 2).canLoad(.pathHash))
  }
}
