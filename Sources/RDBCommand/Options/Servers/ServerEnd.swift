import ArgumentParser

/// The server that a set of options is about. It gives the options their names.
///
/// A command with one server has the flags of redis-cli: `-h`, `-p`, `-u`. A command with two has a set per server, whose
/// names begin with a word: `--from URI`, `--from-host`, `--to URI`, `--to-host`.
package protocol ServerEnd: Sendable {
  /// The word before the names of the options; empty: none.
  static var word: String { get }
  /// The environment variable with the password.
  static var passwordVariable: String { get }
  /// The environment variable with the password for sentinels.
  static var sentinelPasswordVariable: String { get }
  /// The help of the option with a URI: the forms that are allowed.
  static var uriHelp: String { get }
}

extension ServerEnd {
  package static var passwordVariable: String { "RDB_\(word.uppercased())_AUTH" }
  package static var sentinelPasswordVariable: String { "RDB_\(word.uppercased())_SENTINEL_AUTH" }
  package static var uriHelp: String {
    "Connect to redis://host, rediss://, redis-socket://, redis-sentinel://host,…/name or redis-cluster://host."
  }

  /// Returns the names of an option.
  ///
  /// - Parameters:
  ///   - long: The name after its two dashes, without the word.
  ///   - short: The short name where there is only one server; `nil`: none.
  static func names(_ long: String, short: Character? = nil) -> NameSpecification {
    guard word.isEmpty else { return NameSpecification([.customLong("\(word)-\(long)")]) }
    return NameSpecification((short.map { [.customShort($0)] } ?? []) + [.customLong(long)])
  }

  /// The names of the option with a URI.
  static var uriNames: NameSpecification {
    word.isEmpty ? names("uri", short: "u") : NameSpecification([.customLong(word)])
  }

  /// Returns the name of an option as messages show it: `-h`, `--from-host`.
  static func flag(_ long: String, short: Character? = nil) -> String {
    if !word.isEmpty { return "--\(word)-\(long)" }
    return short.map { "-\($0)" } ?? "--\(long)"
  }

  /// All names of an option, the one of messages first.
  static func flags(_ long: String, short: Character? = nil) -> [String] {
    let flag = flag(long, short: short)
    return word.isEmpty && short != nil ? [flag, "--\(long)"] : [flag]
  }

  /// All names of the option with a URI, the one of messages first.
  static var uriFlags: [String] { word.isEmpty ? flags("uri", short: "u") : ["--\(word)"] }
}

/// The server of a command that has only one.
package enum OnlyServer: ServerEnd {
  package static let word = ""
  package static let passwordVariable = "REDISCLI_AUTH"
  package static let sentinelPasswordVariable = "REDISCLI_SENTINEL_AUTH"
}

/// The server that data comes from.
package enum SourceServer: ServerEnd {
  package static let word = "from"
  // The masters of a cluster send no common snapshot.
  package static let uriHelp =
    "Connect to redis://host, rediss://host, redis-socket://path or redis-sentinel://host,…/name."
}

/// The server that data goes to.
package enum TargetServer: ServerEnd { package static let word = "to" }

/// The server that an input is compared with.
package enum ComparedServer: ServerEnd { package static let word = "against" }
