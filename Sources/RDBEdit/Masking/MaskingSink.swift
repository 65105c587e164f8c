import RDB
import RDBFormat
import RDBSupport

/// Writes a snapshot whose names and values are masked: bytes of the same length and class replace them.
///
/// Types, encodings, sizes, expiries, IDs of streams, and the division of lists and streams into nodes stay. Values of
/// modules, code of functions and scripts, and what identifies the server are left out, and listed in the ledger.
package struct MaskingSink: ForwardingSink, OutputSink, ~Copyable {
  package var base: SnapshotWritingSink
  private let plan: MaskingPlan
  private var names: NameMask
  private var values: StoredMask
  let masker = Masker()
  private var ledger = Ledger()
  /// The key of the current value's words.
  private(set) var key = MaskingKey(0, 0)
  private var isLeftOut = false

  /// Creates a sink.
  ///
  /// - Parameters:
  ///   - plan: The plan, made from all names of the same snapshot.
  ///   - options: The snapshot to write.
  ///   - destination: The destination of the records.
  package init(_ plan: MaskingPlan, _ options: SnapshotWritingOptions, to destination: any ByteDestination) {
    self.plan = plan
    base = SnapshotWritingSink(options, to: destination)
    names = NameMask(plan)
    values = StoredMask(masker, compressor: options.compressor?())
  }

  package mutating func endBatch() throws { try base.endBatch() }

  package consuming func finish() throws -> SnapshotWritingSummary {
    let ledger = ledger
    var summary = try base.finish()
    summary.ledger.merge(ledger)
    return summary
  }

  // MARK: Keys

  package mutating func beginKey(_ header: borrowing KeyHeader) throws -> Interest {
    isLeftOut = header.type == .module
    if isLeftOut {
      ledger.keysRead += 1
      ledger.lose(
        .key, "values of modules cannot be masked", key: [UInt8](header.name), offset: header.offset)
      return .skip
    }
    header.name.withUnsafeBytes { name in
      names.mask(name)
      key = plan.valueKey(ofName: name)
    }
    if header.metadata.byteCount > 0 {
      ledger.lose(
        .moduleAux, "data that modules attach to keys cannot be masked", key: [UInt8](header.name),
        offset: header.offset)
    }
    values.begin(header.storedType, key)
    // A copy shares the bytes: the access to the name would overlap with that to `base`.
    let name = names.masked
    let attributes = KeyRecord.Attributes(of: header)
    let interest = try attributes.announce(name: name.span.bytes, metadata: RawSpan()) { try base.beginKey($0) }
    return header.storedType.hasInlineTemplate ? .elements : interest
  }

  package mutating func beginStored(byteCount: UInt64) throws { try base.beginStored(byteCount: byteCount) }

  package mutating func stored(_ chunk: RawSpan) throws {
    try values.mask(chunk)
    // The bytes do not move before they are removed.
    let masked = UnsafeRawBufferPointer(start: values.output.base, count: values.output.count)
    if masked.count > 0 { try base.stored(RawSpan(_unsafeBytes: masked)) }
    values.output.removeAll()
  }

  package mutating func endStored() throws {
    try values.end()
    try base.endStored()
  }

  package mutating func endKey(_ end: KeyEnd) throws { if !isLeftOut { try base.endKey(end) } }

  // MARK: Other records

  /// Keeps the fields about the release and the time; leaves out those that identify the server, and scripts.
  package mutating func aux(_ field: borrowing AuxField) throws {
    let name = String(decoding: [UInt8](field.name), as: UTF8.self)
    switch name {
    case "redis-ver", "valkey-ver", "redis-bits", "ctime", "used-mem", "aof-base", "aof-preamble":
      try base.aux(field)
    case "lua": ledger.lose(.script, "code cannot be masked", count: 1)
    default: ledger.note("AUX fields that can identify the server")
    }
  }

  package mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    ledger.lose(.functionLibrary, "code cannot be masked", count: 1)
  }

  package mutating func beginModuleAux(_ aux: ModuleAux) throws -> Bool {
    ledger.lose(.moduleAux, "data of modules cannot be masked", count: 1)
    return false
  }

  /// Leaves out the hint: masked names are in other slots.
  package mutating func slots(_ slots: borrowing SlotHint) throws { ledger.note("hints of hash slots") }
}

extension ValueType {
  /// Whether the value has the names of its fields as a template of its own.
  fileprivate var hasInlineTemplate: Bool {
    layout.head == .fieldNames || layout.head == .fieldNamesAndOne
  }
}
