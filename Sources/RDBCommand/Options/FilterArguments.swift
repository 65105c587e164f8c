import ArgumentParser
import RDB
import RDBFiltering
import RDBRegex
import RDBSupport

extension FilterOptions.Expired: ExpressibleByArgument {}

/// The options that choose keys.
struct FilterArguments<Names: DatabaseFilterNames>: ParsableArguments {
  @Option(
    name: [.customShort("k"), .long], parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Keep only keys whose name matches this PCRE2 expression. Repeatable.", valueName: "regex"))
  var key: [String] = []

  @Option(
    name: [.customShort("K"), .long], parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Leave out keys whose name matches this PCRE2 expression. Repeatable.", valueName: "regex"))
  var noKey: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Keep only keys that match this glob, as in KEYS and SCAN. Repeatable.", valueName: "glob"))
  var pattern: [String] = []

  @Option(
    name: [.customShort("t"), .long],
    help: ArgumentHelp("Keep only keys of these types, separated by commas. Repeatable.", valueName: "type"),
    completion: .list(DataType.allCases.map(\.rawValue)))
  var type: [String] = []

  @Option(
    name: [.customShort("T"), .long],
    help: ArgumentHelp("Leave out keys of these types, separated by commas. Repeatable.", valueName: "type"),
    completion: .list(DataType.allCases.map(\.rawValue)))
  var noType: [String] = []

  @Option(
    name: Names.names,
    help: ArgumentHelp("Keep only keys of these databases, separated by commas. Repeatable.", valueName: "number"))
  var db: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Keep only keys that expire between two times, never, or at any time.",
      valueName: "a~b|noexpire|anyexpire"))
  var expire: String?

  @Option(
    help: ArgumentHelp(
      "Stop after n keys. The rest is not read, and the checksum not verified.", valueName: "n"))
  var limit: UInt64?

  /// Whether an option leaves out keys by name, type, database or expiry.
  var choosesKeys: Bool {
    !(key.isEmpty && noKey.isEmpty && pattern.isEmpty && type.isEmpty && noType.isEmpty && db.isEmpty
      && expire == nil)
  }

  func apply(to options: inout FilterOptions) throws {
    options.keyPatterns = try understood("--key") { () throws(FilterError) in try patterns(key) }
    options.noKeyPatterns = try understood("--no-key") { () throws(FilterError) in try patterns(noKey) }
    options.globs = pattern.map { Glob($0) }
    options.types = try Self.types(type, "--type")
    options.noTypes = try Self.types(noType, "--no-type")
    options.databases = try Self.databases(db)
    if let expire {
      let now = options.now
      options.expiry = try understood("--expire") { () throws(FilterError) in
        try ExpiryCondition(expire, now: now)
      }
    }
    options.limit = limit
  }

  private func patterns(_ texts: [String]) throws(FilterError) -> [KeyPattern] {
    var patterns: [KeyPattern] = []
    for text in texts { patterns.append(try KeyPattern(text)) }
    return patterns
  }

  private static func types(_ texts: [String], _ option: String) throws -> Set<DataType> {
    Set(
      try texts.flatMap { $0.split(separator: ",") }.map { name in
        guard let type = DataType(rawValue: String(name)) else {
          let known = DataType.allCases.map(\.rawValue).joined(separator: ", ")
          throw ValidationError("\(option): expected one of \(known), found \(printable(name.utf8)).")
        }
        return type
      })
  }

  private static func databases(_ texts: [String]) throws -> Set<UInt64> {
    Set(
      try texts.flatMap { $0.split(separator: ",") }.map { text in
        guard let number = UInt64(text) else {
          throw ValidationError("--db: expected a database number, found \(printable(text.utf8)).")
        }
        return number
      })
  }
}

/// Parses the text of an option, and names the option in the error.
func understood<Value>(_ option: String, _ parse: () throws(FilterError) -> Value) throws -> Value {
  do throws(FilterError) {
    return try parse()
  } catch {
    throw ValidationError("\(option): \(error).")
  }
}

/// The options that change expiries, or choose keys and hash fields by them.
struct ExpiryArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep or skip expired keys and fields, or keep only those.", valueName: "which"))
  var expired = FilterOptions.Expired.keep

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Compare expiries with this time: 2026-01-01T12:30Z, now-30d, or a Unix time in s or ms. Default: now.",
      valueName: "time"))
  var now: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Move every expiry by this duration, such as 1h30m or -7d, after --expired was applied.", valueName: "duration"))
  var ttlShift: String?

  @Flag(help: "Leave out all expiries.")
  var noExpire = false

  func validate() throws {
    if noExpire && ttlShift != nil {
      throw ValidationError("--no-expire and --ttl-shift contradict each other: give one.")
    }
  }

  /// The time that expiries are compared with.
  var present: UnixMilliseconds {
    get throws {
      guard let now else { return .now }
      return try understood("--now") { () throws(FilterError) in
        try TypedTime.time(now, now: .now)
      }
    }
  }

  func apply(to options: inout FilterOptions) throws {
    options.expired = expired
    options.dropsExpiries = noExpire
    if let ttlShift {
      options.ttlShift = try understood("--ttl-shift") { () throws(FilterError) in
        try TypedTime.duration(ttlShift)
      }
    }
  }
}

/// The options that choose keys, change their expiries, and leave out damaged ones.
struct KeyArgumentGroup<Names: DatabaseFilterNames>: ParsableArguments {
  @OptionGroup(title: "Which keys") var filter: FilterArguments<Names>
  @OptionGroup(title: "Expiries") var expiry: ExpiryArguments
  @OptionGroup(title: "Reading") var damage: DamageOptions

  func validate() throws {
    _ = try options
  }

  /// Whether the options choose keys. If they do and no key matches, the command ends with ``ExitCode/nothingMatched``.
  var chooses: Bool { filter.choosesKeys || expiry.expired == .only }

  /// The options of the filter; `nil` if they pass every key unchanged, and damage ends the reading.
  var options: FilterOptions? {
    get throws {
      var options = FilterOptions(now: try expiry.present)
      try filter.apply(to: &options)
      try expiry.apply(to: &options)
      options.listsDamagedKeys = damage.skipDamaged
      return options.isActive || damage.skipDamaged ? options : nil
    }
  }
}

/// The options about keys of a command that connects to no server.
typealias KeyArguments = KeyArgumentGroup<OfflineNames>

/// The names of the option that chooses keys by their database.
protocol DatabaseFilterNames: Sendable {
  static var names: NameSpecification { get }
}

/// The names in commands that connect to no server.
enum OfflineNames: DatabaseFilterNames {
  static var names: NameSpecification { [.customShort("n"), .long] }
}

/// The names in commands that connect to a server, where `-n` is the database on the server, as in redis-cli.
enum LiveNames: DatabaseFilterNames {
  static var names: NameSpecification { .long }
}
