import RDB
import RDBFormat
import RDBSupport

/// Sums over the elements of a list, set, sorted set, hash or array. Sizes are in bytes.
struct ElementSizes: Hashable, Sendable {
  /// The number of elements, members or fields; of a string, its length.
  var count: UInt64 = 0
  /// The length of the longest element, member, field or value.
  var longest: UInt64 = 0
  /// The size of all elements as separate strings.
  var stringByteCount: UInt64 = 0
  /// The size of all elements as entries of a packed value.
  var packedByteCount: UInt64 = 0
  var areIntegers = true
  var lowest = Int64.max
  var highest = Int64.min
  /// The size of the packed value in the file.
  var blobByteCount: UInt64 = 0
  /// The size of the last packed entry, which the next entry of a ziplist stores.
  var previousByteCount: UInt64 = 0
  var fieldsExpiring: UInt64 = 0
  /// The number of the first element that is too long for a packed value, counted from 1; 0 if there is none.
  var firstLong: UInt64 = 0
}

/// Sums over the nodes of a list. Sizes are in bytes.
struct NodeSizes: Hashable, Sendable {
  var count: UInt64 = 0
  var byteCount: UInt64 = 0
  /// The size of the last node, which grows while elements are pushed one by one.
  var open: UInt64 = 0
  /// The size of the ziplist that the last node is converted from; 0 if there is none.
  var ziplistByteCount: UInt64 = 0
  var hasPlain = false
  var lastByteCount: UInt64 = 0
}

/// Sums over the parts of a stream. Sizes are in bytes.
struct StreamSizes: Hashable, Sendable {
  var entries: RaxEstimate
  var packedByteCount: UInt64 = 0
  var groups: UInt64 = 0
  var consumers: UInt64 = 0
  var consumerNameByteCount: UInt64 = 0
  var pending: UInt64 = 0
  /// The trees of pending entries of the current group, and of each of its consumers.
  var groupPending: RaxEstimate
  var consumerPending: [RaxEstimate] = []
  /// The size of the trees of the previous groups and their consumers.
  var treeByteCount: UInt64 = 0

  init(_ allocator: Allocator) {
    entries = RaxEstimate(allocator: allocator)
    groupPending = RaxEstimate(allocator: allocator)
  }
}

extension MemoryEstimate {
  package mutating func beginElements(_ header: ElementsHeader) {
    elements.blobByteCount = UInt64(header.firstBlobByteCount)
    elements.packedByteCount = rules.hasListpacks ? PackedSize.listpackFrame : PackedSize.ziplistFrame
  }

  /// Adds an element of a list or array, or a member of a set.
  package mutating func element(_ bytes: RawSpan) {
    elements.count &+= 1
    add(bytes)
    switch type {
    case .list, .listZiplist: push(UInt64(bytes.byteCount))
    case .listQuicklist: if rules.hasListpacks { repack() }
    case .string, .listQuicklist2, .set, .setIntset, .setListpack, .zset, .zset2, .zsetZiplist, .zsetListpack,
      .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashMetadataPreGA, .hashListpackExPreGA, .hash2,
      .hashMetadata, .hashListpackEx, .hashTemplateListpackInline, .hashTemplateListpack,
      .hashTemplateArrayInline, .hashTemplateArray, .streamListpacks, .streamListpacks2, .streamListpacks3,
      .streamListpacks4, .streamListpacks5, .array, .pathHash, .modulePreGA, .module2:
      noteLong()
    }
  }

  package mutating func zsetMember(_ member: RawSpan, score: Double) {
    elements.count &+= 1
    add(member)
    if elements.count <= packedLimit { addScore(score) }
    noteLong()
  }

  /// Records the first element that does not fit into a packed value.
  @inline(__always)
  private mutating func noteLong() {
    if elements.firstLong == 0, elements.longest > 64 { elements.firstLong = elements.count }
  }

  package mutating func hashField(_ field: RawSpan, value: RawSpan, expires: Bool) {
    elements.count &+= 1
    if rules.tableForm == .buckets {
      addEntry(field, value, expires: expires)
    } else {
      add(field)
      add(value)
    }
    if expires { elements.fieldsExpiring &+= 1 }
    noteLong()
  }

  /// Adds a field at the last path of a path hash.
  package mutating func pathField(_ field: RawSpan, value: RawSpan) {
    add(field)
    add(value)
  }

