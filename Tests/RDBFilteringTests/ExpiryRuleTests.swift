import RDB
import RDBFormat
import RDBFiltering
import TestSupport
import Testing

@Suite("Expiry rules")
struct ExpiryRuleTests {
  static let now: Int64 = 1_700_000_000_000

  static func options(_ change: (inout FilterOptions) -> Void) -> FilterOptions {
    var options = FilterOptions(now: UnixMilliseconds(now))
    change(&options)
    return options
  }

  /// Returns the keys that a filter with the rule must pass on, by the definition of the rule.
  static func expected(_ keys: [SeenKey], _ rule: FilterOptions.Expired, now: Int64) -> [SeenKey] {
    keys.compactMap { key in
      let hasExpired = key.expiry.map { $0 < now } ?? false
      if rule == .keep { return key }
      if hasExpired { return rule == .only ? key : nil }
      let carries = [.hash2, .hashMetadata, .hashMetadataPreGA, .hashListpackEx, .hashListpackExPreGA]
        .contains(key.type)
      guard carries else { return rule == .only ? nil : key }
      var rest = key
      rest.count = nil
      rest.fields = key.fields.filter { ($0.expiry.map { $0 < now } ?? false) == (rule == .only) }
      return rest.fields.isEmpty ? nil : rest
    }
  }

  static let moments: [Int64] = [0, 1_600_000_000_000, now, 1_900_000_000_000, 4_000_000_000_000, .max]

  @Test("The rules keep, skip and only select the expired keys and fields as defined", arguments: KeyFilterTests.small)
  func expired(_ fixture: Fixture) throws {
    let bytes = fixture.bytes
    let keys = try all(bytes)
    for rule in FilterOptions.Expired.allCases {
      for moment in Self.moments {
        var options = FilterOptions(now: UnixMilliseconds(moment))
        options.expired = rule
        let expected = Self.expected(keys, rule, now: moment)
        for threads in [1, 2] {
          let (seen, ledger, _, _) = try filtered(bytes, options, threads: threads)
          #expect(seen == expected, "\(rule), \(moment)")
          #expect(ledger.keysFiltered == UInt64(keys.count - expected.count))
        }
      }
    }
  }

  @Test("Fixtures have expiring fields in every layout that can store them")
  func fieldsAreThere() throws {
    let keys = try KeyFilterTests.small.flatMap { try all($0.bytes) }
    #expect(keys.contains { $0.type == .hashMetadata && $0.fields.contains { $0.expiry != nil } })
    #expect(keys.contains { $0.type == .hashListpackEx && $0.fields.contains { $0.expiry != nil } })
    #expect(keys.contains { $0.type == .hash2 && $0.fields.contains { $0.expiry != nil } })
  }

  @Test("Expired hash fields are left out and counted in the ledger")
  func fieldNotes() throws {
    let bytes = snapshot(
      hash: "h", fields: [("old", 1), ("new", Self.now), ("forever", -1), ("older", 0)])
    let skip = try filtered(bytes, Self.options { $0.expired = .skip })
    #expect(skip.keys.first?.fields.map(\.field) == [Array("new".utf8), Array("forever".utf8)])
    #expect(skip.ledger.noted["expired hash fields left out"]?.count == 2)
    #expect(skip.ledger.noted["expired hash fields left out"]?.samples.map(\.name) == [Array("h".utf8)])
    let only = try filtered(bytes, Self.options { $0.expired = .only })
    #expect(only.keys.first?.fields.map(\.field) == [Array("old".utf8), Array("older".utf8)])
    #expect(only.keys.first?.count == nil)
    #expect(only.ledger.noted["hash fields that had not expired left out"]?.count == 2)
  }

  @Test("A hash without remaining fields is left out and counted in the ledger")
  func emptyHash() throws {
    let bytes = snapshot(hash: "h", fields: [("old", 1), ("older", 0)])
    let skip = try filtered(bytes, Self.options { $0.expired = .skip })
    #expect(skip.keys.isEmpty)
    #expect(skip.ledger.keysFiltered == 1)
    #expect(skip.ledger.noted["hashes left out because every field had expired"]?.count == 1)
    let alive = snapshot(hash: "h", fields: [("new", -1)])
    let only = try filtered(alive, Self.options { $0.expired = .only })
    #expect(only.keys.isEmpty)
    #expect(only.ledger.keysFiltered == 1)
    #expect(only.ledger.noted.isEmpty)
  }

  @Test("The rule only keeps all fields of an expired hash")
  func expiredHash() throws {
    let bytes = snapshot(hash: "h", fields: [("new", -1), ("old", 1)], expiry: 5)
    #expect(try filtered(bytes, Self.options { $0.expired = .only }).keys.first?.fields.count == 2)
    #expect(try filtered(bytes, Self.options { $0.expired = .skip }).keys.isEmpty)
  }

