public import RDBFormat

/// A reader of a snapshot whose chunks arrive from elsewhere: from a socket, from SwiftNIO.
///
///     var reader = RDBPushReader()
///     try reader.feed(chunk.span.bytes, into: &sink)     // for every chunk
///     let end = try reader.finish(into: &sink)           // after the last one
///
/// The events are the same as ``RDBReader``'s, whatever the sizes of the chunks. The reader does no input or output
/// of its own, except to a spool of ``Spool/file``.
public struct RDBPushReader: ~Copyable {
  @usableFromInline var window: Window
  @usableFromInline var parser: RDBParser
  @usableFromInline let options: RDBReader.Options
  @usableFromInline var trailer: SnapshotTrailer?

  /// The end of the snapshot, once all of it has been read.
  public var end: SnapshotEnd? { foundEnd }

  /// Whether a sink threw ``RDBError/stop``. Chunks that follow are ignored.
  public var isStopped: Bool { hasStopped }

  @usableFromInline var foundEnd: SnapshotEnd?
  @usableFromInline var hasStopped = false
  /// The error that ended the reading.
  @usableFromInline var failure: RDBError?

  /// Chunks that wait for the end of a look ahead, and the number of their bytes that have been read since.
  @usableFromInline var spool: SpoolBuffer
  @usableFromInline var replayed: UInt64 = 0
  /// The look ahead in progress: its parser, its window, and the number of spooled bytes that it has read.
  @usableFromInline var ahead: RDBParser?
  @usableFromInline var aheadWindow: Window?
  @usableFromInline var aheadStart = 0
  @usableFromInline var aheadRead: UInt64 = 0
  /// The result of the look ahead, while the value is read once more to validate it.
  @usableFromInline var aheadFound: RDBParser.Lookahead?

  /// Creates a reader before the first byte of a snapshot.
  ///
  /// - Parameters:
  ///   - options: The same as for ``RDBReader``.
  ///   - spool: Storage for chunks that arrive during a look ahead.
  public init(options: RDBReader.Options = RDBReader.Options(), spool: Spool = .memory()) {
    window = Window(
      capacity: max(options.windowByteCount, 64), computesChecksum: !options.ignoresChecksum)
    parser = RDBParser(options: options.parser)
    self.options = options
    self.spool = SpoolBuffer(spool)
  }

  /// Reads the events that `chunk` completes.
  ///
  /// - Parameters:
  ///   - chunk: The bytes that follow those of the previous call. Only bytes that cannot be used at once are
  ///     copied.
  ///   - sink: If it throws ``RDBError/stop``, this returns normally and ``isStopped`` is `true`.
  /// - Throws: ``RDBError``: damage, or an error of the sink. Later calls throw it again.
  @inlinable
  public mutating func feed<S: RDBSink & ~Copyable>(_ chunk: RawSpan, into sink: inout S) throws {
    if isStopped { return }
    try receive(chunk)
    try readOn(isFinal: false, into: &sink)
  }

  /// Reads the events that `chunk` completes into a sink that is made when the snapshot's origin is known.
  ///
  ///     var sink: RESPSink?
  ///     try reader.feed(chunk, into: &sink) { RESPSink(options(for: $0), to: destination) }
  ///
  /// - Parameters:
  ///   - chunk: The bytes that follow those of the previous call.
  ///   - sink: The sink; `nil` until it is made.
  ///   - makeSink: Makes the sink. Called once, before the first event.
  /// - Throws: The same as ``feed(_:into:)``.
  @inlinable
  public mutating func feed<S: RDBSink & ~Copyable>(
    _ chunk: RawSpan, into sink: inout S?, makeSink: (SnapshotOrigin) throws -> S
  ) throws {
    if isStopped { return }
    try receive(chunk)
    var made: S
    if let existing = sink.take() {
      made = existing
    } else if let origin = try originOfWindow(isFinal: false) {
      do { made = try makeSink(origin) } catch { throw RDBError.fromSink(error, at: 0) }
    } else {
      return
    }
    do {
      try readOn(isFinal: false, into: &made)
      sink = consume made
    } catch {
      sink = consume made
      throw error
    }
  }

  /// Ends the input.
  ///
  /// - Returns: The end of the snapshot; `nil` if the sink threw ``RDBError/stop``.
  /// - Throws: ``RDBError``: `truncated` if the snapshot is not complete, or as ``feed(_:into:)``.
  @inlinable @discardableResult
  public mutating func finish<S: RDBSink & ~Copyable>(into sink: inout S) throws -> SnapshotEnd? {
    if isStopped { return nil }
    if let failure { throw failure }
    try readOn(isFinal: true, into: &sink)
    if isStopped { return nil }
    guard let end else { throw RDBError.truncated(at: window.offset, expected: 1, found: 0) }
    do {
      try sink.endSnapshot(end)
    } catch {
      let error = RDBError.fromSink(error, at: Int(clamping: end.endOffset))
      if error.code == .stop {
        foundEnd = nil
        hasStopped = true
        return nil
      }
      throw error
    }
    return end
  }

  /// Ends the input and the sink, and returns the sink's summary.
  ///
  /// - Parameter sink: The sink of all chunks; `nil` if the chunks were too few to make one.
  /// - Returns: The summary, and the end of the snapshot (`nil` if the sink threw ``RDBError/stop``).
  /// - Throws: ``RDBError``: `truncated` if the snapshot is not complete, or as ``feed(_:into:)``.
  @inlinable
  public mutating func finish<S: FoldingSink & ~Copyable>(_ sink: consuming S?) throws -> (
    summary: S.Summary, end: SnapshotEnd?
  ) {
    guard let sink = sink.take() else {
      _ = try originOfWindow(isFinal: true)
      throw failure ?? RDBError.truncated(at: window.endOffset, expected: 1, found: 0)
    }
    return try sink.finish(after: { sink in (try finish(into: &sink), window.offset) })
  }

