public import RDBFormat

/// Two sinks that read one snapshot in one pass.
///
///     var reader = RDBReader(try FileSource(path: "dump.rdb"))
///     let result = try reader.fold(Tee(CountingSink(), JSONSink(to: output)))
///
/// Each sink gets the events that its own answer to ``RDBSink/beginKey(_:)`` asks for. A snapshot is read once, so
/// the answers are merged:
///
/// | first | second | the value is read as |
/// | --- | --- | --- |
/// | any | `skip` | the first sink's answer |
/// | any | the same | that answer |
/// | `elements` | `elementsAfterOutline` | `elementsAfterOutline`; the outline goes to the second sink only |
/// | any other pair | | `stored`; the tee decodes the stored bytes for a sink that asked for something else |
/// | `elementsAfterOutline`, of a stream | `stored` | `elementsAfterOutline`: the second sink gets elements |
/// | `elementsAfterOutline`, of a stream | `measure`, `validate` | `elementsAfterOutline`; ``KeyEnd/elementCount`` is `nil` |
///
/// Where a stored value refers to a part of the snapshot outside itself, both sinks get its elements. A sink that
/// asks for `stored` must therefore have methods for elements, as ``Interest`` says.
///
/// A sink that throws ``RDBError/stop`` gets no more events; the other sink reads on, and reading ends when both have
/// stopped.
public struct Tee<First: RDBSink & ~Copyable, Second: RDBSink & ~Copyable>: RDBSink, ~Copyable {
  /// The sink that gets each event first.
  public var first: First
  /// The sink that gets each event after `first`.
  public var second: Second
  @usableFromInline var one = TeeBranch()
  @usableFromInline var two = TeeBranch()
  @usableFromInline var current = TeeKey()

  /// Creates a sink that passes each event to `first`, then to `second`.
  @inlinable public init(_ first: consuming First, _ second: consuming Second) {
    self.first = first
    self.second = second
  }
}

/// The state of one of the two sinks for the current key.
@usableFromInline struct TeeBranch: ~Copyable {
  @usableFromInline var hasStopped = false
  /// The sink's answer for the current key.
  @usableFromInline var interest = Interest.skip
  /// Whether the sink gets the elements that the reader announces.
  @usableFromInline var takesElements = false
  /// Whether the sink gets the stored bytes that the reader announces.
  @usableFromInline var takesStored = false
  /// Whether the stored bytes that the reader announces are decoded for the sink.
  @usableFromInline var decodes = false
  @usableFromInline var measure: ValueMeasure?
  @usableFromInline var decoder: StoredValueDecoder?

  @usableFromInline init() {}

  /// Notes the answer for a new key.
  @usableFromInline mutating func begin(_ interest: Interest) {
    self.interest = interest
    takesElements = interest.includesElements
    takesStored = false
    decodes = false
    measure = nil
  }

  /// Decides whether the sink gets a value of `byteCount` stored bytes as stored, or decoded.
  @usableFromInline mutating func beginStored(_ byteCount: UInt64, _ key: TeeKey) {
    if interest == .skip { return }
    if let limit = interest.storedLimit, byteCount <= limit {
      takesStored = true
    } else {
      decodes = true
      if decoder == nil { decoder = StoredValueDecoder() }
      decoder!.begin(key.storedType, of: key.header, offset: key.valueOffset, interest)
    }
  }

  /// Whether the sink asked for a stream's outline.
  @usableFromInline var takesOutline: Bool { interest.includesOutline }

  /// Returns the end of the key for this sink.
  @usableFromInline func end(_ end: KeyEnd) -> KeyEnd {
    switch interest {
    case .measure, .validate: KeyEnd(storedByteCount: end.storedByteCount, measure: end.measure ?? measure)
    default:
      KeyEnd(storedByteCount: end.storedByteCount)
    }
  }

