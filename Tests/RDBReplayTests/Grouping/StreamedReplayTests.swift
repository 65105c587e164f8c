import RDB
import RDBFormat
import RDBReplay
import RDBSupport
import RESP
import TestSupport
import Testing

/// A log whose keys come one after another is replayed in one pass.
@Suite struct StreamedReplayTests {
  private static let lines = [
    "SELECT 0", "SET a 1", "APPEND a 2", "PEXPIREAT a 4102444800000", "RPUSH b x y", "LPOP b", "SELECT 3", "SADD a m",
    "DEL c d", "HSET h f v",
  ]

  private func words(_ lines: [String]) -> [[[UInt8]]] {
    lines.map { $0.split(separator: " ").map { Array($0.utf8) } }
  }

  private func source(
    _ bytes: [UInt8], isGrouped: Bool = true, memoryLimit: Int = 1 << 20, pieces: Int = .max
  ) -> ReplaySource {
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_700_000_000_000))
    (options.isGrouped, options.memoryLimit) = (isGrouped, memoryLimit)
    return ReplaySource(options, logByteCount: .max) {
      CommandLog(MemorySource(bytes, readLimit: pieces, canSeek: true))
    }
  }

  private func bytes(_ lines: [String]) -> [UInt8] { words(lines).flatMap { RESPText.command($0) } }

  private func sealed(_ lines: [String], keys: UInt64) -> [UInt8] {
    let bytes = bytes(lines)
    var crc = CRC64()
    crc.update(bytes.span.bytes)
    let trailer = RESPTrailer(
      keys: keys, commands: UInt64(lines.count), bytes: UInt64(bytes.count), crc64: crc.value)
    return bytes + RESPText.command("ECHO", trailer.description)
  }

  private func failure(_ source: ReplaySource) -> RDBError? {
    do {
      _ = try SnapshotContents(source)
      return nil
    } catch { return error as? RDBError }
  }

  @Test("Gives the keys that a replay in memory gives")
  func keys() throws {
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_700_000_000_000))
    let bytes = bytes(Self.lines)
    options.memoryLimit = 1 << 30
    let whole = try SnapshotContents(ReplaySource(options) { CommandLog(MemorySource(bytes)) })
    #expect(whole.keys.count == 4)
    for pieces in [Int.max, 7] {
      let streamed = source(bytes, pieces: pieces)
      #expect(try SnapshotContents(streamed) == whole)
      #expect(streamed.summary.commandCount == 10)
    }
  }

  @Test(
    "Ends with an error at a key that returns, at a command on several keys, and at a flush after the first key",
    arguments: [
      ("APPEND a 3", "a key that returns"), ("RENAME x y", "a command on several keys, \"RENAME\""),
      ("FLUSHALL", "\"FLUSHALL\" after the first key"), ("SWAPDB 0 3", "\"SWAPDB\" after the first key"),
    ])
  func returning(_ line: String, _ found: String) throws {
    let lines = Self.lines + [line]
    let error = try #require(failure(source(bytes(lines))))
    #expect(error.code == .notGrouped && error.found == found)
    #expect(error.offset == bytes(Self.lines).count)
  }

  @Test("Is chosen for a file that ends with a trailer, whose counts must fit")
  func trailers() throws {
    let expected = try SnapshotContents(source(bytes(Self.lines)))
    // DEL begins two keys that do not exist.
    let whole = source(sealed(Self.lines, keys: 6), isGrouped: false, memoryLimit: 1)
    #expect(!whole.isReadTwice)
    #expect(try SnapshotContents(whole) == expected)
    let error = try #require(failure(source(sealed(Self.lines, keys: 5), isGrouped: false)))
    #expect(error.code == .trailerMismatch)
    // After a trailer comes another command: it seals nothing.
    #expect(source(sealed(Self.lines, keys: 6) + bytes(["PING"]), isGrouped: false).isReadTwice)
    #expect(source(bytes(Self.lines), isGrouped: false).isReadTwice)
  }

  @Test("Is not chosen without a trailer: a log beyond the memory limit is read twice, and no other")
  func size() {
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_700_000_000_000))
    options.memoryLimit = 1 << 20
    for (byteCount, isReadTwice) in [(1 << 20, false), ((1 << 20) + 1, true)] {
      let source = ReplaySource(options, logByteCount: UInt64(byteCount)) {
        CommandLog(MemorySource(bytes(Self.lines)))
      }
      #expect(source.isReadTwice == isReadTwice)
    }
  }

  @Test("Reads a base snapshot and the commands on other keys that follow it")
  func base() throws {
    let base = LogSample(base: Fixture.named("crafted/v11-streams").bytes, commands: words(["SET new 1"]))
    var options = ReplayOptions(server: ServerVersion(.redis, 8, 2), now: UnixMilliseconds(1_700_000_000_000))
    let whole = try SnapshotContents(ReplaySource(options) { CommandLog(base.parts) })
    options.isGrouped = true
    let streamed = try SnapshotContents(ReplaySource(options) { CommandLog(base.parts) })
    #expect(streamed == whole)
  }

  @Test("Ends with an error once the hashes of the keys need more than half of the memory limit")
  func manyKeys() throws {
    let lines = (0..<5000).map { "SET key\($0) v" }
    #expect(failure(source(bytes(lines), memoryLimit: 32 << 10))?.code == .replayMemory)
    #expect(failure(source(bytes(lines))) == nil)
  }
}
