import Foundation

/// Small snapshots written byte by byte.
enum Crafted {
  /// `k` → `hello`, RDB 3: without a checksum.
  static let hello = bytes(version: "0003", string("k", "hello"))

  /// The same, compressed by `zstd` and `lz4`.
  static let helloZstd: [UInt8] = base64("KLUv/SQVqQAAUkVESVMwMDAz/gAAAWsFaGVsbG//OYgA5g==")
  static let helloLZ4: [UInt8] = base64("BCJNGGRApxUAAIBSRURJUzAwMDP+AAABawVoZWxsb/8AAAAAG4earQ==")
  static let helloGzip: [UInt8] = base64("H4sIAAAAAAAAAwtydfEMNjAwMP7HwMCYzZqRmpOT/x8A3Mlf+BUAAAA=")

  /// A key whose name would turn a terminal red, and whose intset is damaged.
  static let redKey = bytes(version: "0003", [11, 8] + Array("\u{1B}[31mred".utf8) + [3, 1, 2, 3])

  /// The key `k` in databases 0 and 20.
  static let manyDatabases =
    Array("REDIS0003".utf8) + [0xFE, 0] + string("k", "a") + [0xFE, 20] + string("k", "b") + [0xFF]

  /// The key `k` twice in one database.
  static let twice = bytes(version: "0003", string("k", "a") + string("k", "b"))

  /// A string of 4096 bytes.
  static let longString = bytes(
    version: "0003",
    [0, 1, UInt8(ascii: "k"), 0x80, 0, 0, 0x10, 0] + [UInt8](repeating: UInt8(ascii: "v"), count: 4096))

  /// A hash with an expiry on one of its fields (type 24), RDB 12 without a checksum.
  static let fieldExpiry =
    bytes(
      version: "0012",
      [24, 1, UInt8(ascii: "h")] + littleEndian(4_102_444_800_000) + [
        1, 1, 1, UInt8(ascii: "f"), 1,
        UInt8(ascii: "v"),
      ]) + [0, 0, 0, 0, 0, 0, 0, 0]

  /// Keys of 100 bytes and more, `count` of them: several runs for the workers.
  static func large(count: Int) -> [UInt8] {
    var keys: [UInt8] = []
    let value = [UInt8](repeating: UInt8(ascii: "v"), count: 60)
    for number in 0..<count {
      let name = Array("key:\(number)".utf8)
      keys += [0, UInt8(name.count)]
      keys += name
      keys.append(UInt8(40 + number % 20))
      keys += value.prefix(40 + number % 20)
    }
    return bytes(version: "0003", keys)
  }

  /// A stream without entries (type 21, RDB 11 without a checksum), whose one consumer has `count` deleted
  /// ones pending.
  static func stream(deletedAndPending count: Int) -> [UInt8] {
    func length(_ number: Int) -> [UInt8] { [0x80] + bigEndian(UInt64(number)).suffix(4) }
    let none: [UInt8] = [0, 0]
    var value: [UInt8] = [21, 1, UInt8(ascii: "s"), 0, 0]
    value.reserveCapacity(64 * count)
    // The last ID, the first, the highest deleted; how many were added; one group and its name.
    value += length(count) + [0] + none + length(count) + [0] + length(count)
    value += [1, 1, UInt8(ascii: "g")] + length(count) + [0] + length(count) + length(count)
    let time = littleEndian(1_700_000_000_000)
    for number in 1...count { value += bigEndian(UInt64(number)) + bigEndian(0) + time + [1] }
    value += [1, 1, UInt8(ascii: "c")] + time + time + length(count)
    for number in 1...count { value += bigEndian(UInt64(number)) + bigEndian(0) }
    return bytes(version: "0011", value) + [0, 0, 0, 0, 0, 0, 0, 0]
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
    return bytes(version: "0004", keys)
  }

  private static func bigEndian(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  /// Database 0 with `keys` in it.
  static func bytes(version: String, _ keys: [UInt8]) -> [UInt8] {
    Array("REDIS\(version)".utf8) + [0xFE, 0] + keys + [0xFF]
  }

  /// A string key; both texts shorter than 64 bytes.
  private static func string(_ key: String, _ value: String) -> [UInt8] {
    [0, UInt8(key.utf8.count)] + Array(key.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
  }

  private static func littleEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func base64(_ text: String) -> [UInt8] {
    guard let data = Data(base64Encoded: text) else { fatalError(text) }
    return Array(data)
  }
}
