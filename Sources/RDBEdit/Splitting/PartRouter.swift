import RDB
import RDBFormat
import RDBSupport

/// Records of one part and one database, or a part of a record.
struct PartSegment {
  /// The end of a key in a segment.
  struct End {
    /// The index of the byte after the key.
    var index: Int
    var isExpiring: Bool
  }

  /// The index of the part; `nil`: all parts.
  var part: Int?
  var database: UInt64
  var bytes: [UInt8] = []
  /// The number of keys that end in the segment.
  var keys: UInt64 = 0
  /// The number of these that have an expiry.
  var expiring: UInt64 = 0
  /// The ends of the keys, if parts are divided by size.
  var ends: [End] = []

  init(part: Int?, database: UInt64) { (self.part, self.database) = (part, database) }
}

/// The destination of one worker's records: collects them by part, and hands them to the parts when it is the worker's
/// turn.
final class PartRouter: ByteDestination {
  /// The size of all segments from which they are handed on, in bytes.
  private static let limit = 512 << 10
  /// The same while earlier batches are not complete.
  private static let busyLimit = 6 << 20
  /// The length from which a string is handed on without being copied, in bytes.
  private static let directByteCount = 128 << 10

  private let parts: SnapshotParts
  /// The destination from the reader: a write to it waits until all earlier batches are complete.
  private let turn: any ByteDestination
  private var segments: [PartSegment] = []
  /// The index of the last segment of each part; −1: none.
  private var lastSegments: [Int] = []
  /// The index of the segment that receives bytes; −1: none yet.
  private var current = -1
  private var heldByteCount = 0
  /// The number of bytes received so far.
  private var receivedByteCount: UInt64 = 0
  private let notesEnds: Bool

  init(_ parts: SnapshotParts, turn: any ByteDestination) {
    self.parts = parts
    self.turn = turn
    notesEnds = parts.sizeLimit != nil
  }

  /// Whether the next bytes go where the last ones went.
  func isCurrent(_ part: Int?, _ database: UInt64) -> Bool {
    current >= 0 && segments[current].part == part && segments[current].database == database
  }

  /// Chooses where the next bytes go. All earlier bytes must have been written.
  func select(_ part: Int?, _ database: UInt64) throws {
    // Records of all parts keep their position among the keys.
    if part == nil || (current >= 0 && segments[current].part == nil) { try handOn() }
    current = index(of: part, database)
  }

  private func index(of part: Int?, _ database: UInt64) -> Int {
    if let part {
      while lastSegments.count <= part { lastSegments.append(-1) }
      let last = lastSegments[part]
      if last >= 0, segments[last].database == database { return last }
      lastSegments[part] = segments.count
    }
    segments.append(PartSegment(part: part, database: database))
    return segments.count - 1
  }

  /// Notes the end of a key.
  ///
  /// - Parameter byteCount: The number of bytes that the worker's sink has produced so far.
  func endKey(at byteCount: UInt64, isExpiring: Bool) {
    segments[current].keys += 1
    if isExpiring { segments[current].expiring += 1 }
    if notesEnds {
      let index = segments[current].bytes.count + Int(byteCount - receivedByteCount)
      segments[current].ends.append(PartSegment.End(index: index, isExpiring: isExpiring))
    }
  }

  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    receivedByteCount += UInt64(bytes.byteCount)
    segments[current].bytes.append(bytes)
    heldByteCount += bytes.byteCount
    if more.byteCount < Self.directByteCount {
      receivedByteCount += UInt64(more.byteCount)
      segments[current].bytes.append(more)
      heldByteCount += more.byteCount
    } else {
      try handOn()
      receivedByteCount += UInt64(more.byteCount)
      try parts.write(segments[current], more)
    }
    if heldByteCount >= Self.limit, heldByteCount >= Self.busyLimit || !turn.isBusy { try handOn() }
  }

  /// Hands all segments to the parts, and continues with the current part.
  func handOn() throws {
    let selected = current >= 0 ? (segments[current].part, segments[current].database) : nil
    if heldByteCount > 0 || segments.contains(where: { $0.keys > 0 }) {
      try turn.write(RawSpan())
      for segment in segments where !segment.bytes.isEmpty || segment.keys > 0 { try parts.write(segment) }
    }
    for segment in segments { if let part = segment.part { lastSegments[part] = -1 } }
    segments.removeAll(keepingCapacity: true)
    heldByteCount = 0
    if let (part, database) = selected { current = index(of: part, database) }
  }
}
