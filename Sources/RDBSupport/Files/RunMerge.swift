/// Merges sorted runs into one sorted sequence, with a heap.
@usableFromInline package struct RunMerge<Entry: SortedEntry>: ~Copyable {
  /// A run and its next entries: all of them for a run in memory, one buffer at a time for a run in a file.
  @usableFromInline
  struct Cursor {
    /// The index of the ``SortedRuns`` that the run belongs to.
    let source: Int
    let file: TemporaryFile?
    /// The offset in the file, in bytes, of the first entry after the buffer.
    var offset: UInt64 = 0
    /// The number of entries in the file after the buffer.
    var remaining = 0
    @usableFromInline var buffer: [Entry]
    /// The index in the buffer of the run's first entry.
    @usableFromInline var index = 0
  }

  /// The first entry of a run.
  @usableFromInline
  struct Head {
    @usableFromInline var entry: Entry
    /// The index of the run in `cursors`.
    @usableFromInline let cursor: Int

    @usableFromInline
    init(entry: Entry, cursor: Int) { (self.entry, self.cursor) = (entry, cursor) }
  }

  @usableFromInline var cursors: [Cursor] = []
  /// A heap of the first entries of all runs that have any.
  @usableFromInline var heap: [Head] = []
  /// The index in `cursors` of the run that the last entry came from.
  @usableFromInline var lastCursor = 0
  /// The number of entries in the buffer of a run in a file.
  private let bufferCount: Int

  /// Starts a merge.
  ///
  /// - Parameters:
  ///   - runs: The runs of all workers.
  ///   - byteCount: The size of all buffers together, in bytes. Each run in a file has room for at least one entry.
  package init(_ runs: [SortedRuns<Entry>], byteCount: Int) throws(SystemError) {
    let filed = runs.reduce(0) { $0 + $1.counts.count }
    bufferCount = max(byteCount / MemoryLayout<Entry>.stride / max(filed, 1), 1)
    for (source, run) in runs.enumerated() {
      var offset: UInt64 = 0
      for count in run.counts {
        cursors.append(Cursor(source: source, file: run.file, offset: offset, remaining: count, buffer: []))
        offset += UInt64(count * MemoryLayout<Entry>.stride)
      }
      if !run.held.isEmpty { cursors.append(Cursor(source: source, file: nil, buffer: run.held)) }
    }
    heap.reserveCapacity(cursors.count)
    for cursor in cursors.indices {
      if cursors[cursor].buffer.isEmpty, try !refill(cursor) { continue }
      heap.append(Head(entry: cursors[cursor].buffer[0], cursor: cursor))
      siftUp(heap.count - 1)
    }
  }

  /// The index of the ``SortedRuns`` that the last entry came from.
  package var source: Int { cursors[lastCursor].source }

  /// Returns the next entry in the sort order, or `nil` after the last.
  ///
  /// - Complexity: O(log *r*) for *r* runs.
  @inlinable
  package mutating func next() throws(SystemError) -> Entry? {
    guard let first = heap.first else { return nil }
    let cursor = first.cursor
    lastCursor = cursor
    cursors[cursor].index &+= 1
    var isEmpty = cursors[cursor].index >= cursors[cursor].buffer.count
    if isEmpty { isEmpty = try !refill(cursor) }
    if !isEmpty {
      heap[0].entry = cursors[cursor].buffer[cursors[cursor].index]
      siftDown()
    } else {
      let last = heap.removeLast()
      if !heap.isEmpty {
        heap[0] = last
        siftDown()
      }
    }
    return first.entry
  }

  /// Loads the next entries of a run into its buffer.
  ///
  /// - Returns: Whether there were any.
  @inline(never) @usableFromInline
  mutating func refill(_ cursor: Int) throws(SystemError) -> Bool {
    let count = min(bufferCount, cursors[cursor].remaining)
    guard count > 0, let file = cursors[cursor].file else { return false }
    cursors[cursor].buffer = []
    cursors[cursor].buffer = try [Entry](unsafeUninitializedCapacity: count) {
      buffer, initializedCount throws(SystemError) in
      try file.read(at: cursors[cursor].offset, into: UnsafeMutableRawBufferPointer(buffer))
      initializedCount = count
    }
    cursors[cursor].offset += UInt64(count * MemoryLayout<Entry>.stride)
    cursors[cursor].remaining -= count
    cursors[cursor].index = 0
    return true
  }

  private mutating func siftUp(_ index: Int) {
    var child = index
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].entry.precedes(heap[parent].entry) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  @inlinable
  mutating func siftDown() {
    var parent = 0
    while true {
      var least = 2 &* parent &+ 1
      guard least < heap.count else { return }
      if least &+ 1 < heap.count, heap[least &+ 1].entry.precedes(heap[least].entry) { least &+= 1 }
      guard heap[least].entry.precedes(heap[parent].entry) else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
