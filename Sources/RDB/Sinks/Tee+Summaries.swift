/// The summaries of the two sinks of a ``Tee``.
public struct TeeSummary<First: MergeableSummary, Second: MergeableSummary>: MergeableSummary {
  /// The summary of the first sink.
  public var first: First
  /// The summary of the second sink.
  public var second: Second

  /// Creates a pair of summaries.
  @inlinable package init(_ first: First, _ second: Second) { (self.first, self.second) = (first, second) }

  /// Merges each summary with its counterpart.
  @inlinable public mutating func merge(_ other: Self) {
    first.merge(other.first)
    second.merge(other.second)
  }
}

extension Tee: FoldingSink where First: FoldingSink & ~Copyable, Second: FoldingSink & ~Copyable {
  /// Ends both sinks. A sink that has stopped is told first (``FoldingSink/endEarly()``).
  @inlinable public consuming func finish() throws -> TeeSummary<First.Summary, Second.Summary> {
    if one.hasStopped { try first.endEarly() }
    if two.hasStopped { try second.endEarly() }
    let summary = try first.finish()
    return TeeSummary(summary, try second.finish())
  }
}

extension Tee: OutputSink where First: OutputSink & ~Copyable, Second: OutputSink & ~Copyable {
  /// Ends the batch of both sinks.
  @inlinable public mutating func endBatch() throws {
    try first.endBatch()
    try second.endBatch()
  }
}
