import RDBFormat
import RDBSupport

/// A queue that keeps the output of all batches in file order.
///
/// Batches are numbered in file order. A worker that writes waits until the output of all earlier batches is
/// complete, so that the worker with the earliest batch writes straight to the destination and memory stays
/// bounded. A sink may write several outputs; each has a destination of its own.
@usableFromInline
final class OrderedOutput {
  /// The destinations of the outputs.
  let destinations: [any ByteDestination]
  private let lock = Lock()
  /// The number of the first batch that is not complete.
  private var turn = 0
  /// Of each output, the state after the last complete batch.
  private var states: [OutputState]
  /// The CRC-64 of the input of all complete batches.
  private var checksum: UInt64 = 0
  /// The first error in file order. All later batches fail with it.
  private var failure: RDBError?

  @usableFromInline init(to destinations: [any ByteDestination]) {
    self.destinations = destinations
    states = destinations.map { _ in OutputState() }
  }

  /// Waits until all batches before `batch` are complete.
  ///
  /// - Throws: The error of an earlier batch.
  func wait(for batch: Int) throws(RDBError) {
    lock.lock()
    defer { lock.unlock() }
    while turn != batch && failure == nil { lock.wait() }
    if let failure { throw failure }
  }

  /// Whether ``wait(for:)`` returns at once.
  func isFirst(_ batch: Int) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return turn == batch || failure != nil
  }

  /// The state of an output after all batches before `batch`, for which it waits.
  func state(of output: Int, before batch: Int) throws(RDBError) -> OutputState {
    try wait(for: batch)
    return states[output]
  }

  /// The CRC-64 of the input of all batches before `batch`, for which it waits.
  func checksum(before batch: Int) throws(RDBError) -> UInt64 {
    try wait(for: batch)
    return checksum
  }

  /// Completes `batch` after all earlier ones.
  ///
  /// - Parameters:
  ///   - changes: Of each output, its last state within the batch, and the batch's own count.
  ///   - input: The part of the input that the batch was read from.
  func complete(_ batch: Int, _ changes: [OutputState], input: InputChecksum) throws(RDBError) {
    try wait(for: batch)
    lock.lock()
    for (output, change) in changes.enumerated() {
      if let separator = change.separator { states[output].separator = separator }
      states[output].count &+= change.count
    }
    checksum = input.appended(to: checksum)
    turn += 1
    lock.wakeAll()
    lock.unlock()
  }

  /// Fails all batches that are not complete, unless an error is already known.
  func fail(_ error: RDBError) {
    lock.lock()
    if failure == nil { failure = error }
    lock.wakeAll()
    lock.unlock()
  }
}

/// The state of one output between two batches. See ``Separators``.
struct OutputState {
  /// The last state that a separator was chosen for; `nil` if there was none.
  var separator: Separators.State?
  /// The sum of ``Separators/count``.
  var count: UInt64 = 0
}

/// The CRC-64 of a part of the input. The parts are combined in file order.
@usableFromInline
struct InputChecksum {
  let value: UInt64
  private let byteCount: Int

  /// - Parameter value: The CRC-64 of the part alone; 0 if checksums are ignored.
  init(_ value: UInt64, byteCount: Int) { (self.value, self.byteCount) = (value, byteCount) }

  static var empty: InputChecksum { InputChecksum(0, byteCount: 0) }

  /// The CRC-64 of all input up to the end of the part.
  ///
  /// - Parameter previous: The CRC-64 of all input before the part.
  func appended(to previous: UInt64) -> UInt64 {
    CRC64.combine(previous, value, secondByteCount: UInt64(byteCount))
  }
}

/// The outputs of one worker.
@usableFromInline
final class WorkerOutput {
  private let queue: OrderedOutput
  private let turn = Turn()
  /// One destination per output, for the worker's sink.
  @usableFromInline let destinations: [any ByteDestination]
  private let outputs: [BatchDestination]
  /// The part of the input that the batch was read from.
  @usableFromInline var input = InputChecksum.empty

  /// The number of the batch that a worker reads. Its destinations share it.
  final class Turn {
    var batch = 0
  }

