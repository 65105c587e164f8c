public import RDB
public import RDBFormat

/// A sink that passes only some keys to its base sink. The reader skips the other keys without decoding them.
///
/// AUX fields, function libraries, module AUX, slots and RESIZEDB hints always pass. Without conditions the filter
/// costs one test per key.
///
/// ``FilterOptions/expired``, ``FilterOptions/ttlShift`` and ``FilterOptions/dropsExpiries`` also apply to the fields
/// of a hash. A hash whose stored form can hold field expiries then reaches the base sink as elements, even if the
/// base sink asked for the stored bytes, because those contain the unchanged fields. Under `skip` and `only` the
/// filter announces such a hash at its first passing field, with the count `nil`, or not at all.
public struct KeyFilter<Base: FoldingSink & ~Copyable>: ForwardingSink, FoldingSink, ~Copyable {
  public typealias Summary = FilterSummary<Base.Summary>

  /// The state of the current key.
  @usableFromInline enum KeyState {
    /// The base sink receives the key.
    case passed
    /// The reader skips the key.
    case filtered
    /// The key is a hash of which no field has passed yet, and which is not announced.
    case held
    /// The key was held, and is announced now.
    case announced
    /// The key was held and is announced now, and the base sink does not want its elements.
    case announcedWithoutElements
  }

  /// The sink that receives the keys that pass.
  public var base: Base
  @usableFromInline let isActive: Bool
  @usableFromInline let expired: FilterOptions.Expired
  @usableFromInline let now: UnixMilliseconds
  @usableFromInline let ttlShift: Int64
  @usableFromInline let dropsExpiries: Bool
  @usableFromInline let limit: UInt64
  @usableFromInline var test: KeyTest
  @usableFromInline var state = KeyState.passed
  /// Whether the filter decides about or changes the fields of the current key.
  @usableFromInline var touchesFields = false
  @usableFromInline var held = HeldKey()
  @usableFromInline var keysPassed: UInt64 = 0
  @usableFromInline var keysFiltered: UInt64 = 0
  @usableFromInline var limitReached = false
  @usableFromInline var notes = FilterNotes()
  private let listsDamagedKeys: Bool
  /// The keys with a damaged value.
  @usableFromInline var damaged = Ledger()

  /// Creates a filter.
  ///
  /// - Parameters:
  ///   - options: The conditions that keys must meet, and the changes to those that pass.
  ///   - base: The sink that receives the keys that pass.
  public init(_ options: FilterOptions, base: consuming Base) {
    self.base = base
    isActive = options.isActive
    expired = options.expired
    now = options.now
    ttlShift = options.ttlShift
    dropsExpiries = options.dropsExpiries
    limit = options.limit ?? .max
    test = KeyTest(options)
    listsDamagedKeys = options.listsDamagedKeys
  }

  // MARK: Keys

