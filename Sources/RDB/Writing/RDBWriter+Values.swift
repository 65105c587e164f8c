public import RDBFormat
import RDBSupport

/// Strings, collections, and values that are packed or stored already.
extension RDBWriter {
  /// Writes a string key.
  public mutating func string(
    _ name: RawSpan, _ value: RawSpan, _ attributes: KeyAttributes = KeyAttributes()
  ) throws(RDBError) {
    try beginKey(name, .string, attributes)
    try writeString(value)
  }

  /// Writes a key whose whole value is one packed blob: an intset, listpack, ziplist or zipmap.
  ///
  /// - Parameters:
  ///   - name: The key's name.
  ///   - type: One of the types `set_intset`, `…_listpack`, `…_ziplist`, `hash_zipmap`.
  ///   - blob: For example `ListpackWriter.finished()`. It is not checked.
  ///   - firstExpiry: Of a `hash_listpack_ex`: the earliest expiry of its fields.
  ///   - attributes: The key's expiry, idle time, frequency and metadata.
  /// - Throws: ``RDBError`` (`notRepresentable`) for another type.
  package mutating func packed(
    _ name: RawSpan, _ type: ValueType, _ blob: RawSpan, firstExpiry: UnixMilliseconds? = nil,
    _ attributes: KeyAttributes = KeyAttributes()
  ) throws(RDBError) {
    guard type.layout.isPacked, type.isSelfContained else {
      throw .notRepresentable("a packed value type", type.name)
    }
    try beginKey(name, type, attributes)
    if type == .hashListpackEx {
      try output.reserve(8)
      output.appendUnchecked(littleEndian: firstExpiry?.value ?? 0)
    }
    try writeString(blob)
  }

  /// Begins a collection written element by element; `count` calls and ``endKey()`` must follow.
  ///
  /// - Parameters:
  ///   - name: The key's name.
  ///   - type: `list`, `set`, `zset`, `zset_2`, `hash`, `hash_2` (Valkey), `hash_metadata`.
  ///   - count: The number of elements; of a hash, the number of fields. At least 1: servers drop or refuse
  ///     a collection without elements. `nil`: the elements wait, in memory and then in a temporary file, until
  ///     ``endKey()``.
  ///   - firstExpiry: Of a `hash_metadata`: the earliest expiry of its fields.
  ///   - attributes: The key's expiry, idle time, frequency and metadata.
  public mutating func beginElements(
    _ name: RawSpan, _ type: ValueType, count: UInt64?, firstExpiry: UnixMilliseconds? = nil,
    _ attributes: KeyAttributes = KeyAttributes()
  ) throws(RDBError) {
    guard type.isWrittenByElements else {
      throw .notRepresentable("a value type of single elements", type.name)
    }
    if count == 0 { throw .notRepresentable("at least one element", "none") }
    try beginKey(name, type, attributes)
    pending.collection = type.layout.collection
    if type == .hashMetadata {
      pending.firstExpiry = firstExpiry?.value ?? 0
      try output.reserve(8)
      output.appendUnchecked(littleEndian: pending.firstExpiry)
    }
    try begin(.element, count)
  }

  /// Writes the number of parts that follow, or lets the parts wait for it.
  mutating func begin(_ part: PendingValue.Part, _ count: UInt64?) throws(RDBError) {
    pending.part = part
    pending.isOpen = count == nil
    pending.written = 0
    pending.remaining = count ?? .max
    if let count { try writeLength(count) } else { waitForCount() }
  }

  /// Writes the number of the parts that waited for it, if there are any.
  mutating func endOpenCount() throws(RDBError) {
    guard pending.isOpen else { return }
    pending.isOpen = false
    pending.written = .max - pending.remaining
    pending.remaining = 0
    try writeCount(pending.written)
  }

  /// Writes an element of a list.
  public mutating func listElement(_ element: RawSpan) throws(RDBError) {
    try nextElement(of: .list)
    try writeString(element)
  }

