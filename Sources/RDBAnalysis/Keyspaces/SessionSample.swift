import RDBFormat
import RDBSupport

/// A sample of Spring sessions, with the keys that each has: the hash, and the expiry mark.
///
/// Up to a limit the sample has all sessions; then it keeps those whose hashed IDs begin with enough zeros, as
/// ``RepetitionSample`` does.
struct SessionSample: Hashable, Sendable {
  struct Halves: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    static let session = Halves(rawValue: 1)
    static let mark = Halves(rawValue: 2)
    static let expired = Halves(rawValue: 4)
  }

  static let limit = 16_384
  private(set) var level = 0
  private var halves: [UInt64: Halves] = [:]

  @inline(__always)
  mutating func add(_ id: RawSpan, _ half: Halves, hasExpired: Bool) {
    let hash = StableHash.hash(id, seed: 0x53_4553_5349_4F4E)
    guard hash.leadingZeroBitCount >= level else { return }
    halves[hash, default: []].formUnion(hasExpired ? [half, .expired] : half)
    thin()
  }

  private mutating func thin() {
    while halves.count > Self.limit, level < 64 {
      level += 1
      let level = level
      halves = halves.filter { $0.key.leadingZeroBitCount >= level }
    }
  }

  mutating func merge(_ other: Self) {
    level = max(level, other.level)
    let level = level
    halves.merge(other.halves) { $0.union($1) }
    halves = halves.filter { $0.key.leadingZeroBitCount >= level }
    thin()
  }

  /// The summary for a report; `nil` if there are no sessions.
  var summary: SessionSummary? {
    guard !halves.isEmpty else { return nil }
    let rate = UInt64(1) << UInt64(min(level, 47))
    func estimate(_ condition: (Halves) -> Bool) -> SessionSummary.Estimate {
      let count = UInt64(halves.values.count(where: condition))
      let error = (2 * (Double(count) * Double(rate - 1) * Double(rate)).squareRoot()).rounded(.up)
      return SessionSummary.Estimate(count: count * rate, error: UInt64(error))
    }
    return SessionSummary(
      whole: estimate { $0.contains([.session, .mark]) },
      withoutMark: estimate { $0.contains(.session) && !$0.contains(.mark) },
      markOnly: estimate { !$0.contains(.session) }, expired: estimate { $0.contains(.expired) },
      sketch: Base64.encode(bytes))
  }

  private var bytes: [UInt8] {
    var bytes = [UInt8(level)]
    for (hash, half) in halves.sorted(by: { $0.key < $1.key }) {
      withUnsafeBytes(of: hash.littleEndian) { bytes += $0 }
      bytes.append(half.rawValue)
    }
    return bytes
  }

  init() {}

  /// Decodes ``SessionSummary/sketch``; `nil` if it is malformed.
  init?(_ summary: SessionSummary?) {
    guard let summary else { return }
    guard let bytes = Base64.decode(summary.sketch), let first = bytes.first, first <= 64,
      bytes.count % 9 == 1
    else { return nil }
    level = Int(first)
    for start in stride(from: 1, to: bytes.count, by: 9) {
      let hash = bytes[start..<start + 8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      halves[hash, default: []].formUnion(Halves(rawValue: bytes[start + 8] & 7))
    }
    thin()
  }
}

/// The state of Spring sessions.
package struct SessionSummary: Hashable, Sendable, Codable {
  package struct Estimate: Hashable, Sendable, Codable {
    package var count: UInt64
    /// The error bound, with a probability of 95 %; 0 if the count is exact.
    package var error: UInt64
  }
  /// The sessions with their hash and their expiry mark.
  package var whole: Estimate
  /// The sessions without an expiry mark. No event is sent when they expire.
  package var withoutMark: Estimate
  /// The expiry marks without a session.
  package var markOnly: Estimate
  /// The sessions with a key that had expired when the dump was written.
  package var expired: Estimate
  /// The sample for merging, in Base64.
  var sketch: String

  enum CodingKeys: String, CodingKey {
    case whole, expired, sketch
    case withoutMark = "without_mark"
    case markOnly = "mark_only"
  }
}
