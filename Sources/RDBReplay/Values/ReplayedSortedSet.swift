import RDB
import RDBFormat

/// A sorted set of the replayed keyspace.
///
/// Its encoding is that of a live server: once a skip list, it stays one.
package final class ReplayedSortedSet: ReplayedCollection {
  /// The scores by member, in the order of insertion.
  package private(set) var scores = ByteTable<Double>()
  /// The members by score.
  private(set) var order = ScoreOrder()
  /// The encoding of a live server.
  package internal(set) var encoding: ObjectEncoding

  /// Creates an empty sorted set, which a command will fill.
  package init(encoding: ObjectEncoding) { self.encoding = encoding }

  /// Creates an empty sorted set, which a command will fill with few short members.
  package convenience init(_ limits: EncodingLimits) { self.init(encoding: limits.packedEncoding) }

  /// Creates a sorted set as a server loads it.
  ///
  /// - Parameters:
  ///   - members: The members; of equal ones the last one remains.
  ///   - type: The type of the stored value. The default: elements that no stored type describes.
  package init(
    loading members: [(member: [UInt8], score: Double)], as type: ValueType = .zset2, _ limits: EncodingLimits
  ) {
    encoding = .skiplist
    for (member, score) in members where !score.isNaN { set(member, score) }
    let isPacked = type == .zsetListpack || type == .zsetZiplist
    packIfFitting(limits, longest: isPacked ? 0 : longestMember)
  }

  private init(copying zset: ReplayedSortedSet) {
    (scores, order, encoding) = (zset.scores, zset.order, zset.encoding)
  }

  package var isEmpty: Bool { scores.isEmpty }
  package var byteCount: Int { scores.byteCount + scores.count * MemoryLayout<ScoredMember>.stride + 64 }
  package func copied() -> Self { Self(copying: self) }

  /// The number of members.
  package var count: Int { scores.count }

  /// The bytes of the longest member.
  ///
  /// - Complexity: O(*n*).
  private var longestMember: Int { scores.indices.reduce(0) { max($0, scores[entryAt: $1].key.count) } }

  /// The members with their scores, in ascending order.
  package var elements: [(member: [UInt8], score: Double)] {
    order.members(0..<count).map { ($0.member, $0.score) }
  }

  // MARK: Changes

  /// Adds a member or changes its score, without a change of the encoding.
  func set(_ member: [UInt8], _ score: Double) {
    // A packed sorted set stores whole numbers as integers, which have no −0.
    let score = encoding != .skiplist && score == 0 ? 0 : score
    if let index = scores.index(of: member) {
      let former = scores[valueAt: index]
      if former == score { return }
      order.remove(ScoredMember(score: former, member: member))
      scores[valueAt: index] = score
    } else {
      scores.set(member, score)
    }
    order.insert(ScoredMember(score: score, member: member))
  }

  /// Adds a member or changes its score, and changes the encoding if a new member does not fit.
  func add(_ member: [UInt8], _ score: Double, _ limits: EncodingLimits) {
    if encoding != .skiplist, !scores.contains(member),
      count >= limits.zsetEntries || member.count > limits.zsetByteCount
    {
      encoding = .skiplist
    }
    set(member, score)
  }

  /// Removes a member.
  ///
  /// - Returns: Whether the sorted set had it.
  @discardableResult
  func remove(_ member: [UInt8]) -> Bool {
    guard let score = scores.remove(member) else { return false }
    order.remove(ScoredMember(score: score, member: member))
    return true
  }

  /// Changes the encoding to a packed one if all members fit, as STORE forms of commands do at their end.
  func packIfFitting(_ limits: EncodingLimits) { packIfFitting(limits, longest: longestMember) }

  private func packIfFitting(_ limits: EncodingLimits, longest: Int) {
    if limits.encoding(of: .zset, count: count, longest: longest) != .skiplist { pack(limits) }
  }

  private func pack(_ limits: EncodingLimits) {
    guard encoding == .skiplist else { return }
    encoding = limits.packedEncoding
    for index in scores.indices where scores[valueAt: index] == 0 && scores[valueAt: index].sign == .minus {
      let member = scores[entryAt: index].key
      scores[valueAt: index] = 0
      order.remove(ScoredMember(score: 0, member: member))
      order.insert(ScoredMember(score: 0, member: member))
    }
  }

  // MARK: Writing

  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws {
    let type = writer.storedType(of: .zset, encoding)
    if type != .zset, type != .zset2 {
      var packed = PackedBuilder(for: type, version: writer.header.version)
      order.forEach { entry in
        packed.append(entry.member.span.bytes)
        packed.append(score: entry.score)
      }
      return try writer.packed(name.span.bytes, type, try packed.finished(), attributes)
    }
    try writer.beginElements(name.span.bytes, type, count: UInt64(count), attributes)
    // Servers save the greatest score first, so that a skip list is built fast when it is loaded.
    try order.forEach(isDescending: true) { (entry) throws(RDBError) in
      try writer.zsetMember(entry.member.span.bytes, score: entry.score)
    }
    try writer.endKey()
  }
}
