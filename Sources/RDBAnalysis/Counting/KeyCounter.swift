import RDB
import RDBFormat

/// Counts keys by database, type and encoding.
///
/// The counts of the current database are in plain memory, ``hot`` and ``slots``, which the sink's loop updates. They are
/// added to the report when the database changes. This is a class, so that the counts outlive a sink that throws.
final class KeyCounter {
  /// The counts of the current database that do not depend on the type.
  struct Hot {
    var database: UInt64 = 0
    var expiring: UInt64 = 0
    var expired: UInt64 = 0
    var hashesWithFieldExpiries: UInt64 = 0
    var fieldsExpiring: UInt64 = 0
  }

  /// The counts of one value type in one encoding.
  struct Slot {
    var keys: UInt64 = 0
    var storedByteCount: UInt64 = 0
    var elements: UInt64 = 0
  }

  /// The number of encodings that are counted per value type.
  static let variantCount = 4
  static let slotCount = (Int(ValueType.allCases.last?.rawValue ?? 0) + 1) * variantCount

  let hot: UnsafeMutablePointer<Hot>
  let slots: UnsafeMutablePointer<Slot>
  private(set) var databases = SmallestEntries<DatabaseInfo>()
  /// The sum over all databases, including those beyond the limit of `databases`.
  private(set) var total = DatabaseInfo(database: 0)
  private(set) var valueTypes: [ValueType: UInt64] = [:]
  private(set) var elements: [DataType: UInt64] = [:]
  private(set) var byType: [DataType: KeyGroup] = [:]
  private let encoding: (ValueType, Int) -> String?

  /// - Parameter encoding: Returns the name of a value type's variant, or `nil`.
  init(encoding: @escaping (ValueType, Int) -> String?) {
    self.encoding = encoding
    hot = .allocate(capacity: 1)
    hot.initialize(to: Hot())
    slots = .allocate(capacity: Self.slotCount)
    slots.initialize(repeating: Slot(), count: Self.slotCount)
  }

  deinit {
    hot.deallocate()
    slots.deallocate()
  }

  func hint(database: UInt64, keys: UInt64, expiring: UInt64) {
    var info = DatabaseInfo(database: database)
    info.hintedKeys = keys
    info.hintedExpiring = expiring
    add(info)
  }

  private func add(_ info: DatabaseInfo) {
    databases.add(info)
    var all = info
    all.database = 0
    total.merge(all)
  }

  /// Adds the counts of the current database to the report, and begins another database.
  func select(_ database: UInt64) {
    fold()
    hot.pointee.database = database
  }

  func fold() {
    var info = DatabaseInfo(database: hot.pointee.database)
    for type in ValueType.allCases {
      for variant in 0..<Self.variantCount {
        let index = Int(type.rawValue) * Self.variantCount + variant
        let slot = slots[index]
        guard slot.keys > 0 else { continue }
        slots[index] = Slot()
        let counts = KeyGroup(keys: slot.keys, storedByteCount: slot.storedByteCount)
        valueTypes[type, default: 0] += slot.keys
        elements[type.data, default: 0] += slot.elements
        byType[type.data, default: KeyGroup()].merge(counts)
        info.keys += slot.keys
        info.storedByteCount += slot.storedByteCount
        info.types[type.data.rawValue, default: 0] += slot.keys
        guard let encoding = encoding(type, variant) else { continue }
        info.encodings.add(
          EncodingCount(
            type: type.data.rawValue, encoding: encoding, keys: slot.keys,
            storedByteCount: slot.storedByteCount))
      }
    }
    info.expiring = hot.pointee.expiring
    info.expired = hot.pointee.expired
    info.hashesWithFieldExpiries = hot.pointee.hashesWithFieldExpiries
    info.fieldsExpiring = hot.pointee.fieldsExpiring
    hot.pointee = Hot(database: info.database)
    if info.keys > 0 { add(info) }
  }

  /// Moves the counts of another counter into this one.
  func take(_ other: KeyCounter) {
    other.fold()
    databases.merge(other.databases)
    total.merge(other.total)
    valueTypes.merge(other.valueTypes, uniquingKeysWith: +)
    elements.merge(other.elements, uniquingKeysWith: +)
    byType.merge(other.byType) { a, b in
      var sum = a
      sum.merge(b)
      return sum
    }
    other.databases = SmallestEntries()
    other.total = DatabaseInfo(database: 0)
    other.valueTypes = [:]
    other.elements = [:]
    other.byType = [:]
  }
}
