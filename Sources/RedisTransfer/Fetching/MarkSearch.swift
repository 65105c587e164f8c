import RDBSupport

/// A search for the mark that ends a snapshot, in chunks cut anywhere.
///
/// The search compares the last byte of each possible mark first, and skips up to 40 bytes at once (Horspool's method).
/// It compares a byte at most 40 times, whatever the bytes are.
struct MarkSearch: Sendable {
  private let mark: [UInt8]
  /// The distance to the next possible mark, per value of the last byte of a possible mark.
  private let skips: [UInt8]

  init(_ mark: [UInt8]) {
    self.mark = mark
    var skips = [UInt8](repeating: UInt8(mark.count), count: 256)
    for (index, byte) in mark.dropLast().enumerated() { skips[Int(byte)] = UInt8(mark.count - 1 - index) }
    self.skips = skips
  }

  /// Searches a chunk.
  ///
  /// - Parameters:
  ///   - start: The index of the first byte of the payload.
  ///   - heldCount: The number of bytes before the chunk that are equal to the beginning of the mark.
  /// - Returns: The payload, and the number of bytes at the end of the chunk that are equal to the beginning of the
  ///   mark; `nil` if the whole mark is found.
  func search(_ chunk: RawSpan, from start: Int, heldCount: Int) -> (part: SyncFraming.Part, heldCount: Int?) {
    let available = chunk.byteCount - start
    var part = SyncFraming.Part(range: start..<start, consumedByteCount: chunk.byteCount)
    // Marks that begin before the chunk.
    for first in 0..<heldCount where mark[first..<heldCount].elementsEqual(mark[..<(heldCount - first)]) {
      let before = heldCount - first
      let count = min(mark.count - before, available)
      guard isEqual(chunk, at: start, to: before..<(before + count)) else { continue }
      part.heldBytes = Array(mark[..<first])
      part.consumedByteCount = start + count
      return (part, before + count == mark.count ? nil : before + count)
    }
    part.heldBytes = Array(mark[..<heldCount])
    // Marks within the chunk.
    var last = start + mark.count - 1
    while last < chunk.byteCount {
      let byte = chunk.byte(at: last)
      if byte == mark[mark.count - 1], isEqual(chunk, at: last - mark.count + 1, to: mark.indices) {
        part.range = start..<(last - mark.count + 1)
        part.consumedByteCount = last + 1
        return (part, nil)
      }
      last += Int(skips[Int(byte)])
    }
    // Marks that go on after the chunk.
    let end = chunk.byteCount
    let first = max(start, end - mark.count + 1)
    let begin = (first..<end).first { isEqual(chunk, at: $0, to: 0..<(end - $0)) } ?? end
    part.range = start..<begin
    return (part, end - begin)
  }

  /// Whether the bytes of the chunk from an index on are equal to a range of the mark.
  private func isEqual(_ chunk: RawSpan, at index: Int, to range: Range<Int>) -> Bool {
    for offset in 0..<range.count where chunk.byte(at: index + offset) != mark[range.lowerBound + offset] {
      return false
    }
    return true
  }
}
