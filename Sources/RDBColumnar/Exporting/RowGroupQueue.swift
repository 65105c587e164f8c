import RDB
import RDBFormat
import RDBSupport

/// Encodes row groups on threads of its own, and writes them in the order in which they were added.
///
/// Without threads, each row group is encoded and written when it is added. Both give the same bytes.
final class RowGroupQueue {
  /// A row group, and the index of its table.
  struct Job: Sendable {
    var table: Int
    var columns: [ColumnBuffer]
    var rowCount: Int
  }

  private let lock = Lock()
  private let threadCount: Int
  private let makeEncoder: @Sendable () -> ChunkEncoder
  private let schemas: [TableSchema]
  /// Writes an encoded row group. Called by one thread at a time.
  private let write: (Int, [EncodedChunk], Int) throws -> Void
  private var waiting: [(number: Int, job: Job)] = []
  private var addedCount = 0
  private var writtenCount = 0
  private var runningCount = 0
  private var isClosed = false
  private var failure: RDBError?
  private lazy var ownEncoder = makeEncoder()

  init(
    threads: Int, _ schemas: [TableSchema], encoder: @escaping @Sendable () -> ChunkEncoder,
    write: @escaping (Int, [EncodedChunk], Int) throws -> Void
  ) {
    (threadCount, self.schemas, makeEncoder, self.write) = (threads, schemas, encoder, write)
  }

  /// Adds a row group. Waits while as many row groups as there are threads wait.
  func add(_ job: Job) throws(RDBError) {
    if threadCount == 0 { return try encodeAndWrite(job) }
    lock.lock()
    defer { lock.unlock() }
    if runningCount < min(threadCount, addedCount + 1), !startThread() { throw Self.noThread }
    while waiting.count >= threadCount, failure == nil { lock.wait() }
    if let failure { throw failure }
    waiting.append((addedCount, job))
    addedCount += 1
    lock.wakeAll()
  }

  private static var noThread: RDBError {
    RDBError(.io, at: 0, expected: "a thread to encode on", found: "none left in the system")
  }

  private func encodeAndWrite(_ job: Job) throws(RDBError) {
    let chunks = try ownEncoder.encode(job.columns, schemas[job.table].columns)
    do { try write(job.table, chunks, job.rowCount) } catch { throw RDBError.transfer("write", error, at: 0) }
  }

  /// Waits until all row groups are written, and ends the threads.
  func finish() throws(RDBError) {
    close()
    if let failure { throw failure }
  }

  /// Drops the row groups that wait, and ends the threads.
  func abandon() {
    lock.lock()
    waiting = []
    if failure == nil { failure = RDBError(.stop, at: 0, expected: "no end", found: "one") }
    lock.unlock()
    close()
  }

  private func close() {
    lock.lock()
    isClosed = true
    lock.wakeAll()
    while runningCount > 0 { lock.wait() }
    lock.unlock()
  }

  // MARK: Threads

  /// Called with the lock.
  private func startThread() -> Bool {
    // The lock guards all that the threads share; `close` waits for them.
    nonisolated(unsafe) let queue = self
    guard WorkerThread.detach({ queue.work() }) else { return false }
    runningCount += 1
    return true
  }

  private func work() {
    let encoder = makeEncoder()
    lock.lock()
    while true {
      if failure != nil { break }
      guard !waiting.isEmpty else {
        if isClosed { break }
        lock.wait()
        continue
      }
      let (number, job) = waiting.removeFirst()
      lock.wakeAll()
      lock.unlock()
      let result: Result<[EncodedChunk], RDBError>
      do throws(RDBError) { result = .success(try encoder.encode(job.columns, schemas[job.table].columns)) } catch {
        result = .failure(error)
      }
      lock.lock()
      while writtenCount != number, failure == nil { lock.wait() }
      if failure == nil { writeNow(result, job) }
      writtenCount += 1
      lock.wakeAll()
    }
    runningCount -= 1
    lock.wakeAll()
    lock.unlock()
  }

  /// Writes a row group whose turn it is. Called with the lock, which is free while the file is written.
  private func writeNow(_ result: Result<[EncodedChunk], RDBError>, _ job: Job) {
    lock.unlock()
    var error: RDBError?
    do { try write(job.table, try result.get(), job.rowCount) } catch let thrown {
      error = RDBError.transfer("write", thrown, at: 0)
    }
    lock.lock()
    if let error, failure == nil { failure = error }
  }
}
