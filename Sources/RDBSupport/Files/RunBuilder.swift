/// Sorts entries that arrive in any order, in bounded memory, into ``SortedRuns``.
///
/// When the memory is full, its entries are sorted and written to a temporary file.
@usableFromInline package struct RunBuilder<Entry: SortedEntry>: ~Copyable {
  private let folder: String?
  private var writer: TemporaryFileWriter?
  /// The number of entries in each run of the file, in file order.
  private var counts: [Int] = []
  /// The number of entries that fit into the memory.
  @usableFromInline let capacity: Int
  @usableFromInline var held: [Entry] = []

  /// Creates a builder.
  ///
  /// - Parameters:
  ///   - memoryByteCount: The memory for entries, in bytes. There is room for at least 1024 entries.
  ///   - folder: The folder of the temporary file; `nil`: see ``TemporaryFile``.
  package init(memoryByteCount: Int, folder: String? = nil) {
    precondition(MemoryLayout<Entry>.size == MemoryLayout<Entry>.stride, "the bytes of a run are those of its entries")
    self.folder = folder
    capacity = max(memoryByteCount / MemoryLayout<Entry>.stride, 1024)
    held.reserveCapacity(capacity)
  }

  /// Adds an entry.
  @inlinable
  package mutating func add(_ entry: Entry) throws(SystemError) {
    if held.count == capacity { try spill() }
    held.append(entry)
  }

  /// Sorts the entries in memory and writes them to the file as a run.
  @inline(never) @usableFromInline
  mutating func spill() throws(SystemError) {
    guard !held.isEmpty else { return }
    held.withUnsafeMutableBufferPointer { Entry.sort($0) }
    if var writer = writer.take() {
      try writer.append(held.span.bytes)
      self.writer = consume writer
    } else {
      var writer = try TemporaryFileWriter(bufferByteCount: 64 << 10, folder: folder)
      try writer.append(held.span.bytes)
      self.writer = consume writer
    }
    counts.append(held.count)
    held.removeAll(keepingCapacity: true)
  }

  /// Sorts the last entries and returns all runs.
  ///
  /// - Parameter keepsMemory: Whether the last run stays in memory; otherwise it goes to the file, and the memory is
  ///   freed.
  package consuming func finish(keepsMemory: Bool) throws(SystemError) -> SortedRuns<Entry> {
    if keepsMemory {
      held.withUnsafeMutableBufferPointer { Entry.sort($0) }
    } else {
      try spill()
      held = []
    }
    guard var writer = writer.take() else { return SortedRuns(file: nil, counts: [], held: held) }
    try writer.flush()
    return SortedRuns(file: writer.file, counts: counts, held: held)
  }
}
