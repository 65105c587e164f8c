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
    return value(type.layout)
  }

  /// Steps over a value that is more than one string.
  private mutating func value(_ layout: ValueLayout) -> Bool {
    var count = 1
    switch layout.head {
    case .nothing: break
    case .earliestExpiry: place &+= 8
    case .count, .nodeCount: count = length()
    case .earliestExpiryAndCount:
      place &+= 8
      count = length()
    case .countAndInsertIndex:
      count = length()
      let hasIndex = length()
      guard hasIndex == 0 || hasIndex == 1 && length() >= 0 else { return false }
    case .templateID, .fieldNames, .fieldNamesAndOne, .items: return false
    }
    // Each element takes a byte or more: a larger claim is not believed.
    guard count >= 0, count <= bytes.byteCount, layout.streamVersion == 0 else { return false }
    if let strings = layout.stringsPerElement {
      count &*= Int(strings)
      while count > 0 {
        guard string() else { return false }
        count &-= 1
      }
      return true
    }
    var tag = 0
    while count > 0 {
      guard skip(layout.first, &tag), skip(layout.second, &tag), skip(layout.third, &tag) else { return false }
      count &-= 1
    }
    return place <= bytes.byteCount
  }

  /// Steps over a part of an element.
  ///
  /// - Parameter tag: The tag of an array's element, from one part to the next.
  @inline(__always)
  private mutating func skip(_ part: ValueLayout.Part, _ tag: inout Int) -> Bool {
    switch part {
    case .none: return true
    case .string: return string()
    case .fieldExpiry: return length() >= 0
    case .milliseconds, .score: place &+= 8
    case .scoreText:
      guard place < bytes.byteCount, load(place) != 253 else { return false }
      let count = Int(load(place))
      place &+= count > 253 ? 1 : 1 &+ count
    case .container:
      let container = length()
      return container == 1 || container == 2
    case .arrayIndex:
      guard length() >= 0 else { return false }
      tag = length()
      return tag >= 0 && tag <= 3
    case .arrayValue:
      if tag == 0 || tag == 3 { return string() }
      place &+= 8
    }
    return true
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
