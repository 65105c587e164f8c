import RDBFormat
import RDBSupport

/// Values that few releases have: arrays, path hashes, and values of modules.
extension RDBWriter {
  // MARK: Arrays

  /// Begins an array (Redis 8.8); `count` calls of ``arrayElement(index:_:)`` and ``endKey()`` must follow.
  ///
  /// - Parameters:
  ///   - name: The key's name.
  ///   - count: The number of elements, at least 1; `nil`: the elements wait until ``endKey()``.
  ///   - insertIndex: The insertion cursor; `nil`: the array has none.
  ///   - attributes: The key's expiry, idle time, frequency and metadata.
  package mutating func beginArray(
    _ name: RawSpan, count: UInt64?, insertIndex: UInt64?, _ attributes: KeyAttributes
  ) throws(RDBError) {
    if count == 0 { throw .notRepresentable("at least one element", "none") }
    try beginKey(name, .array, attributes)
    // The insertion cursor is between the number and the elements.
    try begin(.element, count)
    try writeLength(insertIndex == nil ? 0 : 1)
    if let insertIndex { try writeLength(insertIndex) }
  }

  /// Writes an element of an array: as an integer, as a short string, or as a string.
  ///
  /// Servers choose the form in memory when they load it. Source: `rdbSaveArray` in Redis `src/rdb.c`.
  package mutating func arrayElement(index: UInt64, _ value: RawSpan) throws(RDBError) {
    guard pending.part == .element, pending.remaining > 0, pending.type == .array else {
      throw misplaced("an element of an array")
    }
    pending.remaining &-= 1
    try writeLength(index)
    if let integer = DecimalText.parseCanonical(value), integer.magnitude <= 1 << 61 {
      try writeLength(1)
      try output.reserve(8)
      output.appendUnchecked(littleEndian: integer)
    } else {
      try writeLength(value.byteCount <= 7 ? 3 : 0)
      try writeString(value)
    }
  }

  // MARK: Path hashes

  /// Begins a path hash (Valkey 9.2); `count` calls of ``path(_:fieldCount:)`` and ``endKey()`` must follow.
  package mutating func beginPathHash(_ name: RawSpan, count: UInt64, _ attributes: KeyAttributes) throws(RDBError) {
    try beginKey(name, .pathHash, attributes)
    try writeLength(count)
    pending.part = .path
    (pending.groups, pending.remaining) = (count, 0)
  }

  /// Begins a path; `fieldCount` calls of ``pathField(_:value:)`` must follow, at least one.
  package mutating func path(_ path: RawSpan, fieldCount: UInt64) throws(RDBError) {
    guard pending.part == .path, pending.remaining == 0, pending.groups > 0 else { throw misplaced("a path") }
    guard fieldCount > 0 else { throw .notRepresentable("at least one field of a path", "none") }
    try writeString(path)
    try writeLength(fieldCount)
    pending.groups &-= 1
    pending.remaining = fieldCount
  }

  /// Writes a field of the path.
  package mutating func pathField(_ field: RawSpan, value: RawSpan) throws(RDBError) {
    guard pending.part == .path, pending.remaining > 0 else { throw misplaced("a field of a path") }
    try writeString(field)
    try writeString(value)
    pending.remaining &-= 1
  }

  // MARK: Modules

  /// Begins a value of a module; its items and ``endKey()`` must follow.
  package mutating func beginModule(_ name: RawSpan, _ module: ModuleID, _ attributes: KeyAttributes) throws(RDBError) {
    try beginKey(name, .module2, attributes)
    try writeLength(module.rawValue)
    pending.part = .moduleItem
  }

  /// Writes an item of a module's value, or of its data that belongs to no key. Source: `RDB_MODULE_OPCODE_*` in Redis
  /// `src/rdb.h`.
  package mutating func moduleItem(_ item: borrowing ModuleItem) throws(RDBError) {
    guard pending.part == .moduleItem || pending.part == .moduleAux else { throw misplaced("an item of a module") }
    switch item.kind {
    case .signed(let value):
      try writeLength(1)
      try writeLength(UInt64(bitPattern: value))
    case .unsigned(let value):
      try writeLength(2)
      try writeLength(value)
    case .float(let value):
      try writeLength(3)
      try output.reserve(4)
      output.appendUnchecked(littleEndian: value.bitPattern)
    case .double(let value):
      try writeLength(4)
      try output.reserve(8)
      output.appendUnchecked(littleEndian: value.bitPattern)
    case .string:
      try writeLength(5)
      try writeString(item.bytes)
    }
  }
}
