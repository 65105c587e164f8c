import RDB
import RDBAnalysis
import RDBEdit
import RDBFormat

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The parts of the JSON of a comparison, each on one line. `Schemas/diff.schema.json` describes it.
struct DifferenceJSON {
  private let encoder = JSONEncoder()

  init() { encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes] }

  func object(_ key: KeyDifference) throws -> [UInt8] { Array(try encoder.encode(KeyDocument(key))) }

  func object(_ node: PrefixGrowth.Node) throws -> [UInt8] { Array(try encoder.encode(node)) }

  func object(_ summary: DifferenceSummary) throws -> [UInt8] { Array(try encoder.encode(SummaryDocument(summary))) }
}

private struct KeyDocument: Encodable {
  struct Side: Encodable {
    var type: String
    var expiry: Int64?
    var byteCount: UInt64

    enum CodingKeys: String, CodingKey {
      case type
      case expiry = "expire_ms"
      case byteCount = "bytes"
    }

    init(_ side: KeyDifference.Side) {
      (type, expiry, byteCount) = (side.type.rawValue, side.expiry?.value, side.byteCount)
    }
  }

  var change: String
  var database: UInt64
  var key: BytesDocument
  var before: Side?
  var after: Side?
  var metadataChanged: Bool?
  var changes: [PartDocument]?
  var counts: [String: [String: UInt64]]?
  var omitted: UInt64?

  enum CodingKeys: String, CodingKey {
    case change, database, key, before, after, changes, counts, omitted
    case metadataChanged = "metadata_changed"
  }

  init(_ difference: KeyDifference) {
    (change, database) = (difference.kind.rawValue, difference.database)
    key = BytesDocument(difference.name)
    before = difference.before.map { Side($0) }
    after = difference.after.map { Side($0) }
    if let before = difference.before, let after = difference.after, before.metadata != after.metadata {
      metadataChanged = true
    }
    guard !difference.counts.isEmpty else { return }
    changes = difference.changes.map { PartDocument($0) }
    counts = Dictionary(
      uniqueKeysWithValues: difference.counts.map { part, counts in
        (part.csvName, ["added": counts.added, "removed": counts.removed, "changed": counts.changed])
      })
    if difference.omittedCount > 0 { omitted = difference.omittedCount }
  }
}

private struct PartDocument: Encodable {
  struct Side: Encodable {
    var value: BytesDocument?
    var byteCount: UInt64?
    var isCut: Bool?
    var score: ScoreDocument?
    var expiry: Int64?
    var index: UInt64?

    enum CodingKeys: String, CodingKey {
      case value, score, index
      case byteCount = "bytes"
      case isCut = "cut"
      case expiry = "expire_ms"
    }

    init(_ side: PartChange.Side, of part: PartKind) {
      switch part {
      case .member: score = side.number.map { ScoreDocument(Double(bitPattern: $0)) }
      case .path, .consumer: break
      case .payload: byteCount = side.number
      case .key, .value, .element, .field, .index, .pathField, .entry, .number, .group, .pending, .producerID:
        value = BytesDocument(side.value)
        if side.byteCount > UInt64(side.value.count) { (byteCount, isCut) = (side.byteCount, true) }
        if part == .field { expiry = side.number.map { Int64(bitPattern: $0) } }
        if part == .element { index = side.index }
      }
    }
  }

  var part: String
  var change: String
  var group: BytesDocument?
  var name: BytesDocument?
  var before: Side?
  var after: Side?
  var firstDifference: UInt64?

  enum CodingKeys: String, CodingKey {
    case part, change, group, name, before, after
    case firstDifference = "first_difference"
  }

  init(_ change: PartChange) {
    (part, self.change) = (change.part.csvName, change.kind.rawValue)
    group = change.container.map { BytesDocument($0) }
    if change.part != .value, change.part != .element, change.part != .payload { name = BytesDocument(change.name) }
    before = change.before.map { Side($0, of: change.part) }
    after = change.after.map { Side($0, of: change.part) }
    firstDifference = change.commonByteCount
  }
}

/// A score: a number, or a text for an infinite one.
private struct ScoreDocument: Encodable {
  private let score: Double
  init(_ score: Double) { self.score = score }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if score.isFinite { try container.encode(score) } else { try container.encode(score > 0 ? "inf" : "-inf") }
  }
}

private struct SummaryDocument: Encodable {
  struct Totals: Encodable {
    var input: String
    var keys: UInt64
    var bytes: UInt64
  }
  var added: UInt64
  var removed: UInt64
  var changed: UInt64
  var equal: UInt64
  var repeated: UInt64
  var notCompared: UInt64
  var expired: UInt64?
  var ignored: UInt64?
  var before: Totals
  var after: Totals

  enum CodingKeys: String, CodingKey {
    case added, removed, changed, equal, repeated, expired, ignored, before, after
    case notCompared = "not_compared"
  }

  init(_ summary: DifferenceSummary) {
    let (counts, matches) = (summary.matches.counts, summary.matches)
    (added, removed, changed, equal) = (counts.added, counts.removed, counts.changed, counts.equal)
    (repeated, notCompared) = (counts.repeated, counts.notCompared)
    expired = counts.expired > 0 ? counts.expired : nil
    ignored = counts.ignored > 0 ? counts.ignored : nil
    before = Totals(input: summary.before, keys: matches.before.keyCount, bytes: matches.before.byteCount)
    after = Totals(input: summary.after, keys: matches.after.keyCount, bytes: matches.after.byteCount)
  }
}
