public import RDB
public import RDBFormat

/// Writes synthetic snapshots: the same bytes for the same options.
///
/// Every key has a random stream of its own, made from the seed and its number. What it is (its row, whether
/// it expires) is drawn first, so that the counts of RESIZEDB are known before the keys are written.
public struct SnapshotGenerator: Sendable {
  public struct Options: Sendable {
    public var profile: GenerationProfile
    /// `nil`: the profile's own extent.
    public var extent: GenerationProfile.Extent?
    public var seed: UInt64 = 1
    /// Redis 6–15 or Valkey 80. A row whose shape the version lacks takes an older one.
    public var header = SnapshotHeader(vendor: .redis, version: 10)
    /// What expiries count from: they lie in the 30 days after it. 2100-01-01T00:00:00Z.
    public var now = UnixMilliseconds(4_102_444_800_000)
    /// What the AUX field `ctime` says, in seconds. 2025-01-01T00:00:00Z.
    public var createdSeconds: Int64 = 1_735_689_600

    public init(_ profile: GenerationProfile) { self.profile = profile }
  }

  /// What was written.
  public struct Summary: Hashable, Sendable {
    public var byteCount: UInt64
    public var keyCount: UInt64
    public var expiringCount: UInt64
    public var checksum: UInt64?
  }

  let options: Options
  let rows: [GenerationProfile.Row]
  /// The sum of the rows' shares.
  private let shares: UInt64
  private let isDrawn: Bool
  /// What all element counts are multiplied by: 1, unless a profile of few enormous keys is scaled.
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
  ///   - destination: Where it goes.
  ///   - compressor: Compresses its strings; `nil`: none is.
  /// - Throws: ``RDBError`` (`notRepresentable`) for a version that cannot be written; what the
  ///   destination throws.
  /// - Complexity: O(bytes written); one buffer, no allocation per key.
  public static func write(
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

  /// The AUX fields that a server writes.
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

/// What a key is, drawn from the start of its random stream.
struct KeyPlan {
  var row: GenerationProfile.Row
  /// Elements.
  var count: Int
  var attributes = KeyAttributes()
  /// The number of the key; where rows come in turn, among those of its row.
  var ordinal: UInt64
  var random: FastRandom
}

/// What values are built in.
struct ValueBuilders: ~Copyable {
  var packed: PackedBuilder
  var node = StreamNodeWriter()
  var integers = IntsetWriter(range: 0...Int64(Int32.max))

  init(version: Int) { packed = PackedBuilder(version: version) }
}

extension SnapshotGenerator {
  /// What is drawn first from a key's random stream.
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
    var place = isDrawn ? random.below(shares) : index - round * shares
    var row = 0
    while place >= UInt64(truncatingIfNeeded: rows[row].share) {
      place &-= UInt64(truncatingIfNeeded: rows[row].share)
      row &+= 1
    }
    let ordinal = isDrawn ? index : round * UInt64(rows[row].share) + place
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
