import RDB
import RDBFormat

/// Writes synthetic snapshots. The same options give the same bytes.
///
/// Each key has its own random numbers, which follow from the seed and the key's index. The first random numbers decide
/// the row of the key and whether it expires, so that the counts of RESIZEDB are known before the keys are written.
package struct SnapshotGenerator: Sendable {
  package struct Options: Sendable {
    package var profile: GenerationProfile
    /// The size; `nil` for the size in the profile.
    package var extent: GenerationProfile.Extent?
    package var seed: UInt64 = 1
    /// The RDB version: Redis 6–15 or Valkey 80. A shape that the version lacks is replaced by an older one.
    package var header = SnapshotHeader(vendor: .redis, version: 10)
    /// The time before all expiries, most of which follow within 30 days. The default is 2100-01-01T00:00:00Z.
    package var now = UnixMilliseconds(4_102_444_800_000)
    /// The value of the AUX field `ctime`, in seconds. The default is 2025-01-01T00:00:00Z.
    package var createdSeconds: Int64 = 1_735_689_600

    package init(_ profile: GenerationProfile) { self.profile = profile }
  }

  /// A summary of the written snapshot.
  package struct Summary: Hashable, Sendable {
    package var byteCount: UInt64
    package var keyCount: UInt64
    package var expiringCount: UInt64
    package var checksum: UInt64?
  }

  let options: Options
  let rows: [GenerationProfile.Row]
  /// The sum of the shares of all rows.
  private let shares: UInt64
  private let isDrawn: Bool
  /// The factor for the number of elements of each key: 1, unless a profile of a few huge keys is scaled.
  var scale = 1.0

  init(_ options: Options) {
    self.options = options
    rows = options.profile.rows
    isDrawn = options.profile.order == .drawn
    shares = UInt64(rows.reduce(0) { $0 + $1.share })
  }

  /// Writes a snapshot.
  ///
  /// - Parameters:
  ///   - destination: The destination of the snapshot.
  ///   - compressor: The compressor of strings; `nil`: strings are not compressed.
  /// - Throws: ``RDBError`` (`notRepresentable`) for a version that cannot be written, or the error of the destination.
  /// - Complexity: O(*n*) for *n* bytes. There is no allocation per key.
  package static func write(
    _ options: Options, to destination: any ByteDestination,
    compressor: (any StringCompressor)? = nil
  ) throws(RDBError) -> Summary {
    guard options.header.vendor == .valkey || options.header.version >= 6 else {
      throw RDBError(
        .notRepresentable, at: 0, expected: "RDB version 6 or later",
        found: "\(options.header.version)")
    }
    var generator = SnapshotGenerator(options)
    let count: UInt64
    switch options.extent ?? options.profile.extent {
    case .keys(let keys): count = keys
    case .bytes(let bytes):
      (count, generator.scale) = try keyCount(options, toFill: bytes, compressor)
    }
    return try generator.writeAll(count, to: destination, compressor)
  }

  private func writeAll(
    _ count: UInt64, to destination: any ByteDestination, _ compressor: (any StringCompressor)?
  ) throws(RDBError) -> Summary {
    var expiring: UInt64 = 0
    for index in 0..<count where draw(index).expires { expiring += 1 }
    var writer = try RDBWriter(to: destination, header: options.header, compressor: compressor)
    var text = ElementText()
    var build = ValueBuilders(version: options.header.version)
    try writeFields(&writer)
    if count > 0 {
      try writer.selectDatabase(0)
      if options.header.version >= 7 { try writer.databaseSize(keys: count, expiring: expiring) }
    }
    for index in 0..<count { try write(index, &writer, &text, &build) }
    let summary = try writer.finish()
    return Summary(
      byteCount: summary.byteCount, keyCount: count, expiringCount: expiring,
      checksum: summary.checksum)
  }

  /// Writes the AUX fields that a server writes.
  private func writeFields(_ writer: inout RDBWriter) throws(RDBError) {
    let header = options.header
    guard header.version >= 7 else { return }
    let server = ServerVersion.oldestWriter(of: header.version, vendor: header.vendor)
    try writer.aux(
      header.vendor == .redis ? "redis-ver" : "valkey-ver", "\(server.major).\(server.minor).0")
    try writer.aux("redis-bits", "64")
    try writer.aux("ctime", "\(options.createdSeconds)")
    try writer.aux("used-mem", "1048576")
    if header.version >= 10 { try writer.aux("aof-base", "0") }
  }
}

/// The kind of a key, and its random numbers.
struct KeyPlan {
  var row: GenerationProfile.Row
  /// The number of elements.
  var count: Int
  var attributes = KeyAttributes()
  /// The index of the key; if rows are chosen in turn, the index among the keys of its row.
  var ordinal: UInt64
  var random: FastRandom
}

/// The builders of packed values, which are reused.
struct ValueBuilders: ~Copyable {
  var packed: PackedBuilder
  var node = StreamNodeWriter()
  var integers = IntsetWriter(range: 0...Int64(Int32.max))

  init(version: Int) { packed = PackedBuilder(version: version) }
}

extension SnapshotGenerator {
  /// The properties of a key that follow from its first random numbers.
  private struct Draw {
    var row: Int
    var ordinal: UInt64
    var expires: Bool
    var random: FastRandom
  }

  @inline(__always)
  private func draw(_ index: UInt64) -> Draw {
    var random = FastRandom(seed: options.seed, key: index)
    let round = isDrawn ? 0 : index / shares
    var remainder = isDrawn ? random.below(shares) : index - round * shares
    var row = 0
    while remainder >= UInt64(truncatingIfNeeded: rows[row].share) {
      remainder &-= UInt64(truncatingIfNeeded: rows[row].share)
      row &+= 1
    }
    let ordinal = isDrawn ? index : round * UInt64(rows[row].share) + remainder
    let expires = random.below(100) < rows[row].expiring
    return Draw(row: row, ordinal: ordinal, expires: expires, random: random)
  }

  func plan(_ index: UInt64) -> KeyPlan {
    let draw = draw(index)
    let row = rows[draw.row]
    var random = draw.random
    var attributes = KeyAttributes()
    if draw.expires {
      attributes.expiry = UnixMilliseconds(
        options.now.value + 1 + Int64(random.below(Self.expiryWindow)))
    }
    let count = max(1, Int(Double(random.pick(row.elements)) * scale))
    return KeyPlan(
      row: row, count: count, attributes: attributes, ordinal: draw.ordinal, random: random)
  }
}
