import RDB
import RDBAnalysis
import RDBEdit
import RDBFiltering
import RDBFormat
import RDBReplay
import RDBSupport

/// The run of `rdb diff` and `rdb verify`: reads both inputs once to find the keys that differ, and once more to find what changed.
final class ComparisonRun {
  private let inputs: [ComparedInput]
  private let options: ComparisonOptions
  /// The filter of each input.
  private let filters: [FilterOptions?]
  private let reader: RDBReader.Options
  private let working: WorkingArguments
  /// The number of keys of both inputs that were compared, or found damaged.
  private(set) var keyCount: UInt64 = 0
  /// The counts of keys, after the comparison.
  private(set) var counts = KeyMatches.Counts()
  /// Returns the time after both inputs were read, up to which a key may have expired meanwhile; `nil`: none may.
  var expiredBy: () -> UnixMilliseconds? = { nil }

  /// - Parameters:
  ///   - inputs: The two inputs.
  ///   - filters: The filter of each; `nil`: all keys are compared.
  init(
    _ inputs: [ComparedInput], _ options: ComparisonOptions, _ filters: [FilterOptions?], _ reader: RDBReader.Options,
    _ working: WorkingArguments
  ) {
    (self.inputs, self.options, self.reader, self.working) = (inputs, options, reader, working)
    self.filters = filters.map { filter in
      var filter = filter
      filter?.listsDamagedKeys = false
      return filter
    }
  }

  /// - Parameters:
  ///   - inputs: The two inputs.
  ///   - sample: The part of the keys that are compared; `nil`: all.
  convenience init(
    _ inputs: [ComparedInput], _ options: ComparisonOptions, _ keys: KeyArguments, _ reading: ReadingOptions,
    _ working: WorkingArguments, sample: KeySample? = nil
  ) throws {
    var filter = try keys.options
    if let sample {
      filter = try filter ?? FilterOptions(now: keys.expiry.present)
      filter?.sample = sample
    }
    self.init(inputs, options, [filter, filter], reading.readerOptions(keys.damage), working)
  }

  /// The files that must not be overwritten.
  var identities: [FileIdentity] { inputs.flatMap(\.identities) }
  /// The paths of indexes, which must not be overwritten.
  var indexes: [String] { inputs.compactMap(\.indexPath) }

  /// Compares the inputs, and writes the differences.
  ///
  /// - Parameters:
  ///   - top: The most prefixes whose growth is shown.
  ///   - growth: Makes the sums by prefix.
  /// - Returns: Whether the inputs differ.
  /// - Throws: ``Failure``, after abandoning the output.
  func compare(
    to output: OutputFile, _ form: TableArguments, top: Int?, _ growth: () throws -> PrefixGrowth
  ) throws -> Bool {
    do {
      let matches = try findKeys()
      var writer = DifferenceWriter(form, to: output)
      var sums = try growth()
      try forEachDifference(of: matches) { key in
        try sums.add(key.name, before: key.before?.byteCount, after: key.after?.byteCount)
        try perform(output) { try writer.add(key) }
      }
      let names = inputs.map(\.shownName)
      let summary = DifferenceSummary(
        before: names[0], after: names[1], matches, growth: sums.finish(), top: top ?? (form.form == .text ? 10 : nil))
      try perform(output) {
        try writer.finish(summary)
        try output.finish()
      }
      return matches.counts.differing > 0
    } catch {
      output.abandon()
      throw error
    }
  }

  /// Reads both inputs, and compares the digests of all keys.
  ///
  /// - Throws: ``Failure``.
  func findKeys() throws -> KeyMatches {
    let digests = try inputs.indices.map { number in
      let options = options(ofInput: number)
      return try read(number, try inputs[number].first(), reporting: \.damaged) { KeyDigestSink(options) }
    }
    var rules = options
    rules.expiredBy = expiredBy()
    let matches: KeyMatches
    do throws(RDBError) { matches = try KeyMatches(digests[0], digests[1], rules) } catch {
      throw error.failure(in: Self.temporary)
    }
    counts = matches.counts
    keyCount = matches.before.keyCount + matches.after.keyCount + matches.counts.notCompared
    return matches
  }

