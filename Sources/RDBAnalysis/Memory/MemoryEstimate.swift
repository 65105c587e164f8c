public import RDB
public import RDBFormat

/// Estimates what `MEMORY USAGE key SAMPLES 0` says of a key that a server has just loaded.
///
/// Fed with a key's events, element by element; the memory for that is the same for any number of
/// elements. The sizes are facts of the servers, measured on Redis 7.0.15 and 8.2.3 and Valkey 9.1.2.
/// The calibration table in the documentation says how far off they are. Not counted, as by the command:
/// the buckets of the main table, the table of expiries.
public struct MemoryEstimate: Sendable {
  let model: ServerModel
  /// The model's, here as well: a model is large, and would be copied for every element.
  let rules: ElementRules
  var type = ValueType.string
  private var keyByteCount: UInt64 = 0
  private var expires = false
  /// What all elements have in common.
  var elements = ElementSizes()
  /// See ``entriesOfInterest(_:)``.
  private(set) var packedLimit: UInt64 = 0
  var nodes = NodeSizes()
  var stream: StreamSizes

  /// What ``loadedEncoding`` and ``byteCount`` say is known when the key's last event has come.
  public init(_ model: ServerModel) {
    self.model = model
    rules = model.rules
    stream = StreamSizes(model.allocator)
  }

  /// A key begins.
  public mutating func begin(_ type: ValueType, keyByteCount: Int, expires: Bool) {
    self.type = type
    self.keyByteCount = UInt64(keyByteCount)
    self.expires = expires
    if type == .string { return }
    elements = ElementSizes()
    packedLimit = entriesOfInterest(type)
    nodes = NodeSizes()
    if type.data == .stream { stream = StreamSizes(model.allocator) }
  }

  /// The value of a string.
  public mutating func string(byteCount: UInt64, isInteger: Bool) {
    elements.count = byteCount
    elements.areIntegers = isInteger
  }

  /// How the server holds the key once it has loaded it; `nil`: a module's value, or before 2.2.
  public var loadedEncoding: ObjectEncoding? {
    switch type.data {
    case .string: stringEncoding
    case .list: listEncoding
    case .set: setEncoding
    case .zset: zsetEncoding
    case .hash: hashEncoding
    case .stream: .stream
    case .array: .array
    case .module: nil
    }
  }

  /// The estimate; `nil`: modules have their own memory, which a file does not show.
  public var byteCount: UInt64? {
    guard type.data != .module else { return nil }
    if type == .string { return keyAndString }
    let value =
      switch type.data {
      case .list: listByteCount
      case .set: setByteCount
      case .zset: zsetByteCount
      case .hash: hashByteCount
      case .stream: streamByteCount
      case .array: arrayByteCount
      case .string, .module: 0 as UInt64
      }
    return keyAndObject &+ value
  }

  // MARK: Keys and strings

  private var stringEncoding: ObjectEncoding {
    if elements.areIntegers { return .int }
    return model.encodings?.string(
      byteCount: elements.count, keyByteCount: Int(keyByteCount), expires: expires) ?? .raw
  }

  /// The name with its header and final zero, inside another allocation.
  private var embeddedName: UInt64 {
    ServerModel.stringHeader(keyByteCount) &+ keyByteCount &+ 1 &- (keyByteCount == 0 ? 2 : 0)
  }

  /// A key and the object of its value, without what that points to.
  var keyAndObject: UInt64 { keyAndObject(embedding: 0, pointsToValue: true) }

  private func keyAndObject(embedding value: UInt64, pointsToValue: Bool) -> UInt64 {
    switch model.keyForm {
    case .entryAndName:
      return rules.string(keyByteCount) &+ 24 &+ 16
    case .entryWithName:
      return rules.allocated(16 &+ 1 &+ embeddedName) &+ 16
    case .objectWithName:
      // Object, offset of the name's header, name; before it an expiry, always where the name is long.
      let isValkey = model.version.vendor == .valkey
      let hasExpiry = expires || isValkey && keyByteCount > 128
      let pointer: UInt64 = pointsToValue || !model.leavesOutPointer ? 8 : 0
      let whole = 8 &+ pointer &+ (hasExpiry ? 8 : 0) &+ 1 &+ embeddedName &+ value
      return rules.allocated(whole)
    }
  }

  private var keyAndString: UInt64 {
    let byteCount = elements.count
    switch stringEncoding {
    case .int: return keyAndObject
    case .embstr:
      // Its header is of the second kind, whatever its length.
      let embedded = 3 &+ byteCount &+ 1
      if model.keyForm == .objectWithName {
        return keyAndObject(embedding: embedded, pointsToValue: false)
      }
      let object = rules.countsAllocations ? rules.allocator.size(16 &+ embedded) : 18 &+ byteCount
      return keyAndObject &- 16 &+ object
    default: return keyAndObject &+ rules.string(byteCount)
    }
  }
}
