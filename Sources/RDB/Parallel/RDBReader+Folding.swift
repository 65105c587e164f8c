public import RDBFormat

extension RDBReader {
  /// Reads the whole snapshot into a sink and returns the sink's summary.
  ///
  ///     let result = try reader.fold(KeyCounter())
  ///     print(result.summary, result.end?.byteCount ?? 0)
  ///
  /// - Parameter sink: A sink that this ends.
  /// - Returns: The sink's summary, and the end of the snapshot; `nil` if the sink threw ``RDBError/stop``.
  /// - Throws: ``RDBError``: damage, or an error of the source or the sink. If the sink has output, everything
  ///   before the error is written.
  @inlinable
  @discardableResult public mutating func fold<S: FoldingSink & ~Copyable>(_ sink: consuming S) throws -> (
    summary: S.Summary, end: SnapshotEnd?
  ) {
    try sink.finish(after: { sink in (try read(into: &sink), window.offset) })
  }

  /// Reads the whole snapshot into one sink per worker and returns the merged summary.
  ///
  /// Batches of whole keys go to the workers in file order; which worker reads which batch differs each
  /// time.
  ///
  /// - Parameters:
  ///   - threads: The number of workers, at least 1.
  ///   - makeSink: Makes a worker's sink. Called once per worker, one call after another on this thread.
  /// - Returns: The merged summary, and the end of the snapshot; `nil` if a sink threw ``RDBError/stop``.
  /// - Throws: ``RDBError``: the first error in file order.
  @inlinable
  @discardableResult public mutating func fold<S: FoldingSink & ~Copyable>(
    threads: Int, makeSink: () throws -> S
  ) throws -> (summary: S.Summary, end: SnapshotEnd?) {
    if threads <= 1 { return try fold(try makeSink()) }
    return try BatchReader<S>.read(
      &self, threads: threads, to: [], makeSink: { _ in try makeSink() }, endBatch: { _ in })
  }

  /// Reads the whole snapshot into one sink per worker, whose output goes to a destination in file order.
  ///
  ///     let result = try reader.write(to: try FileDestination(path: "dump.resp"), threads: 2) {
  ///       RESPSink(options, to: $0)
  ///     }
  ///
  /// Any number of workers gives the same bytes. With one worker, its sink writes to `destination` itself.
  ///
  /// - Parameters:
  ///   - destination: The destination of the output of all sinks.
  ///   - threads: The number of workers, at least 1.
  ///   - makeSink: Makes a worker's sink, which writes to the destination it is given. Called once per worker, one
  ///     call after another on this thread.
  /// - Returns: The merged summary, and the end of the snapshot; `nil` if a sink threw ``RDBError/stop``.
  /// - Throws: ``RDBError``: the first error in file order. Everything before it is written.
  @inlinable
  @discardableResult public mutating func write<S: OutputSink & ~Copyable>(
    to destination: any ByteDestination, threads: Int = 1,
    makeSink: (any ByteDestination) throws -> S
  ) throws -> (summary: S.Summary, end: SnapshotEnd?) {
    try write(to: [destination], threads: threads) { try makeSink($0[0]) }
  }

  /// Reads the whole snapshot into one sink per worker; each sink writes several outputs.
  ///
  /// The same as ``write(to:threads:makeSink:)``, with one destination per output.
  @inlinable
  @discardableResult package mutating func write<S: OutputSink & ~Copyable>(
    to destinations: [any ByteDestination], threads: Int = 1,
    makeSink: ([any ByteDestination]) throws -> S
  ) throws -> (summary: S.Summary, end: SnapshotEnd?) {
    if threads <= 1 {
      var sink = try makeSink(destinations)
      let end: SnapshotEnd?
      do {
        end = try read(into: &sink)
        if end == nil { try sink.endEarly() }
        try sink.endBatch()
      } catch {
        if RDBError.leavesOutputUsable(error) { try? sink.endBatch() }
        throw RDBError.fromSink(error, at: window.offset)
      }
      return (summary: try sink.finish(), end: end)
    }
    return try BatchReader<S>.read(
      &self, threads: threads, to: destinations, makeSink: makeSink, endBatch: { try $0.endBatch() })
  }
}

extension FoldingSink where Self: ~Copyable {
  /// Ends the sink after reading into it.
  ///
  /// - Parameter read: Reads into the sink. Returns the end of the snapshot, which is `nil` if the sink threw
  ///   ``RDBError/stop``, and the file offset where the reading ended.
  @inlinable consuming func finish(
    after read: (inout Self) throws -> (end: SnapshotEnd?, offset: Int)
  ) throws -> (summary: Summary, end: SnapshotEnd?) {
    let end: SnapshotEnd?
    let offset: Int
    do {
      (end, offset) = try read(&self)
      if end == nil { try endEarly() }
    } catch {
      // The buffered output is that of keys before the error.
      if RDBError.leavesOutputUsable(error) { _ = try? finish() }
      throw error
    }
    do {
      return (summary: try finish(), end: end)
    } catch {
      throw RDBError.fromSink(error, at: offset)
    }
  }
}

extension RDBError {
  /// Whether output before `error` can still be written: the error is not one of the output itself.
  @usableFromInline static func leavesOutputUsable(_ error: any Error) -> Bool {
    guard let error = error as? RDBError else { return true }
    return error.code != .io && error.code != .outputClosed && error.code != .refused
  }
}
