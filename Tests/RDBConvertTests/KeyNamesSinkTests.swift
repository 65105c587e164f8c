import RDB
import RDBConvert
import RDBFormat
import RDBSupport
import TestSupport
import Testing

@Suite("A list of key names")
struct KeyNamesSinkTests {
  /// The lines for a snapshot of strings with these names.
  static func lines(_ names: [[UInt8]]) throws -> [String] {
    let file = MemoryDestination()
    var writer = try RDBWriter(to: file, header: SnapshotHeader(vendor: .redis, version: 10))
    for name in names { try writer.string(name.span.bytes, [0x76].span.bytes) }
    _ = try writer.finish()
    return try lines(of: file.bytes)
  }

  static func lines(of bytes: [UInt8]) throws -> [String] {
    let output = MemoryDestination()
    var reader = RDBReader(MemorySource(bytes))
    var sink = KeyNamesSink(to: output)
    try reader.read(into: &sink)
    let ledger = try sink.finish()
    let text = String(decoding: output.bytes, as: UTF8.self)
    #expect(text.isEmpty || text.hasSuffix("\n"))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    #expect(ledger.keysRead == UInt64(lines.count))
    return lines
  }

  @Test("Escapes every byte as redis-cli does, at each of eight positions")
  func everyByte() throws {
    for place in [0, 3, 7, 8, 10] {
      let names = (0...255).map { byte -> [UInt8] in
        var name = [UInt8](repeating: 0x61, count: 11)
        name[place] = UInt8(byte)
        return name
      }
      #expect(try Self.lines(names) == names.map { String(printable($0).dropFirst().dropLast()) })
    }
  }

  @Test("Writes long names completely, and empty names as empty lines")
  func lengths() throws {
    let names = [0, 1, 7, 8, 9, 4095, 4096, 4097, 100_000].map { count in
      (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    }
    #expect(
      try Self.lines(names) == names.map { String(printable($0, limit: .max).dropFirst().dropLast()) })
  }

  @Test("Lists every key of every snapshot in file order", arguments: Fixture.valid)
  func fixtures(_ fixture: Fixture) throws {
    var reader = RDBReader(MemorySource(fixture.bytes))
    var sink = RecordingSink(interest: .skip)
    try reader.read(into: &sink)
    let lines = try Self.lines(of: fixture.bytes)
    let keys = sink.log.filter { $0.hasPrefix("key ") }
    #expect(lines.count == keys.count)
    for (line, key) in zip(lines, keys) where !key.hasPrefix("key \"\(line)\" db ") {
      Issue.record("\(key)")
      break
    }
  }
}
