import RDB
import RDBAnalysis
import RDBFormat
import TestSupport

/// Bytes of a snapshot without checksum, put together by hand.
struct Snapshot {
  private(set) var bytes: [UInt8]

  init(version: Int = 4, vendor: Vendor = .redis) {
    let digits = String(version)
    let magic = vendor == .redis ? "REDIS" : "VALKEY"
    bytes = Array((magic + String(repeating: "0", count: 9 - magic.count - digits.count) + digits).utf8)
  }

  /// With its end.
  var whole: [UInt8] { bytes + [0xFF] + (hasTrailer ? [UInt8](repeating: 0, count: 8) : []) }

  private var hasTrailer: Bool {
    (Int(String(decoding: bytes[..<9].filter { (48...57).contains($0) }, as: UTF8.self)) ?? 0) >= 5
  }

  mutating func add(_ raw: UInt8...) { bytes += raw }

  mutating func add(_ text: String) {
    precondition(text.utf8.count < 64)
    bytes += [UInt8(text.utf8.count)] + Array(text.utf8)
  }

  mutating func select(_ database: UInt8) { add(0xFE, database) }

  mutating func string(_ key: String, _ value: String) {
    add(0)
    add(key)
    add(value)
  }

  mutating func strings(_ type: UInt8, _ key: String, count: UInt8, _ parts: [String]) {
    add(type)
    add(key)
    add(count)
    for part in parts { add(part) }
  }

  mutating func set(_ key: String, _ members: [String]) {
    strings(2, key, count: UInt8(members.count), members)
  }

  mutating func hash(_ key: String, _ pairs: [(String, String)]) {
    strings(4, key, count: UInt8(pairs.count), pairs.flatMap { [$0.0, $0.1] })
  }
}

/// A reader with a window so small that many runs come of a small file.
func smallReader(_ bytes: [UInt8]) -> RDBReader {
  var options = RDBReader.Options()
  options.windowByteCount = 64
  return RDBReader(MemorySource(bytes), options: options)
}

/// The report of `bytes`.
func info(_ bytes: [UInt8], threads: Int = 1, now: Int64 = 0) throws -> SnapshotInfo {
  var reader = smallReader(bytes)
  let origin = try reader.origin()
  return try reader.fold(threads: threads) { InfoSink(origin: origin, now: UnixMilliseconds(now)) }.summary
}
