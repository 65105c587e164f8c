import RDBFormat
/// A HyperLogLog in the bytes that servers store as a string.
///
///     "HYLL"   u8 encoding (0 dense, 1 sparse)   3 bytes of 0   8 bytes cardinality   registers
///     dense:   16384 registers of 6 bits, the lowest bits first
///     sparse:  00cccccc           c + 1 registers of 0
///              01cccccc cccccccc  c + 1 registers of 0
///              1vvvvvcc           c + 1 registers of v + 1
///
/// The highest bit of the cardinality says that the number is stale. The format and the algorithm are described at
/// https://redis.io/docs/latest/develop/data-types/probabilistic/hyperloglogs/ and by Heule, Nunkesser and Hall,
/// "HyperLogLog in Practice" (2013); the estimate is that of Ertl, "New cardinality estimation algorithms for
/// HyperLogLog sketches" (2017).
struct HyperLogLog {
  /// Bytes that begin as a HyperLogLog, but whose registers are not complete.
  struct Damaged: Error {}

  static let registerCount = 16_384
  static let headerByteCount = 16
  static let denseByteCount = 12_304
  /// The longest sparse form, header included, in bytes.
  static let sparseByteCount = 3000
  /// The largest register of the sparse form.
  static let sparseMaximum = 32

  private(set) var bytes: [UInt8]

  /// Creates an empty one in its sparse form.
  init() {
    bytes = Array("HYLL".utf8) + [1] + [UInt8](repeating: 0, count: 11) + [0x7F, 0xFF]
  }

