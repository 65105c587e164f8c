import RDB
import RDBSupport

/// A queue of bytes between a thread that adds them and a thread that reads them: in memory, and beyond it in files.
///
/// It takes what a server sends at the speed of the connection, although the reader may be slower: a server closes a
/// connection whose bytes wait for too long. Nothing goes to disk while the reader keeps up:
///
///     added → back (memory) → files → front (memory) → read
///     added → back (memory) ────────→ front (memory) → read, without files
///
/// One thread adds. It asks ``hasRoom``, or waits for room, before each ``add(_:)``. Another thread reads, in the order of
/// the adding, first all bytes and then the end or the error. Both may wait for the ``lock`` that the spool shares with
/// connections. The files have no names, and are deleted when their bytes are read.
package final class ByteSpool: @unchecked Sendable {
  /// The limits of a spool.
  package struct Limits: Hashable, Sendable {
    /// The memory, in bytes. One more piece than that may be in it.
    package var memoryByteCount = 8 << 20
    /// The size of a file, in bytes.
    package var fileByteCount = 64 << 20
    /// The largest sum of the sizes of all files, in bytes. 0: nothing goes to disk.
    package var diskByteCount: UInt64 = .max
    /// The folder of the files; `nil`: the folder in the environment variable `TMPDIR`, else `/tmp`.
    package var folder: String?

    package init() {}
  }

  private struct File: Sendable {
    let file: TemporaryFile
    var writtenCount: UInt64
    var readCount: UInt64 = 0
  }

  private enum End {
    case complete
    case failed(any Error)
  }

  /// The lock of all properties, whose condition changes with them.
  package let lock: Lock
  private let limits: Limits
  /// The bytes to read first, from `frontPosition` on.
  private var front: [UInt8] = []
  private var frontPosition = 0
  private var files = Queue<File>()
  /// The bytes added last.
  private var back: [UInt8] = []
  /// Whether the adding thread writes bytes to a file, which come before those in `back`.
  private var isStoring = false
  /// The counts of added bytes at which sections end.
  private var sectionEnds = Queue<UInt64>()
  private var end: End?
  private var isCancelled = false
  private var addedCount: UInt64 = 0
  private var readCount: UInt64 = 0
  private var storedCount: UInt64 = 0

  /// - Parameter lock: A lock that connections may share, so that a thread can wait for either.
  package init(limits: Limits = Limits(), sharing lock: Lock = Lock()) { (self.limits, self.lock) = (limits, lock) }

  /// The bytes above which `back` goes to a file.
  private var blockByteCount: Int { max(limits.memoryByteCount / 2, 1) }

  private func locked<Result, E: Error>(_ body: () throws(E) -> Result) throws(E) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  // MARK: Counts

  /// The number of bytes that were added.
  package var addedByteCount: UInt64 { locked { addedCount } }
  /// The number of bytes that were read.
  package var readByteCount: UInt64 { locked { readCount } }
  /// The number of bytes that were written to files, from the beginning on.
  package var storedByteCount: UInt64 { locked { storedCount } }
  /// The sizes of the present files, in bytes.
  package var diskByteCount: UInt64 { locked { usedDisk } }

  private var usedDisk: UInt64 { (0..<files.count).reduce(0) { $0 + files[$1].writtenCount } }

  // MARK: Adding

  /// Whether bytes may be added. The caller holds the lock.
  package var hasRoomWhileLocked: Bool {
    isCancelled || back.count < blockByteCount || canStore
  }

  /// Whether bytes may be added.
  package var hasRoom: Bool { locked { hasRoomWhileLocked } }

  private var isFrontEmpty: Bool { frontPosition == front.count }

  /// Whether `back` may go to a file.
  private var canStore: Bool {
    limits.diskByteCount > 0 && usedDisk + UInt64(back.count) <= max(limits.diskByteCount, UInt64(blockByteCount))
  }

  /// Waits until bytes may be added.
  ///
  /// - Returns: Whether that happened within `time`.
  package func waitForRoom(atMost time: Duration) -> Bool {
    wait(atMost: time) { hasRoomWhileLocked }
  }

  /// Adds bytes. They are kept even without room.
  ///
  /// - Throws: ``SpoolError``, which the reader gets too, after the bytes before.
  package func add(_ bytes: RawSpan) throws(SpoolError) {
    guard bytes.byteCount > 0 else { return }
    let block = try locked { () throws(SpoolError) -> [UInt8]? in
      if isCancelled { throw .cancelled }
      if case .failed(let error as SpoolError) = end { throw error }
      back.append(bytes)
      addedCount += UInt64(bytes.byteCount)
      lock.wakeAll()
      guard back.count >= blockByteCount else { return nil }
      moveToFront()
      guard back.count >= blockByteCount, canStore else { return nil }
      isStoring = true
      let block = back
      back.removeAll()
      return block
    }
    if let block { try store(block) }
  }

  /// Writes bytes to the last file, or to a new one. Only the adding thread does this, so that the lock is free meanwhile.
  private func store(_ block: [UInt8]) throws(SpoolError) {
    let last = locked { files.isEmpty ? nil : files[files.count - 1] }
    do throws(SystemError) {
      let isNew = last.map { $0.writtenCount >= UInt64(limits.fileByteCount) } ?? true
      let file =
        if let last, !isNew { last } else { File(file: try TemporaryFile(folder: limits.folder), writtenCount: 0) }
      try file.file.write(block.span.bytes, at: file.writtenCount)
      locked {
        if isNew { files.append(file) }
        files[files.count - 1].writtenCount += UInt64(block.count)
        storedCount += UInt64(block.count)
        isStoring = false
        if isCancelled { removeAll() }
        lock.wakeAll()
      }
    } catch {
      let failure = SpoolError.storage(error, folder: limits.folder ?? Folder.temporary)
      locked {
        isStoring = false
        end = .failed(failure)
        lock.wakeAll()
      }
      throw failure
    }
  }

  /// Ends a section: ``read(into:)`` returns 0 there, until ``beginNextSection()``.
  package func endSection() {
    locked {
      sectionEnds.append(addedCount)
      lock.wakeAll()
    }
  }

  /// Ends the bytes.
  package func finish() { finish(.complete) }

  /// Ends the bytes with an error.
  package func fail(_ error: any Error) { finish(.failed(error)) }

  private func finish(_ end: End) {
    locked {
      if self.end == nil { self.end = end }
      lock.wakeAll()
    }
  }

  // MARK: Reading

  private enum Next {
    /// Bytes that were copied from memory.
    case copied(Int)
    case file(TemporaryFile, offset: UInt64, Int)
    case end
  }

  /// Whether ``read(into:)`` returns or throws at once. The caller holds the lock.
  package var isReadableWhileLocked: Bool {
    isCancelled || !isFrontEmpty || hasUnread || !isStoring && (!back.isEmpty || end != nil)
      || sectionEnds.first == readCount
  }

  /// Whether a file has bytes to read. Only the first one can have none left.
  private var hasUnread: Bool { files.count > 1 || files.first.map { $0.readCount < $0.writtenCount } ?? false }

  /// Reads bytes, waiting for the first of them.
  ///
  /// - Returns: Their number; 0 at the end, and at the end of a section.
  /// - Throws: The error that ended the bytes, or ``SpoolError``.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      if let count = try read(into: buffer, atMost: .seconds(3600)) { return count }
    }
  }

  /// Reads bytes, if there are any within `time`.
  ///
  /// - Returns: Their number; 0 at the end, and at the end of a section; `nil`: none came in time.
  package func read(into buffer: UnsafeMutableRawBufferPointer, atMost time: Duration) throws -> Int? {
    guard buffer.count > 0, wait(atMost: time, { isReadableWhileLocked }) else { return nil }
    switch try locked({ try next(buffer) }) {
    case .end: return 0
    case .copied(let count): return count
    case .file(let file, let offset, let count):
      do throws(SystemError) {
        try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
      } catch { throw SpoolError.storage(error, folder: limits.folder ?? Folder.temporary) }
      locked {
        guard !files.isEmpty else { return }
        files[0].readCount += UInt64(count)
        dropReadFile()
        took(count)
      }
      return count
    }
  }

  private func next(_ buffer: UnsafeMutableRawBufferPointer) throws -> Next {
    if isCancelled { throw SpoolError.cancelled }
    var limit = buffer.count
    if let sectionEnd = sectionEnds.first {
      guard sectionEnd > readCount else { return .end }
      limit = Int(min(UInt64(limit), sectionEnd - readCount))
    }
    dropReadFile()
    moveToFront()
    if !isFrontEmpty {
      let count = min(limit, front.count - frontPosition)
      front.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[frontPosition..<frontPosition + count]))
      }
      frontPosition += count
      took(count)
      return .copied(count)
    }
    if let first = files.first, first.readCount < first.writtenCount {
      let count = Int(min(UInt64(limit), first.writtenCount - first.readCount))
      return .file(first.file, offset: first.readCount, count)
    }
    if case .failed(let error) = end { throw error }
    return .end
  }

  /// Moves the bytes of `back` to `front` if no bytes come before them.
  private func moveToFront() {
    guard isFrontEmpty, files.isEmpty, !isStoring, !back.isEmpty else { return }
    swap(&front, &back)
    frontPosition = 0
    back.removeAll(keepingCapacity: back.capacity <= 2 * blockByteCount)
  }

  private func took(_ count: Int) {
    readCount += UInt64(count)
    lock.wakeAll()
  }

  /// Drops the first file when all of its bytes are read. The adding thread may be writing to it.
  private func dropReadFile() {
    guard let first = files.first, first.readCount == first.writtenCount, !(isStoring && files.count == 1) else {
      return
    }
    _ = files.popFirst()
  }

  /// Begins the section after the one whose end has been read.
  package func beginNextSection() {
    locked {
      if sectionEnds.first == readCount { _ = sectionEnds.popFirst() }
    }
  }

  /// Drops all bytes. Both sides get an error from now on.
  package func cancel() {
    locked {
      isCancelled = true
      if !isStoring { removeAll() }
      lock.wakeAll()
    }
  }

  private func removeAll() { (front, frontPosition, files, back) = ([], 0, Queue(), []) }

  private func wait(atMost time: Duration, _ condition: () -> Bool) -> Bool {
    let deadline = MonotonicTime.now + time.nanoseconds
    return locked {
      while !condition() {
        let now = MonotonicTime.now
        guard now < deadline else { return false }
        lock.wait(atMost: deadline - now)
      }
      return true
    }
  }
}
