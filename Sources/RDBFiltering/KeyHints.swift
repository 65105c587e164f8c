import RDB
import RDBFormat

/// What may help somebody who asked for a key that is not there.
///
/// Hints of parts of a file add up, in any order, to those of the whole.
package struct KeyHints: MergeableSummary {
  /// A name in the same database that begins as the one asked for.
  package struct Near: Hashable, Sendable {
    package var name: [UInt8]
    /// Bytes that both begin with.
    package var common: Int
    /// By how many bytes their lengths differ.
    var distance: Int

    func precedes(_ other: Near) -> Bool {
      if common != other.common { return common > other.common }
      if distance != other.distance { return distance < other.distance }
      return name.lexicographicallyPrecedes(other.name)
    }
  }

  /// How many names are kept, and how many databases.
  package static let limit = 5
  /// Fewer bytes in common say nothing.
  static let leastCommon = 3

  /// Other databases that have a key of this name, ascending: the lowest few.
  package private(set) var databases: [UInt64] = []
  /// The nearest names.
  package private(set) var names: [Near] = []
  var isFound = false
  private let name: [UInt8]
  private let database: UInt64
  /// Bytes in common below which a name is not looked at any more.
  private var least = KeyHints.leastCommon

  package init(name: [UInt8], database: UInt64) { (self.name, self.database) = (name, database) }

  @inline(__always)
  func isName(_ other: RawSpan) -> Bool { equals(other, name) }

  /// Looks at a key that is not the one.
  @inline(__always)
  mutating func add(_ key: borrowing KeyHeader) {
    if key.database != database {
      if isName(key.name) { add(database: key.database) }
      return
    }
    let common = common(key.name)
    if common >= least { add(key.name, common) }
  }

  /// Notes another database that has a key of this name.
  package mutating func add(database: UInt64) {
    guard database != self.database, !databases.contains(database) else { return }
    databases.append(database)
    databases.sort()
    if databases.count > Self.limit { databases.removeLast() }
  }

  @inline(__always)
  private func common(_ other: RawSpan) -> Int {
    let count = min(name.count, other.byteCount)
    var place = 0
    while place < count, name[place] == other.unsafeLoad(fromByteOffset: place, as: UInt8.self) { place &+= 1 }
    return place
  }

  private mutating func add(_ other: RawSpan, _ common: Int) {
    // A name may be as long as it likes: a hint is not.
    guard other.byteCount <= 4096 else { return }
    add(
      Near(
        name: other.withUnsafeBytes { Array($0) }, common: common, distance: abs(other.byteCount - name.count)))
  }

  private mutating func add(_ near: Near) {
    let place = names.firstIndex { near.precedes($0) } ?? names.endIndex
    guard place < Self.limit, !names.contains(near) else { return }
    names.insert(near, at: place)
    if names.count > Self.limit { names.removeLast() }
    if names.count == Self.limit { least = names[Self.limit - 1].common }
  }

  package mutating func merge(_ other: KeyHints) {
    isFound = isFound || other.isFound
    for database in other.databases { add(database: database) }
    for near in other.names { add(near) }
  }
}
