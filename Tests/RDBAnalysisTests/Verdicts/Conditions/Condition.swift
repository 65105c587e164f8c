import RDBFormat
import TestSupport

/// An input with one property that servers or this package may refuse. Documentation/verdicts.md has the verdicts.
struct Condition: Sendable {
  /// The property, as a noun phrase. It finds the row in the documentation.
  let name: String
  /// The value, if the input is a key with it; RESTORE takes it too.
  let value: StoredValue?
  /// The whole snapshot.
  let file: [UInt8]
  /// Why this package decides as it does although a server decides differently.
  let reason: String

  /// A key `k` with a value of a type that both vendors share, or of Redis.
  init(_ name: String, _ type: UInt8, _ bytes: [UInt8], vendor: Vendor = .redis, because reason: String = "") {
    let value = StoredValue(type: type, vendor: vendor, bytes: bytes)
    self.name = name
    self.value = value
    self.reason = reason
    let magic = vendor == .valkey ? "VALKEY080" : type >= 22 ? "REDIS0012" : type >= 20 ? "REDIS0011" : "REDIS0010"
    file = crafted(RDBBytes.key(type, bytes), magic)
  }

  /// A whole file.
  init(_ name: String, file: [UInt8], because reason: String = "") {
    (self.name, self.file, self.reason) = (name, file, reason)
    value = nil
  }

  /// Records before and after a key `k` with the value `v`.
  init(
    _ name: String, records before: [UInt8], then after: [UInt8] = [], _ magic: String = "REDIS0010",
    because reason: String = ""
  ) {
    self.init(name, file: crafted(before + simpleKey + after, magic), because: reason)
  }

  /// Every condition, in the order of the documentation.
  static let all: [Condition] =
    strings + intsets + listpacks + scoreTexts + ziplists + zipmaps + collections + quicklists + fieldExpiries
    + streamNodes + streamNumbers + consumerGroups + modules + opcodes + attributes + newerTypes + headers + trailers
}

/// A key `k` with the value `v`.
let simpleKey = RDBBytes.key(0, RDBBytes.string("v"))

/// Returns a snapshot with the right checksum.
///
/// - Parameter magic: The first nine bytes. The default is a version that every server reads.
func crafted(_ records: [UInt8], _ magic: String = "REDIS0010") -> [UInt8] {
  let bytes = Array(magic.utf8) + records + [0xFF]
  return bytes + checksum(of: bytes)
}

func checksum(of bytes: [UInt8]) -> [UInt8] {
  var checksum = CRC64()
  checksum.update(bytes.span.bytes)
  return RDBBytes.little(checksum.value)
}

/// Returns the blob of a listpack, any part of which may be wrong.
///
/// - Parameter body: The bytes between header and terminator, instead of the entries.
func listpack(
  _ entries: [RDBBytes.Entry], count: UInt16? = nil, total: Int? = nil, body: [UInt8]? = nil, end: UInt8 = 0xFF
) -> [UInt8] {
  var bytes = RDBBytes.listpack(entries, count: count)
  if let body {
    bytes.replaceSubrange(6..<bytes.count - 1, with: body)
    bytes.replaceSubrange(0..<4, with: RDBBytes.little(UInt32(bytes.count)))
  }
  if let total { bytes.replaceSubrange(0..<4, with: RDBBytes.little(UInt32(total))) }
  bytes[bytes.count - 1] = end
  return bytes
}

/// Returns the blob of a ziplist, any part of which may be wrong.
///
/// - Parameters:
///   - previous: Other bytes for the size of the previous entry, by index of the entry.
///   - body: The bytes between header and terminator, instead of the entries.
func ziplist(
  _ entries: [RDBBytes.Entry], count: UInt16? = nil, total: Int? = nil, tail: Int? = nil, end: UInt8 = 0xFF,
  previous: [Int: [UInt8]] = [:], body: [UInt8]? = nil
) -> [UInt8] {
  var bytes = RDBBytes.ziplist(entries, count: count, previous: previous)
  if let body {
    bytes.replaceSubrange(10..<bytes.count - 1, with: body)
    bytes.replaceSubrange(0..<4, with: RDBBytes.little(UInt32(bytes.count)))
  }
  if let total { bytes.replaceSubrange(0..<4, with: RDBBytes.little(UInt32(total))) }
  if let tail { bytes.replaceSubrange(4..<8, with: RDBBytes.little(UInt32(tail))) }
  bytes[bytes.count - 1] = end
  return bytes
}

extension RDBBytes {
  static func double(_ value: Double) -> [UInt8] { little(value.bitPattern) }
}
