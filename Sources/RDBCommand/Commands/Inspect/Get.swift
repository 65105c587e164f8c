import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBFiltering

/// `rdb get`: shows one key.
struct Get: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "get",
    abstract: "Show one key and its value.",
    discussion: """
      An index (rdb index) finds the key at once; otherwise the snapshot is searched. Times are absolute.

      --field takes the name of a hash field or a member, the ID of a stream entry, or the index of an array element. \
      --field= is the field with the empty name. --range takes the first and the last number, from 0, as LRANGE does; \
      for strings, bytes, as GETRANGE does. Negative numbers count from the end, 5: ends at the end, and :9 begins at 0.

      Values of other keys are skipped: rdb check finds damage inside them, this command does not.

      Examples:
        rdb get dump.rdb user:42
        rdb get dump.rdb user:42 --field email --raw
        rdb get dump.rdb jobs -n 3 --range -10:-1
        rdb get dump.rdb 'session:\\xac\\xed' --escaped --json | jq .expire_ms
        rdb get dump.rdb cart:9 --resp | redis-cli --pipe
        rdb get dump.rdb visitors --decode
      """)

  /// The form of the output.
  enum Form {
    case text, hex, raw, json, resp

    /// The form in which a terminal gets escapes. Text is safe already, and raw bytes are never written to one.
    var onTerminal: TerminalText.Form? {
      switch self {
      case .json: .json
      case .resp: .lines
      case .text, .hex, .raw: nil
      }
    }
  }

  @OptionGroup var input: InputOptions
  @OptionGroup var lookup: LookupArguments
  @OptionGroup(title: "Output") var output: OutputOptions

  @Flag(help: "Write the JSON object that rdb json writes.")
  var json = false

  @Flag(help: "Write the bytes of the value, with a newline after each part unless there is only one.")
  var raw = false

  @Flag(help: "Write the commands that rebuild the key.")
  var resp = false

  @Flag(help: "Write bytes in hexadecimal.")
  var hex = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Show only this field, member, stream entry, array index or path.", valueName: "name"))
  var field: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Show only elements with these numbers, such as 0:9, 5: or -10:-1.", valueName: "first:last"),
    transform: ElementRange.init(parsing:))
  var range: ElementRange?

  @Option(help: ArgumentHelp("Write strings in JSON in this form. Default: utf8.", valueName: "how"))
  var strings: JSONOptions.Strings?

  @Flag(help: "Add the cardinality of a HyperLogLog, positions of a geo set, or a decoded module value.")
  var decode = false

  @OptionGroup(title: "Reading") var reading: ReadingOptions
  @OptionGroup var working: WorkingArguments

  func validate() throws {
    if [json, raw, resp, hex].count(where: { $0 }) > 1 {
      throw ValidationError("--json, --raw, --resp and --hex contradict each other: give one.")
    }
    if field != nil && range != nil { throw ValidationError("--field and --range contradict each other: give one.") }
    if resp && (field != nil || range != nil) {
      throw ValidationError("--resp writes whole keys: leave --field and --range out.")
    }
    if decode && (raw || resp) {
      throw ValidationError("--decode adds to text and to --json: leave \(raw ? "--raw" : "--resp") out.")
    }
    if strings != nil && !json { throw TableArguments.stringsNeedJSON }
    _ = try choice
  }

  private var form: Form { json ? .json : raw ? .raw : resp ? .resp : hex ? .hex : .text }

  private var choice: ElementChoice {
    get throws {
      if let field { return .named(try lookup.bytes(of: field)) }
      return range.map { .range(first: $0.first, last: $0.last) } ?? .all
    }
  }

  func run() throws {
    let lookup = try KeyLookup(input, lookup, reading, working)
    let output = try output.open(reading: lookup.input, form.onTerminal, index: lookup.arguments.index)
    let choice = try choice
    let ledger: Ledger
    switch form {
    case .text, .hex:
      let style: KeyText.Style = form == .hex ? .hex : .quoted
      ledger = try lookup.read(choice, to: output) { origin in
        KeyText(
          style, writer: origin.assumedWriter, now: .now, isPart: choice != .all, decodes: decode, to: output)
      }
    case .raw:
      if output.isTerminal {
        throw Failure(
          .usage, "standard output is a terminal, and raw bytes can change what it does",
          hint: "Write to a file (-o FILE), pipe it on, or leave --raw out.")
      }
      let isOneElement = field != nil
      ledger = try lookup.read(choice, to: output) { _ in RawValueSink(isOneElement: isOneElement, to: output) }
    case .json:
      let strings = strings ?? .utf8
      ledger = try lookup.read(choice, to: output) { origin in
        var options = JSONOptions(writer: origin.assumedWriter)
        (options.layout, options.strings, options.isPart) = (.lines, strings, choice != .all)
        options.decodes = decode
        return JSONSink(options, to: output)
      }
    case .resp:
      ledger = try lookup.read(choice, to: output) { origin in
        RESPSink(RESPOptions(target: origin.assumedWriter), to: output)
      }.ledger
    }
    try finish(ledger, output)
  }

  private func finish(_ ledger: Ledger, _ output: OutputFile) throws {
    do throws(RDBError) { try output.finish() } catch {
      output.abandon()
      throw error.failure(in: output.shownName)
    }
    // The counts of a single key are of no use, but raw output can lack parts of its value.
    let notes = form == .raw && !working.progress.quiet ? ledger.sortedNotes : []
    StandardStreams.writeError(
      LedgerReport(ledger: ledger, isQuiet: true).text
        + notes.map { "rdb: not written: \($1.count) × \($0)\n" }.joined())
    if ledger.hasLosses { throw Failure(.losses, nil) }
  }
}

/// The first and the last number of a range, both included. Either may be missing: `0:9`, `5:`, `:9`.
struct ElementRange {
  var first: Int64
  var last: Int64

  /// - Throws: `ValidationError`.
  init(parsing argument: String) throws {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      throw ValidationError("expected two numbers with a colon between them, such as 0:9, 5: or -10:-1.")
    }
    first = parts[0].isEmpty ? 0 : try Self.number(parts[0])
    last = parts[1].isEmpty ? -1 : try Self.number(parts[1])
  }

  private static func number(_ text: Substring) throws -> Int64 {
    if let number = Int64(text) { return number }
    let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw ValidationError("expected a number from 0, or a negative one from the end, on each side of the colon.")
    }
    throw ValidationError("numbers go from \(Int64.min) to \(Int64.max); leave one out for an open range: 5: or :9.")
  }
}
