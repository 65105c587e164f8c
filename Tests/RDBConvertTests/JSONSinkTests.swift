import Foundation
import RDB
import RDBConvert
import TestSupport
import Testing

@Suite("JSON")
struct JSONSinkTests {
  /// A key's place in the goldens.
  struct Place: Hashable {
    let database: UInt64
    let key: [UInt8]
  }

  static func rows(of fixture: Fixture) throws -> [Place: [Golden.Row]] {
    var rows: [Place: [Golden.Row]] = [:]
    for path in [fixture.goldenPath, fixture.expiredPath].compactMap(\.self) {
      for row in try Golden.rows(at: path) {
        guard let database = row.database, let key = row.key else { continue }
        rows[Place(database: database, key: key), default: []].append(row)
      }
    }
    return rows
  }

  @Test("says of every key what its server said, in every mode", arguments: Fixture.valid)
  func goldens(_ fixture: Fixture) throws {
    let rows = try Self.rows(of: fixture)
    let dump = fixture.bytes
    for strings in JSONOptions.Strings.allCases {
      let conversion = JSONConversion(dump, strings: strings)
      #expect(conversion.error == nil)
      let keys = try conversion.keys()
      #expect(keys.count == rows.count)
      #expect(conversion.ledger.keysWritten == UInt64(keys.count))
      #expect(conversion.ledger.keysRead == UInt64(keys.count))
      #expect(!conversion.ledger.hasLosses)
      let comparison = JSONComparison(strings: strings)
      var seen: Set<Place> = []
      for key in keys {
        let place = Place(database: key["db"]?.uint ?? .max, key: try strings.bytes(key["key"]))
        #expect(seen.insert(place).inserted)
        let found = try comparison.differences(key, rows[place] ?? [], checksEncoding: false)
        #expect(found == [], "\(printable(place.key)), \(strings)")
      }
    }
  }
}
