import RDB
import RDBFormat

/// Something small that is sorted by the million: in memory a run at a time, then runs on disk merged.
package protocol SortedEntry: BitwiseCopyable, Sendable {
  /// A strict order; entries of which neither precedes the other are the same.
  func precedes(_ other: Self) -> Bool
}

/// Sorted runs of entries: in a file without a name, one behind the other, and the last perhaps in memory.
final class SortedRuns<Entry: SortedEntry> {
  private let folder: String?
  private var file: TemporaryFile?
  /// Entries of each run in the file, in order.
  fileprivate private(set) var counts: [Int] = []
  /// The run in memory; empty: there is none.
  fileprivate private(set) var held = UnsafeMutableBufferPointer<Entry>(start: nil, count: 0)

  static var entryByteCount: Int { MemoryLayout<Entry>.stride }

  /// - Parameter folder: Where the file is made when there is something for it; `nil`: where `TMPDIR` says.
  init(folder: String? = nil) { self.folder = folder }

  deinit { held.deallocate() }

  /// Writes a run, which must be sorted.
  func append(_ run: UnsafeMutableBufferPointer<Entry>) throws(RDBError) {
    guard !run.isEmpty else { return }
    if file == nil { file = try TemporaryFile(bufferByteCount: 64 << 10, folder: folder) }
    try file?.append(UnsafeRawBufferPointer(run))
    counts.append(run.count)
  }

  /// Keeps a last run, which must be sorted, where it is: `memory`'s first `count` entries.
  ///
  /// - Parameter memory: Belongs to this from now on.
  func keep(_ memory: UnsafeMutableBufferPointer<Entry>, count: Int) {
    held.deallocate()
    held = UnsafeMutableBufferPointer(start: memory.baseAddress, count: count)
  }

  /// Everything appended can be read from here on.
  func flush() throws(RDBError) { try file?.flush() }

  /// Fills `target` with the entries from the `place`-th byte of the file on.
  fileprivate func read(at place: UInt64, into target: UnsafeMutableBufferPointer<Entry>) throws(RDBError) {
    try file?.read(at: place, into: UnsafeMutableRawBufferPointer(target))
  }
}

/// Reads the sorted runs of several files as one sorted row.
struct RunMerge<Entry: SortedEntry>: ~Copyable {
  /// A run being read: in memory, or a buffer at a time.
  private struct Run {
    let file: Int
    /// The place in the file of the next entry not in the buffer.
    var place: UInt64 = 0
    /// Entries of the run not yet in the buffer.
    var remaining = 0
    var next: UnsafeMutablePointer<Entry>
    var end: UnsafeMutablePointer<Entry>
    let buffer: UnsafeMutablePointer<Entry>
  }

  private let files: [SortedRuns<Entry>]
  private let memory: UnsafeMutableBufferPointer<Entry>
  private let perRun: Int
  private let runs: UnsafeMutableBufferPointer<Run>
  /// A heap of runs, the one with the smallest next entry first.
  private let heap: UnsafeMutablePointer<UnsafeMutablePointer<Run>>
  private var heapCount = 0

  /// - Parameter byteCount: Of all buffers together; at least one entry a run in a file.
  init(_ files: [SortedRuns<Entry>], byteCount: Int) throws(RDBError) {
    self.files = files
    let filed = files.reduce(0) { $0 + $1.counts.count }
    perRun = max(byteCount / SortedRuns<Entry>.entryByteCount / max(filed, 1), 1)
    memory = .allocate(capacity: max(perRun * filed, 1))
    var runs: [Run] = []
    for (number, file) in files.enumerated() {
      var place: UInt64 = 0
      for count in file.counts {
        let buffer = memory.baseAddress.unsafelyUnwrapped + runs.count * perRun
        runs.append(
          Run(file: number, place: place, remaining: count, next: buffer, end: buffer, buffer: buffer))
        place += UInt64(count * SortedRuns<Entry>.entryByteCount)
      }
    }
    for (number, file) in files.enumerated() {
      guard let start = file.held.baseAddress, !file.held.isEmpty else { continue }
      runs.append(Run(file: number, next: start, end: start + file.held.count, buffer: start))
    }
    self.runs = .allocate(capacity: max(runs.count, 1))
    heap = .allocate(capacity: max(runs.count, 1))
    for (number, run) in runs.enumerated() {
      let place = self.runs.baseAddress.unsafelyUnwrapped + number
      place.initialize(to: run)
      if run.next == run.end, try !refill(place) { continue }
      (heap + heapCount).initialize(to: place)
      heapCount += 1
      siftUp(heapCount - 1)
    }
  }

  deinit {
    memory.deallocate()
    runs.deallocate()
    heap.deallocate()
  }

  /// The next entry of all; `nil`: the end.
  @inline(__always)
  mutating func next() throws(RDBError) -> Entry? {
    guard heapCount > 0 else { return nil }
    let run = heap[0]
    let entry = run.pointee.next.pointee
    run.pointee.next += 1
    if run.pointee.next == run.pointee.end, try !refill(run) {
      heapCount -= 1
      heap[0] = heap[heapCount]
    }
    siftDown()
    return entry
  }

  /// - Returns: Whether there is anything more.
  @inline(never)
  private func refill(_ run: UnsafeMutablePointer<Run>) throws(RDBError) -> Bool {
    let count = min(perRun, run.pointee.remaining)
    guard count > 0 else { return false }
    let buffer = run.pointee.buffer
    try files[run.pointee.file].read(
      at: run.pointee.place, into: UnsafeMutableBufferPointer(start: buffer, count: count))
    run.pointee.place += UInt64(count * SortedRuns<Entry>.entryByteCount)
    run.pointee.remaining -= count
    run.pointee.next = buffer
    run.pointee.end = buffer + count
    return true
  }

  @inline(__always)
  private func precedes(_ a: Int, _ b: Int) -> Bool {
    heap[a].pointee.next.pointee.precedes(heap[b].pointee.next.pointee)
  }

  @inline(__always)
  private func swap(_ a: Int, _ b: Int) { (heap[a], heap[b]) = (heap[b], heap[a]) }

  private func siftUp(_ place: Int) {
    var child = place
    while child > 0 {
      let parent = (child - 1) / 2
      guard precedes(child, parent) else { return }
      swap(child, parent)
      child = parent
    }
  }

  @inline(__always)
  private func siftDown() {
    var parent = 0
    while true {
      var least = 2 &* parent &+ 1
      guard least < heapCount else { return }
      if least &+ 1 < heapCount, precedes(least &+ 1, least) { least &+= 1 }
      guard precedes(least, parent) else { return }
      swap(parent, least)
      parent = least
    }
  }
}
