import Foundation
import RDB
import RDBSupport
import RedisTransfer
import TestSupport
import Testing

/// A source of numbered bytes that comes in pieces of random sizes, with pauses.
private final class PieceSource: ByteSource {
  private let bytes: [UInt8]
  private var position = 0
  private var random: SeededGenerator
  private let pieceLimit: Int
  private let pausesEvery: Int
  private let error: (any Error)?

  init(_ bytes: [UInt8], seed: UInt64, pieceLimit: Int, pausesEvery: Int = .max, error: (any Error)? = nil) {
    (self.bytes, self.pieceLimit, self.pausesEvery, self.error) = (bytes, pieceLimit, pausesEvery, error)
    random = SeededGenerator(seed: seed)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if Int.random(in: 0..<pausesEvery, using: &random) == 0 { usleep(500) }
    let most = min(buffer.count, bytes.count - position)
    guard most > 0 else {
      if let error { throw error }
      return 0
    }
    let count = Int.random(in: 1...min(most, pieceLimit), using: &random)
    buffer.copyBytes(from: bytes[position..<position + count])
    position += count
    return count
  }
}

private struct SourceError: Error, Equatable {}

/// Returns bytes that differ from their neighbours.
private func numbered(_ count: Int) -> [UInt8] {
  var random = SeededGenerator(seed: UInt64(count))
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

/// Reads a source to its end, in pieces of random sizes with pauses.
private func contents(
  _ source: any ByteSource, seed: UInt64 = 0, pieceLimit: Int = 64 << 10, pausesEvery: Int = .max
) throws -> [UInt8] {
  var random = SeededGenerator(seed: seed)
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceLimit, alignment: 8)
  defer { buffer.deallocate() }
  var bytes: [UInt8] = []
  while true {
    if Int.random(in: 0..<pausesEvery, using: &random) == 0 { usleep(500) }
    let size = Int.random(in: 1...pieceLimit, using: &random)
    let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]))
    if count == 0 { return bytes }
    bytes += buffer[..<count]
  }
}

private func limits(memory: Int, file: Int = 64 << 20, disk: UInt64 = .max) -> ByteSpool.Limits {
  var limits = ByteSpool.Limits()
  (limits.memoryByteCount, limits.fileByteCount, limits.diskByteCount) = (memory, file, disk)
  return limits
}

