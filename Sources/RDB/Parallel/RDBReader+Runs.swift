public import RDBFormat
import RDBSupport

/// Reading with several workers.
///
/// Whoever is free takes the input, reads the next window, finds where its last whole key ends
/// (lengths are enough), takes those keys away as a *run* and lets go of the input; then it parses the
/// run into its own sink while others do the same with the runs behind. Output waits for the runs
/// before (``RunRow``). A long string is read by the worker that parses it, beside the others; any other
/// key that does not fit into a run is read by one worker, which keeps the input for so long. Any number of
/// threads gives the same bytes.
extension RDBReader {
  /// Reads the whole snapshot into sinks made by `make`, one a worker.
  ///
  /// - Parameters:
  ///   - threads: Workers, at least 1. With one, this is ``read(into:)``.
  ///   - destination: Where the sinks' outputs go, in file order.
  ///   - make: Makes a worker's sink, which writes to the destination it is given.
  /// - Returns: One summary a worker, in no particular order, and how the snapshot ended (`nil`: a sink
  ///   had enough).
  /// - Throws: The first error in file order. What was written before it, is written.
  @inlinable
  public consuming func readRuns<S: RunSink & ~Copyable>(
    threads: Int, to destination: any ByteDestination,
    make: @escaping (any ByteDestination) throws(RDBError) -> S
  ) throws(RDBError) -> (summaries: [S.Summary], end: SnapshotEnd?) {
    if threads <= 1 {
      var sink = try make(destination)
      do throws(RDBError) {
        try read(into: &sink)
      } catch {
        flush(&sink, after: error)
        throw error
      }
      let end = end
      if end == nil { try sink.endEarly() }
      try sink.endRun()
      return ([try sink.finish()], end)
    }
    let feed = RunFeed<S>(self, threads: threads, to: destination, make: make)
    nonisolated(unsafe) let shared = feed
    WorkerThread.run(threads) { shared.work() }
    if let failure = feed.failure, failure.code != .stop { throw failure }
    return (feed.summaries, feed.end)
  }
}

/// Writes out what a sink holds of a run that ends with `error`, unless that is the output's own.
@usableFromInline
func flush<S: RunSink & ~Copyable>(_ sink: inout S, after error: RDBError) {
  switch error.code {
  case .io, .outputClosed, .refused: return
  default: do throws(RDBError) { try sink.endRun() } catch {}
  }
}

/// What the workers share: the input, and what they leave behind.
@usableFromInline
final class RunFeed<S: RunSink & ~Copyable> {
  @usableFromInline let lock = Lock()
  @usableFromInline var reader: RDBReader
  @usableFromInline let row: RunRow
  @usableFromInline let make: (any ByteDestination) throws(RDBError) -> S
  /// Runs in flight have 24 MiB together.
  @usableFromInline let runLimit: Int
  @usableFromInline var nextRun = 0
  @usableFromInline var isFinished = false
  @usableFromInline var failure: RDBError?
  @usableFromInline var summaries: [S.Summary] = []
  @usableFromInline var end: SnapshotEnd?

  @usableFromInline init(
    _ reader: consuming RDBReader, threads: Int, to destination: any ByteDestination,
    make: @escaping (any ByteDestination) throws(RDBError) -> S
  ) {
    runLimit = min(max(RDBReader.runByteCount, (24 << 20) / threads), 8 << 20)
    self.reader = reader
    self.make = make
    row = RunRow(to: destination)
  }

  /// What a worker got from the input; with the parser's state in front of it.
  @usableFromInline enum Share {
    /// Whole records, in its buffer.
    case run(ParserState)
    /// A record that it reads by itself.
    case stretch(ParserState)
    /// Records that were read into its sink already, while it held the input.
    case read(InputPart)
  }

