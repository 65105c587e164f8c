import ArgumentParser
import RDB
import RDBAnalysis
import RDBFormat
import RDBSQLite
import RDBSupport

/// `rdb sql`: makes a database of SQLite, and asks it.
struct SQL: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Ask a snapshot in SQL, or write it into a SQLite file.",
    discussion: """
      Tables: keys, with a row per key, and with --values strings, list_elements, set_members, zset_members, \
      hash_fields, stream_fields and others. Views: memory, bigkeys, memkeys, hotkeys, idle, prefix, ttl, stats, slots. \
      Bytes are BLOBs; beside each stands a text column, NULL where the bytes are not UTF-8. A query can only read. \
      Without -o no file is kept. Documentation/sql.md describes every column.

      Examples:
        rdb sql dump.rdb 'SELECT * FROM prefix LIMIT 10'
        rdb sql dump.rdb --values -o keys.sqlite
        rdb sql keys.sqlite 'SELECT * FROM memory LIMIT 20'
        rdb sql keys.sqlite "SELECT * FROM keys WHERE key_text = 'user:42'" --json
        rdb sql keys.sqlite 'SELECT * FROM keys WHERE expires_ms IS NULL' --csv
      """)

  @OptionGroup var input: InputOptions

  @Argument(help: ArgumentHelp("One SELECT statement, whose result is printed.", valueName: "query"))
  var query: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write the SQLite file here. It appears when it is complete.", valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(help: "Write the elements of values too.")
  var values = false

  @OptionGroup(title: "Output") var form: TableArguments
  @OptionGroup(title: "Losses") var ledger: LedgerOptions
  @OptionGroup(title: "Estimate") var model: ModelArguments
  @OptionGroup var keys: KeyArguments
  @OptionGroup(title: "Reading") var payload: PayloadArguments
  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if output == nil && query == nil { throw ValidationError("Give a query, -o FILE, or both.") }
    if query == nil && (form.csv || form.json || form.noDefuse) {
      throw ValidationError("--csv, --json and --no-defuse need a query.")
    }
  }

  func run() throws {
    if SQLiteFile.isOne(input.dump) { return try askStored() }
    let input = try payload.open(input, reading, now: try keys.expiry.present)
    let ending = try LedgerEnding(ledger, keys, working, reading: [input])
    let file = try output.map { try SQLiteFile(path: $0, reading: input) }
    do {
      let threads = working.threads.count
      let database = try SnapshotDatabase(path: file?.path, holdsValues: values, threads: threads)
      // A wrong query ends the command before the input is read.
      if let query { try database.check(query) }
      let result = try write(input, to: database)
      if let query { try print(query) { try database.query(query, $0) } }
      try database.close()
      try file?.finish()
      var losses = result.summary
      losses.merge(result.filtered)
      if let end = result.end { losses.merge(end.losses) }
      try ending.finish(losses, notes: result.notes + (result.end?.notes ?? []), end: result.end)
    } catch let error as SQLiteError {
      throw error.failure(in: file?.shownName ?? "the temporary database")
    }
  }

  /// Asks a file that this command wrote before.
  private func askStored() throws {
    let name = shown(input.dump)
    guard let query, output == nil else {
      throw Failure(.usage, "\(name): is a SQLite file already", hint: "Give a query, and no -o.")
    }
    do {
      let database = try StoredDatabase(path: input.dump)
      try print(query) { try database.query(query, $0) }
    } catch let error as SQLiteError { throw error.failure(in: name) }
  }

  private func write(_ input: InputFile, to database: SnapshotDatabase) throws -> Conversion.Result<Ledger> {
    let opened = try SnapshotRun(input, reading, keys.damage)
    let origin = opened.origin
    // A closure cannot consume what it captures, but it can take it.
    var waiting: SnapshotRun? = consume opened
    let model = model.model(origin, reading.server)
    let filter = try keys.options
    let progress = working.progress
    return try database.write(facts: try facts(input, origin)) { tables in
      guard let run = waiting.take() else { preconditionFailure("a snapshot is read once") }
      guard values else {
        return try run.foldFiltered(by: filter, threads: 1, progress) { MemorySink(model, to: try tables.keyRows()) }
      }
      let result = try run.foldFiltered(by: filter, threads: 1, progress) {
        Tee(MemorySink(model, to: try tables.keyRows()), try tables.valueRows())
      }
      var ledger = result.summary.first
      ledger.merge(result.summary.second)
      return Conversion.Result(summary: ledger, filtered: result.filtered, notes: result.notes, end: result.end)
    }
  }

  /// What the table `info` says.
  private func facts(_ input: InputFile, _ origin: SnapshotOrigin) throws -> [String: String] {
    var facts = [
      "rdb_version": RDBTool.version, "source": input.shownName, "has_values": values ? "1" : "0",
      "reference_ms": "\((keys.expiry.now != nil ? try keys.expiry.present : origin.ctime ?? .now).value)",
    ]
    for field in origin.auxFields {
      facts["aux:" + String(decoding: field.name, as: UTF8.self)] = String(decoding: field.value, as: UTF8.self)
    }
    return facts
  }

  /// Prints the result of a query.
  private func print(_ query: String, _ ask: ((borrowing QueryRows) throws -> Void) throws -> Void) throws {
    let output = try OutputFile(path: "-", keepsPartial: false, inputs: [], form: form.form.onTerminal)
    var writer = QueryResultWriter(form.form, defuses: !form.noDefuse, to: output)
    try ask { rows in
      try writer.begin(rows.columns)
      try rows.forEach { try writer.write($0) }
    }
    do {
      try writer.finish()
      try output.finish()
    } catch { throw RDBError.transfer("write", error, at: 0).failure(in: output.shownName) }
  }
}

extension SQLiteError: EndOfTransfer {
  /// SQLite's words for what ``ReadingOnly`` refuses.
  private static let refusal = "not authorized"

  private var reason: String {
    message == Self.refusal
      ? "it would change the tables, attach another database or load an extension, and queries can only read" : message
  }

  private var hint: String {
    if message == Self.refusal { return "-o FILE keeps the tables in a file, which sqlite3 can change." }
    let elements = ElementTables.names.first { message == "no such table: \($0)" }
    if let elements { return "The elements of keys are in tables, such as \(elements), with --values." }
    return "rdb sql --help lists the tables and views; SELECT * FROM keys LIMIT 1 shows the columns of one."
  }

  /// The failure that ends the process.
  func failure(in name: String) -> Failure {
    switch kind {
    case .query: Failure(.usage, "the query cannot be run: \(visible(reason))", hint: hint)
    case .file: Failure(.damaged, "\(name): \(visible(message))")
    case .io: Failure(.ioError, "\(name): \(visible(message))")
    }
  }
}
