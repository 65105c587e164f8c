/// The batches that the target may lose in a failover.
///
/// A batch is kept until enough replicas have it. The position that a target stores tells which batches it has: after a
/// lost connection, the first batch to send is the one after that position.
package struct UnconfirmedBatches: Sendable {
  private var batches = Queue<StreamBatch>()
  /// The position before the first batch.
  private var start: StreamPosition
  /// The number of batches, from the first one on, that the target has.
  private var answeredCount = 0
  /// The bytes of the commands that are kept.
  package private(set) var byteCount = 0

  /// - Parameter start: The position that the target has.
  package init(after start: StreamPosition) { self.start = start }

  /// Whether the target has each batch.
  package var isAnswered: Bool { answeredCount == batches.count }
  /// Whether enough replicas have each batch.
  package var isEmpty: Bool { batches.isEmpty }
  /// The number of batches that the target has, counted from the first one that is kept.
  package var answeredBatchCount: Int { answeredCount }
  /// The position that the target has.
  package var position: StreamPosition { answeredCount == 0 ? start : end(of: answeredCount - 1) }

  private func end(of index: Int) -> StreamPosition { batches[index].end ?? start }

  /// The first batch that the target does not have.
  package var next: StreamBatch? { isAnswered ? nil : batches[answeredCount] }

  /// Adds a sealed batch.
  package mutating func append(_ batch: StreamBatch) {
    byteCount += batch.bytes.count
    batches.append(batch)
  }

  /// Replaces the first batch that the target does not have.
  package mutating func replaceNext(_ batch: StreamBatch) {
    guard !isAnswered else { return }
    byteCount += batch.bytes.count - batches[answeredCount].bytes.count
    batches[answeredCount] = batch
  }

  /// Notes that the target has the next batch.
  package mutating func answered() {
    guard !isAnswered else { return }
    batches[answeredCount].isCounted = true
    answeredCount += 1
  }

  /// Notes that enough replicas have the first batches.
  package mutating func confirmed(_ count: Int) {
    for _ in 0..<min(count, answeredCount) {
      guard let batch = batches.popFirst() else { return }
      byteCount -= batch.bytes.count
      start = batch.end ?? start
      answeredCount -= 1
    }
  }

  /// Goes on with a target that stores a position.
  ///
  /// - Returns: The number of commands, not counted before, that the target has although their replies were lost; `nil` if
  ///   the position is not one of those between the batches.
  package mutating func resume(at stored: StreamPosition) -> UInt64? {
    guard
      let count = stored == start ? 0 : (0..<batches.count).first(where: { batches[$0].end == stored }).map({ $0 + 1 })
    else { return nil }
    answeredCount = count
    var commandCount: UInt64 = 0
    for index in 0..<count where !batches[index].isCounted {
      batches[index].isCounted = true
      commandCount += batches[index].sourceCommandCount
    }
    return commandCount
  }
}