  /// One worker's life: runs, as long as there are any.
  @inlinable func work() {
    let place = RunPlace(in: row)
    do throws(RDBError) {
      var sink = try make(place)
      var worker = makeWorker()
      do throws(RDBError) {
        while try nextRun(place, &worker, &sink) {}
      } catch {
        place.keepsTurn = true
        flush(&sink, after: error)
        throw error
      }
      let summary = try sink.finish()
      lock.lock()
      summaries.append(summary)
      lock.unlock()
    } catch {
      fail(error, at: place)
    }
  }

  @usableFromInline func makeWorker() -> RunWorker {
    lock.lock()
    defer { lock.unlock() }
    return RunWorker(of: reader)
  }

  /// - Returns: Whether there may be another.
  @inlinable
  func nextRun(_ place: RunPlace, _ worker: inout RunWorker, _ sink: inout S) throws(RDBError) -> Bool {
    lock.lock()
    if isFinished {
      lock.unlock()
      return false
    }
    place.begin(run: nextRun)
    nextRun += 1
    let (share, isLast): (Share, Bool)
    do throws(RDBError) {
      (share, isLast) = try takeShare(&worker, &sink)
    } catch {
      isFinished = true
      lock.unlock()
      throw error
    }
    if isLast { isFinished = true }
    lock.unlock()
    switch share {
    case .run(let state): place.input = try worker.reader.parse(worker.run, after: state, into: &sink)
    case .stretch(let state): place.input = try worker.readStretch(after: state, into: &sink)
    case .read(let part): place.input = part
    }
    if isLast {
      // Nobody else has a use for the input any more.
      let end = try reader.readEnd(behind: place.checksum())
      do { try sink.endSnapshot(end) } catch { throw RDBError.fromSink(error, at: Int(clamping: end.byteCount)) }
      self.end = end
    }
    try sink.endRun()
    try place.finishRun()
    return !isLast
  }

  /// Takes whole records from the input; under the lock.
  @inlinable
  func takeShare(_ worker: inout RunWorker, _ sink: inout S) throws(RDBError) -> (Share, isLast: Bool) {
    let state = reader.parser.state
    switch try reader.takeRun(&worker, atMost: runLimit) {
    case .run(let isLast): return (.run(state), isLast)
    case .stretch: return (.stretch(state), false)
    case .nothing:
      let start = reader.beginPart()
      let isLast = try reader.readRecords(into: &sink, until: .betweenRecords)
      return (.read(reader.endPart(from: start)), isLast)
    }
  }

  @usableFromInline func fail(_ error: RDBError, at place: RunPlace) {
    lock.lock()
    isFinished = true
    lock.unlock()
    // Only the first failure in file order counts; the runs before it are written first.
    guard let first = place.fail(error) else { return }
    lock.lock()
    failure = first
    lock.unlock()
  }
}

extension RDBReader {
  /// How much of the input a worker takes at a time.
  static var runByteCount: Int { 512 << 10 }

  /// What there was to be taken.
  @usableFromInline enum Taken {
    /// The whole records that the window held; whether they are the last.
    case run(isLast: Bool)
    /// A record of one long string, to be read by the worker.
    case stretch
    /// No whole record: it is too large, or damaged, and must be read where it is.
    case nothing
  }

  /// Takes records away for `worker`; the parser goes on behind them.
  ///
  /// - Parameter limit: Bytes that it may have, where one record is that long.
  @usableFromInline
  mutating func takeRun(_ worker: inout RunWorker, atMost limit: Int) throws(RDBError) -> Taken {
    if window.count < Self.runByteCount {
      _ = try window.fill(from: source, missing: UInt64(Self.runByteCount - window.count))
    }
    let start = parser.state
    while true {
      let skimmed = parser.skim(window.bytes)
      var consumed = 0
      var none = NoSink()
      var want: RDBParser.Want?
      var missing: UInt64 = 1
      do throws(RDBError) {
        want = try parser.parse(
          window, after: skimmed, isFinal: window.reachedEnd, into: &none, consumed: &consumed)
        if case .input(let more) = want { missing = more }
      } catch {
        want = nil
      }
      if want == .end {
        take(skimmed + consumed, into: &worker.run)
        return .run(isLast: true)
      }
      if skimmed + parser.boundary > 0 {
        parser.state.returnToBoundary()
        take(skimmed + parser.boundary, into: &worker.run)
        return .run(isLast: false)
      }
      let isWithinLimit = want != nil && missing <= UInt64(max(0, limit - window.count))
      if isWithinLimit, canHandOn(missing: missing) {
        try handOn(missing: missing, to: &worker)
        parser.state.returnToBoundary()
        return .stretch
      }
      parser.state = start
      guard isWithinLimit, try window.fill(from: source, missing: farther(than: missing, limit))
      else { return .nothing }
    }
  }

