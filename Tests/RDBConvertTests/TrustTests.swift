import RDB
import RDBConvert
import RDBFormat
import RESP
import TestSupport
import Testing

/// What is forwarded to a server of a dump that is trusted, that is not, and that is damaged.
@Suite("Trust in a snapshot")
struct TrustTests {
  static let damaged = Fixture.named("reports/one-damaged-key")

  private func restored(_ converted: Converted) -> [String] {
    converted.lines.filter { $0.hasPrefix("RESTORE") }.map { String($0.split(separator: " ")[1]) }
  }

  @Test("Gives a damaged value no fresh footer, unless the snapshot is trusted", arguments: [1, 2])
  func damagedValue(_ threads: Int) {
    for restore in [RESPOptions.Restore.auto, .always] {
      for window in [64, 1 << 20] {
        let converted = convert(Self.damaged.bytes, threads: threads, window: window) { $0.restore = restore }
        #expect(converted.error?.contains("corruptListpack") == true)
        #expect(!restored(converted).contains("h7") && !restored(converted).isEmpty)
        let trusted = convert(Self.damaged.bytes, threads: threads, window: window) {
          $0.restore = restore
          $0.validatesRestored = false
        }
        #expect(trusted.error == nil && restored(trusted).contains("h7") && restored(trusted).count == 20)
      }
    }
  }

  @Test("Writes the same RESTORE of whole values as without validation", arguments: Fixture.valid)
  func whole(_ fixture: Fixture) {
    let bytes = fixture.bytes
    for existing in RESPOptions.Existing.allCases {
      let trusted = convert(bytes) {
        ($0.restore, $0.existing, $0.validatesRestored) = (.always, existing, false)
      }
      #expect(trusted.error == nil)
      for (threads, window) in [(1, 1 << 20), (3, 64)] {
        let validated = convert(bytes, threads: threads, window: window) {
          ($0.restore, $0.existing) = (.always, existing)
        }
        #expect(validated.bytes == trusted.bytes && validated.summary == trusted.summary)
      }
    }
  }

