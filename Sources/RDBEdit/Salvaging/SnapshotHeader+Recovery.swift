import RDB
import RDBFormat

extension SnapshotHeader {
  /// Reads a header; `nil` if the bytes are none, or have an unknown version.
  init?(_ bytes: [UInt8]) {
    let isValkey = bytes.starts(with: "VALKEY".utf8)
    guard bytes.count >= 9, isValkey || bytes.starts(with: "REDIS".utf8) else { return nil }
    let digits = bytes[(isValkey ? 6 : 5)..<9]
    guard digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    let version = digits.reduce(0) { $0 * 10 + Int($1) - 48 }
    guard (isValkey ? 80...81 : 1...15).contains(version) else { return nil }
    self.init(vendor: isValkey ? .valkey : .redis, version: version)
  }

  /// Guesses a header that is damaged or missing: from what is left of it, else from the AUX field that names the server.
  ///
  /// - Parameter bytes: The first bytes of the input.
  static func recovered(from bytes: [UInt8]) -> SnapshotHeader {
    let redis = zip(bytes, "REDIS00".utf8).count { $0 == $1 }
    let valkey = zip(bytes, "VALKEY0".utf8).count { $0 == $1 }
    if redis >= 4 || valkey >= 4 {
      let magic = Array((redis >= valkey ? "REDIS00" : "VALKEY0").utf8)
      if let header = SnapshotHeader(magic + bytes.dropFirst(7).prefix(2)) { return header }
    }
    for (field, vendor) in [("redis-ver", Vendor.redis), ("valkey-ver", .valkey)] {
      guard let end = offset(after: Array(field.utf8), in: bytes), end < bytes.count else { continue }
      let text = bytes[(end + 1)...].prefix(Int(bytes[end] & 0x3F))
      if let release = ServerVersion(String(decoding: text, as: UTF8.self), vendor: vendor), release.major < 100 {
        let version = release.rdbVersion
        return SnapshotHeader(vendor: version >= 80 ? .valkey : .redis, version: version)
      }
    }
    return SnapshotHeader(vendor: .redis, version: 11)
  }

  /// The index after the first occurrence of `text`.
  private static func offset(after text: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= text.count else { return nil }
    return (0...bytes.count - text.count).first { bytes[$0..<$0 + text.count].elementsEqual(text) }.map {
      $0 + text.count
    }
  }
}