  /// How much more to read where `missing` bytes are, of a record that is looked at anew each time: as much
  /// again where that is a file, so that all looks together are as one. Others are not waited for.
  private func farther(than missing: UInt64, _ limit: Int) -> UInt64 {
    guard source.canSeek, let left = window.left(of: source) else { return missing }
    return max(missing, min(UInt64(window.count), UInt64(max(0, limit - window.count)), left))
  }

  private mutating func take(_ byteCount: Int, into run: inout RunBuffer) {
    window.take(byteCount, into: &run)
    progress.update(window.offset)
  }
}

extension RDBReader {
  /// Parses a run that was taken from another reader.
  @inlinable
  mutating func parse<S: RDBSink & ~Copyable>(
    _ run: borrowing RunBuffer, after state: ParserState, into sink: inout S
  ) throws(RDBError) -> InputPart {
    let part = InputPart(of: run, wanted: !options.ignoresChecksum)
    parser.go(to: state)
    var consumed = 0
    let want = try parser.parse(
      run.bytes, at: run.offset, isFinal: false, into: &sink, consumed: &consumed)
    // A run ends between records, where a parser wants another opcode, or behind the last one.
    if case .input(let missing) = want, consumed < run.bytes.byteCount {
      throw .truncated(
        at: run.offset + consumed, expected: missing, found: run.bytes.byteCount - consumed)
    }
    return part
  }
}

extension InputPart {
  /// A run; its checksum only if that is wanted.
  @usableFromInline init(of run: borrowing RunBuffer, wanted: Bool) {
    var checksum = CRC64()
    if wanted { checksum.update(run.bytes) }
    self.init(checksum: checksum.value, byteCount: run.bytes.byteCount)
  }
}

extension RDBParser {
  /// How many bytes at the start of `input` are whole records that can be stepped over at once.
  func skim(_ input: RawSpan) -> Int {
    guard isBetweenRecords else { return 0 }
    var skimmer = RecordSkimmer(input, types: types)
    return skimmer.skim()
  }

  /// Goes on as another parser would have from `state` on.
  @usableFromInline mutating func go(to state: ParserState) {
    let isSameVendor = self.state.header.vendor == state.header.vendor
    self.state = state
    if !isSameVendor { fillTypes() }
  }
}

/// A thread of the operating system. Workers block, in reads and in waiting for their turn.
@usableFromInline
struct WorkerThread {
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private let thread: pthread_t

  private init(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run)).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
      let result = pthread_create(&thread, nil, { Self.start($0) }, body)
      precondition(result == 0, "no thread to be had")
      self.thread = thread!
    #else
      var thread = pthread_t()
      let result = pthread_create(&thread, nil, { Self.start($0!) }, body)
      precondition(result == 0, "no thread to be had")
      self.thread = thread
    #endif
  }

  private static func start(_ body: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
    return nil
  }

  /// Runs `body` on `count` threads, and waits for all of them.
  @usableFromInline static func run(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    let threads = (0..<count).map { _ in WorkerThread(body) }
    for thread in threads { thread.join() }
  }

  private func join() { pthread_join(thread, nil) }
}