  /// Creates a HyperLogLog from the bytes of a string; `nil` if they are not one.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= Self.headerByteCount, bytes.starts(with: "HYLL".utf8), bytes[4] <= 1,
      bytes[4] == 1 || bytes.count == Self.denseByteCount
    else { return nil }
    self.bytes = bytes
  }

  var isDense: Bool { bytes[4] == 0 }

  // MARK: Cardinality

  /// Whether the stored cardinality is up to date.
  var isCounted: Bool { bytes[15] & 0x80 == 0 }

  /// Marks the stored cardinality as stale.
  mutating func invalidate() { bytes[15] |= 0x80 }

  /// Computes and stores the cardinality, if the stored one is stale.
  mutating func count() throws(Damaged) {
    if isCounted { return }
    var histogram = [Int](repeating: 0, count: 64)
    for value in try registers() { histogram[Int(value)] += 1 }
    let count = HyperLogLogEstimate.cardinality(histogram)
    for index in 0..<8 { bytes[8 + index] = UInt8(truncatingIfNeeded: count >> UInt64(8 * index)) }
  }

  // MARK: Registers

  /// The value of each register.
  func registers() throws(Damaged) -> [UInt8] {
    var values: [UInt8] = []
    values.reserveCapacity(Self.registerCount)
    if isDense {
      for index in 0..<Self.registerCount { values.append(dense(index)) }
      return values
    }
    var position = Self.headerByteCount
    while position < bytes.count {
      let opcode = self.opcode(at: position)
      guard values.count + opcode.count <= Self.registerCount else { throw Damaged() }
      values.append(contentsOf: repeatElement(opcode.value, count: opcode.count))
      position += opcode.byteCount
    }
    guard values.count == Self.registerCount else { throw Damaged() }
    return values
  }

  private func dense(_ index: Int) -> UInt8 {
    let (byte, shift) = (Self.headerByteCount + index * 6 / 8, UInt16(index * 6 % 8))
    let next = byte + 1 < bytes.count ? UInt16(bytes[byte + 1]) : 0
    return UInt8(truncatingIfNeeded: (UInt16(bytes[byte]) | next << 8) >> shift & 63)
  }

  private mutating func setDense(_ index: Int, _ value: UInt8) {
    let (byte, shift) = (Self.headerByteCount + index * 6 / 8, UInt16(index * 6 % 8))
    bytes[byte] =
      bytes[byte] & ~UInt8(truncatingIfNeeded: 63 << shift) | UInt8(truncatingIfNeeded: UInt16(value) << shift)
    guard shift > 2 else { return }
    let left = 8 - shift
    bytes[byte + 1] = bytes[byte + 1] & ~UInt8(63 >> left) | value >> UInt8(left)
  }

  /// Converts to the dense form.
  mutating func makeDense() throws(Damaged) {
    if isDense { return }
    let values = try registers()
    bytes.removeSubrange(Self.headerByteCount...)
    bytes.append(contentsOf: repeatElement(0, count: Self.denseByteCount - Self.headerByteCount))
    bytes[4] = 0
    for (index, value) in values.enumerated() where value > 0 { setDense(index, value) }
  }

  /// Raises a register to `value`, if it is smaller.
  ///
  /// - Returns: Whether it was smaller.
  @discardableResult
  mutating func raise(_ index: Int, to value: UInt8) throws(Damaged) -> Bool {
    if !isDense { return try raiseSparse(index, to: value) }
    guard dense(index) < value else { return false }
    setDense(index, value)
    return true
  }

  /// Adds an element.
  ///
  /// - Returns: Whether a register changed.
  mutating func add(_ element: [UInt8]) throws(Damaged) -> Bool {
    let hash = Self.hash(element)
    let index = Int(hash & 0x3FFF)
    let value = UInt8(((hash >> 14) | 1 << 50).trailingZeroBitCount + 1)
    return try raise(index, to: value)
  }

  // MARK: Sparse form

  private func opcode(at position: Int) -> (value: UInt8, count: Int, byteCount: Int) {
    let code = bytes[position]
    switch code >> 6 {
    case 0: return (0, Int(code) + 1, 1)
    case 1:
      // If the second byte is missing, servers read the 0 that they keep after each string.
      let second = position + 1 < bytes.count ? Int(bytes[position + 1]) : 0
      return (0, Int(code & 63) << 8 + second + 1, 2)
    default: return (code >> 2 & 31 + 1, Int(code & 3) + 1, 1)
    }
  }

  private static func code(_ value: UInt8, _ count: Int) -> [UInt8] {
    if count == 0 { return [] }
    if value > 0 { return [0x80 | (value - 1) << 2 | UInt8(count - 1)] }
    return count <= 64 ? [UInt8(count - 1)] : [0x40 | UInt8((count - 1) >> 8), UInt8((count - 1) & 255)]
  }

  private mutating func raiseSparse(_ index: Int, to value: UInt8) throws(Damaged) -> Bool {
    if value > Self.sparseMaximum { return try raiseDense(index, to: value) }
    var (position, first) = (Self.headerByteCount, 0)
    var previous = position
    while true {
      guard position < bytes.count else { throw Damaged() }
      let opcode = self.opcode(at: position)
      if index < first + opcode.count {
        if opcode.value >= value { return false }
        let parts =
          Self.code(opcode.value, index - first) + Self.code(value, 1)
          + Self.code(opcode.value, first + opcode.count - 1 - index)
        if parts.count > opcode.byteCount, bytes.count + parts.count - opcode.byteCount > Self.sparseByteCount {
          return try raiseDense(index, to: value)
        }
        let end = min(position + opcode.byteCount, bytes.count)
        // If the second byte of the opcode is missing, a server drops the last new byte.
        bytes.replaceSubrange(position..<end, with: parts.dropLast(position + opcode.byteCount - end))
        mergeOpcodes(from: previous)
        invalidate()
        return true
      }
      previous = position
      position += opcode.byteCount
      first += opcode.count
    }
  }

  private mutating func raiseDense(_ index: Int, to value: UInt8) throws(Damaged) -> Bool {
    try makeDense()
    return try raise(index, to: value)
  }

  /// Merges neighbouring opcodes of the same value above 0 among the five opcodes from `start` on. A change affects at
  /// most five.
  private mutating func mergeOpcodes(from start: Int) {
    var position = start
    for _ in 0..<5 {
      guard position < bytes.count else { return }
      let opcode = self.opcode(at: position)
      if opcode.value > 0, position + 1 < bytes.count {
        let next = self.opcode(at: position + 1)
        if next.value == opcode.value, next.count + opcode.count <= 4 {
          bytes[position] = Self.code(opcode.value, opcode.count + next.count)[0]
          bytes.remove(at: position + 1)
          // The merged opcode can be merged with its new neighbour too.
          continue
        }
      }
      position += opcode.byteCount
    }
  }

  // MARK: Hash

  /// MurmurHash64A by Austin Appleby, with the seed that servers use.
  static func hash(_ element: [UInt8]) -> UInt64 {
    let factor: UInt64 = 0xC6A4_A793_5BD1_E995
    var hash: UInt64 = 0xADC8_3B19 ^ UInt64(element.count) &* factor
    let whole = element.count & ~7
    for start in stride(from: 0, to: whole, by: 8) {
      var word: UInt64 = 0
      for index in 0..<8 { word |= UInt64(element[start + index]) << UInt64(8 * index) }
      word = word &* factor
      word ^= word >> 47
      hash = (hash ^ word &* factor) &* factor
    }
    if whole < element.count {
      for index in whole..<element.count { hash ^= UInt64(element[index]) << UInt64(8 * (index - whole)) }
      hash = hash &* factor
    }
    hash ^= hash >> 47
    hash = hash &* factor
    return hash ^ hash >> 47
  }
}
