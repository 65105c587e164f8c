import RDB
import RDBFormat

/// Writes every key again, as the same type, from its elements; what `RDBWriter` does not build from
/// elements goes as stored.
struct RewritingSink: SelectiveSink, ~Copyable {
  var writer: RDBWriter
  private var database: UInt64?
  private var name: [UInt8] = []
  private var type = ValueType.string
  private var attributes = KeyAttributes()
  private var isStored = false
  private var elements: [[UInt8]] = []
  private var scores: [Double] = []
  private var expiries: [UnixMilliseconds?] = []
  private var stream = StreamParts()

  struct StreamParts {
    struct Entry {
      var id: StreamID
      var fields: [[UInt8]] = []
    }
    struct Group {
      var name: [UInt8]
      var lastDelivered: StreamID
      var entriesRead: EntriesRead
      var consumers: [(name: [UInt8], seen: UnixMilliseconds, active: UnixMilliseconds)] = []
      var pending: [(id: StreamID, delivered: UnixMilliseconds, count: UInt64, consumer: Int)] = []
    }
    var entries: [Entry] = []
    var info: StreamInfo?
    var groups: [Group] = []
  }

  init(_ writer: consuming RDBWriter) { self.writer = writer }

  private func array(_ bytes: RawSpan) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }

  mutating func aux(_ field: borrowing AuxField) throws(RDBError) { try writer.aux(field.name, field.value) }

  mutating func functionLibrary(_ library: borrowing FunctionLibrary) throws(RDBError) {
    if !library.isPreGA { try writer.functionLibrary(library.code) }
  }

  mutating func slots(_ slots: borrowing SlotHint) throws(RDBError) {
    if case .info(let slot, let keys, let expiring) = slots.kind {
      try writer.slotInfo(slot: slot, keys: keys, expiring: expiring)
    }
  }

  private mutating func select(_ database: UInt64) throws(RDBError) {
    if self.database != database { try writer.selectDatabase(database) }
    self.database = database
  }

  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    try select(database)
    try writer.databaseSize(keys: keys, expiring: expiring)
  }

  static var events: SinkEvents {
    [
      .aux, .functionLibrary, .slots, .databaseSize, .stored, .string, .listElement, .setMember, .zsetMember,
      .hashField, .beginStreamEntry, .streamField, .streamInfo, .streamGroup, .streamConsumer, .streamPending, .endKey,
    ]
  }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    try select(key.database)
    name = array(key.name)
    type = key.storedType
    attributes = KeyAttributes(
      expiry: key.expiry, idleSeconds: key.idleSeconds, frequency: key.frequency)
    (elements, scores, expiries) = ([], [], [])
    stream = StreamParts()
    switch type {
    case .module2, .array, .pathHash, .streamListpacks4, .streamListpacks5, .hashMetadataPreGA,
      .hashListpackExPreGA, .hashZipmap:
      isStored = true
      // The module's ID stands in front of what is stored.
      if type == .module2 { return .skip }
      let name = name
      try writer.beginStored(name.span.bytes, type, attributes)
      return .stored
    default:
      isStored = false
      return .elements
    }
  }

  mutating func stored(_ chunk: RawSpan) throws(RDBError) { try writer.stored(chunk) }
  mutating func string(_ value: RawSpan) throws(RDBError) {
    let name = name
    try writer.string(name.span.bytes, value, attributes)
  }
  mutating func listElement(_ element: RawSpan) throws(RDBError) { elements.append(array(element)) }
  mutating func setMember(_ member: RawSpan) throws(RDBError) { elements.append(array(member)) }
  mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    elements.append(array(member))
    scores.append(score)
  }
  mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?)
    throws(RDBError)
  {
    elements += [array(field), array(value)]
    expiries.append(expiry)
  }
  mutating func beginStreamEntry(_ id: StreamID, fieldCount: Int) throws(RDBError) {
    stream.entries.append(StreamParts.Entry(id: id))
  }
  mutating func streamField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    stream.entries[stream.entries.count - 1].fields += [array(field), array(value)]
  }
  mutating func streamInfo(_ info: StreamInfo) throws(RDBError) { stream.info = info }
  mutating func streamGroup(_ group: borrowing StreamGroup) throws(RDBError) {
    stream.groups.append(
      StreamParts.Group(
        name: array(group.name), lastDelivered: group.lastDelivered,
        entriesRead: group.entriesRead))
  }
  mutating func streamConsumer(_ consumer: borrowing StreamConsumer) throws(RDBError) {
    stream.groups[stream.groups.count - 1].consumers.append(
      (array(consumer.name), consumer.seen, consumer.active ?? consumer.seen))
  }
  mutating func streamPending(_ pending: borrowing StreamPending) throws(RDBError) {
    stream.groups[stream.groups.count - 1].pending.append(
      (pending.id, pending.delivered, pending.deliveryCount, pending.consumerIndex ?? -1))
  }

  mutating func endKey(_ end: KeyEnd) throws(RDBError) {
    switch type {
    case .string: break
    case _ where isStored: if type != .module2 { try writer.endKey() }
    case .list, .set, .zset, .zset2, .hash, .hash2, .hashMetadata: try writeElements(as: type)
    case .hashTemplateListpackInline, .hashTemplateListpack, .hashTemplateArrayInline,
      .hashTemplateArray:
      try writeElements(as: .hash)
    case .setIntset: try writeIntset()
    case .listZiplist, .zsetZiplist, .hashZiplist: try writePacked(ZiplistWriter(version: writer.header.version))
    case .listQuicklist: try writeQuicklist(ZiplistWriter(version: writer.header.version))
    case .listQuicklist2: try writeQuicklist(ListpackWriter())
    case .setListpack, .zsetListpack, .hashListpack, .hashListpackEx: try writePacked(ListpackWriter())
    default: try writeStream()
    }
  }

  private mutating func writeElements(as type: ValueType) throws(RDBError) {
    let name = name
    let count = type.data == .hash ? elements.count / 2 : elements.count
    try writer.beginElements(
      name.span.bytes, type, count: UInt64(count), firstExpiry: expiries.compactMap(\.self).min(),
      attributes)
    for index in 0..<count {
      let element = elements[index]
      switch type.data {
      case .list: try writer.listElement(element.span.bytes)
      case .set: try writer.setMember(element.span.bytes)
      case .zset: try writer.zsetMember(element.span.bytes, score: scores[index])
      default:
        let (field, value) = (elements[2 * index], elements[2 * index + 1])
        try writer.hashField(field.span.bytes, value: value.span.bytes, expiry: expiries[index])
      }
    }
    try writer.endKey()
  }

  private mutating func writeIntset() throws(RDBError) {
    let name = name
    let members = elements.compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
    var intset = IntsetWriter(range: (members.first ?? 0)...(members.last ?? 0))
    for member in members { try intset.append(member) }
    try writer.packed(name.span.bytes, type, try intset.finished(), attributes)
  }

  private mutating func writePacked<W: PackedWriter & ~Copyable>(_ empty: consuming W)
    throws(RDBError)
  {
    let name = name
    var packed = empty
    for (index, element) in elements.enumerated() {
      packed.append(element.span.bytes)
      if type.data == .zset { packed.append(score: scores[index]) }
      if type == .hashListpackEx, index % 2 == 1 { packed.append(expiries[index / 2]?.value ?? 0) }
    }
    try writer.packed(
      name.span.bytes, type, try packed.finished(), firstExpiry: expiries.compactMap(\.self).min(),
      attributes)
  }

  /// Large elements get nodes of their own, where the type has that.
  private mutating func writeQuicklist<W: PackedWriter & ~Copyable>(_ empty: consuming W)
    throws(RDBError)
  {
    let name = name
    var packed = empty
    let perNode = 7
    let isPlain = { [type] (element: [UInt8]) in type == .listQuicklist2 && element.count > 8000 }
    var nodes: [[[UInt8]]] = []
    for element in elements {
      if let last = nodes.last, last.count < perNode, !isPlain(element), !isPlain(last[0]) {
        nodes[nodes.count - 1].append(element)
      } else {
        nodes.append([element])
      }
    }
    try writer.beginQuicklist(name.span.bytes, type, nodeCount: UInt64(nodes.count), attributes)
    for node in nodes {
      let first = node[0]
      if isPlain(first) {
        try writer.quicklistNode(plain: first.span.bytes)
        continue
      }
      packed.removeAll()
      for element in node { packed.append(element.span.bytes) }
      try writer.quicklistNode(packed: try packed.finished())
    }
    try writer.endKey()
  }

  /// Nodes of at most three entries, whose fields are the master's where they can be.
  private mutating func writeStream() throws(RDBError) {
    let name = name
    let nodes = stride(from: 0, to: stream.entries.count, by: 3).map {
      Array(stream.entries[$0..<min($0 + 3, stream.entries.count)])
    }
    try writer.beginStream(name.span.bytes, type, nodeCount: UInt64(nodes.count), attributes)
    for entries in nodes {
      var node = StreamNodeWriter()
      let master = entries[0].fields.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      node.begin(entries[0].id, fieldCount: master.count)
      for field in master { node.masterField(field.span.bytes) }
      for entry in entries {
        let names = entry.fields.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        if names == master {
          node.beginEntry(entry.id)
          for index in names.indices {
            let value = entry.fields[2 * index + 1]
            node.value(value.span.bytes)
          }
        } else {
          node.beginEntry(entry.id, fieldCount: names.count)
          for part in entry.fields { node.value(part.span.bytes) }
        }
        node.endEntry()
      }
      try writer.streamNode(entries[0].id, try node.finished())
    }
    guard let info = stream.info else { return }
    try writer.streamInfo(info)
    for group in stream.groups { try write(group) }
    try writer.endKey()
  }

  private mutating func write(_ group: StreamParts.Group) throws(RDBError) {
    let name = group.name
    try writer.streamGroup(
      name.span.bytes, lastDelivered: group.lastDelivered, entriesRead: group.entriesRead,
      pendingCount: UInt64(group.pending.count), consumerCount: UInt64(group.consumers.count))
    for pending in group.pending {
      try writer.streamPending(
        pending.id, delivered: pending.delivered, deliveryCount: pending.count)
    }
    for (index, consumer) in group.consumers.enumerated() {
      let ids = group.pending.filter { $0.consumer == index }.map(\.id)
      let name = consumer.name
      try writer.streamConsumer(
        name.span.bytes, seen: consumer.seen, active: consumer.active,
        pendingCount: UInt64(ids.count))
      for id in ids { try writer.streamConsumerPending(id) }
    }
  }

  consuming func finish() throws(RDBError) -> RDBWriter.Summary { try writer.finish() }
}
