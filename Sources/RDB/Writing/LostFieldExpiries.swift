import RDBFormat

/// The expiries of hash fields that one key loses, by reason.
package struct LostFieldExpiries: Sendable {
  /// The number of those that no field of the target can have.
  package var unoffered: UInt64 = 0
  /// The number of those that are later than the target takes.
  package var tooLate: UInt64 = 0

  package init() {}

  package var isEmpty: Bool { unoffered | tooLate == 0 }

  /// Lists the expiries as lost.
  ///
  /// - Parameters:
  ///   - key: The name of the key.
  ///   - offset: The file offset of its record.
  package func add(to ledger: inout Ledger, key: [UInt8], offset: Int) {
    if unoffered > 0 {
      ledger.lose(
        .expiry, "expiries of hash fields need \(DataFeature.fieldExpiry.since.neededServer)", count: unoffered,
        key: key, offset: offset)
    }
    if tooLate > 0 {
      ledger.lose(
        .expiry, "Redis takes no expiry of a hash field above 2^46-1 ms", count: tooLate, key: key, offset: offset)
    }
  }
}
