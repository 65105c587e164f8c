public import RDBFormat
import RDBSupport

/// The conditions of a ``KeyFilter``, and its changes to expiries.
///
/// All conditions must hold. Where a condition has several values, one of them must hold.
public struct FilterOptions: Sendable {
  /// A rule for keys and hash fields that expired before the time `now` that the options were created with.
  ///
  /// A time has passed if it is before `now`, as on a server.
  public enum Expired: String, Hashable, Sendable, CaseIterable {
    /// Expired keys and fields pass like all others.
    case keep
    /// Expired keys and expired hash fields do not pass, nor does a hash whose fields have all expired.
    case skip
    /// Expired keys pass with their whole values. Other hashes pass with only their expired fields. No other keys pass.
    case only
  }

  /// A key passes if one of these patterns matches its name. Empty by default: every key passes.
  public var keyPatterns: [any NamePattern] = []
  /// A key does not pass if one of these patterns matches its name.
  public var noKeyPatterns: [any NamePattern] = []
  /// A key passes if one of these globs matches its whole name. Empty by default: every key passes.
  public var globs: [Glob] = []
  /// The types of keys that pass. Empty by default: all types pass.
  public var types: Set<DataType> = []
  /// The types of keys that do not pass.
  package var noTypes: Set<DataType> = []
  /// The databases whose keys pass. Empty by default: all databases pass.
  public var databases: Set<UInt64> = []
  /// The condition on the key's own expiry, before ``ttlShift``.
  public var expiry = ExpiryCondition.any
  /// The rule for expired keys and fields. By default they pass.
  public var expired = Expired.keep
  /// The time that ``expired`` compares with expiries, before ``ttlShift``.
  package var now: UnixMilliseconds
  /// The number of milliseconds added to the expiries of keys and fields. The result is at least 0, because some
  /// readers take a negative time for "no expiry", and at most the largest time.
  public var ttlShift: Int64 = 0
  /// Whether keys and fields lose their expiries.
  public var dropsExpiries = false
  /// The number of keys that pass, or `nil` for all. The reading ends at the first key after them, so a file with
  /// exactly this number of keys is read to its end. For reading with one thread only.
  public var limit: UInt64?

  /// The sample that the keys which pass belong to; `nil`: all keys.
  package var sample: KeySample?
  /// Whether keys with a damaged value are listed as lost in the ledger of the filter, and not passed on.
  package var listsDamagedKeys = false

  /// Creates options without conditions.
  ///
  /// - Parameter now: The time that ``expired`` compares with expiries.
  public init(now: UnixMilliseconds) { self.now = now }

  /// Whether the filter has a condition or changes expiries.
  package var isActive: Bool {
    !keyPatterns.isEmpty || !noKeyPatterns.isEmpty || !globs.isEmpty || !types.isEmpty
      || !noTypes.isEmpty || !databases.isEmpty || expiry != .any || expired != .keep
      || ttlShift != 0 || dropsExpiries || limit != nil || sample != nil
  }
}

extension UnixMilliseconds {
  /// Returns the time `milliseconds` later, at least 0 and at most the largest time.
  @usableFromInline func moved(by milliseconds: Int64) -> UnixMilliseconds {
    let (sum, overflow) = value.addingReportingOverflow(milliseconds)
    if overflow { return UnixMilliseconds(milliseconds > 0 ? .max : 0) }
    return UnixMilliseconds(max(sum, 0))
  }
}
