import ArgumentParser
import RDB
import RDBFiltering
import RDBRegex
import RDBSupport

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
    help: ArgumentHelp("Only keys of these types, with commas or repeated.", valueName: "type"),
    completion: .list(DataType.allCases.map(\.rawValue)))
  var type: [String] = []

  @Option(
    name: [.customShort("T"), .long],
    help: ArgumentHelp("Not keys of these types.", valueName: "type"),
    completion: .list(DataType.allCases.map(\.rawValue)))
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

/// Says which option a text was for that cannot be understood.
private func understood<Value>(_ option: String, _ parse: () throws(FilterError) -> Value) throws -> Value {
  do throws(FilterError) {
    return try parse()
  } catch {
    throw ValidationError("\(option): \(error).")
  }
}

/// What becomes of expiries and of what has expired.
struct ExpiryArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What to do with keys and hash fields that expired before --now.", valueName: "what"))
  var expired = FilterOptions.Expired.keep

  @Option(
    help: ArgumentHelp(
      "The time to compare with: 2026-01-01, 2026-01-01T12:30Z, now-30d, or seconds or milliseconds since 1970. By default the present.",
      valueName: "time"))
  var now: String?

  @Option(
    help: ArgumentHelp("Move every expiry, as in 1h30m or -7d; after --expired was decided.", valueName: "duration"))
  var ttlShift: String?

  @Flag(help: "Leave out all expiries.")
  var noExpire = false

  func validate() throws {
    if noExpire && ttlShift != nil {
      throw ValidationError("--no-expire and --ttl-shift contradict each other: give one.")
    }
  }

  /// The time to compare with.
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

/// Which keys, and what becomes of their expiries.
struct KeyArguments: ParsableArguments {
  @OptionGroup(title: "Which keys") var filter: FilterArguments
  @OptionGroup(title: "Expiries") var expiry: ExpiryArguments

  func validate() throws {
    _ = try options
  }

  /// Whether keys were asked for that there may be none of.
  var chooses: Bool { filter.choosesKeys || expiry.expired == .only }

  /// `nil`: every key as it is, for which nothing has to stand in front of the sink.
  var options: FilterOptions? {
    get throws {
      var options = FilterOptions(now: try expiry.present)
      try filter.apply(to: &options)
      try expiry.apply(to: &options)
      return options.isActive ? options : nil
    }
  }
}