  /// Writes a member of a set.
  public mutating func setMember(_ member: RawSpan) throws(RDBError) {
    try nextElement(of: .set)
    try writeString(member)
  }

  /// Writes a member of a sorted set, with its score.
  ///
  /// - Throws: ``RDBError`` (`notRepresentable`) for NaN, which servers refuse.
  public mutating func zsetMember(_ member: RawSpan, score: Double) throws(RDBError) {
    try nextElement(of: .zset)
    if score.isNaN { throw .notRepresentable("a score", "not a number") }
    try writeString(member)
    if pending.type == .zset { return try writeASCIIScore(score) }
    try output.reserve(8)
    output.appendUnchecked(littleEndian: score.bitPattern)
  }

  /// Writes a field of a hash, with its value.
  ///
  /// - Parameters:
  ///   - field: The field's name.
  ///   - value: The field's value.
  ///   - expiry: The time at which the field expires; only `hash_2` and `hash_metadata` can hold one.
  public mutating func hashField(
    _ field: RawSpan, value: RawSpan, expiry: UnixMilliseconds? = nil
  ) throws(RDBError) {
    try nextElement(of: .hash)
    switch pending.collection {
    case .hashWithLeadingExpiries:
      try writeLength(try fieldTime(expiry))
      try writeString(field)
      try writeString(value)
    case .hashWithExpiries:
      guard expiry.map({ $0.value >= 0 }) ?? true else {
        throw .notRepresentable("a field expiry of 0 or later", "\(expiry?.value ?? 0)")
      }
      try writeString(field)
      try writeString(value)
      try output.reserve(8)
      output.appendUnchecked(littleEndian: expiry?.value ?? -1)
    case .hash, .list, .set, .zset, .zsetText, nil:
      guard expiry == nil else {
        throw .notRepresentable("a field without expiry in a \(pending.type.name)", "one with")
      }
      try writeString(field)
      try writeString(value)
    }
  }

  /// A field's expiry as `hash_metadata` stores it: 0 for none, else the time after the earliest expiry, plus 1.
  private func fieldTime(_ expiry: UnixMilliseconds?) throws(RDBError) -> UInt64 {
    guard let expiry else { return 0 }
    let (distance, overflow) = expiry.value.subtractingReportingOverflow(pending.firstExpiry)
    guard !overflow, distance >= 0, distance < .max else {
      throw .notRepresentable("a field expiry from \(pending.firstExpiry) on", "\(expiry)")
    }
    return UInt64(distance) + 1
  }

  @inline(__always)
  private mutating func nextElement(of data: DataType) throws(RDBError) {
    guard pending.part == .element, pending.remaining > 0, pending.holds(data) else {
      throw misplaced("an element of a \(data.rawValue)")
    }
    pending.remaining &-= 1
  }

  /// Ends a key begun by one of the `begin…` calls.
  ///
  /// - Throws: ``RDBError`` (`misplaced`) if a part that was announced is missing.
  public mutating func endKey() throws(RDBError) {
    try endOpenCount()
    guard pending.isComplete else { throw misplaced("the end of the key") }
    if pending.part == .moduleItem { try writeLength(0) }
    pending.part = .nothing
  }

  /// Begins a list of quicklist nodes; `nodeCount` calls of ``quicklistNode(packed:)`` or
  /// ``quicklistNode(plain:)`` and ``endKey()`` must follow.
  ///
  /// - Parameters:
  ///   - name: The key's name.
  ///   - type: `list_quicklist_2` (listpacks) or `list_quicklist` (ziplists).
  ///   - nodeCount: The number of nodes, at least 1; `nil`: the nodes wait until ``endKey()``.
  ///   - attributes: The key's expiry, idle time, frequency and metadata.
  package mutating func beginQuicklist(
    _ name: RawSpan, _ type: ValueType, nodeCount: UInt64?,
    _ attributes: KeyAttributes = KeyAttributes()
  ) throws(RDBError) {
    guard type == .listQuicklist || type == .listQuicklist2 else {
      throw .notRepresentable("a quicklist", type.name)
    }
    if nodeCount == 0 { throw .notRepresentable("at least one quicklist node", "none") }
    try beginKey(name, type, attributes)
    try begin(.quicklistNode, nodeCount)
  }

