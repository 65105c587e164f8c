import RDB
import RDBFormat
import RDBSupport

/// Hints for an error about a key that does not exist: similar names, and other databases with the name.
///
/// Hints from parts of a file merge, in any order, into the hints of the whole.
package struct KeyHints: MergeableSummary {
  /// A name in the same database that begins like the requested one.
  package struct Near: Hashable, Sendable {
    package var name: [UInt8]
    /// The number of bytes that both names begin with.
    package var common: Int
    /// The difference of the lengths, in bytes.
    var distance: Int

    func precedes(_ other: Near) -> Bool {
      if common != other.common { return common > other.common }
      if distance != other.distance { return distance < other.distance }
      return name.lexicographicallyPrecedes(other.name)
    }
  }

  /// The largest number of names, and of databases.
  package static let limit = 5
  /// The least number of common bytes that makes a name similar.
  static let leastCommon = 3

  /// The lowest other databases with a key of this name, in ascending order.
  package private(set) var databases: [UInt64] = []
  /// The most similar names, the most similar first.
  package private(set) var names: [Near] = []
  var isFound = false
  private let name: [UInt8]
  private let database: UInt64
  /// The smallest number of common bytes with which a name can still enter the list.
  private var least = KeyHints.leastCommon

  package init(name: [UInt8], database: UInt64) { (self.name, self.database) = (name, database) }

  @inline(__always)
  func isName(_ other: RawSpan) -> Bool { equals(other, name) }

  /// Adds a key other than the requested one.
  @inline(__always)
  mutating func add(_ key: borrowing KeyHeader) {
    if key.database != database {
      if isName(key.name) { add(database: key.database) }
      return
    }
    let common = common(key.name)
    if common >= least { add(key.name, common) }
  }

  /// Adds another database with a key of the requested name.
  package mutating func add(database: UInt64) {
    guard database != self.database, !databases.contains(database) else { return }
    databases.append(database)
    databases.sort()
    if databases.count > Self.limit { databases.removeLast() }
  }

  @inline(__always)
  private func common(_ other: RawSpan) -> Int {
    let count = min(name.count, other.byteCount)
    var common = 0
    while common < count, name[common] == other.byte(at: common) { common &+= 1 }
    return common
  }

  private mutating func add(_ other: RawSpan, _ common: Int) {
    // Names of any length are valid, but a long one is no useful hint.
    guard other.byteCount <= 4096 else { return }
    add(
      Near(
        name: [UInt8](other), common: common, distance: abs(other.byteCount - name.count)))
  }

  private mutating func add(_ near: Near) {
    let index = names.firstIndex { near.precedes($0) } ?? names.endIndex
    guard index < Self.limit, !names.contains(near) else { return }
    names.insert(near, at: index)
    if names.count > Self.limit { names.removeLast() }
    if names.count == Self.limit { least = names[Self.limit - 1].common }
  }

  package mutating func merge(_ other: KeyHints) {
    isFound = isFound || other.isFound
    for database in other.databases { add(database: database) }
    for near in other.names { add(near) }
  }
}