  @usableFromInline var isSpooling: Bool { ahead != nil || replayed < spool.byteCount }

  @usableFromInline mutating func receive(_ chunk: RawSpan) throws(RDBError) {
    if let failure { throw failure }
    guard isSpooling else { return window.append(chunk) }
    do throws(RDBError) {
      try spool.append(chunk, at: window.offset)
    } catch {
      failure = error
      throw error
    }
  }

  /// The origin of the snapshot that the window begins with; `nil` if more bytes are needed.
  @usableFromInline mutating func originOfWindow(isFinal: Bool) throws(RDBError) -> SnapshotOrigin? {
    do throws(RDBError) {
      return try SnapshotOrigin.read(window, isFinal: isFinal, options: options.parser).origin
    } catch {
      failure = error
      throw error
    }
  }

  @inlinable
  mutating func readOn<S: RDBSink & ~Copyable>(isFinal: Bool, into sink: inout S) throws(RDBError) {
    do throws(RDBError) {
      try readAll(isFinal: isFinal, into: &sink)
    } catch {
      guard error.code == .stop else {
        failure = error
        throw error
      }
      hasStopped = true
    }
  }

  @inlinable
  mutating func readAll<S: RDBSink & ~Copyable>(isFinal: Bool, into sink: inout S) throws(RDBError) {
    while true {
      if ahead != nil {
        guard let found = try lookOn(isFinal: isFinal) else { return }
        ahead = nil
        aheadWindow = nil
        do { try parser.supply(found, to: &sink) } catch { throw RDBError.fromSink(error, at: window.offset) }
      }
      let isLast = isFinal && replayed == spool.byteCount
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
            &window, after: parser, ignoresChecksum: options.ignoresChecksum)
        case .input: break
        }
      }
      if trailer != nil, foundEnd == nil { foundEnd = try trailer?.read(&window, isFinal: isLast) }
      if try !replay() { return }
    }
  }

  /// Moves a piece of the spool into the window.
  ///
  /// - Returns: Whether there was one.
  @usableFromInline mutating func replay() throws(RDBError) -> Bool {
    guard replayed < spool.byteCount else { return false }
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Int(min(spool.byteCount - replayed, 256 << 10)), alignment: 16)
    defer { piece.deallocate() }
    let count = try spool.read(at: replayed, into: piece)
    window.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: piece[..<count])))
    replayed += UInt64(count)
    if replayed == spool.byteCount {
      spool.removeAll()
      replayed = 0
    }
    return count > 0
  }

  @usableFromInline mutating func beginLookahead() {
    ahead = parser.makeLookaheadParser(parser.state.value.isExamined ? .elements : nil)
    aheadStart = window.offset
    aheadWindow = windowOfLookahead()
    aheadRead = replayed
    aheadFound = nil
  }

  /// Takes an error of the look ahead.
  ///
  /// - Returns: How the value is read once more; `nil`: ``aheadFound`` is the result of the look ahead.
  /// - Throws: The error, if it is that of the snapshot.
  private mutating func modeOfNextLookahead(after error: RDBError) throws(RDBError) -> ValueState.Mode? {
    if parser.state.value.isExamined {
      let isFirst = aheadFound == nil
      aheadFound = RDBParser.Lookahead(storedByteCount: 0)
      guard isFirst, error.code.isOfValue else { return nil }
      aheadFound?.damage = error
      return .skip
    }
    if aheadFound != nil {
      aheadFound?.isValid = false
      return nil
    }
    guard parser.validatesInLookahead, error.isOfElements else { throw error }
    aheadFound = .invalid
    return nil
  }

  /// Returns a window with the bytes from the current value on.
  private func windowOfLookahead() -> Window {
    var copy = Window(capacity: 64 << 10, offset: window.offset, computesChecksum: false)
    copy.append(window.bytes)
    return copy
  }

  /// Continues the look ahead with the bytes that have arrived.
  ///
  /// - Returns: `nil` if more bytes must arrive.
  @usableFromInline mutating func lookOn(isFinal: Bool) throws(RDBError) -> RDBParser.Lookahead? {
    guard var ahead = ahead.take(), var window = aheadWindow.take() else { return nil }
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Int(min(spool.byteCount, 256 << 10)) + 1, alignment: 16)
    defer { piece.deallocate() }
    var counter = ElementCounter()
    while true {
      let isLast = isFinal && aheadRead == spool.byteCount
      var consumed = 0
      let want: RDBParser.Want
      do throws(RDBError) {
        want = try ahead.parse(window, isFinal: isLast, into: &counter, consumed: &consumed)
      } catch {
        guard let mode = try modeOfNextLookahead(after: error) else { return aheadFound }
        ahead = parser.makeLookaheadParser(mode)
        window = windowOfLookahead()
        aheadRead = replayed
        continue
      }
      window.consume(consumed)
      if want == .end {
        if aheadFound != nil {
          if !counter.everyServerLoads { aheadFound?.isValid = false }
          return aheadFound
        }
        let found = ahead.finishLookahead(storedByteCount: UInt64(window.offset - aheadStart))
        if parser.state.value.isExamined || !parser.needsValidation(found, parser.state.value.interest) { return found }
        aheadFound = found
        ahead = parser.makeLookaheadParser(.validate)
        window = windowOfLookahead()
        aheadRead = replayed
        continue
      }
      guard aheadRead < spool.byteCount else {
        self.ahead = consume ahead
        aheadWindow = consume window
        return nil
      }
      let count = try spool.read(at: aheadRead, into: piece)
      window.append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: piece[..<count])))
      aheadRead += UInt64(count)
    }
  }
}