  @usableFromInline init(in queue: OrderedOutput) {
    self.queue = queue
    outputs = queue.destinations.indices.map { [turn] in BatchDestination(queue, turn, output: $0) }
    destinations = outputs
  }

  @usableFromInline func begin(batch: Int) {
    turn.batch = batch
    input = .empty
    for output in outputs { output.begin() }
  }

  /// Completes the batch when all earlier ones are complete.
  @usableFromInline func complete() throws(RDBError) {
    try queue.complete(turn.batch, outputs.map(\.change), input: input)
  }

  /// The CRC-64 of all input up to the end of the batch. Waits for the earlier batches.
  @usableFromInline func checksum() throws(RDBError) -> UInt64 {
    input.appended(to: try queue.checksum(before: turn.batch))
  }

  /// Ends the queue with `error` when all earlier batches are complete.
  ///
  /// A separator that is not written yet comes before `error` in file order. If the separator is refused, its error
  /// is thrown instead, as with one thread.
  ///
  /// - Returns: The error, or `nil` if an earlier batch has failed.
  @usableFromInline func fail(_ error: RDBError) -> RDBError? {
    do throws(RDBError) {
      try queue.wait(for: turn.batch)
    } catch {
      return nil
    }
    var first = error
    do throws(RDBError) {
      for output in outputs { try output.checkSeparator() }
    } catch {
      first = error
    }
    queue.fail(first)
    return first
  }
}

/// A worker's destination: each write waits until the output of all earlier batches is complete.
final class BatchDestination: ByteDestination {
  private let queue: OrderedOutput
  private let turn: WorkerOutput.Turn
  private let output: Int
  /// The number of bytes written through this destination, without separators.
  private var byteCount: UInt64 = 0
  /// A separator that depends on the earlier batches.
  private var pending: (offset: UInt64, separator: Separators.Separator, state: Separators.State)?
  /// The batch's last state and count.
  private(set) var change = OutputState()
  /// The number of separators that were not empty.
  private(set) var separatorCount: UInt64 = 0

  init(_ queue: OrderedOutput, _ turn: WorkerOutput.Turn, output: Int) {
    (self.queue, self.turn, self.output) = (queue, turn, output)
  }

  func begin() {
    pending = nil
    change = OutputState()
  }

  var isBusy: Bool { !queue.isFirst(turn.batch) }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    try queue.wait(for: turn.batch)
    let start = byteCount
    byteCount += UInt64(bytes.byteCount + more.byteCount)
    guard let separator = pending, separator.offset <= start + UInt64(bytes.byteCount) else {
      return try queue.destinations[output].write(bytes, followedBy: more)
    }
    let split = Int(separator.offset - start)
    try writeSeparator(after: bytes.extracting(first: split))
    if split < bytes.byteCount || more.byteCount > 0 {
      try queue.destinations[output].write(bytes.extracting(droppingFirst: split), followedBy: more)
    }
  }

  /// Remembers a separator that belongs after the first `offset` bytes written through this destination.
  func leaveOpen(_ separator: @escaping Separators.Separator, before state: Separators.State, at offset: UInt64) {
    pending = (offset, separator, state)
  }

  /// The state and the count before the batch.
  func previous() throws(RDBError) -> OutputState { try queue.state(of: output, before: turn.batch) }

  /// Ends the batch with its last state and its count. All its bytes must have been written.
  func end(_ change: OutputState) throws {
    if pending != nil {
      try queue.wait(for: turn.batch)
      try writeSeparator(after: RawSpan())
    }
    self.change = change
  }

  private func writeSeparator(after bytes: RawSpan) throws {
    guard let (_, separator, state) = pending else { return }
    let between = try separator(try previous().separator, state)
    pending = nil
    if !between.isEmpty { separatorCount += 1 }
    if bytes.byteCount + between.count > 0 {
      try queue.destinations[output].write(bytes, followedBy: between.span.bytes)
    }
  }

  /// Throws the error of a separator that is not written yet.
  func checkSeparator() throws(RDBError) {
    if let (_, separator, state) = pending { _ = try separator(try previous().separator, state) }
  }
}
