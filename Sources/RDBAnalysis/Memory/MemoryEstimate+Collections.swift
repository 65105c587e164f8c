import RDB
import RDBFormat
import RDBSupport

/// The encodings and sizes of sets, sorted sets, hashes, arrays and path hashes.
///
/// Source: `rdbLoadObject` in `src/rdb.c`, `objectComputeSize` in `src/object.c` of each server.
extension MemoryEstimate {
  static var packedEntryLimit: UInt64 { 512 }
  static var packedSetLimit: UInt64 { 128 }
  private static var packedValueLimit: UInt64 { 64 }

  // MARK: Encodings after loading

  mutating func setEncoding() -> ObjectEncoding {
    if type == .setListpack, elements.count <= Self.packedSetLimit { return .listpack }
    if elements.count <= Self.packedEntryLimit, elements.areIntegers, type != .setListpack {
      return .intset
    }
    let isSmall = elements.count <= Self.packedSetLimit && elements.longest <= Self.packedValueLimit
    return model.hasPackedSets && isSmall && type == .set ? .listpack : .hashtable
  }

  mutating func zsetEncoding() -> ObjectEncoding {
    let packed: ObjectEncoding = rules.hasListpacks ? .listpack : .ziplist
    guard elements.count <= Self.packedSetLimit else { return .skiplist }
    if type == .zsetListpack || type == .zsetZiplist { return packed }
    return elements.longest <= Self.packedValueLimit ? packed : .skiplist
  }

  mutating func hashEncoding() -> ObjectEncoding {
    switch type {
    case .hashTemplateListpack, .hashTemplateListpackInline: return .templateListpack
    case .hashTemplateArray, .hashTemplateArrayInline: return .templateArray
    case .hash2: return .hashtable
    case .hashMetadata, .hashMetadataPreGA, .hashListpackEx, .hashListpackExPreGA:
      let isSmall = elements.count <= Self.packedEntryLimit
      let fits = type == .hashListpackEx || elements.longest <= Self.packedValueLimit
      return isSmall && fits ? .listpackex : .hashtable
    case .string, .list, .listZiplist, .listQuicklist, .listQuicklist2, .set, .setIntset, .setListpack, .zset,
      .zset2, .zsetZiplist, .zsetListpack, .hash, .hashZipmap, .hashZiplist, .hashListpack,
      .streamListpacks, .streamListpacks2, .streamListpacks3, .streamListpacks4, .streamListpacks5, .array,
      .pathHash, .modulePreGA, .module2:
      break
    }
    guard elements.count <= Self.packedEntryLimit else { return .hashtable }
    let packed: ObjectEncoding = rules.hasListpacks ? .listpack : .ziplist
    if type == .hashListpack || type == .hashZiplist { return packed }
    return elements.longest <= Self.packedValueLimit ? packed : .hashtable
  }

  // MARK: Sizes

  /// The size of a packed value: as stored, or as packed when it is loaded.
  private mutating func packedAllocation() -> UInt64 {
    if isPackedAsStored() { return rules.allocated(elements.blobByteCount) }
    guard type == .hashZiplist || type == .zsetZiplist else {
      return rules.allocated(elements.packedByteCount)
    }
    return converted(elements.packedByteCount, from: elements.blobByteCount)
  }

  /// Returns the size of a listpack that was converted from a ziplist in an allocation that was then shrunk.
  ///
  /// glibc does not free a remainder that is smaller than its smallest chunk.
  mutating func converted(_ byteCount: UInt64, from ziplist: UInt64) -> UInt64 {
    let needed = rules.allocated(byteCount)
    let given = rules.allocated(ziplist)
    return model.allocator == .libc && given > needed && given < needed + 32 ? given : needed
  }

  mutating func setByteCount() -> UInt64 {
    switch setEncoding() {
    case .intset:
      if type == .setIntset { return rules.allocated(elements.blobByteCount) }
      let width = PackedSize.intsetWidth(elements.lowest, elements.highest)
      return rules.allocated(8 &+ width &* elements.count)
    case .listpack: return packedAllocation()
    default: return table(entry: 24) &+ elements.stringByteCount
    }
  }

  mutating func zsetByteCount() -> UInt64 {
    guard zsetEncoding() == .skiplist else { return packedAllocation() }
    let head = 16 &+ skiplistHead()
    if rules.embedsMembers {
      return head &+ table(entry: 24) &+ elements.stringByteCount
    }
    let nodes = elements.count &* 64 &* rules.skiplistNode(embedding: 0) / 64
    return head &+ table(entry: 24) &+ elements.stringByteCount &+ nodes
  }

  /// The size of the skiplist and of its first node, which has all 32 levels.
  private mutating func skiplistHead() -> UInt64 {
    model.skiplistByteCount == 0
      ? 528 : model.skiplistByteCount &+ rules.allocator.size(rules.skiplistNodeByteCount &+ 512)
  }

  mutating func hashByteCount() -> UInt64 {
    switch hashEncoding() {
    case .listpack, .ziplist: return packedAllocation()
    case .listpackex: return 24 &+ expiringPacked()
    case .hashtable:
      let isChained = rules.tableForm == .chained
      let expiries = isChained ? elements.fieldsExpiring &* 16 : 0
      return table(entry: 24, extra: isChained ? 0 : 8) &+ elements.stringByteCount &+ expiries
    case .templateListpack, .templateArray: return packedAllocation()
    default: return packedAllocation()
    }
  }

