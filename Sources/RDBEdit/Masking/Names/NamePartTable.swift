import RDBSupport

/// A part of a name, as 96 bits of a keyed hash, with the number of keys whose names have it.
struct NamePartCount: SortedEntry, Hashable {
  var hash: UInt64
  var check: UInt32
  /// The number of keys; 0: the entry is not in use.
  var count: UInt32

  init(hash: UInt64, check: UInt32, count: UInt32) { (self.hash, self.check, self.count) = (hash, check, count) }

  /// Hashes a part.
  init(_ part: UnsafeRawBufferPointer, _ key: MaskingKey) {
    hash = key.hash(part)
    check = UInt32(truncatingIfNeeded: key.hash(part, tag: 0xCC))
    count = 1
  }

  func precedes(_ other: Self) -> Bool { hash != other.hash ? hash < other.hash : check < other.check }
  func isSamePart(as other: Self) -> Bool { hash == other.hash && check == other.check }

  /// Adds the keys of the same part. Beyond 2³² − 1 keys, the number stays.
  mutating func add(_ other: Self) {
    let (sum, overflow) = count.addingReportingOverflow(other.count)
    count = overflow ? .max : sum
  }
}

/// A hash table of parts of names.
struct NamePartTable: Sendable {
  private(set) var slots = [NamePartCount](repeating: NamePartCount(hash: 0, check: 0, count: 0), count: 1024)
  private(set) var count = 0

  private func slot(of part: NamePartCount) -> Int {
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: part.hash) & mask
    while slots[index].count > 0, !slots[index].isSamePart(as: part) { index = (index &+ 1) & mask }
    return index
  }

  func contains(_ part: NamePartCount) -> Bool { slots[slot(of: part)].count > 0 }

  /// Adds the keys of a part.
  mutating func add(_ part: NamePartCount) {
    let index = slot(of: part)
    if slots[index].count > 0 { return slots[index].add(part) }
    slots[index] = part
    count += 1
    if count * 4 > slots.count * 3 { grow() }
  }

  private mutating func grow() {
    let old = slots
    slots = [NamePartCount](repeating: NamePartCount(hash: 0, check: 0, count: 0), count: old.count * 2)
    for part in old where part.count > 0 { slots[slot(of: part)] = part }
  }

  mutating func removeAll() { self = NamePartTable() }
}
