public import RDBFormat

/// Reads a snapshot from chunks that arrive by themselves: from a socket, from SwiftNIO.
///
///     var reader = RDBPushReader()
///     try reader.feed(chunk.span.bytes, into: &sink)     // as often as chunks come
///     let end = try reader.finish(into: &sink)           // when no more will
///
/// Events are the same as ``RDBReader``'s, whatever the chunks. Where a sink needs what the file says
/// later (``Interest/elementsAfterOutline``, ``Interest/stored(atMost:)``), what arrives meanwhile is
/// kept in a temporary file without a name.
public struct RDBPushReader: ~Copyable {
  @usableFromInline var window: Window
  @usableFromInline var parser: RDBParser
  @usableFromInline let ignoresChecksum: Bool
  @usableFromInline var trailer: SnapshotTrailer?
  @usableFromInline var end: SnapshotEnd?

  /// Chunks that wait for a look ahead to end, and how far they have been read in their turn.
  @usableFromInline var spool: SpoolFile?
  @usableFromInline var replayed: UInt64 = 0
  /// The look ahead under way, its window, and how much of the spool it has been given.
  @usableFromInline var ahead: RDBParser?
  @usableFromInline var aheadWindow: Window?
  @usableFromInline var aheadStart = 0
  @usableFromInline var aheadRead: UInt64 = 0

  /// - Parameter options: ``RDBReader/Options/windowByteCount`` is where the buffer starts.
  public init(options: RDBReader.Options = RDBReader.Options()) {
    window = Window(
      capacity: max(options.windowByteCount, 64), computesChecksum: !options.ignoresChecksum)
    parser = RDBParser(options: options.parser)
    ignoresChecksum = options.ignoresChecksum
  }

  /// Reads what `chunk` completes.
  ///
  /// - Parameter chunk: The bytes behind those of the call before; borrowed, copied only as far as
  ///   they are not used up at once.
  /// - Throws: ``RDBError``: damage, or what the sink threw (``RDBError/stop`` too).
  @inlinable
  public mutating func feed<S: RDBSink & ~Copyable>(_ chunk: RawSpan, into sink: inout S)
    throws(RDBError)
  {
    if isSpooling {
      var failure: RDBError?
      if spool == nil { spool = try SpoolFile() }
      if let spool {
        chunk.withUnsafeBytes { bytes in
          do throws(RDBError) { try spool.append(bytes) } catch { failure = error }
        }
      }
      if let failure { throw failure }
    } else {
      chunk.withUnsafeBytes { window.append($0) }
    }
    try readOn(isFinal: false, into: &sink)
  }

  /// No more chunks will come.
  ///
  /// - Throws: ``RDBError`` (`truncated`) if the snapshot is not complete.
  @inlinable
  public mutating func finish<S: RDBSink & ~Copyable>(into sink: inout S) throws(RDBError)
    -> SnapshotEnd
  {
    try readOn(isFinal: true, into: &sink)
    guard let end else { throw .truncated(at: window.offset, expected: 1, found: 0) }
    do { try sink.endSnapshot(end) } catch { throw RDBError.fromSink(error, at: Int(clamping: end.byteCount)) }
    return end
  }

  @usableFromInline var isSpooling: Bool { ahead != nil || replayed < spoolByteCount }
  @usableFromInline var spoolByteCount: UInt64 { spool?.byteCount ?? 0 }

  @inlinable
  mutating func readOn<S: RDBSink & ~Copyable>(isFinal: Bool, into sink: inout S)
    throws(RDBError)
  {
    while true {
      if ahead != nil {
        guard let found = try lookOn(isFinal: isFinal) else { return }
        ahead = nil
        aheadWindow = nil
        try parser.supply(found, to: &sink)
      }
      let isLast = isFinal && replayed == spoolByteCount
      if trailer == nil {
        var consumed = 0
        let want: RDBParser.Want
        do throws(RDBError) {
          want = try parser.parse(window, isFinal: isLast, into: &sink, consumed: &consumed)
        } catch {
          window.consume(consumed)
          throw error
        }
        window.consume(consumed)
        switch want {
        case .lookahead:
          beginLookahead()
          continue
        case .end:
          trailer = SnapshotTrailer(
            &window, hasChecksum: parser.hasChecksum, ignoresChecksum: ignoresChecksum)
        case .input: break
        }
      }
      if trailer != nil, end == nil { end = try trailer?.read(&window, isFinal: isLast) }
      if try !replay() { return }
    }
  }

  /// Moves a piece of the spool into the window.
  @usableFromInline mutating func replay() throws(RDBError) -> Bool {
    guard let spool, replayed < spool.byteCount else { return false }
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Int(min(spool.byteCount - replayed, 256 << 10)), alignment: 16)
    defer { piece.deallocate() }
    let count = try spool.read(at: replayed, into: piece)
    window.append(UnsafeRawBufferPointer(rebasing: piece[..<count]))
    replayed += UInt64(count)
    if replayed == spool.byteCount {
      spool.removeAll()
      replayed = 0
    }
    return count > 0
  }

  @usableFromInline mutating func beginLookahead() {
    ahead = parser.makeLookaheadParser()
    aheadStart = window.offset
    var copy = Window(capacity: 64 << 10, offset: window.offset, computesChecksum: false)
    window.bytes.withUnsafeBytes { copy.append($0) }
    aheadWindow = consume copy
    aheadRead = replayed
  }

  /// Looks on in what has arrived.
  ///
  /// - Returns: `nil`: more must arrive.
  @usableFromInline mutating func lookOn(isFinal: Bool) throws(RDBError) -> RDBParser.Lookahead? {
    guard var ahead = ahead.take(), var window = aheadWindow.take() else { return nil }
    let waiting = spoolByteCount - min(aheadRead, spoolByteCount)
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Int(min(waiting, 256 << 10)) + 1, alignment: 16)
    defer { piece.deallocate() }
    var none = NoSink()
    while true {
      let isLast = isFinal && aheadRead == spoolByteCount
      var consumed = 0
      let want = try ahead.parse(window, isFinal: isLast, into: &none, consumed: &consumed)
      window.consume(consumed)
      if want == .end {
        return ahead.finishLookahead(storedByteCount: UInt64(window.offset - aheadStart))
      }
      guard let spool, aheadRead < spool.byteCount else {
        self.ahead = consume ahead
        aheadWindow = consume window
        return nil
      }
      let count = try spool.read(at: aheadRead, into: piece)
      window.append(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      aheadRead += UInt64(count)
    }
  }
}
