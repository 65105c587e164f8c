import RDBFormat
import RDBSupport

/// The elements of a value whose number is written before them but known only after them.
///
/// They wait in memory up to ``memoryLimit``, and beyond it in a temporary file.
final class WaitingBytes: ByteDestination {
  /// The bytes that wait in memory before a temporary file is used.
  static var memoryLimit: Int { 4 << 20 }

  private var memory: [UInt8] = []
  private var file: SpoolFile?

  /// Whether no bytes wait here.
  var isEmpty: Bool { memory.isEmpty && (file?.byteCount ?? 0) == 0 }

  /// Appends bytes.
  func write(_ bytes: RawSpan, followedBy more: RawSpan) throws {
    try append(bytes)
    try append(more)
  }

  private func append(_ bytes: RawSpan) throws(RDBError) {
    if memory.count + bytes.byteCount <= Self.memoryLimit, file?.byteCount ?? 0 == 0 { return memory.append(bytes) }
    if file == nil { file = try SpoolFile() }
    try file?.append(bytes)
  }

  /// Moves all bytes to an output.
  func moveAll(to output: inout ByteOutput) throws(RDBError) {
    let memory = memory
    try output.append(memory.span.bytes)
    do { try file?.forEachPiece { try output.append($0) } } catch { throw RDBError.fromSink(error, at: 0) }
    removeAll()
  }

  /// Forgets all bytes.
  func removeAll() {
    memory.removeAll(keepingCapacity: true)
    file?.removeAll()
  }
}

/// The elements of a value that wait for their number, with the output that they are written to.
final class WaitingValue {
  let bytes = WaitingBytes()
  var output: ByteOutput
  /// Whether the elements of the current value wait.
  var isOpen = false

  init() { output = ByteOutput(to: bytes, capacity: 64 << 10) }

  /// Moves all elements to an output.
  func moveAll(to target: inout ByteOutput) throws(RDBError) {
    if bytes.isEmpty {
      // All of them are still in the buffer.
      try output.moveBuffered(to: &target)
    } else {
      try output.flush()
      try bytes.moveAll(to: &target)
    }
  }

  /// Forgets all elements.
  func removeAll() {
    output.discardBuffered()
    bytes.removeAll()
  }
}

extension RDBWriter {
  /// Whether elements wait for their number.
  var awaitsCount: Bool { waiting?.isOpen ?? false }

  /// Lets everything that is written from now on wait until ``writeCount(_:)``.
  mutating func waitForCount() {
    let waiting = waiting ?? WaitingValue()
    self.waiting = waiting
    swap(&output, &waiting.output)
    waiting.isOpen = true
  }

  /// Writes the number of the elements that wait, and then the elements.
  mutating func writeCount(_ count: UInt64) throws(RDBError) {
    guard let waiting else { return }
    swap(&output, &waiting.output)
    waiting.isOpen = false
    try writeLength(count)
    try waiting.moveAll(to: &output)
  }

  /// Drops an incomplete value whose elements wait. The records before it stay in the output, which can then be flushed.
  package mutating func abandonValue() {
    guard let waiting, waiting.isOpen else { return }
    swap(&output, &waiting.output)
    waiting.isOpen = false
    waiting.removeAll()
  }
}
