import RDBFormat
import RDBSupport

/// Parallel reading of one snapshot.
///
/// A free worker locks the input, reads the next window, finds the end of its last whole key (lengths are enough for
/// that), takes those keys as a *batch* and unlocks the input. It parses the batch into its own sink while other
/// workers do the same with later batches. Output waits for the earlier batches (``OrderedOutput``). A long
/// string is read by the worker that parses it, while the other workers continue. Any other key that does not fit into
/// a batch is read by one worker, which keeps the input locked meanwhile.
@usableFromInline
final class BatchReader<S: FoldingSink & ~Copyable> {
  private let lock = Lock()
  @usableFromInline var reader: RDBReader
  @usableFromInline let queue: OrderedOutput
  @usableFromInline let endBatch: (inout S) throws -> Void
  /// The largest size of a batch that holds one record, in bytes. All batches together have 24 MiB.
  @usableFromInline let batchLimit: Int
  @usableFromInline var nextBatch = 0
  /// Whether the last batch is taken, or an error is known.
  @usableFromInline var isFinished = false
  @usableFromInline var failure: RDBError?
  @usableFromInline var summary: S.Summary?
  @usableFromInline var end: SnapshotEnd?

  @usableFromInline init(
    _ reader: inout RDBReader, threads: Int, to destinations: [any ByteDestination],
    endBatch: @escaping (inout S) throws -> Void
  ) {
    batchLimit = min(max(RDBReader.batchByteCount, (24 << 20) / threads), 8 << 20)
    self.reader = RDBReader.ended
    self.endBatch = endBatch
    queue = OrderedOutput(to: destinations)
    swap(&self.reader, &reader)
  }

  /// Reads a whole snapshot with `threads` workers.
  @inlinable static func read(
    _ reader: inout RDBReader, threads: Int, to destinations: [any ByteDestination],
    makeSink: ([any ByteDestination]) throws -> S, endBatch: @escaping (inout S) throws -> Void
  ) throws -> (summary: S.Summary, end: SnapshotEnd?) {
    let shared = BatchReader<S>(&reader, threads: threads, to: destinations, endBatch: endBatch)
    defer { swap(&shared.reader, &reader) }
    var workers: [BatchWorker<S>] = []
    for _ in 0..<threads { workers.append(try BatchWorker(shared, makeSink)) }
    WorkerThreads.run(workers.map { worker in { worker.work() } })
    return try shared.result()
  }

  @usableFromInline func result() throws -> (summary: S.Summary, end: SnapshotEnd?) {
    if let failure, failure.code != .stop { throw failure }
    guard let summary else { throw failure ?? RDBError.stop }
    return (summary: summary, end: end)
  }

  /// Locks the input and everything else that workers share.
  @usableFromInline func lockInput() { lock.lock() }

  /// Unlocks the input.
  @usableFromInline func unlockInput() { lock.unlock() }

  /// The records that a worker takes from the input, and the state of the parser before them.
  @usableFromInline enum Work {
    /// Whole records, in the worker's buffer.
    case batch(ParserState)
    /// A long record that the worker reads itself.
    case longRecord(ParserState)
    /// Records that the worker has read into its sink while it locked the input.
    case alreadyRead(InputChecksum)
  }

  /// Takes whole records from the input, which must be locked.
  @inlinable
  func takeWork(_ worker: inout BatchMemory, _ sink: inout S) throws(RDBError) -> (Work, isLast: Bool) {
    let state = reader.parser.state
    switch try reader.takeBatch(&worker, atMost: batchLimit) {
    case .batch(let isLast): return (.batch(state), isLast)
    case .longRecord: return (.longRecord(state), false)
    case .nothing:
      let start = reader.beginChecksum()
      let isLast = try reader.readRecords(into: &sink, until: .betweenRecords)
      return (.alreadyRead(reader.endChecksum(from: start)), isLast)
    }
  }

