public import RDBFormat

/// Which keys pass a ``KeyFilter``, and what becomes of their expiries.
///
/// Conditions of different kinds must all hold; of one kind, any of those given.
public struct FilterOptions: Sendable {
  /// What becomes of what had expired before ``FilterOptions/now``.
  ///
  /// A time has passed when it is before `now`, as servers count; keys' and hash fields' alike.
  public enum Expired: String, Hashable, Sendable, CaseIterable {
    /// It is treated as all else.
    case keep
    /// Expired keys are left out, and expired fields of the others; a hash of which nothing is left, too.
    case skip
    /// Only expired keys pass, whole; and of other hashes the expired fields, if there are any.
    case only
  }

  /// A key passes if one of these is found in its name; empty: every key does.
  public var keyPatterns: [any NamePattern] = []
  /// A key does not pass if one of these is found in its name.
  public var noKeyPatterns: [any NamePattern] = []
  /// A key passes if its whole name fits one of these; empty: every key does.
  public var globs: [Glob] = []
  /// The types that pass; empty: all.
  public var types: Set<DataType> = []
  /// The types that do not.
  public var noTypes: Set<DataType> = []
  /// The databases whose keys pass; empty: all.
  public var databases: Set<UInt64> = []
  /// What the key's own expiry has to be, before any shift.
  public var expiry = ExpiryCondition.any
  public var expired = Expired.keep
  /// What ``expired`` compares with, before any shift.
  public var now: UnixMilliseconds
  /// Milliseconds by which expiries of keys and fields are moved. The result stays within 0 and the
  /// largest time there is: a negative one would mean "no expiry" to some readers, and 0 is past as well.
  public var ttlShift: Int64 = 0
  /// Keys and fields lose their expiries.
  public var dropsExpiries = false
  /// How many keys pass. The reading stops at the first key behind them, whether it would pass or
  /// not; so a file of just so many is read to its end. For reading with one thread only.
  public var limit: UInt64?

  /// - Parameter now: What ``expired`` compares with.
  public init(now: UnixMilliseconds) { self.now = now }

  /// Whether anything is filtered or changed.
  package var isActive: Bool {
    !keyPatterns.isEmpty || !noKeyPatterns.isEmpty || !globs.isEmpty || !types.isEmpty
      || !noTypes.isEmpty || !databases.isEmpty || expiry != .any || expired != .keep
      || ttlShift != 0 || dropsExpiries || limit != nil
  }
}

extension UnixMilliseconds {
  /// The time `milliseconds` later, kept within 0 and the largest one.
  @usableFromInline func moved(by milliseconds: Int64) -> UnixMilliseconds {
    let (sum, overflow) = value.addingReportingOverflow(milliseconds)
    if overflow { return UnixMilliseconds(milliseconds > 0 ? .max : 0) }
    return UnixMilliseconds(max(sum, 0))
  }
}

extension ValueType {
  /// Whether the stored form has room for expiries of fields.
  @usableFromInline var hasFieldExpiries: Bool {
    switch self {
    case .hash2, .hashMetadata, .hashMetadataPreGA, .hashListpackEx, .hashListpackExPreGA: true
    default: false
    }
  }
}