  /// Reads the differing keys of both inputs once more.
  ///
  /// - Parameter receive: Receives each key that differs.
  /// - Throws: ``Failure``, or an error of `receive`.
  func forEachDifference(of matches: KeyMatches, _ receive: (KeyDifference) throws -> Void) throws {
    guard matches.counts.differing > 0 else { return }
    let parts = try inputs.indices.map { number in
      let options = options(ofInput: number)
      return try read(number, try inputs[number].second(), reporting: nil) {
        try PartSink(matches, ofFirst: number == 0, options)
      }
    }
    var differences = try temporary { () throws(RDBError) in try KeyDifferences(parts[0], parts[1], options) }
    while let key = try temporary({ () throws(RDBError) in try differences.nextKey() }) { try receive(key) }
  }

  /// Only keys of the first input count as being in another database.
  private func options(ofInput number: Int) -> ComparisonOptions {
    var options = options
    if number > 0 { options.databaseMap = [:] }
    return options
  }

  /// Reads an input through the filter. The sink learns of damaged keys.
  ///
  /// - Parameter damaged: The damaged keys, to be reported with the other losses and notes; `nil`: nothing is reported.
  private func read<S: FoldingSink & ~Copyable>(
    _ number: Int, _ input: InputFile, reporting damaged: ((S.Summary) -> Ledger)?, makeSink: () throws -> S
  ) throws -> S.Summary {
    let result = try SnapshotRun(input, reader).foldFiltered(by: filters[number], working, makeSink: makeSink)
    if let damaged {
      var losses = damaged(result.summary)
      losses.merge(result.filtered)
      if let end = result.end { losses.merge(end.losses) }
      InputLosses.report(losses)
      if !working.progress.quiet {
        StandardStreams.writeError(result.notes.map { "rdb: note: \(input.shownName): \($0)\n" }.joined())
      }
    }
    return result.summary
  }

  private static let temporary = "temporary files"

  /// Works on temporary files.
  private func temporary<T: ~Copyable>(_ body: () throws(RDBError) -> T) throws -> T {
    do throws(RDBError) { return try body() } catch { throw error.failure(in: Self.temporary) }
  }

  /// Writes to the output.
  private func perform(_ output: OutputFile, _ body: () throws -> Void) throws {
    do { try body() } catch {
      throw RDBError.transfer("write", error, at: 0).failure(in: output.shownName)
    }
  }
}

/// An input that is read twice. The bytes of a pipe are kept in a temporary file.
struct ComparedInput {
  let shownName: String
  let identities: [FileIdentity]
  let indexPath: String?
  /// Opens the input for the first and for the second time.
  let first: () throws -> InputFile
  let second: () throws -> InputFile

  /// Opens an input by its name.
  init(_ path: String, _ reading: ReadingOptions, now: UnixMilliseconds) throws {
    let input = try reading.open(path, now: now)
    if path != "-", FileIdentity(path: path) != nil || LogFolder.isFolder(path) {
      // Both are opened now, so that they are the same file.
      let again = try reading.open(path, now: now)
      self.init(input, first: { input }, second: { again })
      return
    }
    try self.init(keeping: input)
  }

  /// An input that can be read only once: enough to find whether there are differences.
  init(once input: InputFile) { self.init(input, first: { input }, second: { input }) }

  /// Keeps the bytes of an input in a temporary file, unless it can be read at any offset.
  init(keeping input: InputFile) throws {
    let open: () throws -> any ByteSource
    do { open = try LogOpening.reopening(input.source) } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
    let reopened = {
      var input = input
      input.source = try open()
      return input
    }
    self.init(input, first: reopened, second: reopened)
  }

  private init(_ input: InputFile, first: @escaping () throws -> InputFile, second: @escaping () throws -> InputFile) {
    (shownName, identities, indexPath) = (input.shownName, input.identities, input.indexPath)
    (self.first, self.second) = (first, second)
  }
}
