import RDB
import RDBFormat
import RDBSupport

/// The rule by which the keys of a snapshot are divided into parts.
package enum SplitRule: Sendable {
  /// By hash slot; the nodes' indexes are those of the parts.
  case slots(SlotOwners)
  /// A part per database.
  case database
  /// A part per prefix, and one for all other keys.
  case prefix(PrefixParts)
  /// A part per data type.
  case type
  /// A part ends with the key that reaches the size.
  case size(UInt64)

  /// The size after which a part ends; `nil`: parts are chosen by key.
  package var sizeLimit: UInt64? {
    if case .size(let limit) = self { limit } else { nil }
  }

  /// Whether parts without keys are files, too.
  package var keepsEmpty: Bool {
    if case .slots = self { true } else { false }
  }

  /// Adds the parts that are known before the first key.
  package func addParts(to parts: SnapshotParts) throws {
    switch self {
    case .slots(let owners): for node in owners.nodes { _ = try parts.addPart(node.name) }
    case .prefix(let prefixes): for name in prefixes.names { _ = try parts.addPart(name) }
    case .database, .type, .size: return
    }
  }
}

/// Parts that are added when their first key comes, by number. Workers share it.
package final class NumberedParts {
  private let lock = Lock()
  private var indexes: [UInt64: Int] = [:]

  package init() {}

  /// Returns the index of the part with a number, and adds it if it is new.
  func index(_ number: UInt64, _ name: @autoclosure () -> String, in parts: SnapshotParts) throws -> Int {
    lock.lock()
    defer { lock.unlock() }
    if let index = indexes[number] { return index }
    let index = try parts.addPart(name())
    indexes[number] = index
    return index
  }
}

/// Chooses the part of each key, for one worker.
struct PartChooser {
  private enum Rule {
    case slots(HashSlots, [Int])
    case numbered(NumberedParts, isType: Bool)
    case prefix(PrefixParts)
    case onePart
  }

  private let rule: Rule
  private let parts: SnapshotParts
  /// The parts that this worker has met, by number.
  private var known: [UInt64: Int] = [:]
  private var last: (number: UInt64, part: Int)?

  init(_ rule: SplitRule, _ parts: SnapshotParts, _ numbered: NumberedParts) {
    self.parts = parts
    self.rule =
      switch rule {
      case .slots(let owners): .slots(HashSlots(), owners.table)
      case .database: .numbered(numbered, isType: false)
      case .type: .numbered(numbered, isType: true)
      case .prefix(let prefixes): .prefix(prefixes)
      case .size: .onePart
      }
  }

  /// Returns the index of the key's part; `nil` if the key's hash slot has no owner.
  mutating func part(of key: borrowing KeyHeader) throws -> Int? {
    switch rule {
    case .slots(let slots, let table):
      let part = table[slots.slot(of: key.name)]
      return part < 0 ? nil : part
    case .numbered(let numbered, let isType):
      if isType {
        let name = key.type.rawValue
        return try part(UInt64(DataType.allCases.firstIndex(of: key.type) ?? 0), name, numbered)
      }
      return try part(key.database, "db-\(key.database)", numbered)
    case .prefix(let prefixes): return prefixes.part(of: key.name)
    case .onePart: return 0
    }
  }

  private mutating func part(_ number: UInt64, _ name: @autoclosure () -> String, _ numbered: NumberedParts) throws
    -> Int
  {
    if let last, last.number == number { return last.part }
    let part = try known[number] ?? numbered.index(number, name(), in: parts)
    known[number] = part
    last = (number, part)
    return part
  }
}