  @usableFromInline func merge(_ part: consuming S.Summary) {
    lock.lock()
    defer { lock.unlock() }
    if summary == nil { summary = part } else { summary?.merge(part) }
  }

  @usableFromInline func fail(_ error: RDBError, at output: WorkerOutput) {
    lock.lock()
    isFinished = true
    lock.unlock()
    // The first error in file order counts. The batches before it are written first.
    guard let first = output.fail(error) else { return }
    lock.lock()
    failure = first
    lock.unlock()
  }
}

/// One worker of a ``BatchReader``: its sink, its outputs, and its memory.
@usableFromInline
final class BatchWorker<S: FoldingSink & ~Copyable> {
  @usableFromInline let shared: BatchReader<S>
  @usableFromInline let output: WorkerOutput
  /// The sink until the worker's thread takes it.
  @usableFromInline var sink: S?

  @inlinable init(_ shared: BatchReader<S>, _ makeSink: ([any ByteDestination]) throws -> S) throws {
    self.shared = shared
    let output = WorkerOutput(in: shared.queue)
    self.output = output
    sink = try makeSink(output.destinations)
  }

  /// Reads batches until none is left. Runs on the worker's own thread.
  @inlinable func work() {
    guard var sink = sink.take() else { return }
    shared.lockInput()
    var memory = BatchMemory(of: shared.reader)
    shared.unlockInput()
    do throws(RDBError) {
      while try readBatch(&memory, &sink) {}
    } catch {
      if RDBError.leavesOutputUsable(error) { try? shared.endBatch(&sink) }
      if error.code == .stop, let summary = try? sink.finish() { shared.merge(summary) }
      return shared.fail(error, at: output)
    }
    do {
      shared.merge(try sink.finish())
    } catch {
      shared.fail(RDBError.fromSink(error, at: 0), at: output)
    }
  }

  /// Reads one batch.
  ///
  /// - Returns: Whether another one may follow.
  @inlinable
  func readBatch(_ memory: inout BatchMemory, _ sink: inout S) throws(RDBError) -> Bool {
    shared.lockInput()
    if shared.isFinished {
      shared.unlockInput()
      return false
    }
    output.begin(batch: shared.nextBatch)
    shared.nextBatch += 1
    let (taken, isLast): (BatchReader<S>.Work, Bool)
    do throws(RDBError) {
      (taken, isLast) = try shared.takeWork(&memory, &sink)
    } catch {
      shared.isFinished = true
      shared.unlockInput()
      throw error
    }
    if isLast { shared.isFinished = true }
    shared.unlockInput()
    switch taken {
    case .batch(let state): output.input = try memory.reader.parse(memory.batch, after: state, into: &sink)
    case .longRecord(let state): output.input = try memory.readLongRecord(after: state, into: &sink)
    case .alreadyRead(let input): output.input = input
    }
    if isLast {
      // No other worker uses the input any more.
      let end = try shared.reader.readEnd(after: output.checksum())
      do { try sink.endSnapshot(end) } catch { throw RDBError.fromSink(error, at: Int(clamping: end.endOffset)) }
      shared.end = end
    }
    do { try shared.endBatch(&sink) } catch { throw RDBError.fromSink(error, at: 0) }
    try output.complete()
    return !isLast
  }
}

extension RDBReader {
  /// A reader at the end of an empty input.
  static var ended: RDBReader {
    var options = Options()
    options.windowByteCount = 0
    return RDBReader(MemorySource([]), options: options)
  }
}

/// The threads of all workers.
@usableFromInline
enum WorkerThreads {
  /// Runs each of `bodies` on a thread of its own, and waits for all of them.
  @usableFromInline static func run(_ bodies: [() -> Void]) {
    // A worker, with its sink and its outputs, is used by its own thread only; what workers share is
    // locked. This thread waits until all of them have ended.
    nonisolated(unsafe) let bodies = bodies
    WorkerThread.run(bodies.indices.map { index in { @Sendable in bodies[index]() } })
  }
}
