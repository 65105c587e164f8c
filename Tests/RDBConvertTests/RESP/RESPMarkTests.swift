import RDB
import RDBConvert
import RDBFormat
import TestSupport
import Testing

/// The output of a sink that marks keys, taken apart.
private struct Marked {
  var bytes: [UInt8] = []
  var marks: [(subject: RESPMark, name: [UInt8])] = []
  /// The bytes that follow each mark up to the next one.
  var parts: [[UInt8]] = []

  /// - Parameter input: Marks and commands.
  init(_ input: [UInt8]) throws {
    var index = 0
    func number() throws -> Int {
      var value = 0
      index += 1
      while input[index] != 13 {
        try #require(input[index] >= 48 && input[index] <= 57)
        value = value * 10 + Int(input[index]) - 48
        index += 1
      }
      index += 2
      return value
    }
    while index < input.count {
      let start = index
      if input[index] == RESPMark.byte {
        let subject = try #require(RESPMark(rawValue: input[index + 1]))
        index += 2
        let count = try number()
        marks.append((subject, Array(input[index..<index + count])))
        index += count + 2
        parts.append([])
      } else {
        for _ in 0..<(try number()) { index += try number() + 2 }
        bytes += input[start..<index]
        if !parts.isEmpty { parts[parts.count - 1] += input[start..<index] }
      }
    }
  }
}

@Suite("Marks in RESP")
struct RESPMarkTests {
  @Test("Precede each key, and change no command, with any number of workers", arguments: Fixture.valid)
  func fixtures(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    var ways = RESPSameBytesTests.ways
    ways.append(("merge", { _ in }))
    for (way, change) in ways {
      let plain = convert(bytes, change)
      for threads in [1, 3] {
        let result = convert(bytes, threads: threads, window: threads == 1 ? 1 << 20 : 64) {
          change(&$0)
          $0.marksKeys = true
        }
        let marked = try Marked(result.bytes)
        #expect(marked.bytes == plain.bytes, "\(way), \(threads) threads")
        #expect(result.summary == plain.summary, "\(way), \(threads) threads")
        let keys = marked.marks.filter { $0.subject == .key }
        #expect(UInt64(keys.count) == plain.summary.ledger.keysWritten, "\(way), \(threads) threads")
        #expect(marked.parts.allSatisfy { !$0.isEmpty }, "\(way), \(threads) threads")
      }
    }
  }

  @Test("Name the key, function library or script whose commands follow")
  func subjects() throws {
    var snapshot = SnapshotBuilder(version: 10)
    snapshot.aux("lua", "return 1")
    snapshot.raw([245] + RDBBytes.string(Array("#!lua name=lib\nredis.register_function('f', function() end)".utf8)))
    snapshot.string("s", "v")
    snapshot.select(3)
    snapshot.list("l\r\n", ["a"])
    let result = convert(snapshot.whole, target: "7.0") { ($0.marksKeys, $0.scripts) = (true, .load) }
    let marked = try Marked(result.bytes)
    #expect(marked.marks.map(\.subject) == [.script, .functionLibrary, .key, .key])
    #expect(marked.marks.map(\.name) == ["", "lib", "s", "l\r\n"].map { Array($0.utf8) })
    #expect(String(decoding: result.bytes, as: UTF8.self).contains("SELECT\r\n$1\r\n3\r\n@k$3\r\nl\r\n\r\n*3"))
  }
}
