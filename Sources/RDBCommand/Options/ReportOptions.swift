import ArgumentParser
import RDB
import RDBAnalysis
import RDBConvert
import RDBFormat
import RDBFiltering
import RDBRegex

extension Allocator: ExpressibleByArgument {}

/// Whose memory is estimated.
struct ModelArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server whose memory is estimated. By default the release that wrote the snapshot.",
      valueName: "version"))
  var server: TargetVersion?

  @Option(help: ArgumentHelp("What that server was built with.", valueName: "name"))
  var allocator = Allocator.jemalloc

  func model(_ origin: SnapshotOrigin) -> ServerModel {
    ServerModel(server?.version ?? origin.assumedWriter, allocator: allocator)
  }
}

/// How a report or a table is written.
struct TableArguments: ParsableArguments {
  @Flag(help: "Write CSV (RFC 4180).")
  var csv = false

  @Flag(help: "Write JSON for other programs.")
  var json = false

  @Flag(help: "Leave CSV cells that a spreadsheet would take for a formula as they are, without a ' before them.")
  var noDefuse = false

  func validate() throws {
    if csv && json { throw ValidationError("--csv and --json contradict each other: give one.") }
  }

  /// - Parameter strings: What `--strings` says.
  func validate(_ strings: JSONOptions.Strings?) throws {
    if strings != nil && !json { throw Self.stringsNeedJSON }
  }

  static var stringsNeedJSON: ValidationError {
    ValidationError("--strings says how --json writes bytes: give --json too.")
  }

  var form: RowForm { csv ? .csv : json ? .json : .text }
}

/// How the names of keys become prefixes.
struct PrefixArguments: ParsableArguments {
  @Option(help: ArgumentHelp("What ends a part of a name; may be repeated.", valueName: "text"))
  var sep: [String] = [":"]

  @Option(help: ArgumentHelp("How many parts are told apart, 1–16.", valueName: "n"))
  var depth = 3

  @Flag(help: "Take numbers in names for the same: user:<n>:.")
  var foldDigits = false

  @Flag(help: "Take UUIDs in names for the same: session:<uuid>:.")
  var foldUuid = false

  @Option(
    help: ArgumentHelp(
      "Keys whose name this regular expression (PCRE2) finds are a group of their own; may be repeated.",
      valueName: "regex"))
  var template: [String] = []

  @Option(
    help: ArgumentHelp("The most prefixes to keep; where there are more, they are gathered in (other).", valueName: "n")
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

/// Regular expressions as templates of names.
private final class PatternTemplates: NameTemplate {
  private let patterns: KeyPatternList
  init(_ patterns: [KeyPattern]) { self.patterns = KeyPatternList(patterns) }
  func match(_ name: RawSpan) throws(RDBError) -> Int? { try patterns.firstIndex(in: name) }
}