  /// Records that the sink has stopped, or rethrows its error.
  @usableFromInline mutating func note(_ error: any Error) throws {
    guard let known = error as? RDBError, known.code == .stop else { throw error }
    hasStopped = true
  }

  /// Ends the stored bytes.
  @usableFromInline mutating func endStored() {
    guard decodes else { return }
    switch interest {
    case .measure, .validate: measure = decoder?.measure
    default: break
    }
  }
}

/// The properties of the current key that a tee needs for its value.
@usableFromInline struct TeeKey {
  @usableFromInline var storedType = ValueType.string
  @usableFromInline var header = SnapshotHeader(vendor: .redis, version: 0)
  @usableFromInline var valueOffset = 0
  /// Whether the stored bytes are module data that belongs to no key.
  @usableFromInline var isModuleAux = false
  @usableFromInline init() {}
}

extension Interest {
  /// Whether the answer can bring elements.
  @usableFromInline var includesElements: Bool {
    switch self {
    case .skip, .measure, .validate: false
    case .stored, .elements, .elementsAfterOutline, .storedOrOutlined, .validatedStored, .validatedStoredOrOutlined:
      true
    }
  }

  /// The answer for a value that is not a stream, which has no outline.
  @usableFromInline var withoutOutline: Interest {
    switch self {
    case .elementsAfterOutline: .elements
    case .storedOrOutlined(let limit): .stored(atMost: limit)
    case .validatedStoredOrOutlined(let limit): .validatedStored(atMost: limit)
    case .skip, .measure, .validate, .stored, .elements, .validatedStored: self
    }
  }

  /// The answer that serves two sinks: see the table of ``Tee``.
  @usableFromInline func merged(with other: Interest) -> Interest {
    if self == other || other == .skip { return self }
    if self == .skip { return other }
    if self == .elementsAfterOutline || other == .elementsAfterOutline { return .elementsAfterOutline }
    let validates = validatesStored || other.validatesStored
    guard includesOutline || other.includesOutline else { return validates ? .validatedStored(atMost: .max) : .stored }
    let limit = min(
      includesOutline ? storedLimit ?? .max : .max, other.includesOutline ? other.storedLimit ?? .max : .max)
    return validates ? .validatedStoredOrOutlined(atMost: limit) : .storedOrOutlined(atMost: limit)
  }
}

extension Tee where First: ~Copyable, Second: ~Copyable {
  /// Calls `body` for a sink that has not stopped.
  @inlinable @inline(__always)
  static func call<S: RDBSink & ~Copyable>(
    _ sink: inout S, _ branch: inout TeeBranch, _ body: (inout S) throws -> Void
  ) throws {
    if branch.hasStopped { return }
    do { try body(&sink) } catch { try branch.note(error) }
  }

  /// Ends the reading when both sinks have stopped.
  @inlinable @inline(__always)
  func checkStop() throws {
    if one.hasStopped && two.hasStopped { throw RDBError.stop }
  }

  @inlinable @inline(__always)
  mutating func both(
    _ body: (inout First) throws -> Void, _ other: (inout Second) throws -> Void
  ) throws {
    try Self.call(&first, &one, body)
    try Tee<Second, First>.call(&second, &two, other)
    try checkStop()
  }

  @inlinable @inline(__always)
  mutating func elements(
    _ body: (inout First) throws -> Void, _ other: (inout Second) throws -> Void
  ) throws {
    if one.takesElements { try Self.call(&first, &one, body) }
    if two.takesElements { try Tee<Second, First>.call(&second, &two, other) }
    try checkStop()
  }

  // MARK: Keys

