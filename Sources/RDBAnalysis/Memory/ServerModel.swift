public import RDB

/// A server release and its allocator, which decide how much memory a key takes.
///
/// Sizes are those of 64-bit builds, limits are the defaults. The article <doc:MemoryModel> says how they were checked.
public struct ServerModel: Hashable, Sendable {
  /// The release.
  package let version: ServerVersion
  /// The allocator.
  package let allocator: Allocator

  /// The allocations of a key and its object.
  enum KeyForm: Hashable { case entryAndName, entryWithName, objectWithName }
  /// The layout of the hash table of a large set, hash or sorted set.
  enum TableForm: Hashable { case chained, buckets }

  let keyForm: KeyForm
  /// Whether an object with an embedded value has no pointer to it (Valkey ≥ 9.1).
  let leavesOutPointer: Bool
  /// Whether small sets and lists are listpacks.
  let hasPackedSets: Bool
  let hasLargePlainNodes: Bool
  let rules: ElementRules
  let dictByteCount: UInt64
  let quicklistByteCount: UInt64
  let quicklistNodeByteCount: UInt64
  let skiplistByteCount: UInt64
  let streamByteCount: UInt64
  let groupByteCount: UInt64
  let consumerByteCount: UInt64
  let pendingByteCount: UInt64
  /// Whether MEMORY USAGE adds up the allocations of a stream's radix trees; otherwise it estimates them.
  let countsTrees: Bool
  let encodings: ObjectEncodings?

  /// Creates the model of a release.
  ///
  /// - Parameters:
  ///   - version: The release.
  ///   - allocator: The allocator that the server was built with. Redis and Valkey use jemalloc on Linux.
  public init(_ version: ServerVersion, allocator: Allocator = .jemalloc) {
    self.version = version
    self.allocator = allocator
    let isValkey = version.vendor == .valkey
    func since(_ major: Int, _ minor: Int, valkey: (Int, Int)? = (0, 0)) -> Bool {
      version.isAtLeast(major, minor, valkey: valkey)
    }
    encodings = ObjectEncodings(writer: version)
    keyForm =
      since(8, 2, valkey: (8, 1))
      ? .objectWithName
      : since(.max, 0, valkey: (8, 0)) ? .entryWithName : .entryAndName
    leavesOutPointer = since(.max, 0, valkey: (9, 1))
    hasPackedSets = since(7, 2)
    hasLargePlainNodes = since(7, 4, valkey: (8, 0))
    let embedsMembers = since(8, 2, valkey: (8, 1))
    rules = ElementRules(
      allocator: allocator, countsAllocations: since(7, 0), countsStringAllocations: since(6, 0),
      tableForm: since(.max, 0, valkey: (8, 1)) ? .buckets : .chained, hasListpacks: since(7, 0),
      hasLongScores: !since(7, 2), embedsMembers: embedsMembers,
      skiplistNodeByteCount: embedsMembers ? (isValkey ? 17 : 16) : 24)
    dictByteCount = since(7, 0) ? 56 : 96
    quicklistByteCount = since(8, 8, valkey: nil) ? 48 : 40
    quicklistNodeByteCount = since(7, 0) ? 40 : 32
    skiplistByteCount = isValkey && since(.max, 0, valkey: (8, 1)) ? 0 : 32
    streamByteCount =
      since(8, 6, valkey: nil) ? 160 : since(8, 2, valkey: nil) ? 112 : since(7, 0) ? 80 : 40
    pendingByteCount = since(8, 8, valkey: nil) ? 64 : since(8, 2, valkey: nil) ? 32 : 24
    countsTrees = since(.max, 0, valkey: (8, 1))
    groupByteCount = since(8, 8, valkey: nil) ? 64 : since(7, 0) ? 40 : 32
    consumerByteCount = since(7, 2) ? 32 : 24
  }
}

/// The part of a ``ServerModel`` that is used for every element. It is small, because it is copied often.
struct ElementRules: Hashable, Sendable {
  let allocator: Allocator
  /// Whether MEMORY USAGE counts allocated bytes, not requested ones.
  let countsAllocations: Bool
  /// Whether MEMORY USAGE counts allocated bytes for strings.
  let countsStringAllocations: Bool
  let tableForm: ServerModel.TableForm
  /// Whether packed values are listpacks; otherwise they are ziplists.
  let hasListpacks: Bool
  /// Whether scores in packed values have 17 digits (before 7.2), not the shortest exact form.
  let hasLongScores: Bool
  let embedsMembers: Bool
  /// The size of a skiplist node without its levels, in bytes.
  let skiplistNodeByteCount: UInt64

  /// Returns the counted size of an allocation of `byteCount` bytes.
  @inline(__always)
  func allocated(_ byteCount: UInt64) -> UInt64 {
    countsAllocations ? allocator.size(byteCount) : byteCount
  }

  /// Returns the counted size of a separate string: header, bytes and final zero.
  @inline(__always)
  func string(_ byteCount: UInt64) -> UInt64 {
    let whole = ServerModel.stringHeader(byteCount) &+ byteCount &+ 1
    return countsStringAllocations ? allocator.size(whole) : whole
  }

  /// Returns the size of a member or field of a large collection, without the entry of the table.
  ///
  /// - Parameter isScored: Whether the collection is a sorted set.
  @inline(__always)
  func member(_ byteCount: UInt64, isScored: Bool) -> UInt64 {
    guard isScored, embedsMembers else { return string(byteCount) }
    // The member is part of the skiplist's node, whose number of levels is random: use the mean.
    return skiplistNode(embedding: ServerModel.stringHeader(byteCount) &+ byteCount &+ 1)
  }

  /// Returns the mean size of a skiplist node. Each further level has a probability of 1/4.
  ///
  /// Source: `zslRandomLevel` in Redis `src/t_zset.c`.
  @inline(__always)
  func skiplistNode(embedding member: UInt64) -> UInt64 {
    let base = skiplistNodeByteCount &+ member
    let one = allocated(base &+ 16)
    let two = allocated(base &+ 32)
    let three = allocated(base &+ 48)
    let four = allocated(base &+ 64)
    return (one &* 48 &+ two &* 12 &+ three &* 3 &+ four &+ 32) / 64
  }
}

extension ServerModel {
  /// Returns the size of a string's header, in bytes. An empty string has the header of a string that can grow.
  ///
  /// Source: `sdsReqType` in Redis `src/sds.c`.
  @inline(__always)
  static func stringHeader(_ byteCount: UInt64) -> UInt64 {
    if byteCount < 32 { return byteCount == 0 ? 3 : 1 }
    if byteCount < 256 { return 3 }
    if byteCount < 65_536 { return 5 }
    return byteCount < 1 << 32 ? 9 : 17
  }
}
