import RDBFormat

/// A node of a stream: a listpack of up to 100 entries, as servers build it.
///
///     header (6 bytes)  live  deleted  n  field × n  0
///     per entry:  flags  ms − master ms  seq − master seq  [n  (field value) × n | value × n]  count
///     0xFF
///
/// Flag 1: the entry was deleted. Flag 2: the entry has the fields of the node's first entry. The bytes of all but the
/// header, the two counts and the end are in ``elements``, so that adding and deleting entries does not move bytes.
struct StreamNode {
  /// An entry with the offset of its flags in ``elements``.
  struct Slot {
    let id: StreamID
    /// The offset, shifted to the left by one; the lowest bit says whether the entry was deleted.
    private var shiftedOffset: Int

    fileprivate init(_ id: StreamID, offset: Int) { (self.id, shiftedOffset) = (id, offset << 1) }

    fileprivate var offset: Int { shiftedOffset >> 1 }
    fileprivate(set) var isDeleted: Bool {
      get { shiftedOffset & 1 == 1 }
      set { shiftedOffset = shiftedOffset & ~1 | (newValue ? 1 : 0) }
    }
  }

  /// The ID of the first entry.
  let master: StreamID
  private(set) var slots: [Slot] = []
  /// The number of entries that were not deleted.
  private(set) var liveCount = 0
  /// The index of the first slot that can be live.
  private(set) var firstLive = 0
  private var elements: [UInt8] = []
  private var elementCount = 0
  /// The range of the names of the master fields in ``elements``.
  private let masterFields: Range<Int>

  /// Creates a node of one entry.
  ///
  /// - Parameter fields: The names and values of the entry's fields, alternating.
  init(_ id: StreamID, _ fields: ArraySlice<[UInt8]>) {
    master = id
    let names = Self.names(fields)
    ListpackElement.append(Int64(fields.count / 2), to: &elements)
    masterFields = elements.count..<elements.count + names.count
    elements += names
    ListpackElement.append(0, to: &elements)
    elementCount = fields.count / 2 + 2
    append(id, fields)
  }

  /// The listpack elements of the fields' names.
  private static func names(_ fields: ArraySlice<[UInt8]>) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in stride(from: fields.startIndex, to: fields.endIndex, by: 2) {
      ListpackElement.append(fields[index], to: &bytes)
    }
    return bytes
  }

  /// The size of the listpack, in bytes.
  var listpackByteCount: Int { 6 + 4 + elements.count + 1 }

  /// Memory in use, in bytes, roughly.
  var byteCount: Int { elements.count + slots.count * MemoryLayout<Slot>.stride + 160 }

  /// Appends an entry, whose ID is larger than all others.
  mutating func append(_ id: StreamID, _ fields: ArraySlice<[UInt8]>) {
    let names = Self.names(fields)
    let sharesFields = elements[masterFields].elementsEqual(names)
    slots.append(Slot(id, offset: elements.count))
    liveCount += 1
    ListpackElement.append(sharesFields ? 2 : 0, to: &elements)
    ListpackElement.append(Int64(bitPattern: id.milliseconds &- master.milliseconds), to: &elements)
    ListpackElement.append(Int64(bitPattern: id.sequence &- master.sequence), to: &elements)
    var count = fields.count / 2 + 3
    if !sharesFields {
      ListpackElement.append(Int64(fields.count / 2), to: &elements)
      count += fields.count / 2 + 1
    }
    for index in stride(from: fields.startIndex, to: fields.endIndex, by: 2) {
      if !sharesFields { ListpackElement.append(fields[index], to: &elements) }
      ListpackElement.append(fields[index + 1], to: &elements)
    }
    ListpackElement.append(Int64(count), to: &elements)
    elementCount += count + 1
  }

  /// The index of a live entry.
  func index(of id: StreamID) -> Int? {
    let index = partition(slots.count) { slots[$0].id < id }
    return index < slots.count && slots[index].id == id && !slots[index].isDeleted ? index : nil
  }

  /// Marks a live entry as deleted.
  mutating func delete(at index: Int) {
    slots[index].isDeleted = true
    liveCount -= 1
    // The flags are a listpack integer of one byte.
    elements[slots[index].offset] |= 1
    while firstLive < slots.count, slots[firstLive].isDeleted { firstLive += 1 }
  }

  /// The listpack.
  var listpack: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(listpackByteCount + 8)
    bytes.append(contentsOf: repeatElement(0, count: 6))
    ListpackElement.append(Int64(liveCount), to: &bytes)
    ListpackElement.append(Int64(slots.count - liveCount), to: &bytes)
    bytes += elements
    bytes.append(0xFF)
    let (total, count) = (UInt32(clamping: bytes.count), UInt16(clamping: elementCount + 2))
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: total >> UInt32(8 * index)) }
    (bytes[4], bytes[5]) = (UInt8(count & 255), UInt8(count >> 8))
    return bytes
  }
}
