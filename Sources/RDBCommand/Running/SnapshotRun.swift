import RDB
import RDBSupport

/// One pass over a snapshot: its input, its reader, and its progress.
struct SnapshotRun: ~Copyable {
  let input: InputFile
  let origin: SnapshotOrigin
  private var reader: RDBReader

  /// Starts to read the snapshot, up to its first key.
  ///
  /// - Parameter findsHyperLogLogs: Whether to look for malformed HyperLogLogs.
  /// - Throws: ``Failure``, if the input is no snapshot.
  init(
    _ input: InputFile, _ options: ReadingOptions, _ damage: DamageOptions? = nil, findsHyperLogLogs: Bool = false
  ) throws {
    try self.init(input, options.readerOptions(damage, findsHyperLogLogs: findsHyperLogLogs))
  }

  /// Starts to read the snapshot, up to its first key.
  ///
  /// - Throws: ``Failure``, if the input is no snapshot.
  init(_ input: InputFile, _ options: RDBReader.Options) throws {
    var reader = RDBReader(input.source, options: options)
    do {
      origin = try reader.origin()
    } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
    self.input = input
    self.reader = reader
  }

  /// Reads the whole snapshot into sinks with output.
  ///
  /// - Parameters:
  ///   - output: The file that `destinations` write to. It is abandoned if this throws, and not finished otherwise.
  ///   - makeSink: Makes the sink of a worker.
  /// - Throws: ``Failure``.
  consuming func write<S: OutputSink & ~Copyable>(
    threads: Int, progress: ProgressOptions, output: OutputFile? = nil, to destinations: [any ByteDestination],
    makeSink: ([any ByteDestination]) throws -> S
  ) throws -> ReadResult<S.Summary> {
    let line = progress.start(input.position(of: reader.progress), output: output)
    let (name, replayed) = (input.shownName, input.replayed)
    do {
      var result = try reader.write(to: destinations, threads: threads, makeSink: makeSink)
      if let replayed { result.end?.skipped.merge(replayed.ledger) }
      line?.end()
      return result
    } catch {
      line?.end()
      output?.abandon()
      if let ending = (error as? RDBError)?.underlying as? any EndOfTransfer { throw ending }
      // A full disk takes precedence over damage: the input may be whole.
      if let output, let failure = output.failure {
        throw failure.failure(in: output.shownName)
      }
      throw RDBError.transfer("read", error, at: 0).failure(in: name)
    }
  }

  /// Reads the whole snapshot into sinks without output.
  ///
  /// - Throws: ``Failure``.
  consuming func fold<S: FoldingSink & ~Copyable>(
    threads: Int, progress: ProgressOptions, makeSink: () throws -> S
  ) throws -> ReadResult<S.Summary> {
    let line = progress.start(input.position(of: reader.progress), output: nil)
    let (name, replayed) = (input.shownName, input.replayed)
    do {
      var result = try reader.fold(threads: threads, makeSink: makeSink)
      if let replayed { result.end?.skipped.merge(replayed.ledger) }
      line?.end()
      return result
    } catch {
      line?.end()
      if let ending = (error as? RDBError)?.underlying as? any EndOfTransfer { throw ending }
      throw RDBError.transfer("read", error, at: 0).failure(in: name)
    }
  }
}

/// An error of a destination that is neither about the input nor about a file. Reading passes it on as it is.
protocol EndOfTransfer: Error {}

extension SnapshotEnd {
  /// Notes for the user about the end of a snapshot.
  var notes: [String] {
    var notes: [String] = []
    switch checksum {
    case .verified: break
    case .disabled: notes.append("the file has no checksum: its writer had switched it off")
    case .absent: notes.append("the file has no checksum: its RDB version is older than 5")
    case .ignored: notes.append("the checksum was not compared")
    }
    notes += surroundingNotes
    return notes
  }
}
