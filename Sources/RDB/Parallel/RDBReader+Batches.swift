public import RDBFormat

extension RDBReader {
  /// The number of bytes that a worker takes from the input at a time.
  static var batchByteCount: Int { 512 << 10 }

  /// The result of taking records from the input.
  @usableFromInline enum Taken {
    /// Whole records, and whether they are the last ones.
    case batch(isLast: Bool)
    /// A record of one long string, which the worker reads itself.
    case longRecord
    /// No whole record: the next one is too large or damaged, and must be read from the input directly.
    case nothing
  }

  /// Takes records for `worker`. The parser continues after them.
  ///
  /// - Parameter limit: The largest size of a batch of one record, in bytes.
  @usableFromInline
  mutating func takeBatch(_ worker: inout BatchMemory, atMost limit: Int) throws(RDBError) -> Taken {
    if window.count < Self.batchByteCount {
      _ = try window.fill(from: source, missing: UInt64(Self.batchByteCount - window.count))
    }
    let start = parser.state
    // The worker examines the values.
    parser.examinesValues = false
    defer { parser.examinesValues = parser.options.skipsDamagedKeys }
    while true {
      let skimmed = parser.skim(window.bytes, at: window.offset)
      var consumed = 0
      var none = NoSink()
      var want: RDBParser.Want?
      var missing: UInt64 = 1
      do throws(RDBError) {
        want = try parser.parse(
          window, after: skimmed, isFinal: window.reachedEnd, into: &none, consumed: &consumed)
        if case .input(let more) = want { missing = more }
      } catch {
        want = nil
      }
      if want == .end {
        take(skimmed + consumed, into: &worker.batch)
        return .batch(isLast: true)
      }
      if skimmed + parser.boundary > 0 {
        parser.state.returnToBoundary()
        take(skimmed + parser.boundary, into: &worker.batch)
        return .batch(isLast: false)
      }
      let isWithinLimit = want != nil && missing <= UInt64(max(0, limit - window.count))
      if isWithinLimit, canHandOver(missing: missing) {
        try handOver(missing: missing, to: &worker)
        parser.state.returnToBoundary()
        return .longRecord
      }
      parser.state = start
      guard isWithinLimit, try window.fill(from: source, missing: amountToRead(missing, limit))
      else { return .nothing }
    }
  }

  /// The number of bytes to read when `missing` bytes of a record are missing.
  ///
  /// The record is scanned again after each read. In a file the amount doubles, so that all scans together cost as
  /// much as one; pipes are not waited for.
  private func amountToRead(_ missing: UInt64, _ limit: Int) -> UInt64 {
    guard source.canSeek, let left = window.left(of: source) else { return missing }
    return max(missing, min(UInt64(window.count), UInt64(max(0, limit - window.count)), left))
  }

  private mutating func take(_ byteCount: Int, into batch: inout BatchBuffer) {
    window.take(byteCount, into: &batch)
    progress.update(window.offset)
  }

  /// Parses a batch that was taken from another reader.
  @inlinable
  mutating func parse<S: RDBSink & ~Copyable>(
    _ batch: borrowing BatchBuffer, after state: ParserState, into sink: inout S
  ) throws(RDBError) -> InputChecksum {
    let input = InputChecksum(of: batch, isWanted: !options.ignoresChecksum)
    parser.resume(from: state)
    parser.readsBatch = true
    defer { parser.readsBatch = false }
    var consumed = 0
    let want = try parser.parse(
      batch.bytes, at: batch.offset, isFinal: false, into: &sink, consumed: &consumed)
    // A batch ends between two records, where the parser wants another opcode, or after the last record.
    if case .input(let missing) = want, consumed < batch.bytes.byteCount {
      throw .truncated(
        at: batch.offset + consumed, expected: missing, found: batch.bytes.byteCount - consumed)
    }
    return input
  }

  /// Begins the checksum of a part of the input.
  ///
  /// - Returns: The offset of the part's first byte.
  @usableFromInline mutating func beginChecksum() -> Int {
    window.checksum = CRC64()
    return window.offset
  }

  /// The checksum of the part from `offset` to the current offset.
  @usableFromInline func endChecksum(from offset: Int) -> InputChecksum {
    InputChecksum(window.checksum.value, byteCount: window.offset - offset)
  }

  /// Reads the trailer.
  ///
  /// - Parameter checksum: The checksum of all bytes before the trailer.
  @usableFromInline
  mutating func readEnd(after checksum: UInt64) throws(RDBError) -> SnapshotEnd {
    window.checksum = CRC64(value: checksum)
    return try readEnd()
  }
}

extension InputChecksum {
  /// The checksum of a batch, if it is wanted.
  @usableFromInline init(of batch: borrowing BatchBuffer, isWanted: Bool) {
    var checksum = CRC64()
    if isWanted { checksum.update(batch.bytes) }
    self.init(checksum.value, byteCount: batch.bytes.byteCount)
  }
}

extension RDBParser {
  /// The number of bytes at the start of `input` that are whole records of simple types.
  ///
  /// - Parameter base: The file offset of the first byte of `input`.
  func skim(_ input: RawSpan, at base: Int) -> Int {
    // KeyDB's keys go on after their values.
    guard isBetweenRecords, state.dialect != .keyDB else { return 0 }
    let limit = state.snapshotEnd.map { max($0 - base, 0) } ?? input.byteCount
    var skimmer = RecordSkimmer(input.extracting(first: limit), types: types, oneStringTypes: oneStringTypes)
    return skimmer.skim()
  }

  /// Continues with the state of another parser.
  @usableFromInline mutating func resume(from state: ParserState) {
    let isSameHeader = self.state.header == state.header && self.state.dialect == state.dialect
    self.state = state
    if !isSameHeader { fillTypes() }
  }
}
