import RDB
import RDBConvert
import RDBFormat
import RESP
import TestSupport
import Testing

/// A fixture's commands, with a trailer.
private func trailed(_ name: String, _ change: (inout RESPOptions) -> Void = { _ in }) throws -> (
  bytes: [UInt8], summary: RESPSummary
) {
  let memory = MemoryDestination()
  let trailing = TrailingDestination(to: memory)
  var reader = RDBReader(MemorySource(Fixture.named(name).bytes))
  let origin = try reader.origin()
  var options = RESPOptions(target: origin.assumedWriter)
  options.databaseCount = 1 << 32
  change(&options)
  let final = options
  let summary = try reader.write(to: trailing, threads: 2) { RESPSink(final, to: $0) }.summary
  try trailing.writeTrailer(summary)
  #expect(trailing.byteCount == UInt64(memory.bytes.count))
  return (memory.bytes, summary)
}

private func check(_ bytes: [UInt8], size: Int = .max) -> RESPFileCheck.Report {
  var check = RESPFileCheck()
  var start = 0
  while start < bytes.count {
    let end = start + min(size, bytes.count - start)
    check.feed(bytes.span.bytes.extracting(start..<end))
    start = end
  }
  return check.finish()
}

@Suite("A check of a command file")
struct RESPFileCheckTests {
  @Test(
    "Accepts a whole file with its trailer, in chunks of any size",
    arguments: ["redis-7.2.6/rich", "redis-7.0.15/streams"])
  func whole(_ name: String) throws {
    let (bytes, summary) = try trailed(name)
    let report = check(bytes)
    #expect(report.condition == .whole)
    #expect(report.trailer?.keys == summary.ledger.keysWritten)
    #expect(report.trailer?.commands == summary.commandCount)
    #expect(report.commandCount == summary.commandCount)
    #expect(report.commands.values.reduce(0, +) == summary.commandCount)
    #expect(report.byteCount == UInt64(bytes.count))
    var crc = CRC64()
    crc.update(bytes.span.bytes.extracting(first: Int(report.trailer?.bytes ?? 0)))
    #expect(report.trailer?.crc64 == crc.value)
    for size in [1, 2, 3, 5, 7, 64, 1000, 4096] { #expect(check(bytes, size: size) == report) }
    let source = try RESPFileCheck.check(MemorySource(bytes, readLimit: 10))
    #expect(source == report)
  }

  @Test("Detects each truncation, except one that removes only the trailer")
  func cuts() throws {
    let (bytes, _) = try trailed("redis-7.2.6/rich")
    for end in stride(from: 1, to: bytes.count, by: 1) {
      let report = check(Array(bytes[..<end]))
      if case .cut(let offset) = report.condition {
        #expect(offset < UInt64(end))
      } else {
        #expect(report.condition == .whole)
      }
      #expect(report.trailer == nil)
    }
  }

  @Test("Detects a changed byte, a missing byte and a missing command by the trailer")
  func changed() throws {
    let (bytes, _) = try trailed("redis-7.2.6/rich")
    let text = String(decoding: bytes.prefix(30), as: UTF8.self)
    #expect(text.hasPrefix("*"))
    let commands = try RESPFileCheckTests.split(bytes)
    var changed = bytes
    // The last byte of the first command's last argument.
    changed[commands[0].count - 3] ^= 1
    #expect(check(changed).condition == .mismatch("another checksum than that of the bytes before the trailer"))
    if case .mismatch = check(Array(commands.dropFirst().joined())).condition {
    } else {
      Issue.record("a missing command was not seen")
    }
    // A trailer in the middle is a command like any other.
    let twice = check(bytes + bytes)
    if case .mismatch = twice.condition {} else { Issue.record("\(twice.condition)") }
    #expect(twice.commands["ECHO"] == 1)
  }

  static func split(_ bytes: [UInt8]) throws -> [[UInt8]] {
    var reader = RESPCommandReader()
    reader.feed(bytes.span.bytes)
    var commands: [[UInt8]] = []
    while try reader.next() { commands.append(Array(bytes[Int(reader.offset)..<Int(reader.scannedOffset)])) }
    return commands
  }

  @Test("Reports changes by a shell as such")
  func rewritten() throws {
    let (bytes, _) = try trailed("redis-7.2.6/rich")
    func isRewritten(_ bytes: [UInt8], _ word: String) -> Bool {
      if case .rewritten(let how, _) = check(bytes).condition { return how.contains(word) }
      return false
    }
    #expect(isRewritten([0xEF, 0xBB, 0xBF] + bytes, "UTF-8"))
    #expect(isRewritten([0xFF, 0xFE] + bytes.flatMap { [$0, 0] }, "UTF-16"))
    #expect(isRewritten([0xFE, 0xFF] + bytes.flatMap { [0, $0] }, "UTF-16"))
    #expect(isRewritten(bytes.flatMap { [$0, 0] }, "UTF-16"))
    #expect(isRewritten(bytes.flatMap { $0 == 10 ? [13, 10] : [$0] }, "text mode"))
    #expect(isRewritten(bytes.filter { $0 != 13 }, "\\n"))
    #expect(isRewritten(bytes + [13, 10], "empty line"))
    #expect(isRewritten(bytes + [10], "empty line"))
  }

  @Test("Never reports a wrong length as a change by a shell", arguments: [1, 7])
  func lengths(_ size: Int) throws {
    // Values that are line ends, or empty: what a wrong length runs into looks like one.
    let values = ["", "\r\n", "\n", "\r\n\r\n", "\r", "value", "*1", "$0\r\n\r\n"]
    let commands = values.map { value in "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(value.utf8.count)\r\n\(value)\r\n" }
    let bytes = Array((commands.joined() + "*1\r\n$4\r\nPING\r\n").utf8)
    #expect(check(bytes).condition == .whole)
    var damaged = 0
    for start in bytes.indices where bytes[start] == UInt8(ascii: "$") {
      let end = bytes[start...].firstIndex(of: 13)!
      guard let length = Int(String(decoding: bytes[start + 1..<end], as: UTF8.self)) else { continue }
      for other in 0...90 where other != length {
        let changed = bytes[...start] + Array("\(other)".utf8) + bytes[end...]
        switch check(Array(changed), size: size).condition {
        case .rewritten(let how, let place): Issue.record("$\(length) as $\(other) at \(start): \(how) at \(place)")
        case .damaged(_, let place):
          damaged += 1
          #expect(place > UInt64(start))
        // A length may swallow whole commands, or all that is left.
        case .whole, .cut, .mismatch: break
        }
      }
    }
    #expect(damaged > 1000)
  }

  @Test("Reports a wrong line end after the first one as damage")
  func laterLineEnd() {
    for (text, place) in [
      ("*1\r\n$4\nPING\r\n", 6), ("*1\r\n$4\r\nPING\n", 12), ("*1\r\n$4\r\r\nPING\r\n", 7),
      ("*1\r\n$4\r\nPING\r\n\r\n*1\r\n$4\r\nPING\r\n", 14),
    ] as [(String, UInt64)] {
      guard case .damaged(_, let offset) = check(Array(text.utf8)).condition else {
        Issue.record("\(text.debugDescription) is not damaged")
        continue
      }
      #expect(offset == place)
    }
  }

  @Test("Reports bytes that are not commands as damage, with the offset")
  func damaged() {
    #expect(
      check(Array("SET k v\r\n".utf8)).condition
        == .damaged("expected \"*\", an array of bulk strings (inline commands are not read), found 0x53", at: 0))
    if case .damaged(_, let offset) = check(Array("*1\r\n$4\r\nPINGPONG\r\n".utf8)).condition {
      #expect(offset == 12)
    } else {
      Issue.record("not damaged")
    }
    #expect(check([]).condition == .whole)
  }

  @Test("Reads back a trailer")
  func trailer() {
    let trailer = RESPTrailer(keys: 3, commands: 9, bytes: 100, crc64: 0xAB)
    #expect(trailer.description == "swift-rdb/1 keys=3 commands=9 bytes=100 crc64=00000000000000ab")
    #expect(RESPTrailer(trailer.description) == trailer)
    for text in ["", "swift-rdb/1 ", "swift-rdb/1 keys=3 commands=9 bytes=100 crc64=ab", "swift-rdb/2 keys=3"] {
      #expect(RESPTrailer(text) == nil)
    }
  }
}