  /// Announces the key to both sinks, and merges their answers.
  @inlinable public mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    current.storedType = key.storedType
    current.valueOffset = key.valueOffset
    var (a, b) = (Interest.skip, Interest.skip)
    try Self.call(&first, &one) { a = try $0.beginKey(key) }
    try Tee<Second, First>.call(&second, &two) { b = try $0.beginKey(key) }
    try checkStop()
    if key.type != .stream { (a, b) = (a.withoutOutline, b.withoutOutline) }
    one.begin(a)
    two.begin(b)
    return a.merged(with: b)
  }

  /// Tells both sinks of a key with a damaged value.
  @inlinable public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws {
    try Self.call(&first, &one) { try $0.damagedKey(key, error: error) }
    try Tee<Second, First>.call(&second, &two) { try $0.damagedKey(key, error: error) }
    try checkStop()
  }

  /// Ends the key for both sinks; each gets the measure only if it asked for one.
  @inlinable public mutating func endKey(_ end: KeyEnd) throws {
    let (a, b) = (one.end(end), two.end(end))
    try both({ try $0.endKey(a) }, { try $0.endKey(b) })
  }

  // MARK: Stored bytes

  /// Asks both sinks whether they want the module's bytes.
  @inlinable public mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    var (a, b) = (false, false)
    try Self.call(&first, &one) { a = try $0.beginModuleAux(aux) }
    try Tee<Second, First>.call(&second, &two) { b = try $0.beginModuleAux(aux) }
    try checkStop()
    (current.isModuleAux, one.takesStored, two.takesStored) = (a || b, a, b)
    (one.decodes, two.decodes) = (false, false)
    return a || b
  }

  /// Begins the stored bytes for the sinks that take them.
  @inlinable public mutating func beginStored(byteCount: UInt64) throws {
    if !current.isModuleAux {
      one.beginStored(byteCount, current)
      two.beginStored(byteCount, current)
    }
    if one.takesStored { try Self.call(&first, &one) { try $0.beginStored(byteCount: byteCount) } }
    if two.takesStored {
      try Tee<Second, First>.call(&second, &two) { try $0.beginStored(byteCount: byteCount) }
    }
    try checkStop()
  }

  /// Passes stored bytes on, decoded for the sinks that asked for elements.
  @inlinable public mutating func stored(_ chunk: RawSpan) throws {
    try Self.stored(chunk, &first, &one)
    try Tee<Second, First>.stored(chunk, &second, &two)
    try checkStop()
  }

  @inlinable static func stored<S: RDBSink & ~Copyable>(
    _ chunk: RawSpan, _ sink: inout S, _ branch: inout TeeBranch
  ) throws {
    if branch.hasStopped { return }
    do {
      if branch.takesStored {
        try sink.stored(chunk)
      } else if branch.decodes {
        try branch.decoder!.feed(chunk, into: &sink)
      }
    } catch {
      try branch.note(error)
    }
  }

  /// Ends the stored bytes for the sinks that took them.
  @inlinable public mutating func endStored() throws {
    if one.takesStored { try Self.call(&first, &one) { try $0.endStored() } }
    if two.takesStored { try Tee<Second, First>.call(&second, &two) { try $0.endStored() } }
    if !current.isModuleAux {
      one.endStored()
      two.endStored()
    }
    current.isModuleAux = false
    try checkStop()
  }

  // MARK: The rest

  /// Passes the outline to the sinks that asked for it.
  @inlinable public mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {
    if one.takesOutline { try Self.call(&first, &one) { try $0.streamOutline(info, pendingIDs: pendingIDs) } }
    if two.takesOutline {
      try Tee<Second, First>.call(&second, &two) { try $0.streamOutline(info, pendingIDs: pendingIDs) }
    }
    try checkStop()
  }

  /// Notes the vendor, and passes the event to both sinks.
  @inlinable public mutating func beginSnapshot(_ header: SnapshotHeader) throws {
    current.header = header
    try both({ try $0.beginSnapshot(header) }, { try $0.beginSnapshot(header) })
  }

  /// Passes the end to the sinks that have not stopped.
  @inlinable public mutating func endSnapshot(_ end: SnapshotEnd) throws {
    try both({ try $0.endSnapshot(end) }, { try $0.endSnapshot(end) })
  }
}
