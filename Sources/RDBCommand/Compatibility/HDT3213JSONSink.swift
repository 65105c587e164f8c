import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Writes keys as the JSON of the tool of HDT3213: one object per line, in an array. One sink reads the whole snapshot.
///
/// The members are those of that tool; `size`, which is known only after the value, comes last.
struct HDT3213JSONSink: SelectiveSink, OutputSink, ~Copyable {
  static var events: SinkEvents {
    [
      .string, .beginElements, .node, .listElement, .setMember, .zsetMember, .hashField, .functionLibrary,
      .endKey,
    ]
  }

  private var output: ByteOutput
  private var meter: KeyMeter
  private var ledger = Ledger()
  private var isFirst = true
  private var isWritten = false
  private var type = DataType.string
  private var index = 0

  init(_ model: ServerModel, to destination: any ByteDestination) {
    meter = KeyMeter(model)
    output = ByteOutput(to: destination)
  }

  mutating func endBatch() throws { try output.flush() }

  consuming func finish() throws -> Ledger {
    try output.append(isFirst ? "[\n\n]" : "\n]")
    try output.flush()
    return ledger
  }

  mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    ledger.keysRead += 1
    (type, index) = (key.type, 0)
    switch type {
    case .string, .list, .set, .zset, .hash: isWritten = true
    case .stream, .module, .array, .pathHash:
      isWritten = false
      ledger.lose(
        .key, "the JSON of HDT3213 has this type in a form that this tool does not write: rdb json writes it",
        key: [UInt8](key.name), offset: key.offset)
      return .skip
    }
    ledger.keysWritten += 1
    _ = meter.beginKey(key, hashesValue: false)
    try output.append(isFirst ? "[\n" : ",\n")
    isFirst = false
    try output.append(text: "{\"db\":\(key.database),\"key\":")
    try HDT3213Text.appendJSON(key.name, to: &output)
    if let expiry = key.expiry { try output.append(text: ",\"expiration\":\"\(HDT3213Text.time(expiry.value))\"") }
    try output.append(
      text: ",\"type\":\"\(type.rawValue)\",\"encoding\":\"\(Self.encoding(key.storedType))\""
        + ",\"lru\":\(key.idleSeconds ?? 0),\"lfu\":\(key.frequency ?? 0)")
    switch type {
    case .string: try output.append(",\"value\":")
    case .list: try output.append(",\"values\":[")
    case .set: try output.append(",\"members\":[")
    case .zset: try output.append(",\"entries\":[")
    case .hash: try output.append(",\"hash\":{")
    case .stream, .module, .array, .pathHash: break
    }
    return .elements
  }

  mutating func string(_ value: RawSpan) throws {
    meter.string(value)
    try HDT3213Text.appendJSON(value, to: &output)
  }

  mutating func beginElements(_ header: ElementsHeader) throws { meter.beginElements(header) }
  mutating func node(_ node: ValueNode) throws { meter.node(node) }

  mutating func listElement(_ element: RawSpan) throws {
    meter.listElement(element)
    try beginElement()
    try HDT3213Text.appendJSON(element, to: &output)
  }

  mutating func setMember(_ member: RawSpan) throws {
    meter.setMember(member)
    try beginElement()
    try HDT3213Text.appendJSON(member, to: &output)
  }

  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    meter.hashField(field, value: value, expires: expiry != nil)
    if expiry != nil { ledger.lose(.expiry, "expiries of fields are not written in this form", count: 1) }
    try beginElement()
    try HDT3213Text.appendJSON(field, to: &output)
    try output.append(":")
    try HDT3213Text.appendJSON(value, to: &output)
  }

  mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    meter.zsetMember(member, score: score)
    try beginElement()
    try output.append("{\"member\":")
    try HDT3213Text.appendJSON(member, to: &output)
    let text = HDT3213Text.score(score)
    if text == nil { ledger.lose(.element, "JSON has no infinite scores", count: 1) }
    try output.append(text: ",\"score\":\(text ?? "null")}")
  }

  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws {
    ledger.lose(.functionLibrary, "functions are not written in this form", count: 1)
  }

  mutating func endKey(_ end: KeyEnd) throws {
    guard isWritten else { return }
    meter.endKey(end)
    switch type {
    case .list, .set, .zset: try output.append("]")
    case .hash: try output.append("}")
    case .string, .stream, .module, .array, .pathHash: break
    }
    try output.append(text: ",\"size\":\(Self.size(&meter))}")
  }

  private static func size(_ meter: inout KeyMeter) -> UInt64 { meter.measuredKey.memoryOrSerializedByteCount }

  private mutating func beginElement() throws(RDBError) {
    if index > 0 { try output.append(",") }
    index += 1
  }

  /// The name that the tool has for a stored form.
  private static func encoding(_ type: ValueType) -> String {
    switch type {
    case .string: "string"
    case .list: "list"
    case .set: "set"
    case .zset: "zset"
    case .zset2: "zset2"
    case .hash, .hash2: "hash"
    case .hashZipmap: "zipmap"
    case .listZiplist, .zsetZiplist, .hashZiplist: "ziplist"
    case .setIntset: "intset"
    case .listQuicklist: "quicklist"
    case .listQuicklist2: "quicklist2"
    case .hashListpack, .zsetListpack, .setListpack, .hashTemplateListpackInline, .hashTemplateListpack: "listpack"
    case .hashMetadata, .hashMetadataPreGA, .hashTemplateArrayInline, .hashTemplateArray: "hashex"
    case .hashListpackEx, .hashListpackExPreGA: "listpackex"
    case .streamListpacks, .streamListpacks2, .streamListpacks3, .streamListpacks4, .streamListpacks5: "stream"
    case .array, .pathHash, .modulePreGA, .module2: "module"
    }
  }
}
