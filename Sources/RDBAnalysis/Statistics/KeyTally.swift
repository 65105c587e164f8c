import RDB
import RDBFormat

/// Counts keys while they pass: plain memory for the database being read, folded into the report when
/// another one begins.
///
/// A class, so that its owner outlives the sink that counts with it; the sink's loop touches only
/// ``hot`` and ``slots``.
final class KeyTally {
  /// The database being read.
  struct Hot {
    var database: UInt64 = 0
    var expiring: UInt64 = 0
    var expired: UInt64 = 0
    var hashesWithFieldExpiries: UInt64 = 0
    var fieldsExpiring: UInt64 = 0
  }

  /// Keys of one value type, in one of the encodings it can mean.
  struct Slot {
    var keys: UInt64 = 0
    var storedByteCount: UInt64 = 0
    var elements: UInt64 = 0
  }

  /// How many encodings a value type can stand for.
  static let variantCount = 4
  static let slotCount = (Int(ValueType.allCases.last?.rawValue ?? 0) + 1) * variantCount

  let hot: UnsafeMutablePointer<Hot>
  let slots: UnsafeMutablePointer<Slot>
  private(set) var databases = SmallestEntries<DatabaseInfo>()
  /// All databases, those left out above too.
  private(set) var totals = DatabaseInfo(database: 0)
  private(set) var valueTypes: [ValueType: UInt64] = [:]
  private(set) var elements: [DataType: UInt64] = [:]
  private(set) var byType: [DataType: KeyCounts] = [:]
  private let encoding: (ValueType, Int) -> String?

  /// - Parameter encoding: The name of a value type's variant; `nil`: it has none.
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
    totals.merge(all)
  }

  /// Puts what was counted of the current database into the report, and begins another.
  func select(_ database: UInt64) {
    fold()
    hot.pointee.database = database
  }

  func fold() {
    var info = DatabaseInfo(database: hot.pointee.database)
    for type in ValueType.allCases {
      for variant in 0..<Self.variantCount {
        let place = Int(type.rawValue) * Self.variantCount + variant
        let slot = slots[place]
        guard slot.keys > 0 else { continue }
        slots[place] = Slot()
        let counts = KeyCounts(keys: slot.keys, storedByteCount: slot.storedByteCount)
        valueTypes[type, default: 0] += slot.keys
        elements[type.data, default: 0] += slot.elements
        byType[type.data, default: KeyCounts()].merge(counts)
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

  /// Adds what another tally has counted, and empties that one.
  func take(_ other: KeyTally) {
    other.fold()
    databases.merge(other.databases)
    totals.merge(other.totals)
    valueTypes.merge(other.valueTypes, uniquingKeysWith: +)
    elements.merge(other.elements, uniquingKeysWith: +)
    byType.merge(other.byType) { a, b in
      var sum = a
      sum.merge(b)
      return sum
    }
    other.databases = SmallestEntries()
    other.totals = DatabaseInfo(database: 0)
    other.valueTypes = [:]
    other.elements = [:]
    other.byType = [:]
  }
}
