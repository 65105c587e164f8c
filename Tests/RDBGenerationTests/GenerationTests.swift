import RDB
import RDBFormat
import RDBGeneration
import RDBLZF
import TestSupport
import Testing

/// A profile and a version.
struct Generation: Sendable, CustomTestStringConvertible {
  var profile: GenerationProfile.Name
  var header: SnapshotHeader

  var testDescription: String { "\(profile) \(header.vendor) \(header.version)" }

  static let headers: [SnapshotHeader] =
    (6...12).map { SnapshotHeader(vendor: .redis, version: $0) }
    + [SnapshotHeader(vendor: .valkey, version: 80)]
  static let all: [Generation] = GenerationProfile.Name.allCases.flatMap { name in
    headers.map { Generation(profile: name, header: $0) }
  }

  /// Options for a small snapshot. `big` and `huge` are limited by size, because few keys are large.
  var options: SnapshotGenerator.Options {
    var options = SnapshotGenerator.Options(.named(profile))
    switch profile {
    case .big: options.extent = .keys(2)
    case .huge: options.extent = .bytes(300_000)
    case .mixed: options.extent = .keys(600)
    default: options.extent = .keys(205)
    }
    options.header = header
    return options
  }

  static func write(_ options: SnapshotGenerator.Options, compressed: Bool = false) throws -> (
    bytes: [UInt8], summary: SnapshotGenerator.Summary
  ) {
    let destination = MemoryDestination()
    let summary = try SnapshotGenerator.write(
      options, to: destination, compressor: compressed ? LZFCompressor() : nil)
    return (destination.bytes, summary)
  }
}

/// The contents of a snapshot.
struct Contents: SelectiveSink, Equatable {
  var names: Set<[UInt8]> = []
  var types: Set<DataType> = []
  var keys: UInt64 = 0
  var expiring: UInt64 = 0
  var earliest: UnixMilliseconds?
  var announced: [UInt64] = []
  var end: SnapshotEnd.Checksum?

  mutating func databaseSize(database: UInt64, keys: UInt64, expiring: UInt64) throws(RDBError) {
    announced = [keys, expiring]
  }
  static var events: SinkEvents { [.databaseSize, .endSnapshot] }

  mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    keys += 1
    names.insert(key.name.withUnsafeBytes { Array($0) })
    types.insert(key.type)
    if let expiry = key.expiry {
      expiring += 1
      earliest = min(earliest ?? expiry, expiry)
    }
    return .validate
  }
  mutating func endSnapshot(_ end: SnapshotEnd) throws(RDBError) { self.end = end.checksum }

  init(of bytes: [UInt8]) throws {
    var reader = RDBReader(MemorySource(bytes))
    try reader.read(into: &self)
  }
}