  /// Writes a node: the listpack (`list_quicklist_2`) or ziplist (`list_quicklist`) of its elements.
  package mutating func quicklistNode(packed: RawSpan) throws(RDBError) {
    try nextNode()
    if pending.type == .listQuicklist2 { try output.append(2) }
    try writeString(packed)
  }

  /// Writes a node that is one large element itself (`list_quicklist_2` only).
  package mutating func quicklistNode(plain element: RawSpan) throws(RDBError) {
    guard pending.type == .listQuicklist2, element.byteCount > 0 else {
      throw .notRepresentable("a packed node", element.byteCount > 0 ? "a plain one" : "an empty one")
    }
    try nextNode()
    try output.append(1)
    try writeString(element)
  }

  private mutating func nextNode() throws(RDBError) {
    guard pending.part == .quicklistNode, pending.remaining > 0 else {
      throw misplaced("a quicklist node")
    }
    pending.remaining &-= 1
  }

  /// Begins a key whose value is copied from another snapshot (``Interest/stored``): ``stored(_:)`` once per chunk,
  /// then ``endKey()`` must follow. The value is not checked.
  ///
  /// - Parameters:
  ///   - name: The key's name.
  ///   - type: The type of the stored value.
  ///   - attributes: The key's expiry, idle time, frequency and metadata.
  ///   - module: Of a module's value: its ID, which the stored bytes do not have.
  /// - Throws: ``RDBError`` (`notRepresentable`) for `hash_template_listpack` and `hash_template_array`: such a value
  ///   refers to a record of the snapshot that it comes from.
  public mutating func beginStored(
    _ name: RawSpan, _ type: ValueType, _ attributes: KeyAttributes = KeyAttributes(), module: ModuleID? = nil
  ) throws(RDBError) {
    guard type.isSelfContained else { throw .notRepresentable("a self-contained value", type.name) }
    guard type.data != .module || module != nil else { throw .notRepresentable("a module's ID", "none") }
    try beginKey(name, type, attributes)
    if let module { try writeLength(module.rawValue) }
    pending.part = .stored
  }

  /// Begins a key that is copied from another snapshot of this version, header included.
  package mutating func beginStored(prefix: RawSpan) throws(RDBError) {
    guard pending.isNothing else { throw misplaced("a key") }
    try output.append(prefix)
    keyCount += 1
    pending.part = .stored
  }

  /// Writes the next part of a value or of module data that is copied.
  public mutating func stored(_ chunk: RawSpan) throws(RDBError) {
    guard pending.part == .stored || pending.part == .moduleAux else { throw misplaced("stored bytes") }
    try output.append(chunk)
  }

  /// `zset`: a byte that says how long the text is, or which special value it is.
  private mutating func writeASCIIScore(_ score: Double) throws(RDBError) {
    try output.reserve(1 + DoubleText.maximumByteCount)
    if score.isInfinite { return output.appendUnchecked(score > 0 ? 254 : 255) }
    let spare = output.spare
    let start = spare.baseAddress.unsafelyUnwrapped
    let count = DoubleText.write(score, to: start + 1)
    start.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
    output.advance(by: 1 + count)
  }
}

extension PendingValue {
  /// Whether the value is a collection of `data`. Called once per element, so it does not use the table of types.
  @inline(__always)
  func holds(_ data: DataType) -> Bool {
    switch collection {
    case .list: data == .list
    case .set: data == .set
    case .zset, .zsetText: data == .zset
    case .hash, .hashWithExpiries, .hashWithLeadingExpiries: data == .hash
    case nil: false
    }
  }
}
