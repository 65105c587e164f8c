import ArgumentParser
import RDB
import RDBConvert
import RDBFormat
import RDBFiltering
import RDBIndex
import RDBSupport

/// The options that name a key and choose how to find it.
struct LookupArguments: ParsableArguments {
  @Argument(help: ArgumentHelp("The name of the key; left out with --payload.", valueName: "key"))
  var key: String?

  @OptionGroup var payload: PayloadArguments

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("Look in this database.", valueName: "number"))
  var db: UInt64 = 0

  @Flag(help: #"Read names as rdb keys and CSV cells have them, with \n, \xff, \\ and \"."#)
  var escaped = false

  @Option(
    help: ArgumentHelp("Look the key up in this index. Default: DUMP.idx, if it exists.", valueName: "file"),
    completion: .file())
  var index: String?

  @Flag(help: "Search the snapshot even if there is an index.")
  var noIndex = false

  func validate() throws {
    if index != nil && noIndex { throw ValidationError("--index and --no-index contradict each other: give one.") }
    if let key {
      if payload.payload { throw ValidationError("--payload reads one value, which has no name: leave the key out.") }
      if escaped { _ = try bytes(of: key) }
    } else if !payload.payload {
      throw ValidationError("Missing expected argument '<key>'")
    }
  }

  /// Returns the bytes of a name that is given as an argument.
  ///
  /// - Throws: `ValidationError`, if `--escaped` was given and the escapes are wrong.
  func bytes(of argument: String) throws -> [UInt8] { try nameBytes(of: argument, isEscaped: escaped) }
}