  @inlinable
  public mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    if !isActive { return try base.beginKey(key) }
    if keysPassed >= limit {
      limitReached = true
      throw RDBError.stop
    }
    touchesFields = false
    switch try test.verdict(key) {
    case .rejected:
      state = .filtered
      keysFiltered &+= 1
      return .skip
    case .dependsOnFields:
      held.take(key)
      state = .held
      touchesFields = true
      return .elements
    case .accepted:
      state = .passed
      keysPassed &+= 1
      if ttlShift == 0, !dropsExpiries { return try base.beginKey(key) }
      return try beginChanged(key)
    }
  }

  /// Passes a key with a damaged value on, or lists it as lost, if the conditions accept it, or depend on its fields.
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws {
    if keysPassed >= limit {
      limitReached = true
      throw RDBError.stop
    }
    if isActive, try test.verdict(key) == .rejected {
      keysFiltered &+= 1
    } else if listsDamagedKeys {
      damaged.loseDamaged(key, error)
    } else {
      try base.damagedKey(key, error: error)
    }
  }

  /// Announces a key with another expiry.
  @inlinable
  mutating func beginChanged(_ key: borrowing KeyHeader) throws -> Interest {
    if dropsExpiries, key.expiry != nil {
      notes.add(.expiries, key: key.name, offset: key.offset)
    }
    touchesFields = key.storedType.layout.canCarryFieldExpiries
    if touchesFields { held.take(key) }
    let interest = try key.changing(
      name: key.name, database: key.database, expiry: changed(key.expiry)
    ) { try base.beginKey($0) }
    return touchesFields ? interest.withoutStored : interest
  }

  @inlinable
  public mutating func endKey(_ end: KeyEnd) throws {
    if state == .passed, !touchesFields { return try base.endKey(end) }
    try endTouched(end)
  }

  @inlinable
  mutating func endTouched(_ end: KeyEnd) throws {
    switch state {
    case .filtered: return
    case .held:
      keysFiltered &+= 1
      if expired == .skip { held.note(.expiredHashes, count: 1, to: &notes) }
      return
    case .passed, .announced, .announcedWithoutElements:
      if held.fieldsLeftOut > 0 {
        held.note(
          expired == .only ? .liveFields : .expiredFields, count: held.fieldsLeftOut, to: &notes)
      }
      if held.expiriesLeftOut > 0 {
        held.note(.expiries, count: held.expiriesLeftOut, to: &notes)
      }
      try base.endKey(end)
    }
  }

  // MARK: Fields

  @inlinable
  public mutating func beginElements(_ header: ElementsHeader) throws {
    if state == .held {
      held.elements = header
      held.elements.count = nil
    } else {
      try base.beginElements(header)
    }
  }

  @inlinable
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws
  {
    if !touchesFields { return try base.hashField(field, value: value, expiry: expiry) }
    if state != .passed {
      let hasExpired = expiry.map { $0 < now } ?? false
      guard hasExpired == (expired == .only) else {
        held.fieldsLeftOut &+= 1
        return
      }
      if state == .held { try announceHeld() }
      if state == .announcedWithoutElements { return }
    }
    if dropsExpiries, expiry != nil { held.expiriesLeftOut &+= 1 }
    try base.hashField(field, value: value, expiry: changed(expiry))
  }

  /// Announces the held hash at its first passing field.
  @inlinable
  mutating func announceHeld() throws {
    keysPassed &+= 1
    let name = held.name
    let metadata = held.metadata
    if dropsExpiries, held.attributes.expiry != nil { held.expiriesLeftOut &+= 1 }
    var attributes = held.attributes
    attributes.expiry = changed(held.attributes.expiry)
    let interest = try attributes.announce(name: name.span.bytes, metadata: metadata.span.bytes) {
      try base.beginKey($0)
    }
    switch interest {
    case .skip, .measure, .validate: state = .announcedWithoutElements
    case .stored, .storedOrOutlined, .elements, .elementsAfterOutline, .validatedStored, .validatedStoredOrOutlined:
      state = .announced
      try base.beginElements(held.elements)
    }
  }

  @inlinable func changed(_ expiry: UnixMilliseconds?) -> UnixMilliseconds? {
    guard let expiry, !dropsExpiries else { return nil }
    return ttlShift == 0 ? expiry : expiry.moved(by: ttlShift)
  }

  /// Passes the field on, unless it stores an expiry of a member of a key that did not pass.
  public mutating func aux(_ field: borrowing AuxField) throws {
    if isActive, state == .filtered, field.isMemberExpiry { return }
    try base.aux(field)
  }

  // MARK: Ends

  @inlinable public mutating func endEarly() throws { try base.endEarly() }

  @inlinable
  public consuming func finish() throws -> FilterSummary<Base.Summary> {
    var ledger = notes.finished(keysFiltered: keysFiltered)
    ledger.merge(damaged)
    let limitReached = limitReached
    return FilterSummary(base: try base.finish(), ledger: ledger, limitReached: limitReached)
  }
}

extension KeyFilter: OutputSink where Base: OutputSink & ~Copyable {
  @inlinable public mutating func endBatch() throws { try base.endBatch() }
}