  /// Returns the number of elements that are added up as entries of a packed value: none if the value stays as stored,
  /// all of a list, otherwise as many as a server with doubled limits would pack.
  mutating func entriesOfInterest(_ type: ValueType) -> UInt64 {
    if isPackedAsStored() { return 0 }
    return switch type.data {
    case .list: .max
    case .zset: 2 * Self.packedSetLimit
    case .set, .hash: 2 * Self.packedEntryLimit
    case .string, .stream, .array, .pathHash, .module: 0
    }
  }

  /// Whether the server keeps the packed value as stored.
  mutating func isPackedAsStored() -> Bool {
    switch type {
    case .hashListpack, .zsetListpack, .setListpack, .hashListpackEx, .listQuicklist2: true
    case .hashZiplist, .zsetZiplist, .listQuicklist: !rules.hasListpacks
    case .string, .list, .listZiplist, .set, .setIntset, .zset, .zset2, .hash, .hashZipmap, .hashMetadataPreGA,
      .hashListpackExPreGA, .hash2, .hashMetadata, .hashTemplateListpackInline, .hashTemplateListpack,
      .hashTemplateArrayInline, .hashTemplateArray, .streamListpacks, .streamListpacks2, .streamListpacks3,
      .streamListpacks4, .streamListpacks5, .array, .pathHash, .modulePreGA, .module2:
      false
    }
  }

  /// Adds an element to both sums: as a separate string and as a packed entry.
  @inline(__always)
  private mutating func add(_ bytes: RawSpan) {
    let byteCount = UInt64(bytes.byteCount)
    elements.longest = max(elements.longest, byteCount)
    // Call a method of the small `rules`: a method of `self` would copy the whole estimate per element.
    elements.stringByteCount &+= rules.member(byteCount, isScored: type.data == .zset)
    if elements.count <= packedLimit { addPacked(bytes) }
  }

  @inline(__always)
  private mutating func addPacked(_ bytes: RawSpan) {
    let integer = DecimalText.parseCanonical(bytes)
    if let integer {
      elements.lowest = min(elements.lowest, integer)
      elements.highest = max(elements.highest, integer)
    } else {
      elements.areIntegers = false
    }
    addPacked(byteCount: UInt64(bytes.byteCount), integer: integer)
  }

  private mutating func addPacked(byteCount: UInt64, integer: Int64?) {
    if rules.hasListpacks {
      elements.previousByteCount = PackedSize.listpackEntry(byteCount: byteCount, integer: integer)
    } else {
      elements.previousByteCount =
        PackedSize.previousLength(elements.previousByteCount)
        &+ PackedSize.ziplistEntry(byteCount: byteCount, integer: integer)
    }
    elements.packedByteCount &+= elements.previousByteCount
  }

  private mutating func addScore(_ score: Double) {
    let isStored = type == .zsetZiplist
    let isLong = rules.hasLongScores || isStored
    // Whole numbers are integers: up to 2^62 in listpacks, up to 17 digits in ziplists.
    let limit = rules.hasListpacks && !isStored ? 0x1p62 : 1e17
    let isNegativeZero = score == 0 && score.sign == .minus && isStored
    if score.magnitude < limit, !isNegativeZero, let integer = Int64(exactly: score) {
      let digits = DecimalText.digitCount(integer.magnitude) + (integer < 0 ? 1 : 0)
      addPacked(byteCount: UInt64(digits), integer: integer)
    } else {
      withUnsafeTemporaryAllocation(byteCount: DoubleText.maximumByteCount, alignment: 8) { buffer in
        let text = buffer.baseAddress!
        let count = isLong ? DoubleText.writeLong(score, to: text) : DoubleText.write(score, to: text)
        addPacked(byteCount: UInt64(count), integer: nil)
      }
    }
  }

  /// Adds a field and its value: in one allocation (Valkey ≥ 8.1), unless the value is long.
  private mutating func addEntry(_ field: RawSpan, _ value: RawSpan, expires: Bool) {
    let fieldCount = UInt64(field.byteCount)
    let valueCount = UInt64(value.byteCount)
    elements.longest = max(elements.longest, fieldCount, valueCount)
    let name = ServerModel.stringHeader(fieldCount) &+ fieldCount &+ 1
    let text = ServerModel.stringHeader(valueCount) &+ valueCount &+ 1
    let expiry: UInt64 = expires ? 8 : 0
    if name &+ text &+ expiry <= 128 {
      elements.stringByteCount &+= rules.allocated(name &+ text &+ expiry)
    } else {
      elements.stringByteCount &+= rules.allocated(name &+ 8 &+ expiry) &+ rules.string(valueCount)
    }
    if elements.count <= packedLimit {
      addPacked(field)
      addPacked(value)
    }
  }
}
