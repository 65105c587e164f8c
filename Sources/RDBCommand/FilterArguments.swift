import ArgumentParser
import RDB
import RDBMatching

extension FilterOptions.Expired: ExpressibleByArgument {}

/// Which keys to look at.
struct FilterArguments: ParsableArguments {
  @Option(
    name: [.customShort("k"), .long],
    help: ArgumentHelp("Only keys whose name this regular expression (PCRE2) finds.", valueName: "regex"))
  var key: [String] = []

  @Option(
    name: [.customShort("K"), .long],
    help: ArgumentHelp("Not keys whose name this regular expression finds.", valueName: "regex"))
  var noKey: [String] = []

  @Option(
    help: ArgumentHelp("Only keys that match this pattern, as KEYS and SCAN take it.", valueName: "glob"))
  var pattern: [String] = []

  @Option(
    name: [.customShort("t"), .long],
    help: ArgumentHelp("Only keys of these types, with commas or repeated.", valueName: "type"))
  var type: [String] = []

  @Option(
    name: [.customShort("T"), .long],
    help: ArgumentHelp("Not keys of these types.", valueName: "type"))
  var noType: [String] = []

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("Only these databases, with commas or repeated.", valueName: "number"))
  var db: [String] = []

  @Option(
    help: ArgumentHelp(
      "Only keys that expire between two times, never, or at all.",
      valueName: "a~b|noexpire|anyexpire"))
  var expire: String?

  @Option(
    help: ArgumentHelp(
      "Stop after so many keys; the rest, and the checksum, is not looked at.", valueName: "n"))
  var limit: UInt64?

  /// Whether there is anything to match.
  var choosesKeys: Bool {
    !(key.isEmpty && noKey.isEmpty && pattern.isEmpty && type.isEmpty && noType.isEmpty && db.isEmpty
      && expire == nil)
  }
}

/// What becomes of expiries and of what has expired.
struct ExpiryArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to do with keys and hash fields that expired before --now.", valueName: "what"))
  var expired = FilterOptions.Expired.keep

  @Option(
    help: ArgumentHelp("The time to compare with: ISO 8601, or seconds or milliseconds since 1970.", valueName: "time"))
  var now: String?

  @Option(
    help: ArgumentHelp("Move every expiry, as in 1h or -30m; after --expired was decided.", valueName: "duration"))
  var ttlShift: String?

  @Flag(help: "Leave out all expiries.")
  var noExpire = false
}

/// Which keys, and what becomes of their expiries.
struct KeyArguments: ParsableArguments {
  @OptionGroup(title: "Which keys") var filter: FilterArguments
  @OptionGroup(title: "Expiries") var expiry: ExpiryArguments

  func validate() throws {
    _ = try options
  }

  var chooses: Bool { filter.choosesKeys }

  /// `nil`: every key as it is, for which nothing has to stand in front of the sink.
  var options: FilterOptions? {
    get throws { nil }
  }
}
