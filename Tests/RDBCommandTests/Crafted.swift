import Foundation
import TestSupport

/// Small snapshots for tests of the command.
enum Crafted {
  /// A string key `k` with the value `hello`, RDB 3: without a checksum.
  static let hello = snapshot { $0.string("k", "hello") }

  /// The same, compressed by `zstd`, `lz4` and `gzip`.
  static let helloZstd: [UInt8] = base64("KLUv/SQVqQAAUkVESVMwMDAz/gAAAWsFaGVsbG//OYgA5g==")
  static let helloLZ4: [UInt8] = base64("BCJNGGRApxUAAIBSRURJUzAwMDP+AAABawVoZWxsb/8AAAAAG4earQ==")
  static let helloGzip: [UInt8] = base64("H4sIAAAAAAAAAwtydfEMNjAwMP7HwMCYzZqRmpOT/x8A3Mlf+BUAAAA=")

  /// A set whose name would turn a terminal red, and whose intset is damaged.
  static let redKey = snapshot { $0.key(11, "\u{1B}[31mred", value: RDBBytes.string([1, 2, 3])) }

  /// The key `k` in databases 0 and 20.
  static let manyDatabases = snapshot {
    $0.string("k", "a")
    $0.select(20)
    $0.string("k", "b")
  }

  /// The key `k` twice in one database.
  static let twice = snapshot {
    $0.string("k", "a")
    $0.string("k", "b")
  }

  /// A string of 4096 bytes, whose length is stored in 32 bits.
  static let longString = snapshot {
    $0.key(0, "k", value: [0x80, 0, 0, 0x10, 0] + [UInt8](repeating: UInt8(ascii: "v"), count: 4096))
  }

  /// A hash with an expiry on one of its fields (type 24), RDB 12 without a checksum.
  static let fieldExpiry = snapshot(version: 12) {
    let fields = [1, 1] + RDBBytes.string("f") + RDBBytes.string("v")
    $0.key(24, "h", value: RDBBytes.little(Int64(4_102_444_800_000)) + fields)
  }

  /// `count` strings of 40 to 59 bytes, named `key:0` and on: enough for several batches.
  static func large(count: Int) -> [UInt8] {
    let value = [UInt8](repeating: UInt8(ascii: "v"), count: 60)
    return snapshot { builder in
      for number in 0..<count { builder.string("key:\(number)", Array(value.prefix(40 + number % 20))) }
    }
  }

  /// A stream without entries (type 21, RDB 11 without a checksum), whose one consumer has `count` pending entries
  /// that were deleted.
  static func stream(deletedAndPending count: Int) -> [UInt8] {
    func length(_ number: Int) -> [UInt8] { [0x80] + RDBBytes.big(UInt32(number)) }
    let none: [UInt8] = [0, 0]
    // No listpacks, no entries.
    var value: [UInt8] = [0, 0]
    value.reserveCapacity(64 * count)
    // The last ID, the first one, the highest deleted one, and the number of entries added; one group and its name.
    value += length(count) + [0] + none + length(count) + [0] + length(count)
    value += [1] + RDBBytes.string("g") + length(count) + [0] + length(count) + length(count)
    let time = RDBBytes.little(Int64(1_700_000_000_000))
    for number in 1...count { value += RDBBytes.streamID(UInt64(number), 0) + time + [1] }
    value += [1] + RDBBytes.string("c") + time + time + length(count)
    for number in 1...count { value += RDBBytes.streamID(UInt64(number), 0) }
    return snapshot(version: 11) { $0.key(21, "s", value: value) }
  }

  /// `count` strings `v`, named `k10000000` and on, RDB 4.
  static func manyKeys(_ count: Int) -> [UInt8] {
    var keys: [UInt8] = []
    keys.reserveCapacity(13 * count)
    // As bytes, because a call for each of millions of keys takes too long in a debug build.
    for number in 10_000_000..<10_000_000 + count {
      keys += [0, 9, UInt8(ascii: "k")]
      keys += "\(number)".utf8
      keys += [1, UInt8(ascii: "v")]
    }
    return snapshot(version: 4) { $0.raw(keys) }
  }

  /// A snapshot whose records follow a SELECTDB of database 0.
  static func snapshot(version: Int = 3, _ build: (inout SnapshotBuilder) -> Void) -> [UInt8] {
    var builder = SnapshotBuilder(version: version)
    builder.select(0)
    build(&builder)
    return builder.whole
  }

  private static func base64(_ text: String) -> [UInt8] {
    guard let data = Data(base64Encoded: text) else { fatalError(text) }
    return Array(data)
  }
}
