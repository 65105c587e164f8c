import RDBSupport

/// A set of names in their order: a stream's groups, or a group's consumers.
@usableFromInline
struct NameSet: ~Copyable {
  /// The bytes of all names, one after another.
  @usableFromInline var bytes: [UInt8] = []
  /// The end of each name in ``bytes``.
  @usableFromInline var ends = CompactArray<Int>()
  private var finder = DuplicateFinder(limit: .max)

  @usableFromInline init() {}

  /// The number of names.
  @usableFromInline var count: Int { ends.count }

  @usableFromInline mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 16)
    ends.removeAll()
    finder.begin()
  }

  /// Appends a name unless it is there already.
  ///
  /// - Returns: Whether the name is new.
  @usableFromInline mutating func append(_ name: RawSpan) -> Bool {
    let earlier = finder.insert(name, at: ends.count)
    if earlier >= 0, isEqual(name, earlier) { return false }
    bytes.append(name)
    ends.append(bytes.count)
    return true
  }

  /// The bytes of the name at `index`, as a range of ``bytes``.
  @inlinable func range(_ index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index &- 1])..<ends[index]
  }

  private func isEqual(_ name: RawSpan, _ index: Int) -> Bool {
    name.withUnsafeBytes { bytes[range(index)].elementsEqual($0) }
  }
}