@Suite("A generated snapshot")
struct GenerationTests {
  @Test("Is intact, and has the number of keys in its hints", arguments: Generation.all)
  func whole(_ generation: Generation) throws {
    let (bytes, summary) = try Generation.write(generation.options)
    #expect(summary.byteCount == UInt64(bytes.count))
    let contents = try Contents(of: bytes)
    #expect(contents.end == .verified(try #require(summary.checksum)))
    #expect(contents.keys == summary.keyCount)
    #expect(contents.names.count == Int(contents.keys))
    #expect(contents.expiring == summary.expiringCount)
    if generation.header.version >= 7 {
      #expect(contents.announced == [contents.keys, contents.expiring])
    }
    if let earliest = contents.earliest { #expect(earliest.value > 4_102_444_800_000) }
  }

  @Test("Has every data type of its version", arguments: Generation.headers)
  func types(_ header: SnapshotHeader) throws {
    let (bytes, _) = try Generation.write(Generation(profile: .mixed, header: header).options)
    var expected: Set<DataType> = [.string, .list, .set, .zset, .hash]
    if header.version >= 9 { expected.insert(.stream) }
    #expect(try Contents(of: bytes).types == expected)
  }

  @Test("Depends only on options and seed", arguments: GenerationProfile.Name.allCases)
  func seeds(_ profile: GenerationProfile.Name) throws {
    var options = Generation(profile: profile, header: SnapshotHeader(vendor: .redis, version: 11)).options
    let first = try Generation.write(options).bytes
    #expect(try Generation.write(options).bytes == first)
    options.seed = 2
    #expect(try Generation.write(options).bytes != first)
  }

  /// The profiles that are limited by keys. The number of keys for a given size depends on compression.
  static let byKeys = GenerationProfile.Name.allCases.filter { $0 != .huge }

  @Test("Has the same contents with compression", arguments: byKeys)
  func compressed(_ profile: GenerationProfile.Name) throws {
    let options = Generation(profile: profile, header: SnapshotHeader(vendor: .redis, version: 10)).options
    let logs = try [false, true].map { compressed in
      var reader = RDBReader(MemorySource(try Generation.write(options, compressed: compressed).bytes))
      var sink = RecordingSink()
      try reader.read(into: &sink)
      return sink.log.compactMap { line -> String? in
        if line.hasPrefix("end ") || line.hasPrefix("whole ") { return nil }
        return line.hasPrefix("key ") ? line.replacing(#/ at \d+/#, with: "") : line
      }
    }
    let isSame = logs[0] == logs[1]
    #expect(isSame, "\(String(describing: zip(logs[0], logs[1]).first { $0 != $1 }))")
    #expect(logs[0].contains { $0.hasPrefix("key ") })
  }

  @Test("Is at least 20 % smaller with compression")
  func compressibility() throws {
    var options = SnapshotGenerator.Options(.named(.mixed))
    options.extent = .keys(2000)
    let plain = try Generation.write(options).bytes.count
    let packed = try Generation.write(options, compressed: true).bytes.count
    #expect(packed * 10 < plain * 8)
  }

  @Test("Has the requested size within one eighth", arguments: GenerationProfile.Name.allCases)
  func size(_ profile: GenerationProfile.Name) throws {
    var options = SnapshotGenerator.Options(.named(profile))
    let wanted = profile == .big ? 16 << 20 : 4 << 20
    options.extent = .bytes(UInt64(wanted))
    let count = try Generation.write(options).bytes.count
    #expect(abs(count - wanted) < wanted / 8)
  }

  @Test("Has expiries after the given time")
  func now() throws {
    var options = SnapshotGenerator.Options(.named(.sessions))
    options.extent = .keys(41)
    options.now = UnixMilliseconds(1_700_000_000_000)
    let earliest = try #require(try Contents(of: try Generation.write(options).bytes).earliest)
    #expect((1_700_000_000_001...1_700_010_000_000).contains(earliest.value))
  }

  @Test("Has the keys and sets of Spring Session in the sessions profile")
  func sessions() throws {
    var options = SnapshotGenerator.Options(.named(.sessions))
    options.extent = .keys(82)
    var reader = RDBReader(MemorySource(try Generation.write(options).bytes))
    var sink = RecordingSink()
    try reader.read(into: &sink)
    let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    let session = try Regex("^key \"spring:session:sessions:(\(uuid))\"")
    let mark = try Regex("^key \"spring:session:sessions:expires:(\(uuid))\"")
    let member = try Regex("^member .*expires:(\(uuid))\"")
    func found(_ regex: Regex<AnyRegexOutput>) -> [Substring] {
      sink.log.compactMap { $0.firstMatch(of: regex)?.output[1].substring }
    }
    #expect(found(session).count == 40)
    #expect(Set(found(session)) == Set(found(mark)))
    #expect(Set(found(session)) == Set(found(member)))
    let sets = sink.log.filter { $0.hasPrefix("key \"spring:session:expirations:") }
    #expect(sets.count == 2)
    #expect(
      sink.log.contains { $0.contains("field \"creationTime\" \"\\xac\\xed\\x00\\x05sr\\x00\\x0ejava.lang.Long") })
  }

  @Test("Refuses versions before 6 and after 15", arguments: [5, 16])
  func versions(_ version: Int) {
    var options = SnapshotGenerator.Options(.named(.strings))
    options.extent = .keys(1)
    options.header = SnapshotHeader(vendor: .redis, version: version)
    let error = #expect(throws: RDBError.self) { try Generation.write(options) }
    #expect(error?.code == .notRepresentable)
  }

  @Test("Has complete JSON objects in cached pages")
  func json() throws {
    var options = SnapshotGenerator.Options(.named(.mixed))
    options.extent = .keys(400)
    var reader = RDBReader(MemorySource(try Generation.write(options).bytes))
    var sink = RecordingSink()
    try reader.read(into: &sink)
    let pages = zip(sink.log, sink.log.dropFirst()).filter { $0.0.hasPrefix("key \"cache:page:") }
    #expect(pages.count > 50)
    for (_, value) in pages {
      #expect(value.hasPrefix(#"string "{\"items\":[{\"id\":\""#) || value.hasPrefix(#"string "{\"items\":[],"#))
      #expect(value.hasSuffix(#"\"}""#))
      #expect(value.count(where: { $0 == "{" }) == value.count(where: { $0 == "}" }))
    }
  }
}