@Suite("A spool")
struct ByteSpoolTests {
  @Test("Passes all bytes on in their order, whatever the sizes of the pieces and whichever side is slower")
  func passesOn() throws {
    let bytes = numbered(700_000)
    for seed in 0..<(isDeep ? 200 : 24) as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let memory = [1, 100, 5000, 1 << 20].randomElement(using: &random)!
      let file = [1, 3000, 100_000].randomElement(using: &random)!
      let disk = [UInt64(0), 20_000, .max].randomElement(using: &random)!
      let pieces = [3000, 100_000].randomElement(using: &random)!
      let source = PieceSource(bytes, seed: seed, pieceLimit: pieces, pausesEvery: seed % 3 == 0 ? 4 : .max)
      let spooled = SpooledSource(source, limits: limits(memory: memory, file: file, disk: disk))
      let read = try contents(spooled, seed: seed, pieceLimit: 20_000, pausesEvery: seed % 3 == 1 ? 4 : .max)
      let isEqual = read == bytes
      #expect(isEqual, "seed \(seed)")
      #expect(disk > 0 || spooled.spool.storedByteCount == 0)
    }
  }

  @Test("Writes nothing to disk while the reader keeps up, and frees files as they are read")
  func disk() throws {
    let spool = ByteSpool(limits: limits(memory: 1000, file: 2000))
    let bytes = numbered(10_000)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 700, alignment: 8)
    defer { buffer.deallocate() }
    for start in stride(from: 0, to: 10_000, by: 400) {
      try spool.add(Array(bytes[start..<start + 400]).span.bytes)
      _ = try spool.read(into: buffer)
    }
    #expect(spool.storedByteCount == 0)
    for start in stride(from: 0, to: 10_000, by: 400) { try spool.add(Array(bytes[start..<start + 400]).span.bytes) }
    let most = spool.diskByteCount
    #expect(most > 7000)
    var rest = 10_000
    while rest > 2000 {
      rest -= try spool.read(into: buffer)
    }
    #expect(spool.diskByteCount <= 4000)
    while rest > 0 { rest -= try spool.read(into: buffer) }
    #expect(spool.diskByteCount == 0)
    // Memory alone again.
    let stored = spool.storedByteCount
    try spool.add(Array(bytes[..<900]).span.bytes)
    #expect(spool.storedByteCount == stored)
    #expect(try spool.read(into: buffer) == 700)
    #expect(spool.addedByteCount - spool.readByteCount == 200)
  }

  @Test("Its files have no names")
  func hidesFiles() throws {
    let folder = Scratch()
    var limits = limits(memory: 10)
    limits.folder = folder.path
    let spool = ByteSpool(limits: limits)
    for _ in 0..<100 { try spool.add(numbered(50).span.bytes) }
    #expect(spool.diskByteCount > 1000)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("Stops the adding thread at the limit of the disk, until the reader has read enough")
  func limitsDisk() throws {
    let spool = ByteSpool(limits: limits(memory: 2000, file: 1000, disk: 10_000))
    var count = 0
    while spool.hasRoom {
      try spool.add(numbered(100).span.bytes)
      count += 100
    }
    #expect((10_000...13_000).contains(count))
    #expect(!spool.waitForRoom(atMost: .milliseconds(1)))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 8)
    defer { buffer.deallocate() }
    for _ in 0..<4 { _ = try spool.read(into: buffer) }
    #expect(spool.hasRoom)
  }

  @Test("Gives an error of the source after all bytes before it")
  func failsInOrder() {
    for memory in [10, 1 << 20] {
      let bytes = numbered(50_000)
      let source = SpooledSource(
        PieceSource(bytes, seed: 1, pieceLimit: 1000, error: SourceError()), limits: limits(memory: memory))
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 777, alignment: 8)
      defer { buffer.deallocate() }
      var read: [UInt8] = []
      #expect(throws: SourceError.self) {
        while true { read += buffer[..<(try source.read(into: buffer))] }
      }
      let isEqual = read == bytes
      #expect(isEqual)
      #expect(throws: SourceError.self) { try source.read(into: buffer) }
    }
  }

  @Test("Names the folder that takes no file, after the bytes that memory held")
  func namesFolder() {
    var limits = limits(memory: 1000)
    limits.folder = "/nonexistent/folder"
    let spool = ByteSpool(limits: limits)
    let error = #expect(throws: SpoolError.self) {
      while true { try spool.add(numbered(300).span.bytes) }
    }
    guard case .storage(let reason, "/nonexistent/folder")? = error else {
      return _ = Issue.record("\(String(describing: error))")
    }
    #expect(reason.code == ENOENT && error?.isDiskFull == false)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 777, alignment: 8)
    defer { buffer.deallocate() }
    let atReader = #expect(throws: SpoolError.self) {
      while true { _ = try spool.read(into: buffer) }
    }
    #expect(atReader == error)
    #expect(SpoolError.storage(SystemError("write", offset: 0, code: ENOSPC), folder: "/tmp").isDiskFull)
  }

  @Test("Ends both sides at once when it is cancelled")
  func cancels() throws {
    let spool = ByteSpool(limits: limits(memory: 10, disk: 10))
    let isOver = DispatchSemaphore(value: 0)
    WorkerThread.detach {
      while spool.waitForRoom(atMost: .seconds(60)) {
        do { try spool.add(numbered(100).span.bytes) } catch { break }
      }
      isOver.signal()
    }
    while spool.hasRoom { usleep(100) }
    spool.cancel()
    #expect(isOver.wait(timeout: .now() + 10) == .success)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 777, alignment: 8)
    defer { buffer.deallocate() }
    #expect(throws: SpoolError.cancelled) { try spool.read(into: buffer) }
    #expect(spool.diskByteCount == 0)
  }

  @Test("Ends its thread when the source is released, although more bytes would come")
  func releases() {
    let count = ByteCounter()
    let isOver = DispatchSemaphore(value: 0)
    final class Signal: Sendable {
      let semaphore: DispatchSemaphore
      init(_ semaphore: DispatchSemaphore) { self.semaphore = semaphore }
      deinit { semaphore.signal() }
    }
    do {
      let signal = Signal(isOver)
      let source = SpooledSource(limits: limits(memory: 1000, disk: 1000), pieceByteCount: 100) { [signal] buffer in
        _ = signal
        count.add(UInt64(buffer.count))
        return buffer.count
      }
      while source.spool.hasRoom { usleep(100) }
    }
    #expect(isOver.wait(timeout: .now() + 10) == .success)
    #expect(count.value < 10_000)
  }

  @Test("Ends a reading at the end of each section")
  func sections() throws {
    for memory in [4, 1 << 20] {
      let spool = ByteSpool(limits: limits(memory: memory))
      let bytes = numbered(1000)
      try spool.add(Array(bytes[..<300]).span.bytes)
      spool.endSection()
      try spool.add(Array(bytes[300...]).span.bytes)
      spool.endSection()
      spool.finish()
      let first = try contents(Reader(spool), pieceLimit: 64)
      #expect(first == Array(bytes[..<300]))
      spool.beginNextSection()
      let second = try contents(Reader(spool), pieceLimit: 640)
      #expect(second == Array(bytes[300...]))
      spool.beginNextSection()
      let third = try contents(Reader(spool))
      #expect(third.isEmpty)
    }
  }

  @Test("A reading with a limit of time ends without bytes when none come")
  func timesOut() throws {
    let spool = ByteSpool()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 777, alignment: 8)
    defer { buffer.deallocate() }
    let count = try spool.read(into: buffer, atMost: .milliseconds(5))
    #expect(count == nil)
  }
}

/// A spool as a source.
private final class Reader: ByteSource {
  private let spool: ByteSpool
  init(_ spool: ByteSpool) { self.spool = spool }
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try spool.read(into: buffer) }
}
