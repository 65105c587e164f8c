import RDB
import RDBFormat

/// A set of the replayed keyspace.
///
/// Its encoding is that of a live server: once a listpack or a hash table, it does not become an intset again.
package final class ReplayedSet: ReplayedCollection {
  /// The members in the order of insertion.
  package private(set) var members = ByteTable<Void>()
  /// The encoding of a live server.
  package internal(set) var encoding: ObjectEncoding
  /// The least and the greatest number that an intset has had, and 0: a server does not make its members shorter again.
  private var integers: ClosedRange<Int64> = 0...0

  /// Creates an empty set, which a command will fill.
  package init(encoding: ObjectEncoding = .intset) { self.encoding = encoding }

  /// Creates a set as a server loads it.
  ///
  /// - Parameters:
  ///   - members: The members. Equal ones become one.
  ///   - type: The type of the stored value. The default: elements that no stored type describes.
  package init(loading members: [[UInt8]], as type: ValueType = .set, _ limits: EncodingLimits) {
    encoding = .intset
    for member in members { self.members.set(member, ()) }
    encoding = loadedEncoding(type, limits)
    guard encoding == .intset else { return }
    self.members.forEach { member, _ in canonicalInteger(member).map { widen(for: $0) } }
  }

  private init(copying set: ReplayedSet) {
    (members, encoding, integers) = (set.members, set.encoding, set.integers)
  }

  /// Gives the members of an intset at least the length that a number needs.
  func widen(for integer: Int64) {
    integers = min(integers.lowerBound, integer)...max(integers.upperBound, integer)
  }

  package var isEmpty: Bool { members.isEmpty }
  package var byteCount: Int { members.byteCount + 64 }
  package func copied() -> Self { Self(copying: self) }

  /// Whether the set has a member.
  func contains(_ member: [UInt8]) -> Bool { members.contains(member) }

  /// Removes a member.
  ///
  /// - Returns: Whether the set had it.
  @discardableResult
  func remove(_ member: [UInt8]) -> Bool { members.remove(member) != nil }

  /// Adds a member, and changes the encoding if it does not fit.
  func add(_ member: [UInt8], _ limits: EncodingLimits) {
    guard members.set(member, ()) == nil else { return }
    switch encoding {
    case .intset:
      if let integer = canonicalInteger(member) {
        widen(for: integer)
        if members.count > limits.intsetEntries { encoding = .hashtable }
      } else {
        encoding = isPackable(member, limits) ? .listpack : .hashtable
      }
    case .listpack:
      if !isPackable(member, limits) { encoding = .hashtable }
    default: break
    }
  }

  /// Changes the encoding before `count` members are added, as servers with packed sets do.
  func prepare(adding count: Int, _ limits: EncodingLimits) {
    guard limits.setEntries > 0 else { return }
    if encoding == .listpack && count > limits.setEntries || encoding == .intset && count > limits.intsetEntries {
      encoding = .hashtable
    }
  }

  /// Whether the set, with the member, fits into a listpack.
  private func isPackable(_ member: [UInt8], _ limits: EncodingLimits) -> Bool {
    members.count <= limits.setEntries && member.count <= limits.setByteCount
  }

  /// Whether all members are integers.
  ///
  /// - Complexity: O(*n*).
  var areIntegers: Bool {
    members.indices.allSatisfy { canonicalInteger(members[entryAt: $0].key) != nil }
  }

  private func loadedEncoding(_ type: ValueType, _ limits: EncodingLimits) -> ObjectEncoding {
    if type == .setListpack, limits.setEntries > 0 {
      return members.count <= limits.setEntries ? .listpack : .hashtable
    }
    let longest = members.indices.reduce(0) { max($0, members[entryAt: $1].key.count) }
    return limits.encoding(of: .set, count: members.count, longest: longest, areIntegers: areIntegers)
  }

  // MARK: Writing

  package func write(
    _ name: [UInt8], _ attributes: KeyAttributes, _ limits: EncodingLimits, to writer: inout RDBWriter
  ) throws {
    let type = writer.storedType(of: .set, encoding)
    if type == .setIntset { return try writeIntegers(name, attributes, to: &writer) }
    if type == .setListpack {
      var packed = PackedBuilder(for: type, version: writer.header.version)
      members.forEach { member, _ in packed.append(member.span.bytes) }
      return try writer.packed(name.span.bytes, type, try packed.finished(), attributes)
    }
    try writer.beginElements(name.span.bytes, .set, count: UInt64(members.count), attributes)
    try members.forEach { (member, _) throws(RDBError) in try writer.setMember(member.span.bytes) }
    try writer.endKey()
  }

  private func writeIntegers(_ name: [UInt8], _ attributes: KeyAttributes, to writer: inout RDBWriter) throws {
    var packed = IntsetWriter(range: integers)
    for integer in members.keys.compactMap({ canonicalInteger($0) }).sorted() { try packed.append(integer) }
    let blob = try packed.finished()
    try writer.packed(name.span.bytes, .setIntset, blob, attributes)
  }
}
