public import RDB
public import RDBFormat

/// Collections that arrive as elements.
///
/// A collection that may be packed is held. One that is too large for that is written element by element; if its number
/// of elements is not known, the elements wait for it.
extension SnapshotWritingSink {
  /// Writes a string key.
  public mutating func string(_ value: RawSpan) throws {
    guard key.form != .lost else { return }
    let name = name
    try writer.string(name.span.bytes, value, key.attributes)
    endWrittenKey()
  }

  /// Chooses how the collection is written.
  public mutating func beginElements(_ header: ElementsHeader) throws {
    guard key.form != .lost else { return }
    key.form = .elements
    key.count = header.count
    key.mayExpire = header.canCarryFieldExpiries
    switch key.type.data {
    case .array: return try beginArray(header)
    case .pathHash: return try beginPathHash(header)
    case .list where limits.hasListNodes: return
    case .list, .set, .zset, .hash, .string, .stream, .module: break
    }
    elements.removeAll()
    // The number is enough to tell that the collection is not packed.
    let data = key.type.data
    if let count = header.count,
      limits.isUnpacked(limits.encoding(of: data, count: Int(clamping: count), longest: 0, areIntegers: true))
    {
      try beginStreamed()
    }
  }

  /// Adds an element of a list.
  public mutating func listElement(_ element: RawSpan) throws {
    guard key.form != .lost else { return }
    if limits.hasListNodes { return try nodeElement(element) }
    if key.form == .streamed { return try writer.listElement(element) }
    elements.append(element: element)
    try leaveHeldIfUnpacked()
  }

  /// Adds a member of a set.
  public mutating func setMember(_ member: RawSpan) throws {
    guard key.form != .lost else { return }
    if key.form == .streamed { return try writer.setMember(member) }
    elements.append(element: member)
    try leaveHeldIfUnpacked()
  }

  /// Adds a member of a sorted set.
  public mutating func zsetMember(_ member: RawSpan, score: Double) throws {
    guard key.form != .lost else { return }
    if key.form == .streamed { return try writer.zsetMember(member, score: score) }
    elements.append(member, score: score)
    try leaveHeldIfUnpacked()
  }

  /// Adds a field of a hash.
  public mutating func hashField(_ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds?) throws {
    guard key.form != .lost else { return }
    let expiry = expiry.flatMap { storable(fieldExpiry: $0) }
    if key.form == .streamed { return try writer.hashField(field, value: value, expiry: expiry) }
    elements.append(field, value: value, expiry: expiry)
    try leaveHeldIfUnpacked()
  }

  /// The expiry of a field as the release can hold it; `nil` if it cannot.
  private mutating func storable(fieldExpiry expiry: UnixMilliseconds) -> UnixMilliseconds? {
    guard isOffered.fieldExpiry else {
      key.lostFieldExpiries.unoffered += 1
      return nil
    }
    guard limits.server.vendor == .valkey || expiry.value <= ServerVersion.latestRedisFieldExpiry else {
      key.lostFieldExpiries.tooLate += 1
      return nil
    }
    // Redis stores 0 for a field without expiry. Every time before 1970 is in the past.
    return UnixMilliseconds(max(expiry.value, limits.server.vendor == .valkey ? 0 : 1))
  }

  // MARK: Held and streamed collections

  private mutating func leaveHeldIfUnpacked() throws {
    guard limits.isUnpacked(elements.encoding(of: key.type.data, limits)) else { return }
    try beginStreamed()
  }

  /// Begins to write the collection element by element, with the elements that were held.
  private mutating func beginStreamed() throws {
    try beginUnpacked(count: key.count, firstExpiry: nil, expires: key.mayExpire || elements.expires)
    key.form = .streamed
    let data = key.type.data
    try writeHeld(Array(0..<elements.count(of: data)))
    elements.removeAll()
  }

  private mutating func beginUnpacked(count: UInt64?, firstExpiry: UnixMilliseconds?, expires: Bool) throws {
    let data = key.type.data
    let type =
      data == .hash ? writer.unpackedHashType(expires: expires) : writer.storedType(of: data, .hashtable)
    let name = name
    try writer.beginElements(name.span.bytes, type, count: count, firstExpiry: firstExpiry, key.attributes)
  }

  /// Writes held elements one by one.
  private mutating func writeHeld(_ order: [Int]) throws {
    let held = elements
    let all = held.bytes.span.bytes
    for index in order {
      switch key.type.data {
      case .set: try writer.setMember(all.extracting(held.range(index)))
      case .zset: try writer.zsetMember(all.extracting(held.range(index)), score: held.scores[index])
      case .hash:
        try writer.hashField(
          all.extracting(held.range(2 * index)), value: all.extracting(held.range(2 * index + 1)),
          expiry: held.expiries[index])
      case .list, .string, .stream, .array, .pathHash, .module:
        try writer.listElement(all.extracting(held.range(index)))
      }
    }
  }

  /// Ends a collection.
  mutating func endCollection() throws {
    if key.form == .streamed {
      if key.type.data == .list, limits.hasListNodes, node.count > 0 { try writeNode() }
      try writer.endKey()
    } else {
      guard !limits.hasListNodes || key.type.data != .list, elements.count(of: key.type.data) > 0 else {
        return noteEmptyKey()
      }
      try writeHeldCollection()
    }
    key.lostFieldExpiries.add(to: &summary.ledger, key: name, offset: key.offset)
    endWrittenKey()
  }

  private mutating func writeHeldCollection() throws {
    let data = key.type.data
    let type = writer.storedType(of: data, elements.encoding(of: data, limits))
    let name = name
    guard type.isWrittenByElements else {
      return try elements.writePacked(name.span.bytes, type, key.attributes, to: &writer)
    }
    let order = elements.order(of: data)
    try beginUnpacked(
      count: UInt64(order.count), firstExpiry: elements.expiries.lazy.compactMap { $0 }.min(), expires: elements.expires
    )
    try writeHeld(order)
    try writer.endKey()
  }

  mutating func noteEmptyKey() {
    summary.ledger.note("keys without an element left", key: name, offset: key.offset)
  }

  // MARK: Lists of nodes

  /// Adds an element to the open node of a list, or writes that node and begins another.
  private mutating func nodeElement(_ element: RawSpan) throws {
    if key.form != .streamed {
      let name = name
      let type = writer.nodeListType(limits)
      try writer.beginQuicklist(name.span.bytes, type, nodeCount: nil, key.attributes)
      key.form = .streamed
      node.usesListpack = type.hasListpacks
      node.removeAll()
    }
    if node.count > 0, !limits.listNode(of: node.byteCount, count: node.count, accepts: element.byteCount) {
      try writeNode()
    }
    if limits.isLarge(element.byteCount), node.usesListpack { return try writer.quicklistNode(plain: element) }
    node.append(element)
  }

  private static func write(_ node: inout PackedBuilder, to writer: inout RDBWriter) throws {
    try writer.quicklistNode(packed: try node.finished())
    node.removeAll()
  }

  private mutating func writeNode() throws {
    try Self.write(&node, to: &writer)
  }
}

extension EncodingLimits {
  /// Whether a collection of this encoding is stored element by element.
  func isUnpacked(_ encoding: ObjectEncoding) -> Bool {
    encoding == .hashtable || encoding == .skiplist || encoding == .linkedlist
  }
}
