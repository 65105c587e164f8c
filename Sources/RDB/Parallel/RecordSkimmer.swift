import RDBFormat

/// A fast search for the end of the last whole record in a batch, by lengths.
///
/// The skimmer follows ``ValueLayout``, without attributes other than the expiry in milliseconds and without streams,
/// modules and hash templates. It stops before such a record, before damage, and before a record that does not end in
/// the input; the parser continues there. The skimmer decodes nothing: the worker that reads the batch checks it.
struct RecordSkimmer: ~Escapable {
  private let bytes: RawSpan
  private let types: UnsafePointer<ValueType?>
  private let oneStringTypes: ValueTypeSet
  private var position = 0

  /// - Parameters:
  ///   - types: The value type of each byte; must outlive the skimmer.
  ///   - oneStringTypes: The types whose value is one string.
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, types: UnsafePointer<ValueType?>, oneStringTypes: ValueTypeSet) {
    self.oneStringTypes = oneStringTypes
    self.bytes = bytes
    self.types = types
  }

  /// Steps over records.
  ///
  /// - Returns: The size of these records, in bytes.
  /// - Complexity: O(1) per string.
  mutating func skim() -> Int {
    var boundary = 0
    while record() { boundary = position }
    return boundary
  }

  /// Steps over a record.
  ///
  /// - Returns: Whether the whole record was there.
  @inline(__always)
  private mutating func record() -> Bool {
    guard position < bytes.byteCount else { return false }
    var code = load(position)
    if code == Opcode.expireTimeMS.rawValue {
      position &+= 9
      guard position < bytes.byteCount else { return false }
      code = load(position)
    }
    position &+= 1
    guard let type = types[Int(code)] else { return false }
    guard string() else { return false }
    if oneStringTypes.contains(type) { return string() }
    return value(type.layout)
  }

  /// Steps over a value that is more than one string.
  private mutating func value(_ layout: ValueLayout) -> Bool {
    var count = 1
    switch layout.head {
    case .nothing: break
    case .earliestExpiry: position &+= 8
    case .count, .nodeCount: count = length()
    case .earliestExpiryAndCount:
      position &+= 8
      count = length()
    case .countAndInsertIndex:
      count = length()
      let hasIndex = length()
      guard hasIndex == 0 || hasIndex == 1 && length() >= 0 else { return false }
    case .templateID, .fieldNames, .fieldNamesAndOne, .items: return false
    }
    // Each element takes at least one byte.
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
    return position <= bytes.byteCount
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
    case .milliseconds, .score: position &+= 8
    case .scoreText:
      guard position < bytes.byteCount, load(position) != 253 else { return false }
      let count = Int(load(position))
      position &+= count > 253 ? 1 : 1 &+ count
    case .container:
      let container = length()
      return container == 1 || container == 2
    case .arrayIndex:
      guard length() >= 0 else { return false }
      tag = length()
      return tag >= 0 && tag <= 3
    case .arrayValue:
      if tag == 0 || tag == 3 { return string() }
      position &+= 8
    case .pathFields:
      var strings = length()
      guard strings >= 0, strings <= bytes.byteCount else { return false }
      strings &*= 2
      while strings > 0 {
        guard string() else { return false }
        strings &-= 1
      }
    }
    return true
  }

  /// Steps over a string.
  ///
  /// - Returns: Whether the whole string was there.
  @inline(__always)
  private mutating func string() -> Bool {
    guard position < bytes.byteCount else { return false }
    let first = Int(load(position))
    guard first < 0x40 else { return longString(first) }
    position &+= 1 &+ first
    return position <= bytes.byteCount
  }

  private mutating func longString(_ first: Int) -> Bool {
    switch first {
    case 0xC0: position &+= 2
    case 0xC1: position &+= 3
    case 0xC2: position &+= 5
    case 0xC3:
      position &+= 1
      let byteCount = length()
      guard byteCount >= 0, length() >= 0 else { return false }
      position &+= byteCount
    default:
      let byteCount = length()
      guard byteCount >= 0 else { return false }
      position &+= byteCount
    }
    return position <= bytes.byteCount
  }

  /// Reads a length of up to 32 bits.
  ///
  /// - Returns: The length; negative if there is none.
  private mutating func length() -> Int {
    let left = bytes.byteCount &- position
    guard left > 0 else { return -1 }
    let first = Int(load(position))
    if first < 0x40 {
      position &+= 1
      return first
    }
    if first < 0x80 {
      guard left >= 2 else { return -1 }
      position &+= 2
      return (first &- 0x40) &<< 8 | Int(load(position &- 1))
    }
    guard first == 0x80, left >= 5 else { return -1 }
    position &+= 5
    return Int(UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position &- 4, as: UInt32.self)))
  }

  /// The byte at `index`, which must be below the byte count.
  @inline(__always)
  private func load(_ index: Int) -> UInt8 { bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) }
}
