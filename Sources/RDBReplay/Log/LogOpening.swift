import RDB
import RDBFormat

/// Recognises logs, and opens them.
package enum LogOpening {
  /// Whether an input holds commands: from its first byte on, or after a snapshot.
  ///
  /// - Parameters:
  ///   - start: The first bytes, ``CommandFileKind/startByteCount`` of them if there are as many.
  ///   - source: The whole input.
  package static func isLog(_ start: [UInt8], _ source: any ByteSource) -> Bool {
    switch CommandFileKind(start) {
    case .appendOnlyFile, .commandFile: true
    case .snapshot: mayContinue(start) && !endsWithSnapshot(source)
    case .manifest, nil: false
    }
  }

  /// Whether commands may follow a snapshot: it says that it is the beginning of an append-only file, or it comes from
  /// a replication link.
  private static func mayContinue(_ start: [UInt8]) -> Bool {
    if start.starts(with: "+FULLRESYNC".utf8) || start.starts(with: "$".utf8) { return true }
    var reader = RDBReader(MemorySource(start))
    return (try? reader.origin().isAppendOnlyBase) ?? false
  }

  /// Whether a file ends as a snapshot does: with the opcode of its end, and a checksum that does not look like the end
  /// of a command.
  private static func endsWithSnapshot(_ source: any ByteSource) -> Bool {
    guard source.canSeek, let count = source.totalByteCount, count >= 9 else { return false }
    var end = [UInt8](repeating: 0, count: 9)
    let read = end.withUnsafeMutableBytes { try? source.read(at: count - 9, into: $0) }
    return read == 9 && end[0] == 0xFF && !end.suffix(2).elementsEqual([13, 10])
  }

  /// The newest release whose commands are implemented: the default for a log without a snapshot, which does not name
  /// its server.
  package static let defaultServer = ServerVersion(.redis, 8, 2, 3)

  /// The release that wrote a log which begins with `start`, if it begins with a snapshot; `nil` otherwise.
  package static func server(_ start: [UInt8]) -> ServerVersion? {
    guard CommandFileKind(start) == .snapshot else { return nil }
    var reader = RDBReader(MemorySource(start))
    return try? reader.origin().assumedWriter
  }

  /// The release that wrote a log, if it begins with a snapshot; `nil` otherwise, and for a log without a file.
  ///
  /// - Parameter source: The first file. Of a source that cannot seek, the first bytes are lost.
  package static func server(_ source: (any ByteSource)?) throws -> ServerVersion? {
    try source.flatMap { server(try peek($0, byteCount: CommandFileKind.startByteCount).start) }
  }

  /// Returns a closure that opens a source again from its beginning. The bytes of a pipe are kept in a temporary file.
  package static func reopening(_ source: any ByteSource) throws -> () throws -> any ByteSource {
    if source.canSeek { return { AheadSource(source, from: 0) } }
    let kept = try KeptSource(source)
    return { try kept.reopened() }
  }
}
