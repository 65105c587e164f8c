import RDB
import RDBFormat
import RDBSupport

/// A builder of stream nodes from entries, divided as a release divides them.
struct StreamPacker: ~Copyable {
  private var node = StreamNodeWriter()
  /// The ID of the first entry of the open node; `nil`: no node is open.
  private var master: StreamID?
  /// The names of the fields of the node's first entry.
  private var masterNames: [UInt8] = []
  private var masterEnds: [Int] = []
  // The current entry: its names and values alternating.
  private var id = StreamID.zero
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var isEntryOpen = false
  /// The ID of the first entry.
  private(set) var firstID: StreamID?
  /// The ID of the entry before the current one.
  private(set) var lastID = StreamID.zero
  /// The number of entries.
  private(set) var count: UInt64 = 0

  mutating func removeAll() {
    (master, firstID, lastID, count, isEntryOpen) = (nil, nil, .zero, 0, false)
  }

  /// Begins an entry, whose ID must be above the one before.
  mutating func begin(_ id: StreamID) {
    self.id = id
    bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 20)
    ends.removeAll(keepingCapacity: ends.capacity < 1 << 16)
    isEntryOpen = true
  }

  /// Adds a field to the entry.
  mutating func field(_ name: RawSpan, value: RawSpan) {
    bytes.append(name)
    ends.append(bytes.count)
    bytes.append(value)
    ends.append(bytes.count)
  }

  private func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  /// Ends the open entry, if there is one. Writes the node before it if that is full.
  mutating func endEntry(_ limits: EncodingLimits, to writer: inout RDBWriter) throws(RDBError) {
    guard isEntryOpen else { return }
    isEntryOpen = false
    if master != nil,
      !limits.streamNode(of: node.byteCount, count: node.entryCount, accepts: bytes.count)
    {
      try endNode(to: &writer)
    }
    let (bytes, isFirst) = (bytes, master == nil)
    let all = bytes.span.bytes
    if isFirst {
      master = id
      node.begin(id, fieldCount: ends.count / 2)
      masterNames.removeAll(keepingCapacity: true)
      masterEnds.removeAll(keepingCapacity: true)
      for index in stride(from: 0, to: ends.count, by: 2) {
        node.masterField(all.extracting(range(index)))
        masterNames += bytes[range(index)]
        masterEnds.append(masterNames.count)
      }
    }
    if isFirst || hasMasterFields {
      node.beginEntry(id)
      for index in stride(from: 1, to: ends.count, by: 2) { node.value(all.extracting(range(index))) }
    } else {
      node.beginEntry(id, fieldCount: ends.count / 2)
      for index in ends.indices { node.value(all.extracting(range(index))) }
    }
    node.endEntry()
    if firstID == nil { firstID = id }
    lastID = id
    count += 1
  }

  /// Whether the entry has the same fields as the node's first entry.
  private var hasMasterFields: Bool {
    guard ends.count == 2 * masterEnds.count else { return false }
    var start = 0
    for (index, end) in masterEnds.enumerated() {
      guard bytes[range(2 * index)] == masterNames[start..<end] else { return false }
      start = end
    }
    return true
  }

  /// Writes the open node, if there is one.
  mutating func endNode(to writer: inout RDBWriter) throws(RDBError) {
    guard let id = master else { return }
    master = nil
    try writer.streamNode(id, try node.finished())
  }
}
