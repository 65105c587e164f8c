import RDBFormat

/// Values by stream IDs, in the order of the IDs.
///
/// The IDs lie in chunks, so that one insertion or removal moves few of them.
struct StreamIDTable<Value> {
  typealias Entry = (id: StreamID, value: Value)
  /// The index of an entry, valid until the next insertion or removal.
  struct Index { fileprivate let chunk, offset: Int }

  private var chunks: [[Entry]] = []
  private(set) var count = 0
  private static var chunkCount: Int { 256 }

  var isEmpty: Bool { count == 0 }

  /// The chunk that has the ID, or would have it: the last one that begins at or before it, else the first.
  private func chunk(of id: StreamID) -> Int {
    max(0, partition(chunks.count) { chunks[$0][0].id <= id } - 1)
  }

  /// The number of entries of a chunk with smaller IDs.
  private func offset(of id: StreamID, in chunk: Int) -> Int {
    partition(chunks[chunk].count) { chunks[chunk][$0].id < id }
  }

  func index(of id: StreamID) -> Index? {
    guard !chunks.isEmpty else { return nil }
    let chunk = chunk(of: id)
    let offset = offset(of: id, in: chunk)
    guard offset < chunks[chunk].count, chunks[chunk][offset].id == id else { return nil }
    return Index(chunk: chunk, offset: offset)
  }

  subscript(index: Index) -> Value {
    get { chunks[index.chunk][index.offset].value }
    set { chunks[index.chunk][index.offset].value = newValue }
  }

  /// Sets the value of an ID.
  mutating func set(_ id: StreamID, _ value: Value) {
    if let index = index(of: id) {
      self[index] = value
      return
    }
    count += 1
    guard !chunks.isEmpty else {
      chunks.append([(id, value)])
      return
    }
    let chunk = chunk(of: id)
    let offset = offset(of: id, in: chunk)
    guard chunks[chunk].count >= Self.chunkCount else {
      chunks[chunk].insert((id, value), at: offset)
      return
    }
    if chunk == chunks.count - 1, offset == chunks[chunk].count {
      chunks.append([(id, value)])
      return
    }
    let half = chunks[chunk].count / 2
    chunks.insert(Array(chunks[chunk][half...]), at: chunk + 1)
    chunks[chunk].removeSubrange(half...)
    if offset <= half {
      chunks[chunk].insert((id, value), at: offset)
    } else {
      chunks[chunk + 1].insert((id, value), at: offset - half)
    }
  }

  /// Removes an ID.
  ///
  /// - Returns: Its value; `nil` if the table does not have it.
  @discardableResult
  mutating func remove(_ id: StreamID) -> Value? {
    guard let index = index(of: id) else { return nil }
    count -= 1
    let value = chunks[index.chunk].remove(at: index.offset).value
    if chunks[index.chunk].isEmpty { chunks.remove(at: index.chunk) }
    return value
  }

  /// The entries with IDs from `start` on, in the order of their IDs.
  func entries(from start: StreamID = .zero) -> some Sequence<Entry> {
    let first = chunks.isEmpty ? 0 : chunk(of: start)
    return chunks[first...].lazy.flatMap { $0 }.drop { $0.id < start }
  }

  /// Removes the entries for which `condition` does not hold.
  mutating func keep(where condition: (Entry) -> Bool) {
    chunks = chunks.map { $0.filter(condition) }.filter { !$0.isEmpty }
    count = chunks.reduce(0) { $0 + $1.count }
  }

  /// A table with the same IDs and other values.
  func mapValues<Other>(_ transform: (Value) -> Other) -> StreamIDTable<Other> {
    var result = StreamIDTable<Other>()
    result.chunks = chunks.map { $0.map { ($0.id, transform($0.value)) } }
    result.count = count
    return result
  }
}

/// The number of leading numbers from 0 to `count` − 1 for which `condition` holds, by binary search.
func partition(_ count: Int, _ condition: (Int) -> Bool) -> Int {
  var (low, high) = (0, count)
  while low < high {
    let middle = (low + high) / 2
    if condition(middle) { low = middle + 1 } else { high = middle }
  }
  return low
}
