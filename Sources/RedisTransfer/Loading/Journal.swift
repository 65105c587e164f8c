import RDB
import RDBSupport

/// The progress of a load in a file, so that a later load can go on after the last safe key.
///
/// The first line is a JSON object with the identity of the load. Each further line is `keys N`, where `N` is the number of
/// keys that are safe, `exists N` with the number of a key that ended the load because the server had it, or `done N` after
/// the last key. A line is appended in one step, at most ten per second. If the
/// process is killed, only the last line can be incomplete, and is ignored; a crash of the system can lose more lines.
package final class Journal {
  private let descriptor: Int32
  private let path: String
  private var lastRecord: ContinuousClock.Instant?

  /// The number of keys that are safe: those of an earlier load at first.
  package private(set) var safeKeyCount: UInt64 = 0
  /// The number of the key that ended the earlier load, because the server had it before.
  package private(set) var foreignKey: UInt64?
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
    guard var (word, number) = try lines.last.map(Self.record) else { return }
    hasBegun = true
    if word == "exists" {
      foreignKey = number
      // The line of an earlier key was written with it.
      guard lines.count > 1 else { throw JournalError.malformed(line: 2) }
      (word, number) = try Self.record(lines[lines.count - 2])
    }
    guard word == "keys" || word == "done" else { throw JournalError.malformed(line: 2) }
    (safeKeyCount, isDone) = (number, word == "done")
  }

  /// Returns the two words of a line.
  private static func record(_ line: ArraySlice<UInt8>) throws(JournalError) -> (word: String, number: UInt64) {
    let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2, ["keys", "exists", "done"].contains(words[0]), let number = UInt64(words[1]) else {
      throw .malformed(line: 2)
    }
    return (String(words[0]), number)
  }

  /// Records the number of safe keys, unless the last record is less than a tenth of a second old.
  ///
  /// - Throws: `RDBError` (`io`).
  package func record(safeKeyCount count: UInt64, at now: ContinuousClock.Instant = .now) throws {
    guard count > safeKeyCount, !isDone else { return }
    if let lastRecord, now < lastRecord + Self.interval { return }
    lastRecord = now
    safeKeyCount = count
    try appendProgress()
  }

  /// Records that keys will be sent from now on.
  ///
  /// - Throws: `RDBError` (`io`).
  package func begin() throws { try appendProgress() }

  private func appendProgress() throws {
    let exists = foreignKey.map { $0 >= safeKeyCount ? "\nexists \($0)" : "" } ?? ""
    try append("keys \(safeKeyCount)" + exists)
  }

  /// Records the number of safe keys before the load ends early, and waits until the file is on disk.
  ///
  /// - Parameter foreignKey: The number of the key that ends the load, because the server has it already.
  package func stop(safeKeyCount count: UInt64, foreignKey: UInt64? = nil) throws {
    lastRecord = nil
    try record(safeKeyCount: count)
    if let foreignKey {
      self.foreignKey = foreignKey
      try appendProgress()
    }
    try synchronize()
  }

  /// Records the end of the load, and waits until the file is on disk.
  ///
  /// - Throws: `RDBError` (`io`).
  package func finish(keyCount: UInt64) throws {
    (safeKeyCount, isDone) = (keyCount, true)
    try append("done \(keyCount)")
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
