public import RDB

/// What a filter left out of keys that passed, for the ledger.
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
  /// How many names were noted of each reason: beyond the ledger's limit none is copied any more.
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
    ledger.note(reason.text, count: count, key: key.withUnsafeBytes { Array($0) }, offset: offset)
  }

  /// The ledger of a filter that kept `keysFiltered` keys back.
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

/// What is left of a ``KeyFilter`` when all runs are read.
public struct FilterSummary<Base: MergeableSummary>: MergeableSummary {
  /// The summary of the sink behind the filter.
  public var base: Base
  /// The keys that the filter kept back, as read and filtered, and notes of what it left out of others:
  /// merged with the ledger of the sink behind, that of the whole.
  public var ledger: Ledger
  /// The reading was stopped by ``FilterOptions/limit``: the rest was not read, no checksum compared.
  public var limitReached: Bool

  @usableFromInline init(base: Base, ledger: Ledger, limitReached: Bool) {
    (self.base, self.ledger, self.limitReached) = (base, ledger, limitReached)
  }

  public mutating func merge(_ other: Self) {
    base.merge(other.base)
    ledger.merge(other.ledger)
    limitReached = limitReached || other.limitReached
  }
}
