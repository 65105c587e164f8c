public import RDB
public import RDBFormat

/// Collects a ``SnapshotInfo``, one sink per worker.
///
/// Values are skipped where possible: only hashes whose fields can expire are decoded, and for files of old servers the
/// values whose encoding depends on the elements.
public struct InfoSink: FoldingSink, ~Copyable {
  private var info: SnapshotInfo
  private let reference: Int64
  private let counter: KeyCounter
  private let hot: UnsafeMutablePointer<KeyCounter.Hot>
  private let slots: UnsafeMutablePointer<KeyCounter.Slot>
  private let variants: EncodingVariants
  private var database: UInt64 = 0
  private var type = ValueType.string
  private var isFieldCounting = false
  private var fieldsExpiring: UInt64 = 0
  private var keyByteCount = 0
  private var expires = false
  private var isElementCounting = false
  private var elements = ElementCounts()

  /// Creates a sink for one worker.
  ///
  /// - Parameters:
  ///   - origin: The origin of the snapshot. The writer determines the encodings of keys. The AUX field `ctime`
  ///     determines which keys have expired.
  ///   - now: The reference time for a snapshot without `ctime`.
  public init(origin: SnapshotOrigin, now: UnixMilliseconds) {
    info = SnapshotInfo(reference: SnapshotInfo.Reference(origin, now: now))
    reference = info.reference.unixMilliseconds
    let variants = EncodingVariants(of: origin.assumedWriter)
    self.variants = variants
    counter = KeyCounter { variants.name($0, $1) }
    hot = counter.hot
    slots = counter.slots
  }

  // Changes through the pointers go through local constants: under ThreadSanitizer, the compiler of Swift 6.3.1 fails on
  // those through stored properties.

  public mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    let hot = hot
    if key.database != database {
      database = key.database
      counter.select(database)
    }
    type = key.storedType
    keyByteCount = key.name.byteCount
    expires = key.expiry != nil
    if let expiry = key.expiry {
      hot.pointee.expiring &+= 1
      if expiry.value < reference { hot.pointee.expired &+= 1 }
    }
    if let module = key.module { info.modules.add(ModuleNeed(module, keys: 1, aux: 0)) }
    switch type {
    case .string, .listQuicklist2: return .measure
    case .hash2, .hashMetadata, .hashMetadataPreGA, .hashListpackEx, .hashListpackExPreGA:
      fieldsExpiring = 0
      isFieldCounting = true
      return .elements
    case .list, .listZiplist, .listQuicklist, .set, .setIntset, .setListpack, .zset, .zset2, .zsetZiplist,
      .zsetListpack, .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashTemplateListpackInline,
      .hashTemplateListpack, .hashTemplateArrayInline, .hashTemplateArray, .streamListpacks,
      .streamListpacks2, .streamListpacks3, .streamListpacks4, .streamListpacks5, .array, .pathHash, .modulePreGA,
      .module2:
      guard variants.needElements, variants.needElements(type) else { return .skip }
      elements = ElementCounts()
      isElementCounting = true
      return .elements
    }
  }

  public mutating func listElement(_ element: RawSpan) throws(RDBError) { elements.add(element) }
  public mutating func setMember(_ member: RawSpan) throws(RDBError) { elements.add(member) }

  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    if expiry != nil { fieldsExpiring &+= 1 }
    if isElementCounting { elements.add(field, value: value) }
  }

  public mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    let (hot, slots) = (hot, slots)
    var variant = 0
    if let measure = end.measure {
      variant = variants.variant(of: type, measure, keyByteCount: keyByteCount, expires: expires)
    } else if isElementCounting {
      isElementCounting = false
      variant = variants.variant(of: type, elements)
    }
    let index = Int(type.rawValue) &* KeyCounter.variantCount &+ variant
    slots[index].keys &+= 1
    slots[index].storedByteCount &+= end.storedByteCount
    if isFieldCounting {
      isFieldCounting = false
      hot.pointee.fieldsExpiring &+= fieldsExpiring
      if fieldsExpiring > 0 { hot.pointee.hashesWithFieldExpiries &+= 1 }
    }
  }

  public consuming func finish() throws(RDBError) -> SnapshotInfo {
    counter.fold()
    info.databases = counter.databases
    info.total = counter.total
    for (type, count) in counter.valueTypes { info.valueTypes[type.name] = count }
    info.settle()
    return info
  }
}

extension InfoSink: SelectiveSink {
  @inlinable public static var events: SinkEvents {
    [
      .beginSnapshot, .aux, .functionLibrary, .moduleAux, .slots, .databaseSize, .listElement, .setMember, .hashField,
      .endKey, .endSnapshot,
    ]
  }

  public mutating func beginSnapshot(_ header: SnapshotHeader) throws(RDBError) {
    info.magic = header.vendor == .redis ? "REDIS" : "VALKEY"
    info.version = header.version
    info.vendor = header.vendor.rawValue
  }

  public mutating func aux(_ field: borrowing AuxField) throws(RDBError) {
    if let job = CronJob(field) {
      info.cronJobs = info.cronJobs ?? SmallestEntries()
      info.cronJobs?.add(CronJobInfo(job))
      return
    }
    let name = BinaryText(field.name.withUnsafeBytes { $0.map { asciiLowercase($0) } })
    if name.bytes.elementsEqual("slot-info".utf8) {
      info.slots.add(aux: field.value)
    } else if name.bytes.elementsEqual("keydb-subexpire-when".utf8) {
      info.memberExpiries = (info.memberExpiries ?? 0) + 1
    } else if !Self.perKeyFields.contains(name.text ?? "") {
      info.aux.add(CountedAuxField(name: name, value: field.value))
    }
  }

  /// The AUX fields that KeyDB writes before or after every key.
  private static var perKeyFields: [String] {
    ["mvcc-tstamp", "keydb-subexpire-key", "keydb-subexpire-when"]
  }

  public mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    info.functions.add(library)
  }

  public mutating func beginModuleAux(_ aux: ModuleAux) throws(RDBError) -> Bool {
    info.modules.add(ModuleNeed(aux.module, keys: 0, aux: 1))
    return false
  }

  public mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {
    switch slots.kind {
    case .info(let slot, let keys, let expiring):
      info.slots.add(slot: slot, keys: keys, expiring: expiring)
    case .importing(let first, let last):
      info.slots.imports.add(SlotImport(job: BinaryText(slots.job), first: first, last: last))
    }
  }

  public mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64)
    throws(RDBError)
  {
    counter.hint(database: database, keys: keys, expiring: expiring)
  }

  public mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) {
    info.checksum = ChecksumState(end.checksum)
    info.tail = TailState(end)
    info.head = HeadState(end.head)
    info.dialect = end.dialect?.rawValue
    info.byteCount = end.byteCount
  }
}

/// Returns a letter in lower case: the names of AUX fields are compared without regard to case.
func asciiLowercase(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
