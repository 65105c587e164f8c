import RDB
import RDBFormat
import RDBSupport

/// Records the parts of the differing keys that one worker reads: the second pass over a snapshot.
///
/// The other keys are skipped.
package struct PartSink: RDBSink, FoldingSink, ~Copyable {
  private var keys: DifferingKeyCursor
  var log: PartLog
  private let readsValues: Bool
  private let ignoresExpiries: Bool
  private let database: (UInt64) -> UInt64
  /// Whether the value of the current key is read.
  private var readsValue = false
  private var type = DataType.string
  /// Computes the digest of a module's value.
  private var module: ValueDigester
  private var path: [UInt8] = []
  var stream = StreamParts()

  /// - Parameter ofFirst: Whether the sink reads the first snapshot of a comparison.
  package init(_ matches: KeyMatches, ofFirst: Bool, _ options: ComparisonOptions) throws(RDBError) {
    let keys = try convertingSystemErrors { () throws(SystemError) in
      try DifferingKeyCursor(ofFirst ? matches.differingBefore : matches.differingAfter)
    }
    log = try convertingSystemErrors { () throws(SystemError) in try PartLog(options) }
    self.keys = keys
    readsValues = !options.keysOnly
    ignoresExpiries = options.ignoresExpiries
    database = options.database(of:)
    module = ValueDigester(key: options.key)
  }

  package consuming func finish() throws -> KeyParts { KeyParts([try log.finish()]) }

  // MARK: Keys

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    readsValue = false
    let differing = try convertingSystemErrors { () throws(SystemError) in try keys.key(at: UInt64(key.offset)) }
    guard let differing else { return .skip }
    type = key.type
    stream = StreamParts()
    log.beginKey(differing)
    var value = KeyProperties(
      type: key.type, expiry: ignoresExpiries ? nil : key.expiry, byteCount: differing.byteCount
    ).bytes
    value.append(key.metadata)
    try log.add(.key, name: key.name, value: value.span.bytes, number: database(key.database))
    readsValue = readsValues && differing.kind == .value
    guard readsValue else { return .skip }
    if type == .module { module.begin(.module, module: key.module) }
    return .elements
  }

  package mutating func endKey(_ end: KeyEnd) throws {
    guard readsValue else { return }
    if type == .stream { try endStream() }
    if type == .module {
      try log.add(.payload, name: RawSpan(), number: module.byteCount, content: module.endValue())
    }
  }

  /// Does nothing: the first pass lists the key.
  package mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) {}

  // MARK: Elements

  package mutating func string(_ value: RawSpan) throws { try log.add(.value, name: RawSpan(), value: value) }

  package mutating func beginElements(_ header: ElementsHeader) throws {
    if let index = header.insertIndex { try addNumber("insert-index", index) }
  }

  package mutating func listElement(_ element: RawSpan) throws {
    try log.add(.element, name: RawSpan(), value: element)
  }

  package mutating func setMember(_ member: RawSpan) throws { try log.add(.member, name: member) }

  package mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    try log.add(.member, name: member, number: score == 0 ? 0 : score.bitPattern)
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    let expiry = ignoresExpiries ? nil : expiry
    try log.add(.field, name: field, value: value, number: expiry.map { UInt64(bitPattern: $0.value) })
  }

  package mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    let name = Array("\(index)".utf8)
    try log.add(.index, name: name.span.bytes, value: value)
  }

  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws {
    self.path = [UInt8](path)
    try log.add(.path, name: path)
  }

  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    let path = path
    try log.add(.pathField, container: path.span.bytes, name: field, value: value)
  }

  package mutating func moduleItem(_ item: borrowing ModuleItem) { module.moduleItem(item) }

  /// Adds a number of a stream or array.
  mutating func addNumber(_ name: String, _ value: some CustomStringConvertible) throws {
    let (name, value) = (Array(name.utf8), Array(value.description.utf8))
    try log.add(.number, name: name.span.bytes, value: value.span.bytes)
  }

  // MARK: Events that are not compared

  package mutating func beginSnapshot(_ header: SnapshotHeader) {}
  package mutating func aux(_ field: borrowing AuxField) {}
  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) {}
  package mutating func beginModuleAux(_ aux: ModuleAux) -> Bool { false }
  package mutating func slots(_ slots: borrowing SlotHint) {}
  package mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) {}
  package mutating func endSnapshot(_ end: SnapshotEnd) {}
  package mutating func beginStored(byteCount: UInt64) {}
  package mutating func stored(_ chunk: RawSpan) {}
  package mutating func endStored() {}
  package mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) {}
}

/// What is compared of a key besides its name and value, as bytes in a log.
struct KeyProperties {
  var type: DataType
  var expiry: UnixMilliseconds?
  var byteCount: UInt64

  static let encodedByteCount = 18

  /// 18 bytes: type, whether the key expires, expiry, bytes of data.
  var bytes: [UInt8] {
    var bytes = [UInt8(DataType.allCases.firstIndex(of: type) ?? 0), expiry == nil ? 0 : 1]
    for number in [UInt64(bitPattern: expiry?.value ?? 0), byteCount] {
      for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * shift))) }
    }
    return bytes
  }

  /// Reads properties from the beginning of `bytes`.
  init(_ bytes: [UInt8]) {
    func number(at start: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    }
    type = DataType.allCases[Int(bytes[0])]
    expiry = bytes[1] == 0 ? nil : UnixMilliseconds(Int64(bitPattern: number(at: 2)))
    byteCount = number(at: 10)
  }

  init(type: DataType, expiry: UnixMilliseconds?, byteCount: UInt64) {
    (self.type, self.expiry, self.byteCount) = (type, expiry, byteCount)
  }
}
