package import RDBFormat

/// The separators between parts of an output that several workers may write.
///
/// A sink sets the state of its output: for RESP the number of the database, for JSON that an object was
/// written. A change of state writes a separator: RESP's SELECT, JSON's comma. A worker does not know the
/// state at the end of the batch before its own; the first separator of a batch is therefore written
/// when all earlier batches are complete, and any number of workers gives the same bytes.
package struct Separators {
  /// Returns the bytes between a part in state `previous` (`nil` at the beginning of the output) and a
  /// part in state `next`.
  ///
  /// It may throw to refuse the change. If workers refuse several, the first in file order counts.
  package typealias Separator =
    @Sendable (_ previous: State?, _ next: State) throws(RDBError) -> [UInt8]

  /// A state of an output. Every number of 64 bits, such as that of a database, is a state beside others.
  package typealias State = UInt128

  private let batch: BatchDestination?
  private let separator: Separator
  private var writtenCount: UInt64 = 0

  /// The state of the output, or ``unknown`` before the first ``advance(to:in:)`` of a batch.
  package private(set) var state: State = Separators.unknown

  /// A number that the sink counts over this batch: keys, for example. See ``totalCount()``.
  package var count: UInt64 = 0

  /// A state that no part of an output has.
  package static var unknown: State { .max }

  /// Creates the separators of an output.
  ///
  /// - Parameters:
  ///   - destination: The destination that the sink received.
  ///   - separator: Returns the bytes of a separator. All workers use the same function.
  package init(to destination: any ByteDestination, separator: @escaping Separator) {
    batch = destination as? BatchDestination
    self.separator = separator
  }

  /// Appends the separator between the current state and `next`.
  ///
  /// - Parameters:
  ///   - next: A state other than ``unknown``.
  ///   - output: The sink's only output to the destination.
  package mutating func advance(to next: State, in output: inout ByteOutput) throws(RDBError) {
    if state == Separators.unknown, let batch {
      batch.leaveOpen(separator, before: next, at: output.byteCount)
    } else {
      let between = try separator(state == Separators.unknown ? nil : state, next)
      if !between.isEmpty { writtenCount += 1 }
      try output.append(between.span.bytes)
    }
    state = next
  }

  /// The sum of ``count`` over this and all earlier batches. Waits for the earlier ones.
  package func totalCount() throws(RDBError) -> UInt64 {
    guard let batch else { return count }
    return try batch.previous().count + count
  }

  /// The number of separators written so far that were not empty.
  package var separatorCount: UInt64 { writtenCount + (batch?.separatorCount ?? 0) }

  /// Writes all buffered bytes of `output` and ends the batch.
  package mutating func endBatch(_ output: inout ByteOutput) throws {
    try output.flush()
    guard let batch else { return }
    try batch.end(OutputState(separator: state == Separators.unknown ? nil : state, count: count))
    state = Separators.unknown
    count = 0
  }
}
