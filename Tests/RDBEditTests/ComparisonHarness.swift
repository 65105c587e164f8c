import RDB
import RDBEdit
import RDBFormat
import TestSupport

/// The result of comparing two snapshots.
struct Comparison {
  var counts: KeyMatches.Counts
  var keys: [KeyDifference]
  /// The damaged keys of both snapshots.
  var damaged = Ledger()

  /// Compares two snapshots as `rdb diff` does.
  init(
    _ before: [UInt8], _ after: [UInt8], threads: Int = 1, skipsDamaged: Bool = false,
    _ configure: (inout ComparisonOptions) -> Void = { _ in }
  ) throws {
    var options = ComparisonOptions()
    options.workers = threads
    options.memoryByteCount = 1 << 20
    configure(&options)
    var readerOptions = RDBReader.Options()
    readerOptions.skipsDamagedKeys = skipsDamaged
    func digests(_ bytes: [UInt8]) throws -> KeyDigests {
      var reader = RDBReader(MemorySource(bytes), options: readerOptions)
      return try reader.fold(threads: threads) { [options] in KeyDigestSink(options) }.summary
    }
    let found = [try digests(before), try digests(after)]
    for digests in found { damaged.merge(digests.damaged) }
    let matches = try KeyMatches(found[0], found[1], options)
    counts = matches.counts
    func parts(_ bytes: [UInt8], ofFirst: Bool) throws -> KeyParts {
      var reader = RDBReader(MemorySource(bytes), options: readerOptions)
      return try reader.fold(threads: threads) { [options] in try PartSink(matches, ofFirst: ofFirst, options) }.summary
    }
    var differences = try KeyDifferences(
      try parts(before, ofFirst: true), try parts(after, ofFirst: false), options)
    keys = []
    while let key = try differences.nextKey() { keys.append(key) }
  }

  /// The keys as text, one per line, each followed by its changes.
  var lines: [String] {
    keys.flatMap { key in
      ["\(key.kind) \(key.database) \(Self.text(key.name))"]
        + key.changes.map { change in
          let container = change.container.map { Self.text($0) + "/" } ?? ""
          let sides = [change.before, change.after].map { side -> String in
            guard let side else { return "none" }
            let index = change.part == .element ? "@\(side.index) " : ""
            return index + Self.text(side.value) + (side.number.map { " \($0)" } ?? "")
          }
          return "  \(change.kind) \(change.part.name) \(container)\(Self.text(change.name)): \(sides[0]) → \(sides[1])"
        }
    }
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// A small snapshot of version 12, or of Valkey 9.
func snapshot(_ vendor: Vendor = .redis, _ body: (inout SnapshotBuilder) -> Void) -> [UInt8] {
  var builder = SnapshotBuilder(version: vendor == .redis ? 12 : 80, vendor: vendor)
  body(&builder)
  return builder.whole
}