  @Test("Ends each payload with the checksum of its bytes", arguments: Fixture.valid)
  func checksums(_ fixture: Fixture) {
    for existing in [RESPOptions.Existing.merge, .replace] {
      let converted = convert(fixture.bytes) { ($0.restore, $0.existing) = (.always, existing) }
      var reader = RESPCommandReader()
      reader.feed(converted.bytes.span.bytes)
      while (try? reader.next()) == true {
        guard reader.argument(0).withUnsafeBytes({ $0.elementsEqual("RESTORE".utf8) }) else { continue }
        let payload = reader.argument(3)
        var checksum = CRC64()
        checksum.update(payload.extracting(droppingLast: 8))
        let stored = payload.extracting(last: 8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        #expect(checksum.value == UInt64(littleEndian: stored))
      }
    }
  }

  @Test("Writes a stream whose numbers contradict its entries as commands, which servers take")
  func finding() {
    var dump = SnapshotBuilder(version: 10)
    let node = RDBBytes.listpack([1, 0, 1, "f", 0, 2, 0, 0, "v", 4])
    dump.key(
      19, "s",
      value: [1] + RDBBytes.string(RDBBytes.streamID(1, 0)) + RDBBytes.string(node) + [5, 1, 0, 1, 0, 0, 0, 5, 0])
    for restore in [RESPOptions.Restore.auto, .always] {
      let converted = convert(dump.whole, target: "7.2") { $0.restore = restore }
      #expect(converted.error == nil && converted.lines.contains("XADD s 1-0 f v"), "\(converted)")
    }
  }

  @Test("Notes what no command says of a stream: a length, a last ID, and lists a pending entry of two owners as lost")
  func streamNotes() {
    func stream(length: UInt8, last: UInt8) -> [UInt8] {
      let node = RDBBytes.listpack([1, 0, 1, "f", 0, 2, 0, 0, "v", 4])
      return [1] + RDBBytes.string(RDBBytes.streamID(2, 0)) + RDBBytes.string(node)
        + [length, last, 0, 1, 0, 0, 0, length, 0]
    }
    let length = "stored lengths of streams that are not the number of their entries"
    let last = "last IDs of streams below their newest entry"
    for (value, expected) in [
      (stream(length: 5, last: 2), ["\(length) ×1"]), (stream(length: 1, last: 1), ["\(last) ×1"]),
      (stream(length: 7, last: 0), ["\(last) ×1", "\(length) ×1"]), (stream(length: 1, last: 2), []),
    ] {
      var dump = SnapshotBuilder(version: 10)
      dump.key(19, "s", value: value)
      for threads in [1, 2] {
        let converted = convert(dump.whole, target: "7.2", threads: threads) { $0.restore = .never }
        #expect(converted.error == nil && converted.lines.contains("XADD s 2-0 f v"), "\(converted)")
        let notes = converted.notes.filter { $0.contains("streams") && !$0.contains("only RESTORE") }
        #expect(notes == expected)
        #expect(converted.losses == [])
      }
    }
  }

  @Test("Writes the fields of KeyDB's hashes with their expiries, also where values go as RESTORE")
  func memberExpiries() {
    for type in [UInt8(4), 13] {
      var dump = SnapshotBuilder(version: 9)
      dump.aux("redis-ver", "6.3.4")
      dump.aux("mvcc-tstamp", "1")
      let value = type == 4 ? [1, 1, 102, 1, 118] : RDBBytes.string(RDBBytes.ziplist(["f", "v"]))
      dump.key(type, "h", value: value)
      dump.aux("keydb-subexpire-key", "f")
      dump.aux("keydb-subexpire-when", "4102444800001")
      dump.key(type, "plain", value: value)
      for window in [64, 1 << 20] {
        let converted = convert(dump.whole, target: "7.4", window: window) { $0.restore = .always }
        #expect(converted.lines.contains("HPEXPIREAT h 4102444800001 FIELDS 1 f"), "\(converted.lines)")
        #expect(converted.lines.contains { $0.hasPrefix("RESTORE plain ") } && converted.losses == [])
        let trusted = convert(dump.whole, target: "7.4", window: window) {
          ($0.restore, $0.validatesRestored) = (.always, false)
        }
        #expect(trusted.losses == ["expiry: no command sets KeyDB's expiries of single members ×1"])
      }
    }
  }

  @Test("Leaves a damaged key out, and lists it, for any number of threads", arguments: [1, 2, 7])
  func skipped(_ threads: Int) throws {
    let bytes = Self.damaged.bytes
    var outputs: Set<[UInt8]> = []
    for (window, canSeek) in [(64, true), (64, false), (1 << 20, true)] {
      var options = RDBReader.Options()
      options.skipsDamagedKeys = true
      options.windowByteCount = window
      let destination = MemoryDestination()
      var reader = RDBReader(MemorySource(bytes, canSeek: canSeek), options: options)
      let ledger = try reader.write(to: destination, threads: threads) {
        JSONSink(JSONOptions(writer: ServerVersion("7.0")!), to: $0)
      }.summary
      #expect(ledger.keysRead == 20 && ledger.keysWritten == 19)
      let lost = try #require(ledger.lost.first)
      #expect(lost.key == Ledger.Reason(.key, "its value is damaged (corruptListpack)"))
      #expect(lost.value.count == 1 && lost.value.samples.map(\.name) == [Array("h7".utf8)])
      outputs.insert(destination.bytes)
      #expect(try JSONNode(destination.bytes).array?.count == 19)
    }
    #expect(outputs.count == 1)
  }

  // MARK: Parts

  @Test("Skips values of modules, metadata of keys and module AUX, and notes them")
  func modules() {
    var dump = SnapshotBuilder(version: 13)
    dump.raw([247, 0x81, 0x45, 0xE2, 0x52, 0x38, 0xDF, 0x91, 0x2C, 0x03, 2, 1, 5, 1, 97, 0])
    dump.redisJSON("doc", [SnapshotBuilder.item("{}")])
    dump.raw([243, 1, 0, 0, 0, 0, 0])
    dump.string("tagged", "v")
    let forwarded = convert(dump.whole, target: "8.6")
    #expect(forwarded.lines.filter { $0.hasPrefix("RESTORE") }.count == 2)
    #expect(forwarded.losses.count == 1)
    let skipped = convert(dump.whole, target: "8.6") { $0.modules = .skip }
    #expect(skipped.lines == ["SELECT 0", "SET tagged v"] && skipped.losses.isEmpty)
    #expect(skipped.summary.ledger.keysFiltered == 1)
    #expect(skipped.notes.filter { $0.contains("skipped by `modules`") }.count == 3)
  }

  @Test("Loads, notes or skips Lua scripts, before the first key and after the last")
  func scripts() {
    var dump = SnapshotBuilder(version: 9)
    dump.aux("lua", "return 1")
    dump.string("k", "v")
    dump.aux("lua", "return 2")
    let whole = dump.whole
    let loaded = convert(whole, target: "6.2") { $0.scripts = .load }
    #expect(
      loaded.lines == [#"SCRIPT LOAD "return 1""#, "SELECT 0", "SET k v", #"SCRIPT LOAD "return 2""#]
        && loaded.notes.isEmpty)
    #expect(loaded.summary.commandCount == 4)
    #expect(convert(whole, target: "6.2", threads: 3, window: 64) { $0.scripts = .load }.bytes == loaded.bytes)
    let noted = convert(whole, target: "6.2")
    #expect(noted.lines == ["SELECT 0", "SET k v"] && noted.notes == ["cached Lua scripts ×2"])
    let skipped = convert(whole, target: "6.2") { $0.scripts = .skip }
    #expect(skipped.lines == noted.lines && skipped.notes.isEmpty)
    let short = convert(whole, target: "6.2") { ($0.scripts, $0.bulkLimit) = (.load, 7) }
    #expect(short.losses == ["script: its text is longer than the bulk limit ×2"])
    #expect(convert(whole, target: "2.4") { $0.scripts = .load }.losses == ["script: scripts need Redis 2.6 ×2"])
  }
}
