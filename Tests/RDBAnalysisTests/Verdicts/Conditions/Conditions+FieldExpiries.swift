import RDBFormat
import TestSupport

private typealias B = RDBBytes

/// Hashes whose fields expire.
extension Condition {
  /// A time far in the future, in Unix milliseconds.
  private static let later: UInt64 = 9_000_000_000_000
  private static let lateEntry = B.Entry.integer(Int64(later))

  /// A hash of type 24: the earliest expiry, then the number before each field.
  private static func one(
    _ name: String, earliest: UInt64 = later, _ times: [UInt64], because reason: String = ""
  ) -> Condition {
    let fields = times.enumerated().flatMap { index, time in B.length(time) + B.string("f\(index)") + B.string("v") }
    return Condition(
      "a hash of type 24 \(name)", 24, B.little(earliest) + B.length(UInt64(times.count)) + fields, because: reason)
  }

  /// A hash of type 25: the earliest expiry, then a listpack.
  private static func packed(_ name: String, earliest: UInt64 = later, _ entries: [B.Entry], count: UInt16? = nil)
    -> Condition
  {
    Condition(
      "a hash of type 25 \(name)", 25, B.little(earliest) + B.string(listpack(entries, count: count)))
  }

  private static func valkey(_ name: String, _ expiries: [Int64]) -> Condition {
    let fields = expiries.enumerated().flatMap { index, time in
      B.string("f\(index)") + B.string("v") + B.little(time)
    }
    return Condition(
      "a hash of Valkey \(name)", 22, B.length(UInt64(expiries.count)) + fields, vendor: .valkey)
  }

  static let fieldExpiries: [Condition] = [
    one("of no fields", []),
    one("with an earliest expiry of 0 beside one", earliest: 0, [later]),
    one("with an earliest expiry that no field has", [500]),
    one("with an earliest expiry and no field with one", [0]),
    one("with an earliest expiry that is past", earliest: 1000, [1, 0]),
    one("with an expiry of 2^48", earliest: 1 << 47, [1 << 47 + 1]),
    one("with an expiry of 2^48-1", earliest: 1 << 47, [1 << 47]),
    one("with an expiry beyond 64 bits", earliest: .max, [2]),
    one("with an earliest expiry of 2^63", earliest: 1 << 63, [0], because: "No field uses it. RESTORE takes it."),
    one("with an earliest expiry of 2^48 and no field with one", earliest: 1 << 48, [0]),
    Condition(
      "a hash of type 24 with a field twice", 24,
      B.little(later) + [2] + B.length(1) + B.string("f") + B.string("v") + B.length(1) + B.string("f") + B.string("w")),
    Condition("a hash of type 22 of no fields", 22, [0]),
    Condition("a hash of type 22 with an expiry of 2^48", 22, [1] + B.length(1 << 48) + B.string("f") + B.string("v")),
    Condition(
      "a hash of type 22 with an expiry that is past", 22, [1] + B.length(1000) + B.string("f") + B.string("v")),
    Condition("a hash of type 23 of no fields", 23, B.string(listpack([]))),
    packed("of no fields", []),
    packed("with expiries out of order", ["f", "v", .integer(Int64(later) + 9), "g", "w", lateEntry]),
    packed("with an expiry after a field without one", ["f", "v", 0, "g", "w", lateEntry]),
    packed("with an expiry that is text", ["f", "v", "x"]),
    packed("with an expiry that is digits in text", ["f", "v", "9000000000000"]),
    packed("with an expiry of -1", ["f", "v", -1]),
    packed("with an expiry of 2^48", ["f", "v", .integer(1 << 48)]),
    packed("with an expiry of 2^48-1", ["f", "v", .integer(1 << 48 - 1)]),
    packed("with a field twice", ["f", "v", lateEntry, "f", "w", lateEntry]),
    packed("of two entries", ["f", "v"]),
    packed("of four entries", ["f", "v", lateEntry, "g"]),
    packed("with another earliest expiry", ["f", "v", .integer(Int64(later) + 5)]),
    packed("with an earliest expiry of 0", earliest: 0, ["f", "v", lateEntry]),
    packed("without an expiry", ["f", "v", 0]),
    packed("whose fields have expired", earliest: 1000, ["f", "v", .integer(1000)]),
    packed("of fewer entries than its count", ["f", "v", lateEntry], count: 6),
    valkey("of no fields", []),
    valkey("with an expiry of -2", [-2]),
    valkey("without an expiry", [-1]),
    valkey("with an expiry of 0", [0, -1]),
    valkey("with an expiry of 2^63-1", [.max]),
    Condition(
      "a hash of Valkey with a field twice", 22,
      [2] + B.string("f") + B.string("v") + B.little(later) + B.string("f") + B.string("w") + B.little(later),
      vendor: .valkey),
  ]
}
