import RDB
import RDBFormat

/// How many keys have the same of something: a value, a hash tag. Exact while there are few different
/// ones; then of a sample of the keys, which gets thinner as there are more.
///
/// A key is in the sample if its hash begins with enough zeros: one key of 2 to the power of ``level``. The
/// level is the lowest at which the different things in the sample are within the limit: that depends on
/// all keys together, not on their order, so parts merge in any order to the same.
struct SampledCounts: Sendable, Hashable {
  struct Entry: Sendable, Hashable {
    var byteCount: UInt64
    /// Keys by the zeros at the front of their hashes.
    var zeros: [UInt8: UInt32] = [:]
    /// The key with the lowest hash.
    var exampleHash: UInt64
    var example: [UInt8]
  }

  let limit: Int
  /// Zeros that a key's hash must begin with.
  private(set) var level = 0
  private(set) var entries: [UInt64: Entry] = [:]

  init(limit: Int) { self.limit = limit }

  /// One key of so many is in the sample.
  var rate: UInt64 { 1 << UInt64(level) }

  @inline(__always)
  func isSampled(_ keyHash: UInt64) -> Bool { keyHash.leadingZeroBitCount >= level }

  /// Counts a key.
  ///
  /// - Parameters:
  ///   - keyHash: Of the key, evenly distributed.
  ///   - identity: A hash of what is counted.
  ///   - byteCount: Its size.
  ///   - example: An example to remember it by: the key's name, the tag itself.
  @inline(__always)
  mutating func add(keyHash: UInt64, identity: UInt64, byteCount: UInt64, example: RawSpan) {
    if isSampled(keyHash) { count(keyHash, identity, byteCount, example) }
  }

  @inline(never)
  private mutating func count(
    _ keyHash: UInt64, _ identity: UInt64, _ byteCount: UInt64, _ example: RawSpan
  ) {
    let zeros = UInt8(keyHash.leadingZeroBitCount)
    if let place = entries.index(forKey: identity) {
      entries.values[place].zeros[zeros, default: 0] &+= 1
      if keyHash < entries.values[place].exampleHash {
        entries.values[place].exampleHash = keyHash
        entries.values[place].example = Self.copy(example)
      }
    } else {
      entries[identity] = Entry(
        byteCount: byteCount, zeros: [zeros: 1], exampleHash: keyHash, example: Self.copy(example))
      thin()
    }
  }

  /// Longer names are cut: they are for people to look at.
  private static func copy(_ example: RawSpan) -> [UInt8] {
    example.extracting(first: 512).withUnsafeBytes { Array($0) }
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

  /// Keys in the sample that have this.
  static func sampled(_ entry: Entry) -> UInt64 { entry.zeros.values.reduce(0) { $0 &+ UInt64($1) } }

  // MARK: Reading and writing

  /// All that merging needs, in the order of the identities.
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

  /// - Returns: `nil`: these are not ``bytes`` of any.
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
        entry.example = example.withUnsafeBytes { Array($0) }
        entries[identity] = entry
      }
    } catch {
      return nil
    }
    thin()
  }
}

/// Something that many keys have, and how many.
public struct Repeated: Hashable, Sendable, Codable {
  /// A key that has it, or the hash tag itself.
  public var example: BinaryText
  /// Of one of them.
  public var byteCount: UInt64
  /// Estimated where the keys were sampled.
  public var keys: UInt64
  /// With 95 % probability `keys` is at most so much off; 0: it is exact.
  public var keysError: UInt64

  enum CodingKeys: String, CodingKey {
    case example, keys
    case byteCount = "bytes"
    case keysError = "keys_error"
  }
}

extension SampledCounts {
  /// Those that at least two keys have, most bytes (or keys) first.
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
