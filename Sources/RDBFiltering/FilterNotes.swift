public import RDB

/// The fields and expiries that a filter left out of passing keys, for the ledger.
@usableFromInline
struct FilterNotes {
  @usableFromInline enum Reason: Int, CaseIterable {
    case expiredFields, liveFields, expiredHashes, expiries

    var text: String {
      switch self {
      case .expiredFields: "expired hash fields left out"
      case .liveFields: "hash fields that had not expired left out"
      case .expiredHashes: "hashes left out because every field had expired"
      case .expiries: "expiries left out, as asked"
      }
    }
  }

  private var ledger = Ledger()
  /// The number of key names noted per reason. No name is copied beyond the ledger's limit.
  private var named = [Int](repeating: 0, count: Reason.allCases.count)
  private var rest = [UInt64](repeating: 0, count: Reason.allCases.count)

  @usableFromInline init() {}

  @usableFromInline mutating func add(
    _ reason: Reason, count: UInt64 = 1, key: RawSpan, offset: Int
  ) {
    guard named[reason.rawValue] < Ledger.sampleLimit else {
      rest[reason.rawValue] += count
      return
    }
    named[reason.rawValue] += 1
    ledger.note(reason.text, count: count, key: [UInt8](key), offset: offset)
  }

  /// Returns the ledger of a filter that did not pass `keysFiltered` keys.
  @usableFromInline func finished(keysFiltered: UInt64) -> Ledger {
    var ledger = ledger
    for reason in Reason.allCases where rest[reason.rawValue] > 0 {
      ledger.note(reason.text, count: rest[reason.rawValue])
    }
    ledger.keysRead = keysFiltered
    ledger.keysFiltered = keysFiltered
    return ledger
  }
}

/// The summary of a ``KeyFilter``.
public struct FilterSummary<Base: MergeableSummary>: MergeableSummary {
  /// The summary of the base sink.
  public var base: Base
  /// The ledger of the filter: it counts the keys that did not pass, as read and filtered, and notes the fields and
  /// expiries that the filter left out of other keys. For the ledger of all keys, merge it with the ledger of the base
  /// sink.
  public var ledger: Ledger
  /// Whether ``FilterOptions/limit`` ended the reading. The rest of the file, with its checksum, was then not read.
  package var limitReached: Bool

  @usableFromInline init(base: Base, ledger: Ledger, limitReached: Bool) {
    (self.base, self.ledger, self.limitReached) = (base, ledger, limitReached)
  }

  public mutating func merge(_ other: Self) {
    base.merge(other.base)
    ledger.merge(other.ledger)
    limitReached = limitReached || other.limitReached
  }
}
