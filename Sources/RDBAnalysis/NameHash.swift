/// A hash of bytes that is the same in every process: samples of keys depend on it.
struct NameHash {
  private static let first: UInt64 = 0xA076_1D64_78BD_642F
  private static let second: UInt64 = 0xE703_7ED1_A0B4_28DB
  private(set) var state: UInt64

  @inline(__always)
  init(seed: UInt64) { state = Self.mix(seed ^ Self.first, Self.second) }

  /// Of one piece of bytes.
  @inline(__always)
  static func hash(_ bytes: RawSpan, seed: UInt64) -> UInt64 {
    var hash = NameHash(seed: seed)
    return hash.finish(bytes)
  }

  /// Adds eight bytes at a time, as many as there are.
  ///
  /// - Returns: How many bytes were added.
  @inline(__always)
  mutating func add(_ bytes: RawSpan) -> Int {
    var place = 0
    while bytes.byteCount &- place >= 8 {
      let word = bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
      state = Self.mix(state ^ UInt64(littleEndian: word), Self.second)
      place &+= 8
    }
    return place
  }

  /// Adds the last bytes, however many.
  @inline(__always)
  mutating func finish(_ bytes: RawSpan) -> UInt64 {
    var place = add(bytes)
    var tail = UInt64(bytes.byteCount &- place) &+ 1
    while place < bytes.byteCount {
      tail = tail << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self))
      place &+= 1
    }
    state = Self.mix(state ^ tail, Self.first)
    return Self.mix(state ^ Self.second, Self.first)
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    // A zero state would stay one.
    return product.high ^ product.low &+ 0x9E37_79B9_7F4A_7C15
  }
}
