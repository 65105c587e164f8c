#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
public import RDBFormat

/// Reading with several workers.
///
/// Whoever is free takes the input, reads the next window, finds where its last whole key ends
/// (lengths are enough), takes those keys away as a *run* and lets go of the input; then it parses the
/// run into its own sink while others do the same with the runs behind. Output waits for the runs
/// before (``RunRow``). A key that does not fit into a run is read by one worker, which keeps the input
/// for so long. Any number of threads gives the same bytes.
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

  /// What a worker got from the input.
  @usableFromInline enum Share {
    /// Whole records, in its buffer; the parser's state in front of them.
    case run(ParserState, isLast: Bool)
    /// Records that did not make a run were read into its sink already.
    case done(isLast: Bool)
  }

  /// One worker's life: runs, as long as there are any.
  @inlinable func work() {
    let place = RunPlace(in: row)
    do throws(RDBError) {
      var sink = try make(place)
      var buffer = RunBuffer(capacity: 64)
      var parser = RDBParser(options: reader.options.parser)
      do throws(RDBError) {
        while try nextRun(place, &parser, &buffer, &sink) {}
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

  /// - Returns: Whether there may be another.
  @inlinable
  func nextRun(
    _ place: RunPlace, _ parser: inout RDBParser, _ buffer: inout RunBuffer, _ sink: inout S
  ) throws(RDBError) -> Bool {
    lock.lock()
    if isFinished {
      lock.unlock()
      return false
    }
    place.begin(run: nextRun)
    nextRun += 1
    let share: Share
    do throws(RDBError) {
      share = try takeShare(&buffer, &sink)
    } catch {
      isFinished = true
      lock.unlock()
      throw error
    }
    var end: SnapshotEnd?
    var endError: RDBError?
    switch share {
    case .run(_, isLast: true), .done(isLast: true):
      isFinished = true
      do throws(RDBError) { end = try reader.readEnd() } catch { endError = error }
    default: break
    }
    lock.unlock()
    if case .run(let state, _) = share { try parse(buffer, after: state, &parser, &sink) }
    if let endError { throw endError }
    if let end {
      try sink.endSnapshot(end)
      self.end = end
    }
    try sink.endRun()
    try place.finishRun()
    return end == nil
  }

  @inlinable
  func parse(
    _ run: borrowing RunBuffer, after state: ParserState, _ parser: inout RDBParser,
    _ sink: inout S
  ) throws(RDBError) {
    parser.go(to: state)
    var consumed = 0
    let want = try parser.parse(
      run.bytes, at: run.offset, isFinal: false, into: &sink, consumed: &consumed)
    // A run ends between records, where a parser wants another opcode, or behind the last one.
    if case .input(let missing) = want, consumed < run.bytes.byteCount {
      throw .truncated(
        at: run.offset + consumed, expected: missing, found: run.bytes.byteCount - consumed)
    }
  }

  /// Takes whole records from the input; under the lock.
  @inlinable
  func takeShare(_ buffer: inout RunBuffer, _ sink: inout S) throws(RDBError) -> Share {
    let state = reader.parser.state
    if let end = try reader.takeRun(&buffer, atMost: runLimit) { return .run(state, isLast: end) }
    return .done(isLast: try reader.readRecords(into: &sink, until: .betweenRecords))
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

  /// Takes the whole records that the window holds away into `run`.
  ///
  /// - Parameter limit: Bytes that a run may have, where one record is that long.
  /// - Returns: Whether they are the last; `nil`: there is no whole record (it is too large, or
  ///   damaged), the parser stands in front of it, and it must be read where it is.
  @usableFromInline
  mutating func takeRun(_ run: inout RunBuffer, atMost limit: Int) throws(RDBError) -> Bool? {
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
        take(skimmed + consumed, into: &run)
        return true
      }
      if skimmed + parser.boundary > 0 {
        parser.state.returnToBoundary()
        take(skimmed + parser.boundary, into: &run)
        return false
      }
      parser.state = start
      guard want != nil, missing <= UInt64(max(0, limit - window.count)),
        try window.fill(from: source, missing: missing)
      else { return nil }
    }
  }

  private mutating func take(_ byteCount: Int, into run: inout RunBuffer) {
    window.take(byteCount, into: &run)
    window.continueChecksum(over: run)
    progress.update(window.offset)
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
