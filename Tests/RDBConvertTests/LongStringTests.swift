import Foundation
import RDB
import RDBConvert
import RDBFormat
import TestSupport
import Testing

@Suite("Strings longer than a window")
struct LongStringTests {
  /// Around the sizes at which a worker takes a string for itself, and at which none does any more.
  static let sizes = [
    1000, 523_000, 524_280, 524_288, 600_000, 1 << 20, 100, 3 << 20, 3 << 20, 9 << 20, 700_000, 10,
  ]

  /// Long strings among small keys, with what stands before records; of several types.
  static let snapshot: [UInt8] = {
    var generator = SeededGenerator(seed: 11)
    var bytes = Array("REDIS0011".utf8) + [250] + RDBBytes.string("redis-ver") + RDBBytes.string("7.2.0")
    for (index, size) in sizes.enumerated() {
      let text = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
      if index % 3 == 0 { bytes += [254, UInt8(index / 3)] }
      if index % 2 == 0 { bytes += [252] + RDBBytes.little(Int64(1_900_000_000_000 + index)) }
      bytes += RDBBytes.key(0, RDBBytes.string(text), name: "long \(index)")
      for small in 0..<Int.random(in: 0...3, using: &generator) {
        bytes += RDBBytes.key(0, RDBBytes.string("value \(small)"), name: "small \(index) \(small)")
      }
      if index % 4 == 1 {
        let fields = RDBBytes.length(1) + RDBBytes.string("field") + RDBBytes.string(text)
        bytes += RDBBytes.key(4, fields, name: "hash \(index)")
      }
    }
    return bytes + [255]
  }()

  static let whole: [UInt8] = snapshot + RDBBytes.little(checksum(snapshot))

  static func checksum(_ bytes: [UInt8]) -> UInt64 {
    var checksum = CRC64()
    checksum.update(bytes.span.bytes)
    return checksum.value
  }

  struct Result: Equatable {
    var bytes: [UInt8]
    var end: SnapshotEnd?
    var error: String?
  }

  func read(
    _ source: any ByteSource, threads: Int, _ change: (inout RESPOptions) -> Void = { _ in }
  ) -> Result {
    let destination = MemoryDestination()
    var result = Result(bytes: [])
    do {
      var options = RESPOptions(target: ServerVersion(.redis, 7, 2))
      change(&options)
      let final = options
      var reader = RDBReader(source)
      result.end = try reader.write(to: destination, threads: threads) { RESPSink(final, to: $0) }.end
    } catch {
      result.error = "\(error)"
    }
    result.bytes = destination.bytes
    return result
  }

  static let ways: [@Sendable (inout RESPOptions) -> Void] = [
    { _ in }, { ($0.restore, $0.restoreLimit) = (.always, 5 << 20) }, { $0.existing = .keep },
  ]

  @Test("Give the same output with any number of threads", arguments: 0..<3)
  func same(_ way: Int) {
    let one = read(MemorySource(Self.whole), threads: 1, Self.ways[way])
    #expect(one.end?.checksum == .verified(Self.checksum(Self.snapshot)))
    for threads in [2, 3, 16] {
      #expect(read(MemorySource(Self.whole), threads: threads, Self.ways[way]) == one)
    }
    #expect(read(MemorySource(Self.whole, readLimit: 10_000), threads: 2, Self.ways[way]) == one)
    #expect(
      read(MemorySource(Self.whole, readLimit: 65_536, canSeek: false), threads: 2, Self.ways[way])
        == one)
  }

  @Test("Are read from a file")
  func file() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(
      "long-\(UInt64.random(in: 0 ... .max)).rdb")
    // Behind something else: offsets count from where the file stands.
    try Data([1, 2, 3] + Self.whole).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    let handle = try FileHandle(forReadingFrom: path)
    let one = read(MemorySource(Self.whole), threads: 1)
    for threads in [1, 2, 5] {
      try handle.seek(toOffset: 3)
      #expect(read(FileSource(descriptor: handle.fileDescriptor), threads: threads) == one)
    }
  }

  @Test("Fail the checksum with a changed byte", arguments: [1, 2, 5])
  func wrongByte(_ threads: Int) {
    for place in [800_000, 3_000_000, Self.whole.count / 2] {
      var bytes = Self.whole
      bytes[place] ^= 1
      let result = read(MemorySource(bytes), threads: threads)
      #expect(result.error?.hasPrefix("checksumMismatch at offset \(Self.snapshot.count)") == true)
      #expect(result == read(MemorySource(bytes), threads: 1))
    }
  }

  @Test("Fail with the same error at each truncation as with one thread", arguments: [2, 5])
  func cut(_ threads: Int) {
    for count in [600_000, 1_200_000, 3_000_000, 8_000_000, Self.snapshot.count - 1, Self.snapshot.count + 3] {
      let bytes = Array(Self.whole[..<count])
      let result = read(MemorySource(bytes), threads: threads)
      #expect(result.error?.hasPrefix("truncated") == true)
      #expect(result.error == read(MemorySource(bytes), threads: 1).error)
    }
  }
}
