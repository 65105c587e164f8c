import RDBFormat

/// Steps over whole records by their lengths alone, to find where a run of keys may end.
///
/// It knows the records that nearly all files consist of and stops in front of anything else, of
/// anything damaged, and of a record that is not all there: whoever reads from there on finds out.
/// It decodes nothing, and what it has stepped over is still checked by whoever reads the run.
struct RecordSkimmer: ~Escapable {
  private let bytes: RawSpan
  private let types: UnsafePointer<ValueType?>
  private var place = 0

  /// - Parameter types: What each type byte means; valid as long as this lives.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, types: UnsafePointer<ValueType?>) {
    self.bytes = bytes
    self.types = types
  }

  /// Steps over as many records as it can.
  ///
  /// - Returns: The byte count of all those records.
  /// - Complexity: O(1) a string, whatever its length.
  mutating func skim() -> Int {
    var boundary = 0
    while record() { boundary = place }
    return boundary
  }

  /// - Returns: Whether a record was stepped over, whole.
  @inline(__always)
  private mutating func record() -> Bool {
    guard place < bytes.byteCount else { return false }
    var code = load(place)
    if code == Opcode.expireTimeMS.rawValue {
      place &+= 9
      guard place < bytes.byteCount else { return false }
      code = load(place)
    }
    place &+= 1
    guard let type = types[Int(code)] else { return false }
    guard string() else { return false }
    if type.isOneString { return string() }
    return elements(type)
  }

  /// Steps over the value of a type that is more than one string.
  private mutating func elements(_ type: ValueType) -> Bool {
    var parts = 1
    switch type {
    case .list, .set, .listQuicklist: break
    case .hash: parts = 2
    case .zset2, .listQuicklist2: break
    default: return false
    }
    var remaining = length()
    // Each element takes a byte or more: a larger claim is not believed.
    guard remaining >= 0, remaining <= bytes.byteCount else { return false }
    remaining &*= parts
    while remaining > 0 {
      if type == .listQuicklist2 {
        let container = length()
        guard container == 1 || container == 2 else { return false }
      }
      guard string() else { return false }
      if type == .zset2 { place &+= 8 }
      remaining &-= 1
    }
    return place <= bytes.byteCount
  }

  /// Steps over a string; afterwards `place` is within the bytes or this returned `false`.
  @inline(__always)
  private mutating func string() -> Bool {
    guard place < bytes.byteCount else { return false }
    let first = Int(load(place))
    guard first < 0x40 else { return longString(first) }
    place &+= 1 &+ first
    return place <= bytes.byteCount
  }

  private mutating func longString(_ first: Int) -> Bool {
    switch first {
    case 0xC0: place &+= 2
    case 0xC1: place &+= 3
    case 0xC2: place &+= 5
    case 0xC3:
      place &+= 1
      let byteCount = length()
      guard byteCount >= 0, length() >= 0 else { return false }
      place &+= byteCount
    default:
      let byteCount = length()
      guard byteCount >= 0 else { return false }
      place &+= byteCount
    }
    return place <= bytes.byteCount
  }

  /// - Returns: A length of up to 32 bits; negative: it is none, or not there.
  private mutating func length() -> Int {
    let left = bytes.byteCount &- place
    guard left > 0 else { return -1 }
    let first = Int(load(place))
    if first < 0x40 {
      place &+= 1
      return first
    }
    if first < 0x80 {
      guard left >= 2 else { return -1 }
      place &+= 2
      return (first &- 0x40) &<< 8 | Int(load(place &- 1))
    }
    guard first == 0x80, left >= 5 else { return -1 }
    place &+= 5
    return Int(UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: place &- 4, as: UInt32.self)))
  }

  /// The byte at `index`, which must be below the byte count.
  @inline(__always)
  private func load(_ index: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) }
}
