import RDB
import RDBFormat
import RDBSupport
import TestSupport
import Testing

/// What the servers said of each dump, against what the reader says of it.
@Suite("Contents")
struct GoldenTests {
  @Test("are what the server said they are", arguments: Fixture.valid)
  func contents(_ fixture: Fixture) throws {
    var snapshot = SnapshotKeys(MemorySource(fixture.bytes))
    var keys: [KeyName: SnapshotKey] = [:]
    while let key = try snapshot.next() {
      #expect(keys.updateValue(key, forKey: KeyName(key)) == nil, "a key twice")
    }
    let rows = try Golden.rows(at: fixture.goldenPath)
    let expired = try fixture.expiredPath.map { try Golden.rows(at: $0) } ?? []
    let partial = Dictionary(
      expired.filter(\.isPartial).map { (KeyName($0), $0) }, uniquingKeysWith: { $1 })
    var functions = snapshot.functionLibraries
    let version = try #require(Int(String(decoding: fixture.bytes[6..<9], as: UTF8.self)))
    for row in rows {
      if case .function(_, _, let code) = row.value {
        let place = functions.firstIndex(of: code)
        functions.remove(at: try #require(place, "a function library is missing"))
        continue
      }
      let name = KeyName(row)
      let found = keys.removeValue(forKey: name)
      let key = try #require(found, "\(name) is missing")
      compare(key, row, expiredFields: partial[name], version: version)
    }
    for row in expired {
      guard let key = keys.removeValue(forKey: KeyName(row)) else { continue }
      compare(key, row, expiredFields: nil, version: version)
    }
    #expect(keys.isEmpty, "\(keys.keys.sorted { $0.description < $1.description })")
    #expect(functions.isEmpty)
  }

  private func compare(
    _ key: SnapshotKey, _ row: Golden.Row, expiredFields: Golden.Row?, version: Int
  ) {
    let name = KeyName(row)
    #expect(key.expiry?.value == row.expiry, "\(name)")
    if let idle = row.idleSeconds, let found = key.idleSeconds {
      // The server was asked a little after it had written the dump, or before.
      let isRight = found <= idle + 2 && idle <= found + 120
      #expect(isRight, "\(name): \(found), not \(idle)")
    }
    if let frequency = row.frequency, let found = key.frequency {
      // It fades by one a minute.
      let isRight = found >= frequency && Int(found) <= Int(frequency) + 2
      #expect(isRight, "\(name): \(found), not \(frequency)")
    }
    var differences = GoldenDifferences(version: version)
    differences.compare(key, row.value, expiredFields: expiredFields?.value)
    #expect(differences.found.isEmpty, "\(name) (\(key.storedType.name)): \(differences.found)")
  }
}
