import RDB
import RDBFormat

/// Estimates the result of `MEMORY USAGE key SAMPLES 0` for a key that a server has just loaded.
///
/// The estimate follows from the key's events, in constant memory. Its constants were measured on Redis 7.0.15 and 8.2.3
/// and on Valkey 9.1.2; the article <doc:MemoryModel> shows its errors. Like the command, it does not count the buckets
/// of the main table and the table of expiries.
///
/// Methods are `mutating` even where they change nothing: the estimate is large, and a method that is not `mutating` would
/// copy it at each call.
package struct MemoryEstimate: Sendable {
  let model: ServerModel
  /// A copy of the model's rules. The model is large, so using it per element would cost a large copy each time.
  let rules: ElementRules
  var type = ValueType.string
  private var keyByteCount: UInt64 = 0
  private var expires = false
  /// The sums over all elements.
  var elements = ElementSizes()
  /// See ``entriesOfInterest(_:)``.
  private(set) var packedLimit: UInt64 = 0
  var nodes = NodeSizes()
  var stream: StreamSizes

  /// Creates an estimate. ``finish()`` ends each key.
  package init(_ model: ServerModel) {
    self.model = model
    rules = model.rules
    stream = StreamSizes(model.allocator)
  }

  /// Begins a key.
  package mutating func begin(_ type: ValueType, keyByteCount: Int, expires: Bool) {
    self.type = type
    self.keyByteCount = UInt64(keyByteCount)
    self.expires = expires
    if type == .string { return }
    elements = ElementSizes()
    packedLimit = entriesOfInterest(type)
    nodes = NodeSizes()
    if type.data == .stream { stream = StreamSizes(model.allocator) }
  }

  /// Sets the value of a string.
  package mutating func string(byteCount: UInt64, isInteger: Bool) {
    elements.count = byteCount
    elements.areIntegers = isInteger
  }

  /// The results for one key.
  package struct Result {
    /// The encoding of the loaded key; `nil` for a module's value.
    package var encoding: ObjectEncoding?
    /// The estimate, in bytes; `nil` for a module's value, whose memory a file does not show.
    package var byteCount: UInt64?
    /// The limit that a set, hash or sorted set exceeds, and its memory in the compact form.
    package var nearMiss: NearMiss?
  }

  /// Returns the results for the current key. Call it once per key, after its last event.
  package mutating func finish() -> Result {
    if type == .string {
      let encoding = stringEncoding()
      return Result(encoding: encoding, byteCount: keyAndString(encoding), nearMiss: nil)
    }
    return Result(encoding: loadedEncoding(), byteCount: byteCount(), nearMiss: nearMiss())
  }

  private mutating func loadedEncoding() -> ObjectEncoding? {
    switch type.data {
    case .string: stringEncoding()
    case .list: listEncoding()
    case .set: setEncoding()
    case .zset: zsetEncoding()
    case .hash: hashEncoding()
    case .stream: .stream
    case .array: .array
    case .pathHash: .radix
    case .module: nil
    }
  }

  private mutating func byteCount() -> UInt64? {
    guard type.data != .module else { return nil }
    let value =
      switch type.data {
      case .list: listByteCount()
      case .set: setByteCount()
      case .zset: zsetByteCount()
      case .hash: hashByteCount()
      case .stream: streamByteCount()
      case .array: arrayByteCount()
      case .pathHash: pathHashByteCount()
      case .string, .module: 0 as UInt64
      }
    return keyAndObject() &+ value
  }

  // MARK: Keys and strings

  private mutating func stringEncoding() -> ObjectEncoding {
    if elements.areIntegers { return .int }
    return model.encodings?.string(
      byteCount: elements.count, keyByteCount: Int(keyByteCount), expires: expires) ?? .raw
  }

  /// The size of the name with its header and final zero, inside another allocation.
  private mutating func embeddedName() -> UInt64 {
    ServerModel.stringHeader(keyByteCount) &+ keyByteCount &+ 1 &- (keyByteCount == 0 ? 2 : 0)
  }

  /// The size of a key and of the object of its value, without the memory that the object points to.
  mutating func keyAndObject() -> UInt64 { keyAndObject(embedding: 0, pointsToValue: true) }

  private mutating func keyAndObject(embedding value: UInt64, pointsToValue: Bool) -> UInt64 {
    switch model.keyForm {
    case .entryAndName:
      return rules.string(keyByteCount) &+ 24 &+ 16
    case .entryWithName:
      return rules.allocated(16 &+ 1 &+ embeddedName()) &+ 16
    case .objectWithName:
      // The object, an expiry if the key has one, the offset of the name's header, and the name. Valkey also reserves
      // memory for an expiry if the name is long.
      let isValkey = model.version.vendor == .valkey
      let hasExpiry = expires || isValkey && keyByteCount > 128
      let pointer: UInt64 = pointsToValue || !model.leavesOutPointer ? 8 : 0
      let whole = 8 &+ pointer &+ (hasExpiry ? 8 : 0) &+ 1 &+ embeddedName() &+ value
      return rules.allocated(whole)
    }
  }

  private mutating func keyAndString(_ encoding: ObjectEncoding) -> UInt64 {
    let byteCount = elements.count
    switch encoding {
    case .int: return keyAndObject()
    case .embstr:
      // The header of an embedded string has 3 bytes for every length.
      let embedded = 3 &+ byteCount &+ 1
      if model.keyForm == .objectWithName {
        return keyAndObject(embedding: embedded, pointsToValue: false)
      }
      let object = rules.countsAllocations ? rules.allocator.size(16 &+ embedded) : 18 &+ byteCount
      return keyAndObject() &- 16 &+ object
    default: return keyAndObject() &+ rules.string(byteCount)
    }
  }
}
