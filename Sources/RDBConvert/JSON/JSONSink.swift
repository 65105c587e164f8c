public import RDB
import RDBSupport

/// A sink that writes keys as JSON: the output of `rdb json`.
///
///     var reader = RDBReader(try FileSource(path: "dump.rdb"))
///     let result = try reader.write(to: destination, threads: 2) { JSONSink(options, to: $0) }
///
/// The sink closes the array at the end of the snapshot, or when another sink ends the reading. Otherwise the output is
/// incomplete. The sink holds only the buffer of its output, so its memory does not grow with keys or elements.
///
/// The members of an object have the order of the file, so `consumers` come before `pending` in a consumer group. In
/// snapshots of Redis 2.2, where the elements determine the encoding, `encoding` is the last member.
public struct JSONSink: OutputSink, ~Copyable {
  var output: ByteOutput
  var separators: Separators
  let strings: JSONStrings
  let options: JSONOptions
  let encodings: ObjectEncodings?
  /// Like ``encodings``, for encodings that depend on the whole value; also `nil` if only a part of the value arrives.
  let valueEncodings: ObjectEncodings?
  var ledger = Ledger()
  var leftOut = JSONLeftOut()
  var key = KeyInProgress()
  var stored = Base64Stream()
  /// The stored bytes of the current module value, if it is to be decoded.
  var moduleBytes: [UInt8]?

  /// The state of the current key.
  struct KeyInProgress {
    var type = ValueType.string
    var nameByteCount = 0
    var expiry: UnixMilliseconds?
    var idleSeconds: UInt64?
    var frequency: UInt8?
    /// Whether the key has an expiry, an idle time or a frequency.
    var hasAttributes = false
    /// The bracket that closes the value; 0 if it has none.
    var close: UInt8 = 0
    var needsComma = false
    /// Whether the object of a path's fields is open.
    var isInPath = false
    /// Whether the key is announced and has not ended.
    var isOpen = false
    /// Whether expiries of members were written.
    var hasExpiringMembers = false
    /// The member whose expiry comes next (KeyDB).
    var expiringMember: [UInt8] = []
    /// The number of fields that the current stream entry still lacks.
    var fieldsLeft = 0
    var hasFields = false
    /// The element counts of a value of Redis 2.2, which determine its encoding.
    var elementCounts: ElementCounts?
    var stream = StreamPart.entries
    var module = ModulePart.none
    var moduleID = ModuleID(rawValue: 0)
    /// Whether the stored bytes are module AUX, which belongs to no key.
    var isModuleAux = false
  }

  /// The open part of a stream's object.
  enum StreamPart { case entries, groups, consumers, pending, idempotency }
  /// The form of the output for the items of the current module value.
  enum ModulePart { case none, document, payload, rest }

  /// Creates a sink.
  ///
  /// - Parameters:
  ///   - options: The options, the same for every worker.
  ///   - destination: The destination of the output.
  public init(_ options: JSONOptions, to destination: any ByteDestination) {
    self.options = options
    strings = JSONStrings(options.strings)
    encodings = ObjectEncodings(writer: options.writer)
    valueEncodings = options.isPart ? nil : encodings
    output = ByteOutput(to: destination)
    separators = Separators(to: destination, separator: JSONSeparatorState.separator(options))
  }

  @inline(__always) var isNative: Bool { options.shape == .native }

  public mutating func endBatch() throws { try separators.endBatch(&output) }

  public mutating func endEarly() throws(RDBError) { try close() }

  public consuming func finish() throws(RDBError) -> Ledger {
    try output.flush()
    leftOut.note(in: &ledger)
    return ledger
  }

