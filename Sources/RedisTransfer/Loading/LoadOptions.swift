/// The way in which units are sent.
package struct LoadOptions: Hashable, Sendable {
  /// What an existing key means, for commands that keep existing keys.
  package enum ExistingKeys: Hashable, Sendable {
    /// The commands replace it.
    case replaced
    /// It stays, and is counted.
    case kept
    /// It is an error.
    case refused
  }

  package var connectionCount = 1
  package var inFlight = SentUnits.Limits()
  package var onError = SentUnits.ErrorPolicy.stop
  package var existingKeys = ExistingKeys.refused
  /// The number of replicas that must have a key before it counts as loaded.
  package var replicaCount = 0
  /// The database of all keys; `nil`: that of the unit.
  package var onlyDatabase: UInt64?
  package var bytesPerSecond: UInt64?
  package var keysPerSecond: UInt64?

  package init() {}
}

/// The reason why a load ended before all keys were sent.
package enum LoadStop: Error, Hashable, Sendable {
  /// The server refused a command, and errors are not skipped.
  case refused(SentUnits.Failure)
  /// The server refused the database of the keys.
  case databaseRefused(UInt64, ServerError)
  /// The server has a key, or a function library, of the input already.
  case exists(SentUnits.Failure)
  /// The connection was lost inside a key that is too large to be kept: the input must be read again from this key on.
  case mustReread(fromKey: UInt64)
  /// The server was started anew this many times, and lost keys each time.
  case serverRestarts(Int)
  /// Fewer replicas have the keys than there must be.
  case tooFewReplicas(Int)
}
