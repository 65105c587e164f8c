import RDB
import RDBFormat
import RDBSupport

/// The elements of one collection, until their number is known.
struct HeldElements {
  private var bytes: [UInt8] = []
  /// The end of each element in `bytes`.
  private var ends: [Int] = []
  var scores: [Double] = []
  var expiries: [UnixMilliseconds?] = []

  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 20)
    ends.removeAll(keepingCapacity: ends.capacity < 1 << 16)
    scores.removeAll(keepingCapacity: scores.capacity < 1 << 16)
    expiries.removeAll(keepingCapacity: expiries.capacity < 1 << 16)
  }

  mutating func append(_ element: RawSpan) {
    bytes.append(element)
    ends.append(bytes.count)
  }

  /// Writes the key, unless it has no elements: servers refuse such a key.
  func write(_ name: RawSpan, _ data: DataType, _ attributes: KeyAttributes, to writer: inout RDBWriter) throws {
    if ends.isEmpty { return }
    let all = bytes.span.bytes
    var first = 0
    switch data {
    case .list, .set:
      try writer.beginElements(name, data == .list ? .list : .set, count: UInt64(ends.count), attributes)
      for end in ends {
        let element = all.extracting(first..<end)
        if data == .list { try writer.listElement(element) } else { try writer.setMember(element) }
        first = end
      }
    case .zset:
      try writer.beginElements(
        name, writer.canWrite(.zset2) ? .zset2 : .zset, count: UInt64(ends.count), attributes)
      for (end, score) in zip(ends, scores) {
        try writer.zsetMember(all.extracting(first..<end), score: score)
        first = end
      }
    case .hash:
      let earliest = expiries.lazy.compactMap { $0 }.min()
      let expiring: ValueType = writer.canWrite(.hashMetadata) ? .hashMetadata : .hash2
      try writer.beginElements(
        name, earliest == nil ? .hash : expiring, count: UInt64(expiries.count), firstExpiry: earliest, attributes)
      for (index, expiry) in expiries.enumerated() {
        let (middle, end) = (ends[2 * index], ends[2 * index + 1])
        try writer.hashField(all.extracting(first..<middle), value: all.extracting(middle..<end), expiry: expiry)
        first = end
      }
    case .string, .stream, .array, .pathHash, .module: return
    }
    try writer.endKey()
  }
}
