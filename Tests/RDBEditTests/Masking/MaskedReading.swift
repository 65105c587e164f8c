import RDB
import RDBEdit
import RDBFormat
import RDBLZF
import TestSupport

/// The strings of one key, in file order, and what must not change.
struct ReadKey: Equatable {
  var name: [UInt8]
  /// What must be the same in a masked snapshot.
  var header: String
  /// Numbers and IDs that must be the same.
  var frame: [String] = []
  /// Names inside the value: members, fields, groups.
  var names: [[UInt8]] = []
  var values: [[UInt8]] = []
  var scores: [Double] = []
}

/// Reads all strings of a snapshot.
struct ReadingSink: RDBSink {
  var keys: [ReadKey] = []
  var modules = 0
  private var isModule = false

  private var key: ReadKey {
    get { keys[keys.count - 1] }
    _modify { yield &keys[keys.count - 1] }
  }

  mutating func beginSnapshot(_ header: SnapshotHeader) throws {}
  mutating func aux(_ field: borrowing AuxField) throws {}
  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {}
  mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool { false }
  mutating func slots(_ slots: borrowing SlotHint) throws {}
  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws {}
  mutating func beginKey(_ header: borrowing KeyHeader) throws -> Interest {
    isModule = header.type == .module
    if isModule {
      modules += 1
      return .skip
    }
    let type = header.storedType.name.contains("template") ? "hash" : header.storedType.name
    keys.append(
      ReadKey(
        name: [UInt8](header.name),
        header: "\(header.database) \(type) \(header.expiry.map { "\($0.value)" } ?? "-") "
          + "\(header.idleSeconds ?? 0) \(header.frequency ?? 0)"))
    return .elements
  }
  mutating func beginStored(byteCount: UInt64) throws {}
  mutating func stored(_ chunk: RawSpan) throws {}
  mutating func endStored() throws {}
  mutating func string(_ value: RawSpan) throws { key.values.append([UInt8](value)) }
  mutating func beginElements(_ header: ElementsHeader) throws { key.frame.append("\(header.count ?? 0)") }
  mutating func node(_ node: ValueNode) throws {
    key.frame.append("node \(node.byteCount) \(node.isPlain) \(node.masterID)")
  }
  mutating func listElement(_ element: RawSpan) throws { key.values.append([UInt8](element)) }
  mutating func setMember(_ member: RawSpan) throws { key.names.append([UInt8](member)) }
  mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    key.names.append([UInt8](member))
    key.scores.append(score)
  }
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    key.names.append([UInt8](field))
    key.values.append([UInt8](value))
    key.frame.append("expiry \(expiry?.value ?? -1)")
  }
  mutating func arrayElement(index: UInt64, value: RawSpan) throws {
    key.frame.append("index \(index)")
    key.values.append([UInt8](value))
  }
  mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws {
    key.frame.append("path of \(fieldCount)")
    key.names.append([UInt8](path))
  }
  mutating func pathField(_ field: RawSpan, value: RawSpan) throws {
    key.names.append([UInt8](field))
    key.values.append([UInt8](value))
  }
  mutating func moduleItem(_ item: borrowing ModuleItem) throws {}
  mutating func streamOutline(_ info: StreamInfo, pendingIDs: [StreamID]) throws {}
  mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws { key.frame.append("\(id) \(fieldCount)") }
  mutating func streamField(_ field: RawSpan, value: RawSpan) throws {
    key.names.append([UInt8](field))
    key.values.append([UInt8](value))
  }
  mutating func streamInfo(_ info: StreamInfo) throws { key.frame.append("\(info)") }
  mutating func streamGroup(_ group: borrowing StreamGroup) throws {
    key.frame.append("group \(group.lastDelivered) \(group.entriesRead) \(group.pendingCount)")
    key.names.append([UInt8](group.name))
  }
  mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws {
    key.frame.append("consumer \(consumer.seen) \(consumer.active?.value ?? -2) \(consumer.pendingCount)")
    key.names.append([UInt8](consumer.name))
  }
  mutating func streamPending(_ pending: borrowing StreamPending) throws {
    key.frame.append("pending \(pending.id) \(pending.delivered) \(pending.deliveryCount)")
  }
  mutating func streamIdempotency(durationSeconds: UInt64, maxEntries: UInt64, producerCount: UInt64) throws {
    key.frame.append("producers \(durationSeconds) \(maxEntries) \(producerCount)")
  }
  mutating func streamIdempotencyID(producer: RawSpan, id: RawSpan, entry: StreamID) throws {
    key.names += [[UInt8](producer), [UInt8](id)]
    key.frame.append("\(entry)")
  }
  mutating func streamIdempotencyEnd(idsAdded: UInt64, idsDuplicate: UInt64) throws {
    key.frame.append("\(idsAdded) \(idsDuplicate)")
  }
  mutating func endKey(_ end: KeyEnd) throws {}
  mutating func endSnapshot(_ end: SnapshotEnd) throws {}
}

/// Masks snapshots, and reads them.
enum MaskedReading {
  static let salt = Array("a salt of the tests".utf8)

  static func read(_ bytes: [UInt8]) throws -> ReadingSink {
    var sink = ReadingSink()
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &sink)
    return sink
  }

  static func mask(
    _ bytes: [UInt8], salt: [UInt8] = salt, keepNames: UInt64 = 1000, separators: [String] = [":"], threads: Int = 1,
    windowByteCount: Int? = nil
  ) throws -> (bytes: [UInt8], ledger: Ledger) {
    let masking = try MaskingOptions(separators: separators.map { Array($0.utf8) }, keepNames: keepNames, salt: salt)
    var names = RDBReader(MemorySource(bytes))
    let counts = try names.fold(threads: threads) { NamePartCounter(masking) }.summary
    let plan = try MaskingPlan(masking, counts)
    var readerOptions = RDBReader.Options()
    if let windowByteCount { readerOptions.windowByteCount = windowByteCount }
    var reader = RDBReader(MemorySource(bytes), options: readerOptions)
    var options = SnapshotWritingOptions(copying: try reader.origin())
    options.compressor = { LZFCompressor() }
    let destination = MemoryDestination()
    let snapshot = try SnapshotDestination(options, to: destination)
    let result = try reader.write(to: snapshot, threads: threads) { [options] in MaskingSink(plan, options, to: $0) }
    try snapshot.finish(result.summary)
    return (destination.bytes, result.summary.ledger)
  }

  /// The logarithm to base 2 of the number of strings with the same classes of bytes.
  static func bits(_ text: [UInt8]) -> Double {
    text.reduce(0) { bits, byte in
      switch byte {
      case 48...57: bits + 3.3
      case 65...90, 97...122: bits + 4.7
      case 0..<9, 14..<32, 127: bits + 4.7
      case 128...: bits + 5
      default: bits
      }
    }
  }
}