  @Test("A sink that asks for no elements receives the key alone", arguments: [Interest.skip, .validate])
  func skippingBase(_ interest: Interest) throws {
    let bytes = snapshot(hash: "h", fields: [("old", 1), ("new", -1), ("newer", -1)])
    let (keys, _, _, _) = try filtered(
      bytes, Self.options { $0.expired = .skip }, interest: interest)
    #expect(keys.count == 1)
    #expect(keys.first?.fields.isEmpty == true)
  }

  @Test(
    "Stored values become elements only for hashes that can have field expiries",
    arguments: [Interest.stored, .stored(atMost: 100), .storedOrOutlined(atMost: .max)])
  func storedDowngrade(_ interest: Interest) throws {
    for fixture in KeyFilterTests.small {
      let keys = try all(fixture.bytes)
      for options in [
        Self.options { $0.ttlShift = 1 }, Self.options { $0.dropsExpiries = true },
        Self.options { ($0.expired, $0.now) = (.skip, UnixMilliseconds(.min)) },
      ] {
        let plain = try filtered(fixture.bytes, KeyFilterTests.inactive, interest: interest).keys
        let seen = try filtered(fixture.bytes, options, interest: interest).keys
        #expect(seen.count == keys.count)
        for (index, key) in seen.enumerated() where index < keys.count {
          let carries = [.hash2, .hashMetadata, .hashMetadataPreGA, .hashListpackEx, .hashListpackExPreGA]
            .contains(key.type)
          #expect(key.wasStored == (plain[index].wasStored && !carries), "\(fixture): \(key)")
          if carries { #expect(key.fields.count == keys[index].fields.count) }
        }
      }
    }
  }

  @Test(
    "Shifted expiries are clamped to the range from 0 to Int64.max",
    arguments: [
      (1000, 5, 1005), (1000, -5, 995), (1000, -1000, 0), (1000, -1001, 0), (5, .min, 0), (.max, 1, .max),
      (.max, .max, .max), (.max, .min, 0), (.min, .max, 0), (.min, .min, 0), (-10, 5, 0), (0, .max, .max),
      (.max, -1, .max - 1), (1, .max, .max),
    ] as [(Int64, Int64, Int64)])
  func shifted(_ expiry: Int64, _ shift: Int64, _ expected: Int64) throws {
    let options = Self.options { $0.ttlShift = shift }
    let (keys, ledger, _, _) = try filtered(snapshot([("a", expiry), ("b", nil)]), options)
    #expect(keys.map(\.expiry) == [expected, nil])
    #expect(ledger.noted.isEmpty)
    if expiry >= 0 {
      let hash = try filtered(snapshot(hash: "h", fields: [("f", expiry), ("g", -1)]), options).keys
      #expect(hash.first?.fields.map(\.expiry) == [expected, nil])
    }
  }

  @Test("An expiry is compared with the time before it is shifted")
  func comparedFirst() throws {
    let bytes = snapshot([("past", Self.now - 1), ("future", Self.now)])
    let skip = try filtered(
      bytes,
      Self.options {
        $0.expired = .skip
        $0.ttlShift = -100_000
      })
    #expect(skip.keys.map(\.expiry) == [Self.now - 100_000])
    let only = try filtered(
      bytes,
      Self.options {
        $0.expired = .only
        $0.ttlShift = 100_000
      })
    #expect(only.keys.map(\.expiry) == [Self.now + 99_999])
  }

  @Test("Dropped expiries are counted in the ledger")
  func dropped() throws {
    let bytes = snapshot(hash: "h", fields: [("f", Self.now), ("g", -1), ("old", 3)], expiry: Self.now)
    let text = "expiries left out, as asked"
    for (rule, count, fields) in [(FilterOptions.Expired.keep, 3, 3), (.skip, 2, 2)] {
      let (keys, ledger, _, _) = try filtered(
        bytes,
        Self.options {
          $0.expired = rule
          $0.dropsExpiries = true
        })
      #expect(keys.first?.expiry == nil)
      #expect(keys.first?.fields.count == fields)
      #expect(keys.first?.fields.allSatisfy { $0.expiry == nil } == true)
      #expect(ledger.noted[text]?.count == UInt64(count))
    }
    let many = snapshot((0..<50).map { ("key\($0)", 1000 + Int64($0)) })
    let (_, ledger, _, _) = try filtered(many, Self.options { $0.dropsExpiries = true })
    #expect(ledger.noted[text]?.count == 50)
    #expect(ledger.noted[text]?.samples.count == Ledger.sampleLimit)
  }
}
