import ArgumentParser
import RDBEdit
import RDBFiltering
import RDBRegex

extension NameConflict: ExpressibleByArgument {}

/// The option that gives keys new names.
struct RenamingArguments: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Rename keys as sed does, with a PCRE2 expression and the flags g and i. Repeatable.",
      valueName: "s/from/to/"))
  var rename: [String] = []

  func validate() throws { _ = try substitutions }

  /// The new names; `nil`: keys keep theirs.
  var substitutions: NameSubstitutions? {
    get throws {
      if rename.isEmpty { return nil }
      return NameSubstitutions(
        try rename.map { text in
          try understood("--rename") { () throws(FilterError) in try NameSubstitution(text) }
        })
    }
  }
}

/// What happens to keys of one input that get the same name.
enum RenamingConflict: String, CaseIterable, ExpressibleByArgument {
  case first, last

  var conflict: NameConflict { self == .first ? .first : .last }
}

/// The option about keys of one input that get the same name.
struct RenamingConflictArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep the first or last of keys that get the same name. Default: an error.",
      valueName: "which"))
  var onConflict: RenamingConflict?
}

/// The option about keys of several inputs that have the same name.
struct MergeConflictArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep this one of several keys with the same name.",
      valueName: "which"))
  var onConflict = NameConflict.fail
}
