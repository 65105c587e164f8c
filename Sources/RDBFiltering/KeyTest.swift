import RDB
import RDBFormat
import RDBSupport

/// The conditions of a filter, compiled for one worker. Cheap conditions are tested first.
@usableFromInline
struct KeyTest {
  @usableFromInline enum Verdict {
    case rejected, accepted
    /// The key is a hash whose fields decide.
    case dependsOnFields
  }

  /// A bit set of value types: bit *n* is set if the type of raw value *n* passes.
  private let types: UInt64
  private let databases: Set<UInt64>
  /// The database of the last key, which the next key nearly always has too.
  private var lastDatabase: UInt64?
  private var acceptsLastDatabase = true
  private let expiry: ExpiryCondition
  private let expired: FilterOptions.Expired
  private let now: UnixMilliseconds
  private let sample: KeySample?
  private let globs: [Glob]
  private let keyMatchers: [(RawSpan) throws -> Bool]
  private let noKeyMatchers: [(RawSpan) throws -> Bool]

  init(_ options: FilterOptions) {
    var types: UInt64 = 0
    for type in ValueType.allCases {
      let isWanted = options.types.isEmpty || options.types.contains(type.data)
      if isWanted, !options.noTypes.contains(type.data) { types |= 1 << UInt64(type.rawValue) }
    }
    self.types = types
    databases = options.databases
    expiry = options.expiry
    expired = options.expired
    now = options.now
    sample = options.sample
    globs = options.globs
    keyMatchers = options.keyPatterns.map { $0.makeMatcher() }
    noKeyMatchers = options.noKeyPatterns.map { $0.makeMatcher() }
  }

  /// Decides about a key by its header.
  ///
  /// - Throws: The error of a ``NamePattern``.
  @usableFromInline mutating func verdict(_ key: borrowing KeyHeader) throws -> Verdict {
    guard types >> UInt64(key.storedType.rawValue) & 1 != 0, accepts(database: key.database),
      expiry.accepts(key.expiry)
    else { return .rejected }
    if let sample, !sample.contains(key.name) { return .rejected }
    let verdict = expiredVerdict(key)
    if verdict == .rejected { return .rejected }
    guard globs.isEmpty || globs.contains(where: { $0.matches(key.name) }) else { return .rejected }
    return try patternsAccept(key.name) ? verdict : .rejected
  }

  private mutating func accepts(database: UInt64) -> Bool {
    if lastDatabase != database {
      lastDatabase = database
      acceptsLastDatabase = databases.isEmpty || databases.contains(database)
    }
    return acceptsLastDatabase
  }

  private func expiredVerdict(_ key: borrowing KeyHeader) -> Verdict {
    if expired == .keep { return .accepted }
    let hasExpired = key.expiry.map { $0 < now } ?? false
    if hasExpired { return expired == .only ? .accepted : .rejected }
    if key.storedType.layout.canCarryFieldExpiries { return .dependsOnFields }
    return expired == .only ? .rejected : .accepted
  }

  private func patternsAccept(_ name: RawSpan) throws -> Bool {
    for index in noKeyMatchers.indices where try noKeyMatchers[index](name) { return false }
    if keyMatchers.isEmpty { return true }
    for index in keyMatchers.indices where try keyMatchers[index](name) { return true }
    return false
  }
}