/// Returns the bytes of a name that is given as an argument.
///
/// - Parameter isEscaped: Whether the name has the escapes of `rdb keys` and of CSV cells.
/// - Throws: `ValidationError`, if the escapes are wrong.
func nameBytes(of argument: String, isEscaped: Bool) throws -> [UInt8] {
  guard isEscaped else { return rawArgument(argument) }
  guard let bytes = unescaped(FormulaText.withoutApostrophe(Array(argument.utf8))) else {
    throw ValidationError(
      #"\#(shown(argument)) is not an escaped name: the escapes are \n \r \t \a \b \\ \" and \xhh."#)
  }
  return bytes
}

/// Returns the bytes of an argument, which need not be UTF-8.
///
/// - Parameter text: The argument, in which other bytes were replaced by U+FFFD.
func rawArgument(_ text: String) -> [UInt8] {
  for index in 1..<max(Int(CommandLine.argc), 1) {
    guard let argument = CommandLine.unsafeArgv[index] else { continue }
    let bytes = Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
    if String(decoding: bytes, as: UTF8.self) == text { return bytes }
    // --field=F
    if let equals = bytes.firstIndex(of: UInt8(ascii: "=")), bytes.starts(with: "--".utf8),
      String(decoding: bytes[(equals + 1)...], as: UTF8.self) == text
    {
      return Array(bytes[(equals + 1)...])
    }
  }
  return Array(text.utf8)
}

/// The run of a command that reads one key, found by an index or by a search.
struct KeyLookup {
  let input: InputFile
  let path: String
  let arguments: LookupArguments
  let name: [UInt8]
  let reading: ReadingOptions
  let working: WorkingArguments

  init(
    _ input: InputOptions, _ arguments: LookupArguments, _ reading: ReadingOptions, _ working: WorkingArguments
  ) throws {
    path = input.dump
    self.input = try arguments.payload.open(input, reading)
    self.arguments = arguments
    name = try arguments.key.map { try arguments.bytes(of: $0) } ?? PayloadArguments.keyName
    (self.reading, self.working) = (reading, working)
  }

  /// Reads the key into a sink.
  ///
  /// - Parameters:
  ///   - choice: The elements to read.
  ///   - output: The file that the sink writes to. It is abandoned if this throws.
  ///   - make: Makes the sink from the origin of the snapshot.
  /// - Throws: ``Failure``, also if there is no such key or element.
  func read<S: FoldingSink & ~Copyable>(
    _ choice: ElementChoice, to output: OutputFile,
    make: (SnapshotOrigin) throws -> S
  ) throws -> S.Summary {
    do {
      guard let file = input.file else { return try readOnce(choice, output, make) }
      let origin = try SnapshotRun(input.fromStart, reading).origin
      let (found, hints) = try find(in: file)
      guard let location = found else { throw missing(hints) }
      let whole = try resolve(choice, at: location, file)
      let summary = try read(whole, at: location, file, output, try perform { try make(origin) })
      guard summary.isFound else { throw missing(nil) }
      if case .named(let element) = choice, summary.elementCount == 0 { throw absent(element) }
      return summary.base
    } catch {
      output.abandon()
      throw error
    }
  }

  private func perform<T: ~Copyable>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch {
      throw RDBError.transfer("read", error, at: 0).failure(in: input.shownName)
    }
  }

  // MARK: Files

  /// Finds the key by the index or by a search. If there is no such key, returns hints, except with `-q`.
  private func find(in file: FileSource) throws -> (location: KeyLocation?, hints: KeyHints?) {
    let isQuiet = working.progress.quiet
    let found = KeyFinder.Found()
    if let locations = try indexedLocations(in: file) {
      let location = try locations.first { try $0.database == arguments.db && isKey(at: $0, file) }
      return (location, location == nil && !isQuiet ? try look(found) : nil)
    }
    let hints = try look(found)
    let location = found.offset.map { KeyLocation(database: arguments.db, offset: $0) }
    return (location, isQuiet ? nil : hints)
  }

  /// Searches the whole snapshot.
  private func look(_ found: KeyFinder.Found) throws -> KeyHints {
    let (name, database) = (name, arguments.db)
    let result = try SnapshotRun(input.fromStart, reading).fold(
      threads: working.threads.count, progress: working.progress
    ) { KeyFinder(name: name, database: database, found: found) }
    if let losses = result.end?.losses { InputLosses.report(losses) }
    var hints = KeyHints(name: name, database: database)
    hints.merge(result.summary)
    return hints
  }

  /// The keys that can have this name according to the index; `nil` if there is no index.
  private func indexedLocations(in file: FileSource) throws -> [KeyLocation]? {
    // The index does not distinguish larger numbers.
    guard !arguments.noIndex, arguments.db < 0xFFFF else { return nil }
    guard let index = arguments.index ?? input.indexPath else { return nil }
    if arguments.index == nil, access(index, F_OK) != 0 { return nil }
    do throws(KeyIndex.Refusal) {
      return try KeyIndex(path: index, of: file).keyLocations(of: name.span.bytes)
    } catch {
      throw Failure(error, index: index, of: path)
    }
  }

  /// Whether the record is the key with this name.
  private func isKey(at location: KeyLocation, _ file: FileSource) throws -> Bool {
    try perform {
      var sink = FirstName(name)
      var reader = try RDBReader(file, at: location, options: reading.readerOptions)
      try reader.read(into: &sink)
      return sink.isEqual
    }
  }

  /// Returns the choice with element numbers that count from the beginning.
  private func resolve(_ choice: ElementChoice, at location: KeyLocation, _ file: FileSource) throws -> ElementChoice {
    guard choice.countsFromEnd else { return choice }
    let count: UInt64? = try perform {
      var sink = CountingSink()
      var reader = try RDBReader(file, at: location, options: reading.readerOptions)
      try reader.read(into: &sink)
      return sink.count
    }
    return count.map { choice.resolved(count: $0) } ?? choice
  }

  private func read<S: FoldingSink & ~Copyable>(
    _ choice: ElementChoice, at location: KeyLocation, _ file: FileSource, _ output: OutputFile, _ base: consuming S
  ) throws -> OneKey<S>.Summary {
    var options = OneKey<S>.Options(database: location.database, name: name)
    options.elements = choice
    var sink = OneKey(options, base: base)
    do {
      var reader = try RDBReader(file, at: location, options: reading.readerOptions)
      try reader.read(into: &sink)
      try sink.endEarly()
      return try sink.finish()
    } catch {
      throw failure(error, output)
    }
  }

  private func failure(_ error: any Error, _ output: OutputFile) -> Failure {
    let error = RDBError.transfer("read", error, at: 0)
    if let failure = output.failure { return failure.failure(in: output.shownName) }
    return error.failure(in: error.code == .refused ? shownKey : input.shownName)
  }

  // MARK: Pipes

  /// Reads an input that can be read only once.
  private func readOnce<S: FoldingSink & ~Copyable>(
    _ choice: ElementChoice, _ output: OutputFile, _ make: (SnapshotOrigin) throws -> S
  ) throws -> S.Summary {
    if arguments.index != nil {
      throw Failure(
        .usage, "\(input.shownName): cannot be used with an index, because it can be read from its beginning only",
        hint: "\(input.format == nil ? "Write" : "Decompress") it into a file, or leave --index out.")
    }
    var options = OneKey<S>.Options(database: arguments.db, name: name)
    options.elements = choice
    options.keepsHints = !working.progress.quiet
    let summary: OneKey<S>.Summary
    var reader = RDBReader(input.source, options: reading.readerOptions)
    let line = working.progress.start(input.position(of: reader.progress), output: output)
    do {
      let origin = try reader.origin()
      var sink = OneKey(options, base: try make(origin))
      let end = try reader.read(into: &sink)
      try sink.endEarly()
      summary = try sink.finish()
      line?.end()
      if let losses = end?.losses { InputLosses.report(losses) }
      if let replayed = input.replayed { InputLosses.report(replayed.ledger) }
    } catch {
      line?.end()
      throw failure(error, output)
    }
    guard summary.isFound else { throw missing(working.progress.quiet ? nil : summary.hints) }
    if case .named(let element) = choice, summary.elementCount == 0 { throw absent(element) }
    return summary.base
  }

  // MARK: Missing keys and elements

  private var shownKey: String { printable(name, limit: 4096) }

  private func missing(_ hints: KeyHints?) -> Failure {
    var lines: [String] = []
    if let hints, let other = hints.databases.first {
      let all = hints.databases.map { "\($0)" }.joined(separator: ", ")
      lines.append(
        hints.databases.count == 1
          ? "Database \(other) has a key of this name: -n \(other)."
          : "Databases \(all) have a key of this name: -n \(other).")
    }
    if let hints, !hints.names.isEmpty {
      lines.append("Similar names:")
      lines += hints.names.map { "  " + printable($0.name, limit: 200) }
    }
    if !arguments.escaped, name.contains(UInt8(ascii: "\\")) {
      lines.append("The name has a backslash: --escaped reads it as rdb keys writes it.")
    }
    let message = working.progress.quiet ? nil : "\(input.shownName): no key \(shownKey) in database \(arguments.db)"
    return Failure(.nothingMatched, message, hint: lines.isEmpty ? nil : lines.joined(separator: "\n"))
  }

  private func absent(_ element: [UInt8]) -> Failure {
    Failure(
      .nothingMatched,
      working.progress.quiet ? nil : "\(input.shownName): key \(shownKey) has no \(printable(element, limit: 4096))")
  }
}

