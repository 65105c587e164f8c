import Foundation
import TestSupport

/// Small snapshots written byte by byte.
enum Crafted {
  /// `k` → `hello`, RDB 3: without a checksum.
  static let hello = snapshot { $0.string("k", "hello") }

  /// The same, compressed by `zstd` and `lz4`.
  static let helloZstd: [UInt8] = base64("KLUv/SQVqQAAUkVESVMwMDAz/gAAAWsFaGVsbG//OYgA5g==")
  static let helloLZ4: [UInt8] = base64("BCJNGGRApxUAAIBSRURJUzAwMDP+AAABawVoZWxsb/8AAAAAG4earQ==")
  static let helloGzip: [UInt8] = base64("H4sIAAAAAAAAAwtydfEMNjAwMP7HwMCYzZqRmpOT/x8A3Mlf+BUAAAA=")

  /// A key whose name would turn a terminal red, and whose intset is damaged.
  static let redKey = snapshot { $0.key(11, "\u{1B}[31mred", value: [3, 1, 2, 3]) }

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

  /// A string of 4096 bytes with a length of 32 bits: the reader's limit does not apply to shorter lengths.
  static let longString = snapshot {
    $0.key(0, "k", value: [0x80] + RDBBytes.big(UInt32(4096)) + [UInt8](repeating: UInt8(ascii: "v"), count: 4096))
  }

  /// A hash with an expiry on one of its fields (type 24), RDB 12 without a checksum.
  static let fieldExpiry = snapshot(version: 12) {
    let field = [1] + RDBBytes.string("f") + RDBBytes.string("v")
    $0.key(24, "h", value: RDBBytes.little(Int64(4_102_444_800_000)) + [1] + field)
  }

  /// Keys of 100 bytes and more, `count` of them: several batches for the workers.
  static func large(count: Int) -> [UInt8] {
    let values = (0..<20).map { [UInt8](repeating: UInt8(ascii: "v"), count: 40 + $0) }
    return snapshot {
      for number in 0..<count { $0.string("key:\(number)", values[number % 20]) }
    }
  }

  /// A stream without entries (type 21, RDB 11 without a checksum), whose one consumer has `count` deleted
  /// ones pending.
  static func stream(deletedAndPending count: Int) -> [UInt8] {
    func length(_ number: Int) -> [UInt8] { [0x80] + RDBBytes.big(UInt32(number)) }
    let none: [UInt8] = [0, 0]
    var value: [UInt8] = [0, 0]
    value.reserveCapacity(64 * count)
    // The last ID, the first, the highest deleted; how many were added; one group and its name.
    value += length(count) + [0] + none + length(count) + [0] + length(count)
    value += [1, 1, UInt8(ascii: "g")] + length(count) + [0] + length(count) + length(count)
    let time = RDBBytes.little(Int64(1_700_000_000_000))
    for number in 1...count { value += RDBBytes.streamID(UInt64(number), 0) + time + [1] }
    value += [1, 1, UInt8(ascii: "c")] + time + time + length(count)
    for number in 1...count { value += RDBBytes.streamID(UInt64(number), 0) }
    return snapshot(version: 11) { $0.key(21, "s", value: value) }
  }

  /// So many strings `v`: `k10000000` and on.
  static func manyKeys(_ count: Int) -> [UInt8] {
    var keys: [UInt8] = []
    keys.reserveCapacity(13 * count)
    for number in 10_000_000..<10_000_000 + count {
      keys += [0, 9, UInt8(ascii: "k")]
      keys += "\(number)".utf8
      keys += [1, UInt8(ascii: "v")]
    }
    return snapshot(version: 4) { $0.raw(keys) }
  }

  /// A snapshot with the records that `build` appends to database 0.
  private static func snapshot(version: Int = 3, _ build: (inout SnapshotBuilder) -> Void) -> [UInt8] {
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
