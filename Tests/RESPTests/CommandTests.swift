import RDBSupport
import RESP
import TestSupport
import Testing

/// Reads the commands of `bytes` fed in pieces of `size`.
func commands(in bytes: [UInt8], size: Int = .max, limits: RESPLimits = RESPLimits()) throws(RESPError)
  -> [[[UInt8]]]
{
  var reader = RESPCommandReader(limits: limits)
  var found: [[[UInt8]]] = []
  var start = 0
  while start < bytes.count {
    let end = min(start + min(size, bytes.count), bytes.count)
    reader.feed(bytes.span.bytes.extracting(start..<end))
    start = end
    while try reader.next() {
      var command: [[UInt8]] = []
      for index in 0..<reader.argumentCount {
        command.append(reader.argument(index).withUnsafeBytes { Array($0) })
      }
      found.append(command)
    }
  }
  try reader.finish()
  return found
}

/// Writes down what a scanner tells.
private struct Collector: RESPCommandHandler {
  var commands: [[[UInt8]]] = []
  var ends: [UInt64] = []
  private var current: [[UInt8]] = []

  mutating func beginCommand(argumentCount: Int, offset: UInt64) { current = [] }
  mutating func beginArgument(_ index: Int, byteCount: Int) { current.append([]) }
  mutating func argumentBytes(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { current[current.count - 1] += $0 }
  }
  mutating func endCommand(end: UInt64) {
    commands.append(current)
    ends.append(end)
  }
}

private func scan(_ bytes: [UInt8], size: Int = .max) -> (Collector, RESPError?) {
  var scanner = RESPCommandScanner()
  var collector = Collector()
  do throws(RESPError) {
    var start = 0
    while start < bytes.count {
      let end = start + min(size, bytes.count - start)
      try scanner.scan(bytes.span.bytes.extracting(start..<end), into: &collector)
      start = end
    }
    try scanner.finish()
    return (collector, nil)
  } catch {
    return (collector, error)
  }
}

@Suite("Commands")
struct CommandTests {
  static func random(_ seed: UInt64) -> [[[UInt8]]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<30).map { _ in
      (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        let count = [0, 1, 3, 9, 10, 17, 33, 99, 100, 5000].randomElement(using: &generator)!
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      }
    }
  }

  @Test("Read back in chunks of any size", arguments: 1...8)
  func roundTrip(seed: UInt64) throws {
    let written = Self.random(seed)
    let bytes = written.flatMap { RESPText.command($0) }
    for size in [1, 2, 3, 5, 64, 4096, Int.max] {
      #expect(try commands(in: bytes, size: size) == written)
      let (collector, error) = scan(bytes, size: size)
      #expect(error == nil)
      #expect(collector.commands == written)
    }
  }

  @Test("Are truncated at each cut")
  func cuts() {
    let bytes = RESPText.command("SET", "key", "value") + RESPText.command("PING")
    for end in 1..<bytes.count where end != 33 {
      #expect {
        _ = try commands(in: Array(bytes[..<end]))
      } throws: {
        ($0 as? RESPError)?.code == .truncated && ($0 as? RESPError)?.offset == UInt64(end)
      }
      #expect(scan(Array(bytes[..<end])).1?.code == .truncated)
    }
  }

  static let wrong: [(text: String, code: RESPError.Code, offset: UInt64)] = [
    ("SET k v\r\n", .inlineCommand, 0),
    ("\r\n*1\r\n", .inlineCommand, 0),
    ("*1\r\n:1\r\n", .unknownType, 4),
    ("*x\r\n", .badLength, 1),
    ("*-1\r\n", .badLength, 1),
    ("*1\r\n$-1\r\n", .badLength, 5),
    ("*1\r\n$1\r\nab\r\n", .badLineEnd, 9),
    ("*1\r\r\n$1\r\r\n", .badLineEnd, 3),
    ("*1\n$1\n", .badLineEnd, 2),
    ("*999999999\r\n", .tooManyElements, 1),
    ("*1\r\n$999999999999\r\n", .bulkTooLong, 5),
  ]

  @Test("Are rejected with the offset if they are malformed")
  func refused() {
    for row in Self.wrong {
      for size in [1, Int.max] {
        #expect {
          _ = try commands(in: Array(row.text.utf8), size: size)
        } throws: {
          ($0 as? RESPError)?.code == row.code && ($0 as? RESPError)?.offset == row.offset
        }
        #expect(scan(Array(row.text.utf8), size: size).1?.code == row.code)
      }
    }
  }

  @Test("Have headers of every length, and integers as text")
  func numbers() {
    let place = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 8)
    defer { place.deallocate() }
    func text(_ count: Int) -> String {
      String(decoding: UnsafeRawBufferPointer(start: place, count: count), as: UTF8.self)
    }
    for value: UInt64 in [0, 9, 10, 11, 99, 100, 101, 999, 1000, 65_535, 1 << 32, .max] {
      #expect(text(RESPText.writeBulkHeader(value, to: place)) == "$\(value)\r\n")
      #expect(RESPText.headerByteCount(value) == "$\(value)\r\n".utf8.count)
      #expect(text(RESPText.writeBulk(value, to: place)) == "$\("\(value)".utf8.count)\r\n\(value)\r\n")
    }
    for value: Int64 in [0, -1, -9, -10, -99, -100, 5, .max, .min] {
      #expect(text(RESPText.writeBulk(value, to: place)) == "$\("\(value)".utf8.count)\r\n\(value)\r\n")
    }
    for count in [0, 7, 10, 12, 345, 70_000] {
      let header = "*\(count)\r\n"
      place.storeBytes(of: 0x7E7E_7E7E_7E7E_7E7E, toByteOffset: header.utf8.count, as: UInt64.self)
      RESPText.writeArrayHeaderExactly(count, to: place)
      #expect(text(header.utf8.count + 8) == header + "~~~~~~~~")
    }
  }

  @Test("Contain strings of every short length unchanged")
  func copies() {
    let bytes = (0..<100).map { UInt8($0 + 1) }
    let place = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 8)
    defer { place.deallocate() }
    for count in 0...100 {
      let written = RESPText.writeBulk(bytes.span.bytes.extracting(first: count), to: place)
      let text = UnsafeRawBufferPointer(start: place, count: written)
      #expect(text.elementsEqual(RESPText.bulk(bytes[..<count])))
      #expect(written == RESPText.bulkByteCount(count))
    }
  }
}
