import RDB

extension Execution {
  /// LINSERT.
  func insertElement(_ command: ReplayCommand) throws {
    let isAfter = command.isWord(2, "after")
    guard isAfter || command.isWord(2, "before") else { throw CommandError.syntax }
    guard let list = try list(command[1]) else { return }
    list.prepare(adding: command[4].count)
    guard let index = list.firstIndex(of: command[3]) else { return }
    list.insert(command[4], nextTo: index, isAfter: isAfter)
  }

  /// LSET.
  func replaceElement(_ command: ReplayCommand) throws {
    guard let list = try list(command[1]) else { throw CommandError.noSuchKey }
    var index = try command.integer(2)
    // Servers with packed lists use only the lower 32 bits of the index.
    if limits.hasPackedLists { index = Int64(Int32(truncatingIfNeeded: index)) }
    // Servers change the encoding before they look for the element.
    list.prepare(adding: command[3].count)
    let count = Int64(list.count)
    guard index >= -count, index < count else { throw CommandError.outOfRange }
    list.replace(at: Int(index < 0 ? index + count : index), command[3])
    list.convertIfShrunken()
  }

  /// LREM.
  func removeElements(_ command: ReplayCommand) throws {
    let count = try command.integer(2)
    if count == .min, limits.hasPackedLists { throw CommandError.outOfRange }
    guard let list = try list(command[1]) else { return }
    let limit = count == 0 ? Int.max : Int(clamping: count.magnitude)
    guard list.removeAll(command[3], limit: limit, fromEnd: count < 0) > 0 else { return }
    list.convertIfShrunken()
    removeIfEmpty(command[1], list)
  }

  /// LTRIM.
  func trimList(_ command: ReplayCommand) throws {
    let (start, end) = (try command.integer(2), try command.integer(3))
    guard let list = try list(command[1]) else { return }
    let kept = indexRange(from: start, through: end, count: list.count)
    list.removeRange(at: kept.upperBound, count: list.count - kept.upperBound)
    list.removeRange(at: 0, count: kept.lowerBound)
    list.convertIfShrunken()
    removeIfEmpty(command[1], list)
  }
}

/// The indexes from `start` through `end`, where negative numbers count from the end of the list.
func indexRange(from start: Int64, through end: Int64, count: Int) -> Range<Int> {
  let count64 = Int64(count)
  let first = max(0, start < 0 ? start &+ count64 : start)
  let last = min(count64 - 1, end < 0 ? end &+ count64 : end)
  // The position of an empty range does not matter: no element is kept.
  return first <= last ? Int(first)..<Int(last) + 1 : 0..<0
}

extension ReplayedList {
  /// The index of the first element equal to `element`.
  func firstIndex(of element: [UInt8]) -> Int? {
    var start = 0
    for node in nodes.indices {
      if let index = nodes[node].elements.firstIndex(of: element) { return start + index }
      start += nodes[node].elements.count
    }
    return nil
  }
}
