import RDB
import RDBFormat
import RDBSupport

/// Requests the validation of every value, and counts keys and elements for a ``CheckCollector``.
struct CheckSink: SelectiveSink, OutputSink, ~Copyable {
  private let collector: CheckCollector
  private let part: WorkerCheck
  private let hot: UnsafeMutablePointer<KeyCounter.Hot>
  private let slots: UnsafeMutablePointer<KeyCounter.Slot>
  private let destination: any ByteDestination
  private var database: UInt64 = 0
  private var type = ValueType.string
  private var offset = 0
  private var elements: UInt64 = 0
  private var isFirst = true
  private let findsDuplicates: Bool
  /// The words before a field of the current path of a path hash.
  private var pathPrefix = ""

  /// Whether data of modules is listed.
  private let listsModules: Bool
  /// The module data whose size is not known yet.
  private var module: (kind: FindingKind, name: String, offset: Int, key: [UInt8]?)?
  private var moduleByteCount: UInt64 = 0

  init(_ collector: CheckCollector, listsModules: Bool, _ destination: any ByteDestination) {
    self.listsModules = listsModules
    self.collector = collector
    self.destination = destination
    part = collector.takePart()
    findsDuplicates = part.duplicates != nil
    hot = part.counter.hot
    slots = part.counter.slots
  }

  mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {
    part.header = SnapshotCheck.Header(vendor: header.vendor.rawValue, version: header.version)
  }

  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    part.counter.hint(database: database, keys: keys, expiring: expiring)
  }

  static var events: SinkEvents {
    [
      .beginSnapshot, .databaseSize, .setMember, .zsetMember, .hashField, .beginPath, .pathField, .finding, .moduleAux,
      .stored, .endStored,
      .endKey,
      .endSnapshot,
    ]
  }

  // Changes through the pointers go through local constants: under ThreadSanitizer, the compiler of Swift 6.3.1 watches a
  // wrong address if they go through stored properties.

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    let hot = hot
    if key.database != database {
      database = key.database
      part.counter.select(database)
    }
    if isFirst {
      isFirst = false
      part.firstOffset = key.offset
    }
    type = key.storedType
    offset = key.offset
    elements = 0
    if listsModules, let id = key.module {
      module = (.modulePayload, "\(id)", key.offset, key.name.withUnsafeBytes { Array($0) })
    }
    if let expiry = key.expiry {
      hot.pointee.expiring &+= 1
      if expiry.value < 0 { part.note(.negativeExpiry, key) }
    }
    guard findsDuplicates else { return .validate }
    do throws(SystemError) { try part.duplicates?.beginKey(key) } catch { throw RDBError(error) }
    // The reader itself finds duplicates within one packed value.
    switch type {
    case .set, .zset, .zset2, .hash, .hash2, .hashMetadata, .hashMetadataPreGA, .pathHash: return .elements
    case .string, .list, .listZiplist, .listQuicklist, .listQuicklist2, .setIntset, .setListpack, .zsetZiplist,
      .zsetListpack, .hashZipmap, .hashZiplist, .hashListpack, .hashListpackExPreGA, .hashListpackEx,
      .hashTemplateListpackInline, .hashTemplateListpack, .hashTemplateArrayInline, .hashTemplateArray,
      .streamListpacks, .streamListpacks2, .streamListpacks3, .streamListpacks4, .streamListpacks5, .array,
      .modulePreGA, .module2:
      return .validate
    }
  }

  mutating func setMember(_ member: RawSpan) throws(RDBError) { try add(member) }

  mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) { try add(member) }

  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  { try add(field) }

  /// Adds the path, with a word before it that no field of a path begins with.
  mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    try add("path ", path)
    pathPrefix = "field of path \(elements): "
  }

  mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    let number = elements
    try add(pathPrefix, field)
    elements = number
  }

  private mutating func add(_ prefix: String, _ member: RawSpan) throws(RDBError) {
    let named = Array(prefix.utf8) + member.withUnsafeBytes { Array($0) }
    try add(named.span.bytes)
  }

  private mutating func add(_ member: RawSpan) throws(RDBError) {
    elements &+= 1
    do throws(SystemError) {
      try part.duplicates?.addMember(member, elementNumber: elements)
    } catch {
      throw RDBError(error)
    }
  }

  mutating func finding(_ finding: borrowing Finding) throws(RDBError) { part.note(finding) }

  mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool {
    guard listsModules else { return false }
    module = (.moduleAux, "\(aux.module)", aux.offset, nil)
    moduleByteCount = 0
    return true
  }

  mutating func stored(_ chunk: RawSpan) throws(RDBError) { moduleByteCount &+= UInt64(chunk.byteCount) }

  mutating func endStored() throws(RDBError) { noteModule(moduleByteCount) }

  private mutating func noteModule(_ byteCount: UInt64) {
    guard let (kind, name, offset, key) = module else { return }
    module = nil
    part.note(
      Finding(
        kind, at: offset, expected: "no data of a module", found: "\(name), \(byteCount) bytes", key: key,
        database: key == nil ? nil : database))
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    let slots = slots
    if module != nil { noteModule(end.storedByteCount) }
    var count = elements
    if let measure = end.measure { count = measure.elementCount ?? 0 }
    let index = Int(type.rawValue) &* KeyCounter.variantCount
    slots[index].keys &+= 1
    slots[index].storedByteCount &+= end.storedByteCount
    slots[index].elements &+= count
  }

  mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) { part.end = end }

  mutating func endBatch() throws {
    // Wait until all batches before this one are collected.
    try destination.write(RawSpan(), followedBy: RawSpan())
    collector.collect(part)
    isFirst = true
  }

  consuming func finish() throws(RDBError) -> NoSummary { NoSummary() }
}
