import RDB
import RDBFormat

/// Reads the sorted runs of all workers as one sorted row.
struct UniqueMerge: ~Copyable {
  /// A run being read, a buffer at a time.
  private struct Run {
    let log: Int
    /// The place in the file of the next entry not in the buffer.
    var place: UInt64
    /// Entries of the run not yet in the buffer.
    var remaining: Int
    /// The buffer: entries `start..<end` of the common memory.
    var start: Int
    var end: Int
    let base: Int
  }

  private let logs: [UniqueLog]
  private let memory: UnsafeMutableBufferPointer<UniqueEntry>
  private let perRun: Int
  private var runs: [Run] = []
  /// A heap of run numbers, the run with the smallest next entry first.
  private var heap: [Int] = []

  /// - Parameter byteCount: Of all buffers together; at least one entry a run.
  init(_ logs: [UniqueLog], byteCount: Int) throws(RDBError) {
    self.logs = logs
    let runCount = logs.reduce(0) { $0 + $1.runCounts.count }
    perRun = max(byteCount / UniqueLog.entryByteCount / max(runCount, 1), 1)
    memory = .allocate(capacity: max(perRun * runCount, 1))
    for (number, log) in logs.enumerated() {
      var place: UInt64 = 0
      for count in log.runCounts {
        let base = runs.count * perRun
        runs.append(
          Run(log: number, place: place, remaining: count, start: base, end: base, base: base))
        place += UInt64(count * UniqueLog.entryByteCount)
      }
    }
    for run in runs.indices where try refill(run) {
      heap.append(run)
      siftUp(heap.count - 1)
    }
  }

  deinit { memory.deallocate() }

  /// The next entry of all; `nil`: the end.
  mutating func next() throws(RDBError) -> UniqueEntry? {
    guard let run = heap.first else { return nil }
    let entry = memory[runs[run].start]
    runs[run].start += 1
    if runs[run].start == runs[run].end, try !refill(run) {
      heap.swapAt(0, heap.count - 1)
      heap.removeLast()
    }
    siftDown(0)
    return entry
  }

  /// - Returns: Whether there is anything more.
  private mutating func refill(_ run: Int) throws(RDBError) -> Bool {
    let count = min(perRun, runs[run].remaining)
    guard count > 0 else { return false }
    let base = runs[run].base
    let target = UnsafeMutableBufferPointer(rebasing: memory[base..<base + count])
    try logs[runs[run].log].runs.read(
      at: runs[run].place, into: UnsafeMutableRawBufferPointer(target))
    runs[run].place += UInt64(count * UniqueLog.entryByteCount)
    runs[run].remaining -= count
    runs[run].start = base
    runs[run].end = base + count
    return true
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    memory[runs[a].start].precedes(memory[runs[b].start])
  }

  private mutating func siftUp(_ place: Int) {
    var child = place
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(heap[child], heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ place: Int) {
    var parent = place
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if precedes(heap[child], heap[least]) { least = child }
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
