public import RDB
import RDBFormat
import RDBSupport

/// A source that replays a log and hands out the keyspace that it builds, as a snapshot.
///
/// Every reader, sink and filter then works on a log as on the snapshot that a server would save after loading it:
///
///     var reader = RDBReader(try ReplaySource(path: "appendonlydir"))
///     try reader.read(into: &sink)
///
///
/// A log that does not fit the memory limit is replayed in two passes, for which it is opened again.
public final class ReplaySource: ByteSource {
  private let options: ReplayOptions
  private let makeLog: () throws -> any ReplayLog
  /// The log as it was opened last.
  private(set) var log: (any ReplayLog)?
  /// Whether ``log`` was opened and not read yet.
  private var isOpened = false
  private let logByteCount: UInt64?
  private let isLarge: Bool
  private let output = DrainedDestination()
  private var producer: (any KeyspaceProducer)?
  private(set) var writer: KeyspaceWriter?
  private var isComplete = false
  /// Compresses the strings of the snapshot; `nil`: none is compressed. Set it before the first read.
  package var compressor: (any StringCompressor)?

  /// Creates a source.
  ///
  /// - Parameters:
  ///   - options: How commands are replayed.
  ///   - logByteCount: The size of the log, in bytes, if it is known.
  ///   - makeLog: Opens the log, from its beginning.
  package init(_ options: ReplayOptions, logByteCount: UInt64? = nil, _ makeLog: @escaping () throws -> any ReplayLog) {
    self.options = options
    self.makeLog = makeLog
    self.logByteCount = logByteCount
    // The values of a log beyond the limit seldom fit, and a failed attempt costs more time than a second pass.
    isLarge = (logByteCount ?? 0) > UInt64(options.memoryLimit)
  }

  /// The counts of the commands that were replayed so far; complete at the end of the source.
  package var summary: ReplaySummary { producer?.summary ?? ReplaySummary() }

  /// The number of commands of a log that nothing seals: it has no snapshot at its beginning, no annotations of time and
  /// no trailer. `nil` for other logs. Complete at the end of the source.
  package var unsealedCommandCount: UInt64? {
    guard let producer, !isSealed, producer.origin.base == nil, producer.origin.time == nil else { return nil }
    return producer.summary.commandCount
  }

  /// Replays the log, and reads the next bytes of the snapshot.
  ///
  /// - Throws: `RDBError`, with the offset in the log: damage, a command that cannot be replayed (`notReplayed`), or
  /// values
  ///   that need more memory than the limit (`replayMemory`).
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if producer == nil { try begin() }
    while output.isEmpty, !isComplete, let producer, let writer {
      if try !producer.writeSome(to: writer) {
        try writer.finish()
        isComplete = true
      }
    }
    return output.drain(into: buffer)
  }

  private func begin() throws {
    let producer = try makeProducer()
    self.producer = producer
    let origin = producer.origin
    let writer = try KeyspaceWriter(
      to: output, EncodingLimits(server: options.server), base: origin.base?.header, compressor: compressor)
    try writer.writeOrigin(origin.base?.auxFields ?? [], time: origin.time)
    for code in origin.libraries { try writer.library(code) }
    self.writer = writer
  }

  /// Whether the log is so large that it is read in two passes from the start.
  package var isReadTwice: Bool { isLarge && !isStreamed }

  /// Whether the keys of the log come one after another, by the options or by its trailer.
  private var isStreamed: Bool { options.isGrouped || (try? openLog().trailer()) != nil }
  /// Whether the log has a trailer; known once it is replayed.
  private var isSealed = false

  private func makeProducer() throws -> any KeyspaceProducer {
    isSealed = (try? openLog().trailer()) != nil
    if isStreamed {
      let log = try takeLog()
      return try StreamedReplay(log, options, trailer: options.isGrouped ? nil : log.trailer())
    }
    if !isLarge {
      do { return try WholeReplay(try takeLog(), options) } catch let error as RDBError
        where error.code == .replayMemory
      {}
    }
    return try GroupedReplay(options, logByteCount: logByteCount, takeLog)
  }

  /// Opens the log, unless it is open and nothing of it was read.
  private func openLog() throws -> any ReplayLog {
    if isOpened, let log { return log }
    let log = try makeLog()
    (self.log, isOpened) = (log, true)
    return log
  }

  /// Opens the log, to be read.
  private func takeLog() throws -> any ReplayLog {
    let log = try openLog()
    isOpened = false
    return log
  }
}

/// A destination that keeps bytes in memory until they are taken out.
final class DrainedDestination: ByteDestination {
  private var bytes: [UInt8] = []
  private var start = 0

  var isEmpty: Bool { start == bytes.count }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) {
    if isEmpty {
      self.bytes.removeAll(keepingCapacity: true)
      start = 0
    }
    self.bytes.append(bytes)
    self.bytes.append(more)
  }

  /// Takes out all bytes.
  func takeAll() -> [UInt8] {
    defer { (bytes, start) = ([], 0) }
    return start == 0 ? bytes : Array(bytes[start...])
  }

  func drain(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(buffer.count, bytes.count - start)
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    start += count
    return count
  }
}
