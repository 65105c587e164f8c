import RDB
import RDBSupport

/// The progress of a load in a file, so that a later load can go on after the last safe key.
///
/// The first line is a JSON object with the identity of the load. Each further line has pairs of words:
///
/// | Words | Meaning |
/// | --- | --- |
/// | `keys N`, or `done N` after the last key | the number of keys that are safe |
/// | `sent N` | the keys before this one may have been sent, although they are not safe |
/// | `lost N` | the number of keys that the server refused, and that were skipped |
/// | `server ID/HISTORY/OFFSET` | a process that has keys: that of the server, or one per master of a cluster |
///
/// A line is appended in one step, at most ten per second. If the process is killed, only the last line can be incomplete,
/// and is ignored; a crash of the system can lose more lines.
package final class Journal {
  private let descriptor: Int32
  private let path: String
  private var lastRecord: ContinuousClock.Instant?

  /// The number of keys that are safe: those of an earlier load at first.
  package private(set) var safeKeyCount: UInt64 = 0
  /// The number of the first key that was certainly not sent.
  package private(set) var sentEnd: UInt64 = 0
  /// The number of keys that the server refused.
  package private(set) var lostKeyCount: UInt64 = 0
  /// The processes that have the keys: that of the server, or those of the masters of a cluster; empty: unknown.
  package private(set) var servers: [ServerProcess] = []
  /// Whether an earlier load may have sent keys.
  package private(set) var hasBegun = false
  /// Whether the load is complete.
  package private(set) var isDone = false

  /// The shortest time between two lines.
  private static let interval = Duration.milliseconds(100)
  /// The longest first line, and the size of the end of the file that is read.
  private static let pieceByteCount = 64 << 10

  /// Opens a journal, or creates it if the file does not exist or is empty. No symbolic link is followed.
  ///
  /// - Throws: ``JournalError`` if the file is not the journal of this load; `RDBError` (`io`).
  package init(path: String, identity: JournalIdentity) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw RDBError.system("open", offset: 0, path: path) }
    try read(identity)
  }

  deinit { close(descriptor) }

  private func read(_ identity: JournalIdentity) throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw RDBError.system("fstat", offset: 0, path: path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw JournalError.notAFile }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw JournalError.inUse }
    let byteCount = Int(status.st_size)
    let start = try readBytes(descriptor, at: 0, count: min(byteCount, Self.pieceByteCount))
    guard let lineEnd = start.firstIndex(of: 10) else {
      // An incomplete first line may be replaced, but not another file.
      let beginning = Array(JournalIdentity.lineBeginning.utf8)
      guard byteCount < Self.pieceByteCount, start.starts(with: beginning.prefix(start.count)) else {
        throw JournalError.malformed(line: 1)
      }
      try truncate(to: 0)
      return try append(identity.line)
    }
    guard let line = String(validating: start[..<lineEnd], as: UTF8.self) else { throw JournalError.malformed(line: 1) }
    try identity.check(line)
    try readProgress(from: lineEnd + 1, to: byteCount)
  }

  /// Reads the last complete line, and removes an incomplete one.
  private func readProgress(from start: Int, to byteCount: Int) throws {
    let first = max(start, byteCount - Self.pieceByteCount)
    let bytes = try readBytes(descriptor, at: first, count: byteCount - first)
    let end = bytes.lastIndex(of: 10).map { $0 + 1 } ?? 0
    if end < bytes.count { try truncate(to: first + end) }
    let lines = bytes[..<end].split(separator: 10)
    guard let line = lines.last else { return }
    hasBegun = true
    try take(line)
  }

  /// Reads a line.
  private func take(_ line: ArraySlice<UInt8>) throws(JournalError) {
    let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
    guard words.count.isMultiple(of: 2), words[0] == "keys" || words[0] == "done" else { throw .malformed(line: 2) }
    for index in stride(from: 0, to: words.count, by: 2) {
      if words[index] == "server" {
        if let server = ServerProcess(recorded: words[index + 1]) { servers.append(server) }
        continue
      }
      guard let number = UInt64(words[index + 1]) else { throw .malformed(line: 2) }
      switch words[index] {
      case "keys", "done": (safeKeyCount, isDone) = (number, words[index] == "done")
      case "sent": sentEnd = number
      case "lost": lostKeyCount = number
      default: throw .malformed(line: 2)
      }
    }
  }

  /// Records the number of safe keys, unless the last record is less than a tenth of a second old.
  ///
  /// - Throws: `RDBError` (`io`).
  package func record(
    safeKeyCount count: UInt64, sentBefore end: UInt64 = 0, lostKeyCount lost: UInt64 = 0,
    at now: ContinuousClock.Instant = .now
  ) throws {
    guard count > safeKeyCount, !isDone else { return }
    (sentEnd, lostKeyCount) = (max(sentEnd, end), max(lostKeyCount, lost))
    if let lastRecord, now < lastRecord + Self.interval { return }
    lastRecord = now
    safeKeyCount = count
    try appendProgress("keys")
  }

  /// Records that keys will be sent to a server from now on.
  ///
  /// - Parameter count: The number of keys that are safe; below the number so far if the server lost some.
  /// - Throws: `RDBError` (`io`).
  package func begin(at servers: [ServerProcess] = [], safeKeyCount count: UInt64? = nil) throws {
    if !servers.isEmpty { self.servers = servers }
    if let count { safeKeyCount = count }
    isDone = false
    try appendProgress("keys")
  }

  private func appendProgress(_ word: String) throws {
    var line = "\(word) \(safeKeyCount)"
    if sentEnd > safeKeyCount { line += " sent \(sentEnd)" }
    if lostKeyCount > 0 { line += " lost \(lostKeyCount)" }
    for server in servers { line += " server \(server.recorded)" }
    try append(line)
  }

  /// Records the number of safe keys before the load ends early, and waits until the file is on disk.
  ///
  /// - Throws: `RDBError` (`io`).
  package func stop(
    safeKeyCount count: UInt64, sentBefore end: UInt64 = 0, lostKeyCount lost: UInt64 = 0
  ) throws {
    lastRecord = nil
    try record(safeKeyCount: count, sentBefore: end, lostKeyCount: lost)
    try synchronize()
  }

  /// Records the end of the load, and waits until the file is on disk.
  ///
  /// - Throws: `RDBError` (`io`).
  package func finish(keyCount: UInt64, lostKeyCount lost: UInt64 = 0) throws {
    (safeKeyCount, isDone, lostKeyCount) = (keyCount, true, max(lostKeyCount, lost))
    try appendProgress("done")
    try synchronize()
  }

  private func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw RDBError.system("fsync", offset: 0, path: path) }
  }

  private func truncate(to byteCount: Int) throws {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw RDBError.system("ftruncate", offset: 0, path: path)
    }
  }

  private func append(_ line: String) throws {
    var bytes = Array((line + "\n").utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw RDBError.system("write", offset: 0, path: path) }
      bytes = bytes.dropFirst(count)
    }
  }
}

/// Reads bytes of a file at an offset; fewer at its end.
func readBytes(_ descriptor: Int32, at offset: Int, count: Int) throws -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  var end = 0
  while end < count {
    let read = bytes.withUnsafeMutableBytes { buffer in
      pread(descriptor, buffer.baseAddress.map { $0 + end }, count - end, off_t(offset + end))
    }
    if read < 0, errno == EINTR { continue }
    guard read >= 0 else { throw RDBError.system("pread", offset: offset + end) }
    if read == 0 { break }
    end += read
  }
  return Array(bytes[..<end])
}
