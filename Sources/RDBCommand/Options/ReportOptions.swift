import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBFiltering
import RDBRegex

extension Allocator: ExpressibleByArgument {}

/// The options about the server whose memory is estimated.
struct ModelArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Assume this allocator.", valueName: "name"))
  var allocator = Allocator.jemalloc

  /// The model of the server.
  ///
  /// - Parameter server: The release that the option `--server` names.
  func model(_ origin: SnapshotOrigin, _ server: TargetVersion?) -> ServerModel {
    ServerModel(server?.version ?? origin.assumedWriter, allocator: allocator)
  }
}

/// The options about the format of a report or table.
struct TableArguments: ParsableArguments {
  @Flag(help: "Write CSV (RFC 4180).")
  var csv = false

  @Flag(help: "Write JSON.")
  var json = false

  @Flag(help: "Write no ' before CSV cells that a spreadsheet would take for a formula.")
  var noDefuse = false

  func validate() throws {
    if csv && json { throw ValidationError("--csv and --json contradict each other: give one.") }
  }

  /// Checks that `--strings` comes with `--json`.
  ///
  /// - Parameter strings: The value of `--strings`, if it was given.
  func validate(_ strings: JSONOptions.Strings?) throws {
    if strings != nil && !json { throw Self.stringsNeedJSON }
  }

  static var stringsNeedJSON: ValidationError {
    ValidationError("--strings needs --json.")
  }

  var form: RowForm { csv ? .csv : json ? .json : .text }
}

/// The options that split key names into prefixes.
struct PrefixArguments: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("End a part of a name after this text. Repeatable.", valueName: "text"))
  var sep: [String] = [":"]

  @Option(help: ArgumentHelp("Split names into at most n parts, 1–16.", valueName: "n"))
  var depth = 3

  @Flag(help: "Count names together that differ only in numbers: user:<n>:.")
  var foldDigits = false

  @Flag(help: "Count names together that differ only in UUIDs: session:<uuid>:.")
  var foldUuid = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Group the keys whose name matches this PCRE2 expression. Repeatable.",
      valueName: "regex"))
  var template: [String] = []

  @Option(
    help: ArgumentHelp("Keep at most n prefixes, and gather the others in (other).", valueName: "n")
  )
  var maxNodes = 20_000

  func validate() throws {
    guard (1...16).contains(depth) else { throw ValidationError("--depth takes 1 to 16, not \(depth).") }
    guard (1...1_000_000).contains(maxNodes) else {
      throw ValidationError("--max-nodes takes 1 to 1000000, not \(maxNodes).")
    }
    guard sep.allSatisfy({ !$0.isEmpty }) else { throw ValidationError("--sep takes at least one character.") }
    _ = try patterns
  }

  private var patterns: [KeyPattern] {
    get throws {
      try template.map { text in
        do throws(FilterError) { return try KeyPattern(text) } catch {
          throw ValidationError("--template: \(error).")
        }
      }
    }
  }

  func apply(to options: inout KeyReports.Options) throws {
    options.prefix.separators = sep.map { BinaryText(Array($0.utf8)) }
    options.prefix.depth = depth
    options.prefix.foldsDigits = foldDigits
    options.prefix.foldsUUIDs = foldUuid
    options.prefix.nodeLimit = maxNodes
    options.prefix.templates = template
    let patterns = try patterns
    if !patterns.isEmpty { options.template = { PatternTemplates(patterns) } }
  }
}

/// Regular expressions that group key names.
private final class PatternTemplates: NameTemplate {
  private let patterns: KeyPatternList
  init(_ patterns: [KeyPattern]) { self.patterns = KeyPatternList(patterns) }
  func match(_ name: RawSpan) throws(RDBError) -> Int? { try patterns.firstIndex(in: name) }
}
