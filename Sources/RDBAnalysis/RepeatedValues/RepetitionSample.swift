import RDB
import RDBFormat

/// Counts the keys that share a value or a hash tag. The count is exact while there are few distinct values. Above the
/// limit, it comes from a sample of the keys.
///
/// A key is in the sample if its hash begins with at least ``level`` zeros. The level is the lowest at which the number
/// of distinct values in the sample is within the limit. It does not depend on the order of keys, so samples can be merged
/// in any order.
struct RepetitionSample: Sendable, Hashable {
  struct Entry: Sendable, Hashable {
    var byteCount: UInt64
    /// The number of keys by the number of leading zeros of their hashes.
    var zeros: [UInt8: UInt32] = [:]
    /// The lowest hash of a key that has the value.
    var exampleHash: UInt64
    var example: [UInt8]
  }

  let limit: Int
  /// The number of leading zeros that the hash of a key must have.
  private(set) var level = 0
  private(set) var entries: [UInt64: Entry] = [:]

  init(limit: Int) { self.limit = limit }

  /// The sampling rate: one key of every `rate` keys is in the sample.
  var rate: UInt64 { 1 << UInt64(level) }

  @inline(__always)
  func isSampled(_ keyHash: UInt64) -> Bool { keyHash.leadingZeroBitCount >= level }

  /// Adds a key.
  ///
  /// - Parameters:
  ///   - keyHash: The hash of the key, evenly distributed.
  ///   - identity: The hash of the value or tag.
  ///   - byteCount: The size of the value or tag, in bytes.
  ///   - example: The name of the key, or the tag.
  @inline(__always)
  mutating func add(keyHash: UInt64, identity: UInt64, byteCount: UInt64, example: RawSpan) {
    if isSampled(keyHash) { count(keyHash, identity, byteCount, example) }
  }

  @inline(never)
  private mutating func count(
    _ keyHash: UInt64, _ identity: UInt64, _ byteCount: UInt64, _ example: RawSpan
  ) {
    let zeros = UInt8(keyHash.leadingZeroBitCount)
    if let index = entries.index(forKey: identity) {
      entries.values[index].zeros[zeros, default: 0] &+= 1
      if keyHash < entries.values[index].exampleHash {
        entries.values[index].exampleHash = keyHash
        entries.values[index].example = Self.copy(example)
      }
    } else {
      entries[identity] = Entry(
        byteCount: byteCount, zeros: [zeros: 1], exampleHash: keyHash, example: Self.copy(example))
      thin()
    }
  }

  /// Returns a copy of an example for display, cut to 512 bytes.
  private static func copy(_ example: RawSpan) -> [UInt8] {
    [UInt8](example.extracting(first: 512))
  }

  private mutating func thin() {
    while entries.count > limit, level < 64 {
      level += 1
      let least = UInt8(level)
      for (identity, entry) in entries {
        let left = entry.zeros.filter { $0.key >= least }
        entries[identity]?.zeros = left
        if left.isEmpty { entries[identity] = nil }
      }
    }
  }

  mutating func merge(_ other: Self) {
    let target = max(level, other.level)
    var other = other
    other.raise(to: target)
    raise(to: target)
    for (identity, more) in other.entries {
      guard var entry = entries[identity] else {
        entries[identity] = more
        continue
      }
      entry.zeros.merge(more.zeros, uniquingKeysWith: &+)
      if (more.exampleHash, more.byteCount) < (entry.exampleHash, entry.byteCount) {
        entry.exampleHash = more.exampleHash
        entry.example = more.example
      }
      entries[identity] = entry
    }
    thin()
  }

  private mutating func raise(to target: Int) {
    guard target > level else { return }
    level = target
    let least = UInt8(target)
    for (identity, entry) in entries {
      let left = entry.zeros.filter { $0.key >= least }
      if left.isEmpty { entries[identity] = nil } else { entries[identity]?.zeros = left }
    }
  }