  /// The size of the fields, the values, and the expiries, which are integers of eight bytes.
  private mutating func expiringPacked() -> UInt64 {
    if type == .hashListpackEx { return rules.allocated(elements.blobByteCount) }
    let others = elements.count &- elements.fieldsExpiring
    return rules.allocated(
      elements.packedByteCount &+ elements.fieldsExpiring &* 10 &+ others &* 2)
  }

  /// The size of an array: two words per element, and a string for an element that does not fit. Not calibrated.
  mutating func arrayByteCount() -> UInt64 { 64 &+ elements.count &* 16 &+ elements.stringByteCount }

  /// The size of a path hash: a node and the object of a hash per path, and a string for the path, each field and each
  /// value. Not calibrated: no server at hand has the type.
  mutating func pathHashByteCount() -> UInt64 { 64 &+ elements.count &* 64 &+ elements.stringByteCount }

  /// Returns the size of a hash table with room for all elements.
  ///
  /// - Parameters:
  ///   - entry: The size of an entry without its strings, in bytes, in a table with chains.
  ///   - extra: The size of additional data of the table, in bytes, in a table with buckets.
  private mutating func table(entry: UInt64, extra: UInt64 = 0) -> UInt64 {
    let count = elements.count
    switch rules.tableForm {
    case .chained:
      let top = Self.powerOfTwo(count, atLeast: 4)
      return model.dictByteCount &+ 8 &* (top &+ oldTable(top: top, entriesPerBucket: 1)) &+ entry &* count
    case .buckets:
      let top = Self.powerOfTwo((count &+ 6) / 7, atLeast: 1)
      let buckets = top &+ oldTable(top: top, entriesPerBucket: 7) &+ Self.chainedBuckets(count, top: top)
      return 80 &+ extra &+ 64 &* buckets
    }
  }

  /// Returns the number of buckets of the old table, if a hash is still being moved to a larger one.
  ///
  /// A hash that becomes too large for a listpack while it is loaded gets a table with room for the larger of the fields
  /// before and after that point. When it outgrows the table, it moves one bucket per further field.
  private mutating func oldTable(top: UInt64, entriesPerBucket: UInt64) -> UInt64 {
    let count = elements.count
    guard type == .hash, count <= Self.packedEntryLimit, elements.firstLong > 0, top > 1 else { return 0 }
    let known = max(elements.firstLong, count &- elements.firstLong)
    let first = Self.powerOfTwo(
      (known &+ entriesPerBucket &- 1) / entriesPerBucket, atLeast: entriesPerBucket == 1 ? 4 : 1)
    guard first < top else { return 0 }
    let old = top / 2
    // In a table with chains, a step moves only a bucket that has entries: about two thirds of the buckets.
    let steps = count &- old &* entriesPerBucket &- 1
    return steps < (entriesPerBucket == 1 ? old &* 2 / 3 : old) ? old : 0
  }

  private static func powerOfTwo(_ count: UInt64, atLeast least: UInt64) -> UInt64 {
    guard count > least else { return least }
    return count < 1 << 62 ? 1 << UInt64(64 - (count - 1).leadingZeroBitCount) : count
  }

  /// Returns the expected number of chained buckets. A bucket has seven entries; a full bucket gives up the last for the
  /// link to another bucket.
  ///
  /// Source: the description at the top of Valkey `src/hashtable.c`.
  private static func chainedBuckets(_ count: UInt64, top: UInt64) -> UInt64 {
    if top == 1 { return 0 }
    let mean = Double(count) / Double(top)
    var chance = exp(-mean)
    var chained = 0.0
    for held in 1...40 {
      chance *= mean / Double(held)
      if held > 7 { chained += chance * Double((held - 2) / 6) }
    }
    return UInt64(chained * Double(top))
  }

  // MARK: Near misses

  /// The limit that a set, hash or sorted set exceeds, and its memory in the compact form; `nil` unless it exceeds only
  /// one limit and reaches at most twice the limit.
  mutating func nearMiss() -> NearMiss? {
    guard isLoose(), elements.count > 0, elements.count <= packedLimit else { return nil }
    let limit = type.data == .hash ? Self.packedEntryLimit : Self.packedSetLimit
    let isLong = elements.longest > Self.packedValueLimit
    let isMany = elements.count > limit
    guard isLong != isMany, elements.count <= 2 * limit, elements.longest <= 2 * Self.packedValueLimit
    else { return nil }
    return NearMiss(
      limit: isMany ? .elements : .bytes, needed: isMany ? elements.count : elements.longest,
      compactByteCount: keyAndObject() &+ rules.allocated(elements.packedByteCount), isListpack: rules.hasListpacks)
  }

  /// Whether the loaded value has no compact form, although a value of its type can have one.
  private mutating func isLoose() -> Bool {
    guard !isPackedAsStored() else { return false }
    return switch type.data {
    case .hash: hashEncoding() == .hashtable && elements.fieldsExpiring == 0
    case .set: model.hasPackedSets && setEncoding() == .hashtable
    case .zset: zsetEncoding() == .skiplist
    case .string, .list, .stream, .array, .pathHash, .module: false
    }
  }
}
