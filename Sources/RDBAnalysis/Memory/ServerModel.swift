public import RDB

/// What decides how much memory a server needs: its release, its allocator, and the sizes that follow.
///
/// Sizes are of 64-bit builds; limits are the defaults. Measured on live servers, see ``MemoryEstimate``.
public struct ServerModel: Hashable, Sendable {
  public let version: ServerVersion
  public let allocator: Allocator

  /// How a key and its object are held.
  enum KeyForm: Hashable { case entryAndName, entryWithName, objectWithName }
  /// How the elements of a large set, hash or sorted set are found.
  enum TableForm: Hashable { case chained, buckets }

  let keyForm: KeyForm
  /// An object whose value is embedded has no pointer to it (Valkey ≥ 9.1).
  let leavesOutPointer: Bool
  /// Small sets are listpacks, small lists too.
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
  /// MEMORY USAGE of a stream adds up what its radix trees were given; else it reckons so much a node.
  let countsTrees: Bool
  let encodings: ObjectEncodings?

  /// - Parameters:
  ///   - version: The release.
  ///   - allocator: What it was built with; by default jemalloc, as Redis and Valkey are on Linux.
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

/// What is asked for every element: few bytes, for that.
struct ElementRules: Hashable, Sendable {
  let allocator: Allocator
  /// MEMORY USAGE counts what the allocator gave, not what was asked for.
  let countsAllocations: Bool
  /// The same of strings.
  let countsStringAllocations: Bool
  let tableForm: ServerModel.TableForm
  /// Packed values are listpacks, else ziplists.
  let hasListpacks: Bool
  /// Scores in packed values have 17 digits (before 7.2), not the fewest that read back.
  let hasLongScores: Bool
  let embedsMembers: Bool
  /// Of a skiplist node, before its levels.
  let skiplistNodeByteCount: UInt64

  /// What the allocator gives for `byteCount`, or that itself where the server counts that.
  @inline(__always)
  func allocated(_ byteCount: UInt64) -> UInt64 {
    countsAllocations ? allocator.size(byteCount) : byteCount
  }

  /// A string on its own: header, bytes, final zero.
  @inline(__always)
  func string(_ byteCount: UInt64) -> UInt64 {
    let whole = ServerModel.stringHeader(byteCount) &+ byteCount &+ 1
    return countsStringAllocations ? allocator.size(whole) : whole
  }

  /// What one member or field takes in a large collection, without its table's entry.
  ///
  /// - Parameter isScored: Of a sorted set.
  @inline(__always)
  func member(_ byteCount: UInt64, isScored: Bool) -> UInt64 {
    guard isScored, embedsMembers else { return string(byteCount) }
    // In the node of the skiplist, whose levels are drawn by lot: the mean of what they round up to.
    return skiplistNode(embedding: ServerModel.stringHeader(byteCount) &+ byteCount &+ 1)
  }

  /// The mean of a skiplist node's size: a further level with a chance of a quarter.
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
  /// Bytes before a string. Source: `sdsReqType` in Redis `src/sds.c`; an empty string's type can grow.
  @inline(__always)
  static func stringHeader(_ byteCount: UInt64) -> UInt64 {
    if byteCount < 32 { return byteCount == 0 ? 3 : 1 }
    if byteCount < 256 { return 3 }
    if byteCount < 65_536 { return 5 }
    return byteCount < 1 << 32 ? 9 : 17
  }
}
