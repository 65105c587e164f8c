import ArgumentParser
import RDB

/// A server version that `--target` and `--server` take.
struct TargetVersion: Hashable, Sendable {
  var version: ServerVersion

  /// The names of all versions; `redis-` before those of Redis is allowed.
  static let known = [
    "2.4", "2.6", "2.8", "3.0", "3.2", "4.0", "5.0", "6.0", "6.2", "7.0", "7.2", "7.4", "8.0", "8.2", "8.4", "8.6",
    "8.8", "8.10", "valkey-7.2", "valkey-8.0", "valkey-8.1", "valkey-9.0", "valkey-9.1", "valkey-9.2",
  ]

  /// The known versions in short, for help.
  static let range = "2.4 to 8.10, or valkey-7.2 to valkey-9.2"

  init(_ version: ServerVersion) { self.version = version }

  /// - Throws: `ValidationError`, with the known versions.
  init(parsing argument: String) throws {
    let name = argument.hasPrefix("redis-") ? String(argument.dropFirst(6)) : argument
    guard Self.known.contains(name), let version = ServerVersion(name) else {
      throw ValidationError("expected one of \(Self.known.joined(separator: ", ")).")
    }
    self.version = version
  }
}
