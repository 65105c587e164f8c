import ArgumentParser
import RDB

/// A server release that commands can be written for.
struct TargetVersion: Hashable, Sendable, ExpressibleByArgument {
  var version: ServerVersion

  /// Every name that `--target` takes.
  static let known = [
    "2.4", "2.6", "2.8", "3.0", "3.2", "4.0", "5.0", "6.0", "6.2", "7.0", "7.2", "7.4", "8.0", "8.2", "8.4", "8.6",
    "8.8", "8.10", "valkey-7.2", "valkey-8.0", "valkey-8.1", "valkey-9.0", "valkey-9.1", "valkey-9.2",
  ]

  init?(argument: String) {
    let name = argument.hasPrefix("redis-") ? String(argument.dropFirst(6)) : argument
    guard Self.known.contains(name), let version = ServerVersion(name) else { return nil }
    self.version = version
  }

  static var allValueStrings: [String] { known }
  static var defaultCompletionKind: CompletionKind { .list(known) }
}
