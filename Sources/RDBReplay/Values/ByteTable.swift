import RDBSupport

/// A hash table with byte strings as keys that remembers the order of insertion.
///
/// Its hashes have a random seed, so that no input can make keys collide on purpose; its order depends on nothing but
/// the insertions, so that the same input gives the same output.
///
/// - Complexity: Insertion, look-up and removal take O(1) on average, plus the length of the key.
package struct ByteTable<Value> {
  /// A key with its value.
  package struct Entry {
    package let key: [UInt8]
    let hash: UInt64
    package var value: Value
  }

  /// Entries in the order of insertion; `nil` in place of those that were removed.
  private var entries: [Entry?] = []
  /// Open addressing: 0 for an empty slot, −1 for a removed one, else the index of the entry plus 1. Empty for a small
  /// table, which is searched from its beginning.
  private var slots: [Int32] = []
  /// The index of the first entry that was not removed.
  private var first = 0
  /// The number of keys.
  package private(set) var count = 0
  /// The bytes of all keys together.
  package private(set) var keyByteCount = 0

  /// Creates an empty table.
  package init() {}

  /// Whether the table has no key.
  package var isEmpty: Bool { count == 0 }

  /// Memory in use apart from the values' own memory, in bytes, roughly.
  package var byteCount: Int { keyByteCount + count * (MemoryLayout<Entry?>.stride + 40) + slots.count * 4 }

  /// Returns the index of a key; `nil` if the table does not have it. It is valid until the next insertion or removal.
  package func index(of key: [UInt8]) -> Int? { index(of: key, hash: tableHash(key)) }

  /// Whether the table has the key.
  package func contains(_ key: [UInt8]) -> Bool { index(of: key) != nil }

  /// The value of a key. Setting a value appends a new key at the end, or keeps the index of an existing key; setting
  /// `nil` removes the key.
  package subscript(key: [UInt8]) -> Value? {
    get { index(of: key).map { entries[$0]!.value } }
    set {
      if let newValue { set(key, newValue) } else { remove(key) }
    }
  }

  /// The entry at an index that ``index(of:)`` or ``indices`` gave.
  package subscript(entryAt index: Int) -> Entry { entries[index]! }

  /// The value at an index that ``index(of:)`` gave.
  package subscript(valueAt index: Int) -> Value {
    get { entries[index]!.value }
    set { entries[index]!.value = newValue }
  }

  /// Sets the value of a key.
  ///
  /// - Returns: The former value.
  @discardableResult
  package mutating func set(_ key: [UInt8], _ value: Value) -> Value? {
    let hash = tableHash(key)
    if let index = index(of: key, hash: hash) {
      let former = entries[index]!.value
      entries[index]!.value = value
      return former
    }
    append(Entry(key: key, hash: hash, value: value))
    return nil
  }

  /// Removes a key.
  ///
  /// - Returns: The value that it had.
  @discardableResult
  package mutating func remove(_ key: [UInt8]) -> Value? {
    let hash = tableHash(key)
    guard let index = index(of: key, hash: hash) else { return nil }
    return remove(at: index)
  }

  /// Removes the entry at an index that ``index(of:)`` gave.
  @discardableResult
  package mutating func remove(at index: Int) -> Value {
    let entry = entries[index]!
    if !slots.isEmpty { slots[slot(of: index, hash: entry.hash)] = -1 }
    entries[index] = nil
    count -= 1
    keyByteCount -= entry.key.count
    while first < entries.count, entries[first] == nil { first += 1 }
    while let last = entries.last, last == nil { entries.removeLast() }
    if entries.count > 32, count < entries.count / 2 { rebuild() }
    if entries.isEmpty { self = ByteTable() }
    return entry.value
  }

  /// The indexes of the entries in the order of insertion.
  package var indices: some Sequence<Int> { (first..<max(first, entries.count)).lazy.filter { entries[$0] != nil } }

  /// The first index of an entry from `index` on; `nil` if there is none. A walk can pause between calls, but the table
  /// must not change meanwhile.
  package func nextIndex(from index: Int) -> Int? {
    var index = max(index, first)
    while index < entries.count {
      if entries[index] != nil { return index }
      index += 1
    }
    return nil
  }

  /// The keys in the order of insertion.
  package var keys: [[UInt8]] { entries.compactMap { $0?.key } }

  /// Calls `body` with each key and value in the order of insertion.
  package func forEach<E: Error>(_ body: (_ key: [UInt8], _ value: Value) throws(E) -> Void) throws(E) {
    for index in first..<max(first, entries.count) {
      if let entry = entries[index] { try body(entry.key, entry.value) }
    }
  }

  // MARK: Slots

  private static var smallCount: Int { 8 }

  private func index(of key: [UInt8], hash: UInt64) -> Int? {
    guard !slots.isEmpty else {
      for index in first..<max(first, entries.count) {
        if let entry = entries[index], entry.hash == hash, entry.key == key { return index }
      }
      return nil
    }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if index >= 0, entries[index]!.hash == hash, entries[index]!.key == key {
        return index
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private func slot(of index: Int, hash: UInt64) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while Int(slots[slot]) - 1 != index { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func append(_ entry: Entry) {
    count += 1
    keyByteCount += entry.key.count
    entries.append(entry)
    if slots.isEmpty ? entries.count > Self.smallCount : entries.count * 2 > slots.count {
      rebuild()
    } else if !slots.isEmpty {
      insert(entries.count - 1, hash: entry.hash)
    }
  }

  private mutating func insert(_ index: Int, hash: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] > 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(index + 1)
  }

  /// Drops the slots of removed entries, and makes room for as many more keys.
  private mutating func rebuild() {
    if count < entries.count { entries = entries.filter { $0 != nil } }
    first = 0
    guard count > Self.smallCount else {
      slots = []
      return
    }
    var size = 32
    while size < count * 4 { size *= 2 }
    slots = [Int32](repeating: 0, count: size)
    for index in entries.indices { insert(index, hash: entries[index]!.hash) }
  }
}

private let tableSeed = SeededHash()

private func tableHash(_ key: [UInt8]) -> UInt64 { tableSeed.hash(key.span.bytes, seed: 0) }
