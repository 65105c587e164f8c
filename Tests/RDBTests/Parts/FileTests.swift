import Foundation
import RDB
import RDBFormat
import TestSupport
import Testing

/// Files and pipes as sources and destinations.
@Suite("Files")
struct FileTests {
  private static let snapshot: [UInt8] = {
    var builder = SnapshotBuilder(version: 9)
    builder.string("k", "v")
    return builder.whole
  }()

  /// Reads all bytes of a source in small pieces.
  private func all(_ source: some ByteSource) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 5)
    while true {
      let count = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }

  private func error<T>(_ body: () throws -> T) -> RDBError? {
    do {
      _ = try body()
      return nil
    } catch { return error as? RDBError }
  }

  @Test("Are read whole, at any offset and from a position, by a name that need not be UTF-8")
  func reading() throws {
    let folder = Scratch()
    folder.write(Self.snapshot, as: "dump.rdb")
    let source = try FileSource(path: "\(folder.path)/dump.rdb")
    #expect(source.canSeek && source.totalByteCount == UInt64(Self.snapshot.count))
    #expect(try all(source) == Self.snapshot)
    var two = [UInt8](repeating: 0, count: 2)
    #expect(try two.withUnsafeMutableBytes { try source.read(at: 5, into: $0) } == 2)
    #expect(two == Array(Self.snapshot[5..<7]))
    let second = try FileSource(path: "\(folder.path)/dump.rdb")
    try second.skip(9)
    #expect(try all(second) == Array(Self.snapshot[9...]))
    let name = Array("\(folder.path)/".utf8) + [0xFF, 0x2E, 0xFE]
    let destination = try FileDestination(path: "\(folder.path)/plain")
    try destination.write(Self.snapshot.span.bytes, followedBy: RawSpan())
    try destination.close()
    // Closing again does nothing.
    try destination.close()
    let renamed = (Array("\(folder.path)/plain".utf8) + [0]).withUnsafeBytes { from in
      (name + [0]).withUnsafeBytes { to in
        rename(from.bindMemory(to: CChar.self).baseAddress!, to.bindMemory(to: CChar.self).baseAddress!)
      }
    }
    #expect(renamed == 0)
    #expect(try all(try FileSource(pathBytes: name)) == Self.snapshot)
    #expect(error { try FileSource(pathBytes: name + [0x21]) }?.systemError == ENOENT)
  }

  @Test("That are missing, folders, or not open for reading are errors that name the path and the system's reason")
  func failures() throws {
    let folder = Scratch()
    #expect(error { try FileSource(path: "\(folder.path)/none") }?.systemError == ENOENT)
    let directory = try #require(error { try FileSource(path: folder.path) })
    #expect(directory.systemError == EISDIR && directory.path == folder.path)
    let missing = try #require(error { try FileDestination(path: "\(folder.path)/no/file") })
    #expect(missing.systemError == ENOENT && missing.path == "\(folder.path)/no/file")
    folder.write([], as: "file")
    let writeOnly = open("\(folder.path)/file", O_WRONLY)
    let source = FileSource(descriptor: writeOnly, closes: true)
    #expect(error { try all(source) }?.systemError == EBADF)
    var byte: [UInt8] = [0]
    #expect(error { try byte.withUnsafeMutableBytes { try source.read(at: 0, into: $0) } }?.systemError == EBADF)
    let readOnly = open("\(folder.path)/file", O_RDONLY)
    let destination = FileDestination(descriptor: readOnly)
    #expect(error { try destination.write(byte.span.bytes, followedBy: RawSpan()) }?.systemError == EBADF)
    try destination.close()
    close(readOnly)
  }

  @Test("That are full say so", .enabled(if: access("/dev/full", W_OK) == 0))
  func full() throws {
    let byte: [UInt8] = [1]
    let destination = try FileDestination(path: "/dev/full")
    #expect(error { try destination.write(byte.span.bytes, followedBy: byte.span.bytes) }?.systemError == ENOSPC)
  }

  @Test("Are pipes too, which cannot seek, and which may make their reader and their writer wait")
  func pipes() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    // Without O_NONBLOCK the system waits; with it, the source and the destination do.
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    let (reading, writing) = (ends[0], ends[1])
    let bytes = [UInt8](repeating: 7, count: 400_000)
    let last: [UInt8] = [8]
    let writer = Thread {
      let destination = FileDestination(descriptor: writing)
      usleep(20_000)
      try? destination.write(bytes.span.bytes, followedBy: last.span.bytes)
      close(writing)
    }
    writer.start()
    let source = FileSource(descriptor: reading, closes: true)
    #expect(!source.canSeek && source.totalByteCount == nil && !source.canShare)
    let read = try all(source)
    #expect(read.count == bytes.count + 1)
    #expect(read == bytes + last)
    var byte: [UInt8] = [0]
    #expect(error { try byte.withUnsafeMutableBytes { try source.read(at: 0, into: $0) } }?.code == .io)
    #expect(error { try source.skip(1) }?.systemError == ESPIPE)
  }

  @Test("Are not the only sources: one that cannot seek says so")
  func otherSource() {
    final class Empty: ByteSource {
      func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { 0 }
    }
    let source = Empty()
    var byte: [UInt8] = [0]
    #expect(!source.canSeek)
    #expect(error { try byte.withUnsafeMutableBytes { try source.read(at: 3, into: $0) } }?.code == .io)
  }
}