  // MARK: Keys

  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    ledger.keysRead &+= 1
    self.key.type = key.storedType
    self.key.expiry = key.expiry
    self.key.close = 0
    self.key.isOpen = true
    self.key.hasExpiringMembers = false
    if isNative {
      try beginNative(key)
    } else {
      try beginMember(key)
    }
    switch key.type {
    case .stream:
      try beginStream()
      return .elements
    case .module:
      return try beginModule(key.module ?? ModuleID(rawValue: 0))
    case .string, .list, .set, .zset, .hash, .array, .pathHash:
      return .elements
    }
  }

  /// Writes `{"db":0,"key":"…","type":"hash"`.
  @inline(__always)
  private mutating func beginNative(_ key: borrowing KeyHeader) throws(RDBError) {
    self.key.nameByteCount = key.name.byteCount
    self.key.idleSeconds = key.idleSeconds
    self.key.frequency = key.frequency
    self.key.hasAttributes = key.expiry != nil || key.idleSeconds != nil || key.frequency != nil
    try beginItem()
    try output.reserve(64)
    if key.database == 0 {
      output.appendUnchecked("{\"db\":0,\"key\":")
    } else {
      output.appendUnchecked("{\"db\":")
      output.appendUnchecked(key.database)
      output.appendUnchecked(",\"key\":")
    }
    try strings.appendValue(key.name, to: &output)
    try output.reserve(64)
    // Each text is a constant, so that its length is known at compile time.
    switch key.type {
    case .string: output.appendUnchecked(",\"type\":\"string\"")
    case .list: output.appendUnchecked(",\"type\":\"list\"")
    case .set: output.appendUnchecked(",\"type\":\"set\"")
    case .zset: output.appendUnchecked(",\"type\":\"zset\"")
    case .hash: output.appendUnchecked(",\"type\":\"hash\"")
    case .stream: output.appendUnchecked(",\"type\":\"stream\"")
    case .array: output.appendUnchecked(",\"type\":\"array\"")
    case .pathHash: output.appendUnchecked(",\"type\":\"path-hash\"")
    case .module: output.appendUnchecked(",\"type\":\"module\"")
    }
    if key.metadata.byteCount > 0 {
      try output.append(",\"key_meta\":")
      try strings.appendBase64(key.metadata, to: &output)
    }
  }

  /// Writes `"…":` in the object of the key's database.
  private mutating func beginMember(_ key: borrowing KeyHeader) throws(RDBError) {
    leftOut.count(key)
    let state = JSONSeparatorState.database(key.database)
    if separators.state == state {
      try output.append(options.layout == .array ? ",\n" : ",")
    } else {
      try separators.advance(to: state, in: &output)
    }
    try strings.appendName(key.name, to: &output)
    try output.append(UInt8(ascii: ":"))
  }

  public mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    key.isOpen = false
    if key.isInPath { try endPath() }
    if key.close != 0 { try output.append(key.close) }
    switch key.type.data {
    case .stream: try endStream()
    case .module: try endModule()
    case .array where !isNative: try output.append(UInt8(ascii: "}"))
    case .array, .string, .list, .set, .zset, .hash, .pathHash: break
    }
    if isNative {
      if let counts = key.elementCounts, let encodings {
        try output.append(",\"encoding\":\"")
        try output.append(encodings.elements(key.type, counts).name)
        try output.append(UInt8(ascii: "\""))
        key.elementCounts = nil
      }
      if options.layout == .array { try output.append("}") } else { try output.append("}\n") }
    }
    separators.count &+= 1
    ledger.keysWritten &+= 1
  }

  /// Lists the key as lost.
  public mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) throws(RDBError) {
    ledger.loseDamaged(key, error)
  }

  // MARK: Objects

  /// Writes the separator before an object of the native shape.
  @inline(__always)
  mutating func beginItem() throws(RDBError) {
    guard options.layout == .array else { return }
    if separators.state == JSONSeparatorState.items {
      try output.append(",\n")
    } else {
      try separators.advance(to: JSONSeparatorState.items, in: &output)
    }
  }

  /// Ends the document.
  mutating func close() throws(RDBError) {
    if options.meta && isNative { try endObject() }
    if options.layout == .array || !isNative { try separators.advance(to: JSONSeparatorState.closed, in: &output) }
  }

  /// Writes the attributes known before the value: `,"encoding":"int","expiration":"…","expire_ms":1,"idle":1,"freq":1`.
  @inline(__always)
  mutating func appendAttributes(_ encoding: ObjectEncoding?) throws(RDBError) {
    try output.reserve(256)
    if let encoding {
      output.appendUnchecked(",\"encoding\":\"")
      output.appendUnchecked(encoding.name)
      output.appendUnchecked(UInt8(ascii: "\""))
    }
    if let expiry = key.expiry { appendExpiry(expiry) }
    if let idle = key.idleSeconds {
      output.appendUnchecked(",\"idle\":")
      output.appendUnchecked(idle)
    }
    if let frequency = key.frequency {
      output.appendUnchecked(",\"freq\":")
      output.appendUnchecked(UInt64(frequency))
    }
  }

  @inline(never)
  private mutating func appendExpiry(_ expiry: UnixMilliseconds) {
    if TimeText.range.contains(expiry.value) {
      output.appendUnchecked(",\"expiration\":\"")
      _ = TimeText.write(milliseconds: expiry.value, to: output.spare.baseAddress.unsafelyUnwrapped)
      output.advance(by: TimeText.byteCount)
      output.appendUnchecked(UInt8(ascii: "\""))
    }
    output.appendUnchecked(",\"expire_ms\":")
    output.appendUnchecked(expiry.value)
  }
}

extension ByteOutput {
  /// Appends a number in decimal. The caller reserves 20 bytes.
  @inline(__always)
  mutating func appendUnchecked(_ value: UInt64) {
    advance(by: DecimalText.write(value, to: spare.baseAddress.unsafelyUnwrapped))
  }

  /// Appends a number in decimal. The caller reserves 20 bytes.
  @inline(__always)
  mutating func appendUnchecked(_ value: Int64) {
    advance(by: DecimalText.write(value, to: spare.baseAddress.unsafelyUnwrapped))
  }

  /// Appends an ID in quotes: `"1-0"`. The caller reserves 43 bytes.
  @inline(__always)
  mutating func appendUnchecked(_ id: StreamID) {
    appendUnchecked(UInt8(ascii: "\""))
    appendUnchecked(id.milliseconds)
    appendUnchecked(UInt8(ascii: "-"))
    appendUnchecked(id.sequence)
    appendUnchecked(UInt8(ascii: "\""))
  }

  /// Appends a name and a number.
  ///
  /// - Parameter name: The name with its comma, quotes and colon: `,"name":`.
  mutating func append(_ name: StaticString, _ value: UInt64) throws(RDBError) {
    try reserve(256)
    appendUnchecked(name)
    appendUnchecked(value)
  }

  mutating func append(_ name: StaticString, _ value: Int64) throws(RDBError) {
    try reserve(256)
    appendUnchecked(name)
    appendUnchecked(value)
  }

  mutating func append(_ name: StaticString, _ id: StreamID) throws(RDBError) {
    try reserve(256)
    appendUnchecked(name)
    appendUnchecked(id)
  }
}
