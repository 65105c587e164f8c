/// A result that sinks of several workers produce in parts.
public protocol MergeableSummary: Sendable {
  /// Adds the summary of another part of the same snapshot.
  ///
  /// Parts come in any order; the result must not depend on it.
  mutating func merge(_ other: Self)
}

/// The summary of a sink that has none.
package struct NoSummary: MergeableSummary {
  /// Creates a summary.
  package init() {}
  /// Does nothing.
  package mutating func merge(_ other: NoSummary) {}
}

/// A sink that turns a snapshot into a summary: a count, a report, a ledger.
///
/// ``RDBReader/fold(_:)`` reads into one such sink, ``RDBReader/fold(threads:makeSink:)`` into one per
/// worker.
public protocol FoldingSink<Summary>: RDBSink, SendableMetatype, ~Copyable {
  /// The result of reading a snapshot, or of reading a part of it.
  associatedtype Summary: MergeableSummary

  /// Ends the sink and returns its summary.
  ///
  /// If the sink has output, this writes all bytes that are still buffered.
  consuming func finish() throws -> Summary

  /// Completes the result as far as it goes, after a sink has thrown ``RDBError/stop``.
  ///
  /// Called instead of ``RDBSink/endSnapshot(_:)``, before ``finish()``, and only while one thread reads. The default
  /// does nothing.
  mutating func endEarly() throws
}

extension FoldingSink where Self: ~Copyable {
  /// Does nothing.
  @inlinable public mutating func endEarly() throws {}
}

/// A folding sink that also writes output, in the order of the snapshot.
///
/// ``RDBReader/write(to:threads:makeSink:)-(ByteDestination,_,_)`` reads into one such sink per worker
/// and keeps the output of all workers in file order.
public protocol OutputSink: FoldingSink, ~Copyable {
  /// Writes all buffered bytes to the destination: a batch of whole keys ends here.
  ///
  /// Readers also call it after damage inside a value, so that the output has everything before the damage; no other
  /// call follows then.
  mutating func endBatch() throws
}

/// The result of reading a snapshot into folding sinks: the merged summary of all workers, and the end of the snapshot,
/// which is `nil` if a sink threw ``RDBError/stop``.
package typealias ReadResult<Summary> = (summary: Summary, end: SnapshotEnd?)