  /// Returns the number of keys in the sample that have a value.
  static func sampled(_ entry: Entry) -> UInt64 { entry.zeros.values.reduce(0) { $0 &+ UInt64($1) } }

  // MARK: Reading and writing

  /// The encoded sample, sorted by identity.
  var bytes: [UInt8] {
    var bytes: [UInt8] = [UInt8(level)]
    for (identity, entry) in entries.sorted(by: { $0.key < $1.key }) {
      append(identity, to: &bytes)
      append(entry.byteCount, to: &bytes)
      append(entry.exampleHash, to: &bytes)
      append(UInt64(entry.zeros.count) << 32 | UInt64(entry.example.count), to: &bytes)
      for (zeros, count) in entry.zeros.sorted(by: { $0.key < $1.key }) {
        append(UInt64(zeros) << 32 | UInt64(count), to: &bytes)
      }
      bytes += entry.example
    }
    return bytes
  }

  private func append(_ word: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
  }

  /// Decodes ``bytes``; `nil` if they are malformed.
  init?(limit: Int, bytes: [UInt8]) {
    self.init(limit: limit)
    guard let first = bytes.first, first <= 64 else { return nil }
    level = Int(first)
    var cursor = ByteCursor(bytes.span.bytes, base: 0)
    do throws(RDBError) {
      _ = try cursor.take(1)
      while cursor.remaining > 0 {
        let identity = try cursor.littleEndian(UInt64.self)
        var entry = Entry(
          byteCount: try cursor.littleEndian(UInt64.self),
          exampleHash: try cursor.littleEndian(UInt64.self), example: [])
        let counts = try cursor.littleEndian(UInt64.self)
        guard counts >> 32 <= 65 else { return nil }
        for _ in 0..<counts >> 32 {
          let pair = try cursor.littleEndian(UInt64.self)
          guard pair >> 32 <= 64 else { return nil }
          entry.zeros[UInt8(pair >> 32)] = UInt32(truncatingIfNeeded: pair)
        }
        let example = try cursor.take(counts & 0xFFFF_FFFF)
        entry.example = [UInt8](example)
        entries[identity] = entry
      }
    } catch {
      return nil
    }
    thin()
  }
}

/// A value or hash tag that several keys have, and their number.
package struct Repeated: Hashable, Sendable, Codable {
  /// The name of a key that has the value, or the hash tag.
  package var example: BinaryText
  /// The size of the value or hash tag, in bytes.
  package var byteCount: UInt64
  /// The number of keys; an estimate if keys were sampled.
  package var keys: UInt64
  /// The error bound of `keys`, with a probability of 95 %; 0 if it is exact.
  package var keysError: UInt64

  enum CodingKeys: String, CodingKey {
    case example, keys
    case byteCount = "bytes"
    case keysError = "keys_error"
  }
}

extension RepetitionSample {
  /// Returns the values that at least two keys have, in descending order of weight.
  func top(_ count: Int, by weight: (Repeated) -> UInt64) -> [Repeated] {
    let all = entries.values.compactMap { entry -> Repeated? in
      let sampled = Self.sampled(entry)
      let keys = sampled.multipliedReportingOverflow(by: rate)
      guard !keys.overflow, keys.partialValue > 1, level == 0 || sampled > 1 else { return nil }
      let error = level == 0 ? 0 : (2 * (Double(sampled) * Double(rate - 1) * Double(rate)).squareRoot()).rounded(.up)
      let repeated = Repeated(
        example: BinaryText(entry.example), byteCount: entry.byteCount, keys: keys.partialValue,
        keysError: UInt64(error))
      return weight(repeated) > 0 ? repeated : nil
    }
    let sorted = all.sorted { a, b in
      let (weightA, weightB) = (weight(a), weight(b))
      return weightA != weightB ? weightA > weightB : a.example < b.example
    }
    return Array(sorted.prefix(count))
  }
}