extension Failure {
  /// The failure for an index that cannot be used.
  init(_ refusal: KeyIndex.Refusal, index: String, of dump: String) {
    let (kind, why): (String, String)
    switch refusal {
    case .foreign(let reason): (kind, why) = ("cannot be used as an index", reason)
    case .stale(let reason): (kind, why) = ("is stale, or belongs to another dump", reason)
    case .damaged(let reason): (kind, why) = ("is damaged", reason)
    case .unreadable(let reason):
      self.init(.noInput, "\(shown(index)): cannot be read: \(reason)")
      return
    }
    self.init(
      .damaged, "\(shown(index)): \(kind): \(why)",
      hint: "Write it again (rdb index \(shown(dump))), or ignore it (--no-index).")
  }
}

/// A sink that compares the name of the first key.
private struct FirstName: SelectiveSink {
  private let name: [UInt8]
  private(set) var isEqual = false
  init(_ name: [UInt8]) { self.name = name }

  static var events: SinkEvents { [.beginKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    isEqual = key.name.withUnsafeBytes { $0.elementsEqual(name) }
    throw .stop
  }
}

/// A sink that counts the elements of the first key. Strings have none.
private struct CountingSink: SelectiveSink {
  private(set) var count: UInt64?

  static var events: SinkEvents { [.endKey] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    switch key.type {
    case .string, .module, .array: throw .stop
    case .list, .set, .zset, .hash, .stream, .pathHash: return .validate
    }
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    count = end.measure?.elementCount
    throw .stop
  }
}
