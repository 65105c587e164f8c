public import RDBFormat
import RDBSupport

/// A row of runs being written by several workers, in file order.
///
/// Each run has a number. Whoever has finished a part of its output waits here until all runs before
/// are written; so the worker in front writes straight from its input, and memory stays bounded.
@usableFromInline
final class RunRow {
  private let lock = Lock()
  private var turn = 0
  /// The output's state behind the last finished run: see ``ByteOutput/join(_:)``.
  private var joined: UInt64?
  /// The sum of ``ByteOutput/tally`` over the finished runs.
  private var tally: UInt64 = 0
  /// Of all input of the finished runs.
  private var checksum: UInt64 = 0
  private var failure: RDBError?
  let destination: any ByteDestination

  @usableFromInline init(to destination: any ByteDestination) { self.destination = destination }

  /// Waits until it is `run`'s turn.
  ///
  /// - Throws: The error of a run before, which will never be written.
  @usableFromInline func wait(for run: Int) throws(RDBError) {
    lock.lock()
    defer { lock.unlock() }
    while turn != run && failure == nil { lock.wait() }
    if let failure { throw failure }
  }

  /// Whether all runs before `run` are written, or never will be.
  func isInFront(_ run: Int) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return turn == run || failure != nil
  }

  /// The state behind the run before `run`, which must be finished.
  func previousJoined(of run: Int) throws(RDBError) -> UInt64? {
    try wait(for: run)
    return joined
  }

  /// The sum of the tallies of the runs before `run`, which must be finished.
  func previousTally(of run: Int) throws(RDBError) -> UInt64 {
    try wait(for: run)
    return tally
  }

  /// The checksum of the input of the runs before `run`, which must be finished.
  func previousChecksum(of run: Int) throws(RDBError) -> UInt64 {
    try wait(for: run)
    return checksum
  }

  func end(_ run: Int, joined: UInt64?, tally: UInt64, checksum part: InputPart) throws(RDBError) {
    try wait(for: run)
    lock.lock()
    if let joined { self.joined = joined }
    self.tally &+= tally
    checksum = part.checksum(behind: checksum)
    turn += 1
    lock.wakeAll()
    lock.unlock()
  }

  /// Ends the row: whoever waits or comes to wait gets `error`.
  @usableFromInline func fail(_ error: RDBError) {
    lock.lock()
    if failure == nil { failure = error }
    lock.wakeAll()
    lock.unlock()
  }
}

/// The checksum of a part of the input by itself: that of the whole is put together in file order.
@usableFromInline
struct InputPart {
  private let value: UInt64
  private let byteCount: Int

  /// - Parameter value: 0: nobody wants to know.
  init(checksum value: UInt64, byteCount: Int) { (self.value, self.byteCount) = (value, byteCount) }

  static var nothing: InputPart { InputPart(checksum: 0, byteCount: 0) }

  /// The checksum of all up to here.
  ///
  /// - Parameter previous: That of all before.
  func checksum(behind previous: UInt64) -> UInt64 {
    CRC64.combine(previous, value, secondByteCount: UInt64(byteCount))
  }
}

/// One worker's place in the row: a destination whose writes wait for the runs before.
public final class RunPlace: ByteDestination {
  private let row: RunRow
  /// The number of the run this worker is at.
  private var run = 0
  private var hasEnded = false
  /// The run ends with an error, which nobody must overtake: its end is not the next one's beginning.
  @usableFromInline var keepsTurn = false
  /// What the run was read from.
  @usableFromInline var input = InputPart.nothing
  /// The run's first joint, while the state behind the runs before is not known: see ``ByteOutput/join(_:)``.
  var openJoint: (joint: ByteOutput.Joint, next: UInt64)?

  @usableFromInline init(in row: RunRow) { self.row = row }

  public func write(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer)
    throws(RDBError)
  {
    try row.wait(for: run)
    try row.destination.write(first, second)
  }

  /// Whether a write would not wait.
  var isInFront: Bool { row.isInFront(run) }

  func previousJoined() throws(RDBError) -> UInt64? { try row.previousJoined(of: run) }

  func previousTally() throws(RDBError) -> UInt64 { try row.previousTally(of: run) }

  /// The checksum of all input up to the end of this run. Waits for the runs before.
  @usableFromInline func checksum() throws(RDBError) -> UInt64 {
    input.checksum(behind: try row.previousChecksum(of: run))
  }

  func end(joined: UInt64?, tally: UInt64) throws(RDBError) {
    if keepsTurn { return }
    hasEnded = true
    try row.end(run, joined: joined, tally: tally, checksum: input)
  }

  @usableFromInline func begin(run: Int) {
    self.run = run
    hasEnded = false
    openJoint = nil
    input = .nothing
  }

  /// Ends the run of a sink that has no output.
  @usableFromInline func finishRun() throws(RDBError) {
    if !hasEnded { try end(joined: nil, tally: 0) }
  }

  /// Ends the row with `error`, when all runs before this one are written.
  ///
  /// The run's first joint stands before whatever else went wrong in it: if that is refused, this is the
  /// error that one thread would have found.
  ///
  /// - Returns: The error, if it is the first in file order.
  func fail(_ error: RDBError) -> RDBError? {
    do throws(RDBError) {
      try row.wait(for: run)
    } catch {
      return nil
    }
    var first = error
    if let (joint, next) = openJoint {
      do throws(RDBError) {
        _ = try joint(try row.previousJoined(of: run), next)
      } catch {
        first = error
      }
    }
    row.fail(first)
    return first
  }
}

/// A mutex and its condition.
@usableFromInline
final class Lock {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  private let condition: UnsafeMutablePointer<pthread_cond_t> = .allocate(capacity: 1)

  @usableFromInline init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  @usableFromInline func lock() { pthread_mutex_lock(mutex) }
  @usableFromInline func unlock() { pthread_mutex_unlock(mutex) }
  func wait() { pthread_cond_wait(condition, mutex) }
  func wakeAll() { pthread_cond_broadcast(condition) }
}
