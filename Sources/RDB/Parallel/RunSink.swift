public import RDBFormat

/// A sink that several workers can each have one of.
///
/// The reader hands runs of whole keys to workers; each has a sink of its own. Output goes through a
/// ``ByteOutput`` to a ``RunPlace``, which keeps file order; everything else ends up in a summary
/// that the caller merges.
public protocol RunSink: RDBSink, SendableMetatype, ~Copyable {
  /// What is left when all runs are read: a ledger, counts, a report.
  associatedtype Summary: Sendable

  /// A run is complete: flush the output (``ByteOutput/endRun()``). Without output: do nothing.
  ///
  /// Also called after damage, wherever in a value it is, so that the output has all that came before;
  /// then no other call follows.
  mutating func endRun() throws(RDBError)

  /// A sink threw ``RDBError/stop``: nothing more comes, not even `endSnapshot`. Make the output whole
  /// as far as it goes. Followed by `endRun`. Only called when one thread reads.
  mutating func endEarly() throws(RDBError)

  /// All runs are read, and ``endRun()`` was called behind the last: nothing is written here.
  consuming func finish() throws(RDBError) -> Summary
}

extension RunSink where Self: ~Copyable {
  /// Nothing to make whole.
  @inlinable public mutating func endEarly() throws(RDBError) {}
}
