import RDB
import RDBAnalysis
import RDBFormat
import RDBSupport

/// Computes the content of a snapshot, as ``ExportContent`` computes that of an export.
package struct ContentSink: FoldingSink, ForwardingSink, ~Copyable {
  package var base = ValueDigester()
  private var meter: KeyMeter
  private var summary = ContentSummary()
  private var properties = KeyProperties()
  private var name: [UInt8] = []
  private var type = DataType.string
  private var insertIndex: UInt64?

  package init(_ model: ServerModel) { meter = KeyMeter(model) }

  package consuming func finish() -> ContentSummary { summary }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws -> Interest {
    _ = meter.beginKey(key, hashesValue: false)
    name.removeAll(keepingCapacity: true)
    name.append(key.name)
    type = key.type
    insertIndex = nil
    properties = KeyProperties(
      database: Int64(bitPattern: key.database), storedAs: key.storedType.name, expiry: key.expiry?.value,
      idleSeconds: key.idleSeconds.map { Int64(bitPattern: $0) }, frequency: key.frequency.map { Int64($0) },
      module: key.module?.name ?? "", moduleVersion: Int64(key.module?.version ?? 0), metadata: [UInt8](key.metadata))
    return base.beginKey(key)
  }

  package mutating func endKey(_ end: KeyEnd) {
    meter.endKey(end)
    base.endKey(end)
    let elementCount: UInt64
    (elementCount, properties.serializedByteCount) = Self.sizes(&meter)
    properties.elements = Int64(clamping: elementCount)
    let name = name
    var part = summary.parts[type.rawValue] ?? ContentSummary.Part()
    part.keys += 1
    part.elements += elementCount
    part.keySum.add(properties.digest(name: name.span.bytes))
    // A collection without elements has no rows, unless it is a stream, or an array with an insertion cursor.
    if elementCount > 0 || type == .stream || insertIndex != nil {
      part.valueSum.add(ValueDigest(of: base.digest, name: name.span.bytes, database: properties.database))
    }
    summary.parts[type.rawValue] = part
  }

  private static func sizes(_ meter: inout KeyMeter) -> (elementCount: UInt64, serializedByteCount: Int64) {
    let key = meter.measuredKey
    return (key.elementCount, Int64(clamping: key.serializedByteCount))
  }

  package mutating func damagedKey(_ key: borrowing KeyHeader, error: RDBError) {}

  package mutating func beginElements(_ header: ElementsHeader) {
    insertIndex = header.insertIndex
    meter.beginElements(header)
    base.beginElements(header)
  }
  package mutating func node(_ node: ValueNode) { meter.node(node) }
  package mutating func string(_ value: RawSpan) {
    meter.string(value)
    base.string(value)
  }
  package mutating func listElement(_ element: RawSpan) {
    meter.listElement(element)
    base.listElement(element)
  }
  package mutating func setMember(_ member: RawSpan) {
    meter.setMember(member)
    base.setMember(member)
  }
  package mutating func zsetMember(_ member: RawSpan, score: Double) {
    meter.zsetMember(member, score: score)
    base.zsetMember(member, score: score)
  }
  package mutating func zsetMember(_ member: RawSpan, score: Double, text: RawSpan) {
    zsetMember(member, score: score)
  }
  package mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) {
    meter.hashField(field, value: value, expires: expiry != nil)
    base.hashField(field, value: value, expiry: expiry)
  }
  package mutating func arrayElement(index: UInt64, value: RawSpan) {
    meter.arrayElement(index: index, value: value)
    base.arrayElement(index: index, value: value)
  }
  package mutating func beginPath(_ path: RawSpan, fieldCount: UInt64) {
    meter.beginPath(path)
    base.beginPath(path, fieldCount: fieldCount)
  }
  package mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) {
    meter.beginStreamEntry(id)
    base.beginStreamEntry(id, fieldCount: fieldCount)
  }
}
